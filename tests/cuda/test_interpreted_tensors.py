"""Products on tensor cores: of rounded operands, added up as precisely as float32 is.

A device may add the terms in any order, and cut what does not fit instead of rounding: a sum of
n numbers is off by up to n times 2 ** -23 of their magnitudes. The interpreter is well within that.
"""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import pytest
from interpreted_pair import Pair, check, predictions
from kgen.compiler import compile_text
from kgen.kernels import summing
from kgen.runtime.cuda.rounding import to_bfloat16, to_tf32
from kgen.targets import target_named
from warp_runner import build_kernel, interpret

slow = pytest.mark.slow
ROUNDINGS = {"tf32": to_tf32, "bfloat16": to_bfloat16}
# Rows, terms and columns; the warps of a block, and blocks. A warp's tile is 32 by 64; a panel has
# 32 or 64 terms.
PRODUCTS = [(33, 40, 70, 2, 2), (65, 97, 130, 2, 1)]
MORE = [(1, 1, 1, 2, 3), (32, 64, 64, 1, 1), (9, 31, 33, 8, 1), (257, 129, 65, 8, 1)]
SIZES = [*PRODUCTS, *(pytest.param(*size, marks=slow) for size in MORE)]
PRODUCT = """
a = matrix(args, 0, {shape})
b = matrix(args, 1, {k}, {n})
c = matrix(args, 2, {m}, {n})
team, teams, warp, team_warps = blocks_of_warps()
across = -(-{n} // (2 * LANES))
for turn in range(team, -(-{m} // (TALL_ROWS * team_warps)) * across, teams):
    j = turn % across * 2 * LANES
    top = (turn // across * team_warps + warp) * TALL_ROWS
    sums = {name}(zeros(TALL_ROWS, 2), a, top, b, j, {k}, {m})
    for i in range(top, min(top + TALL_ROWS, {m}), ROWS):
        store(c, i, j, part_of(sums, i - top))
"""


def product(a: Any, b: Any, kind: str, transposed: bool, warps: int, blocks: int) -> Any:
    """a @ b as a kernel computes it, whose operands have nothing behind them to be read."""
    (m, k), n = a.shape, b.shape[1]
    left = np.ascontiguousarray(a.T) if transposed else a
    name = f"block_product{'_t' if transposed else ''}_{kind}"
    shape = f"{left.shape[0]}, {left.shape[1]}"
    body = PRODUCT.format(shape=shape, m=m, k=k, n=n, name=name)
    found = np.full(m * n, np.nan, np.float32)
    arrays = [left.reshape(-1), b.reshape(-1), found]
    interpret(build_kernel(body), arrays, grid=blocks, block=32 * warps)
    return found.reshape(m, n).astype(np.float64)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("kind", ROUNDINGS)
@pytest.mark.parametrize(("m", "k", "n", "warps", "blocks"), SIZES)
def test_products(
    m: int, k: int, n: int, warps: int, blocks: int, kind: str, transposed: bool
) -> None:
    rng = np.random.default_rng(m + k + n)
    a, b = (rng.normal(size=shape).astype(np.float32) for shape in ((m, k), (k, n)))
    found = product(a, b, kind, transposed, warps, blocks)
    left, right = (ROUNDINGS[kind](each).astype(np.float64) for each in (a, b))
    allowed = (k + 1) * 2.0**-23 * (abs(left) @ abs(right))
    assert (abs(found - left @ right) <= allowed).all()
    # Without the roundings, that would not hold.
    assert (abs(a.astype(np.float64) @ b - left @ right) > allowed).any()


@pytest.mark.parametrize("kind", ROUNDINGS)
def test_what_is_no_number_stays_in_its_row_and_column(kind: str) -> None:
    """Nothing is left in shared memory that a later, shorter panel or tile would meet."""
    a, b = np.ones((67, 35), np.float32), np.ones((35, 70), np.float32)
    a[3, 20], b[30, 5] = np.nan, np.inf
    for transposed in (False, True):
        found = product(a, b, kind, transposed, warps=1, blocks=1)
        expected = np.full((67, 70), 35.0)
        expected[:, 5] = np.inf
        expected[3] = np.nan
        np.testing.assert_array_equal(found, expected)


TAPS = """
a = matrix(args, 0, batch * {m}, {k}, {step})
b = matrix(args, 1, {k}, {n})
c = matrix(args, 2, {m}, {n})
team, teams, warp, team_warps = blocks_of_warps()
for j in range(0, {n}, {vectors} * LANES):
    for turn in range(-(-({m} // {rows}) // team_warps)):
        i = min(turn * team_warps + warp, {m} // {rows} - 1) * {rows}
        sums = tensor_zeros({rows}, {vectors})
        for start in range(0, {k}, {depth}):
            count = min({depth}, {k} - start)
            sums = block_outer_{kind}(sums, a, i, start, b, start, j, count, {rows})
        store(c, i, j, tensor_tile(sums, {rows}))
"""


@pytest.mark.parametrize("kind", ROUNDINGS)
@pytest.mark.parametrize(
    ("rows", "vectors", "tiles"),
    [
        (7, 2, 3),
        (14, 2, 2),
        (28, 2, 3),
        *(
            pytest.param(*one, marks=slow)
            for one in [
                (1, 8, 3),
                (8, 2, 2),
                (5, 4, 2),
                (16, 3, 2),
                (32, 2, 2),
            ]
        ),
    ],
)
def test_taps(rows: int, vectors: int, tiles: int, kind: str) -> None:
    """Rows that overlap, as those of a convolution do, in tiles that no 8 rows divide evenly."""
    rng = np.random.default_rng(rows)
    m, k, n, step = rows * tiles, 70, 70, 20
    line = rng.normal(size=(m - 1) * step + k).astype(np.float32)
    a = np.lib.stride_tricks.sliding_window_view(line, k)[::step]
    b = rng.normal(size=(k, n)).astype(np.float32)
    depth = 32 if kind == "tf32" else 64
    sizes = {"m": m, "k": k, "n": n, "step": step, "rows": rows, "vectors": vectors}
    body = TAPS.format(**sizes, depth=depth, kind=kind)
    found = np.full(m * n, np.nan, np.float32)
    interpret(build_kernel(body), [line, b.reshape(-1), found], grid=1, block=64)
    left, right = (ROUNDINGS[kind](each).astype(np.float64) for each in (a, b))
    allowed = (k + 1) * 2.0**-23 * (abs(left) @ abs(right))
    assert (abs(found.reshape(m, n) - left @ right) <= allowed).all()


DENSE = """
model Net:
    input x: float32[17, 40]
    output y = x |> Dense(70, activation="relu") |> Dense(33)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""


# Tiles of 28 and 13 rows, an open height, strides, and columns for which a tile would be too wide.
CONVOLUTIONS = """
model Net:
    dim height >= 5
    input x: float32[height, 28, 8]
    h = x |> Conv2D(40, 3, padding="same", activation="tanh")
    output y = h |> Conv2D(70, 3, strides=2) |> GlobalAveragePooling2D() |> Dense(2)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
CASES = {
    "dense": (DENSE, (17, 40), (17, 33), ("block_product_", "block_product_t_")),
    "convolutions": (CONVOLUTIONS, (5, 28, 8), (2,), ("block_outer_",)),
}
each_case = pytest.mark.parametrize("case", CASES)


def pair_of(case: str, precision: str) -> Pair:
    """The model in both forms, with the gradients of its kernels on tensor cores as well."""
    rng = np.random.default_rng(11)
    text, *shapes, _ = CASES[case]
    x, y = (rng.uniform(-1, 1, (5, *shape)).astype(np.float32) for shape in shapes)
    with mock.patch.object(summing, "_MANY_SUMS", 1):
        return Pair(text, x, y, spread=0.2, precision=precision)


@pytest.mark.parametrize("case", ["dense", pytest.param("convolutions", marks=slow)])
def test_predictions_are_near_those_of_float32(case: str) -> None:
    pair_of(case, "tf32").compare(predictions)


@slow
@each_case
@pytest.mark.parametrize("precision", ROUNDINGS)
def test_training_is_near_that_of_float32(case: str, precision: str) -> None:
    """Outputs, loss, gradients, and the weights after some steps."""
    check(pair_of(case, precision))


@each_case
@pytest.mark.parametrize("precision", ROUNDINGS)
def test_modules_say_how_precise_they_are(case: str, precision: str) -> None:
    model, _, _, names = CASES[case]
    with mock.patch.object(summing, "_MANY_SUMS", 1):
        text = compile_text(model, "net.k", target=target_named("cuda", precision)).text
    assert f"Operands of large products are rounded to {precision};" in text
    assert f'precision="{precision}"' in text
    assert all(f"{name}{precision}(" in text for name in names)
    assert not any(f"{name}(" in text for name in ("block_product", "block_product_t"))
    assert "block_pack(" not in text


@each_case
def test_float32_is_not_mentioned(case: str) -> None:
    plain = compile_text(CASES[case][0], "net.k", target=target_named("cuda")).text
    assert "precision" not in plain and "TALL_ROWS" not in plain and "tensor_" not in plain
