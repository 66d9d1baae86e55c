"""Operands that a block's warps share: what they add up is right, and ordered by barriers."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from interpreted_pair import Pair, check
from kgen.compiler import compile_text
from kgen.kernels import summing
from kgen.targets import TARGETS
from warp_runner import build_kernel, interpret

RNG = np.random.default_rng(11)
# Rows, terms and columns; the warps of a block, and blocks.
PRODUCTS = [
    (13, 40, 70, 2, 2),
    (40, 65, 130, 3, 1),
    (9, 31, 33, 8, 1),
]
MORE = [(8, 32, 128, 1, 1), (1, 1, 1, 2, 3), (17, 64, 64, 8, 2), (100, 3, 257, 4, 3)]
slow = pytest.mark.slow
SIZES = [*PRODUCTS, *(pytest.param(*size, marks=slow) for size in MORE)]
PRODUCT = """
a = matrix(args, 0, {shape})
b = matrix(args, 1, {k}, {n})
c = matrix(args, 2, {m}, {n})
team, teams, warp, team_warps = blocks_of_warps()
across = -(-{n} // ({vectors} * LANES))
for turn in range(team, -(-{m} // (ROWS * team_warps)) * across, teams):
    j = turn % across * {vectors} * LANES
    i = (turn // across * team_warps + warp) * ROWS
    acc = {name}(zeros(ROWS, {vectors}), a, i, b, j, {k}, {m})
    if i < {m}:
        store(c, i, j, acc)
"""
PANELS = """
b = matrix(args, 0, {k}, {n})
c = matrix(args, 1, {k}, {n})
team, teams, warp, team_warps = blocks_of_warps()
for start in range(0, {k}, 8):
    for j in range(team * LANES, {n}, teams * LANES):
        panel = block_pack(b, start, j, 8, 1, min(8, {k} - start))
        for k in range(warp, min(8, {k} - start), team_warps):
            total = zeros(1, 1)
            for other in range(min(8, {k} - start)):
                total = total + load(panel, other, 0, 1, 1)
            store(c, start + k, j, total)
"""


def numbers(*shape: int) -> Any:
    """Whole numbers, whose sums and products are exact."""
    return RNG.integers(-9, 10, shape).astype(np.float32)


@pytest.mark.parametrize("vectors", [2, pytest.param(4, marks=slow)])
@pytest.mark.parametrize(("m", "k", "n", "warps", "blocks"), SIZES)
def test_products(m: int, k: int, n: int, warps: int, blocks: int, vectors: int) -> None:
    a, b = numbers(m, k), numbers(k, n)
    for name, left in (("block_product", a), ("block_product_t", a.T)):
        shape = f"{left.shape[0]}, {left.shape[1]}"
        # Columns beyond the last are read, and lie in the padding; so are a dynamic matrix's rows.
        padded = np.concatenate([np.ascontiguousarray(left).reshape(-1), numbers(8)])
        body = PRODUCT.format(shape=shape, m=m, k=k, n=n, vectors=vectors, name=name)
        found = numbers(m * n)
        arrays = [padded, b.reshape(-1), found]
        interpret(build_kernel(body), arrays, grid=blocks, block=32 * warps)
        np.testing.assert_array_equal(found.reshape(m, n), a @ b)


def test_panels() -> None:
    k, n = 19, 70
    b, found = numbers(k, n), numbers(k * n)
    kernel = build_kernel(PANELS.format(k=k, n=n))
    interpret(kernel, [b.reshape(-1), found], grid=2, block=96)
    expected = [np.tile(part.sum(axis=0), (len(part), 1)) for part in (b[:8], b[8:16], b[16:])]
    np.testing.assert_array_equal(found.reshape(k, n), np.concatenate(expected))


def test_operands_are_read_from_shared_memory() -> None:
    """Both, of one kind of memory and not of any; four numbers of the left operand at a time."""
    body = PRODUCT.format(shape="40, 64", m=40, k=64, n=128, vectors=4, name="block_product")
    text = build_kernel(body).ptx((8, 0))
    inside = text[text.index("fma.rn") : text.rindex("fma.rn")]
    assert inside.count("ld.shared.v4.f32") + inside.count("ld.shared.v4.b32") >= 2
    assert "ld.global" not in inside and "ld.f32" not in inside


DENSE = """
model Net:
    input x: float32[17, 40]
    output y = x |> Dense(70, activation="relu") |> Dense(33)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
# The first has two panels for each line of taps, the second strides and an open height.
CONVOLUTIONS = """
model Net:
    dim height >= 5
    input x: float32[height, 7, 16]
    h = x |> Conv2D(40, 3, padding="same", activation="relu")
    output y = h |> Conv2D(70, 3, strides=2) |> GlobalAveragePooling2D() |> Dense(2)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
CASES = {
    "dense": (DENSE, ("block_product(", "block_product_t("), (17, 40), (17, 33)),
    "convolutions": (CONVOLUTIONS, ("block_pack(",), (6, 7, 16), (2,)),
}


@pytest.mark.parametrize(
    ("steps", "terms", "units", "staged"),
    [(17, 40, 70, True), (17, 200, 70, False), (512, 200, 70, True), (15, 40, 70, False)],
)
def test_choice(steps: int, terms: int, units: int, staged: bool) -> None:
    """Where there are few tiles, the warps of a block divide long sums instead."""
    model = f"""
model Net:
    input x: float32[{steps}, {terms}]
    output y = x |> Dense({units})
"""
    text = compile_text(model, "net.k", target=TARGETS["cuda"]).text
    assert ("block_product(" in text) == staged


@slow
@pytest.mark.parametrize("case", CASES)
def test_models(case: str) -> None:
    """Predictions, gradients and training, with idle warps and short tiles."""
    model, names, inputs, outputs = CASES[case]
    with mock.patch.object(summing, "_MANY_SUMS", 1):
        pair = Pair(model, numbers(5, *inputs) / 9, numbers(5, *outputs) / 9)
        text = compile_text(model, "net.k", target=TARGETS["cuda"]).text
    assert all(name in text for name in names)
    check(pair)
