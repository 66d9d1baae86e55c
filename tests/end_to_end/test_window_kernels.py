"""Each kernel over windows by itself: native code beside the operation's reference.

The samples of the operations and awkward shapes: channels that leave lanes over, maps of one cell,
tiles that overlap, strides that do not divide the input, blocks of positions that end early.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import rounding_windows  # noqa: F401 (adds its rules)
from kgen import ops
from kgen.graph import BATCH, OPS, Builder, Initializer, TensorType
from native import TARGET, build_graph
from rounding import Near, bounds

ROWS = 9
# What has the batch, of each operation's inputs; the others are weights.
BATCHED = {"conv": (0,), "conv_transpose": (0,), "depthwise": (0,), "turn": ()}
PLACED = ("unpool", "pick")  # whose second input holds the numbers of taps

PASSES_HERE = [one.__name__ for one in TARGET.passes]
Case = tuple[str, tuple[tuple[int, ...], ...], dict[str, Any]]


def conv(x: tuple[int, ...], taps: tuple[int, ...], out: int, **attrs: Any) -> Case:
    steps = {"strides": (1,) * len(taps), "dilation": (1,) * len(taps), **attrs}
    return "conv", (x, (*taps, x[-1], out)), steps


def transpose(
    x: tuple[int, ...], taps: tuple[int, ...], out: int, *axes: tuple[int, int, int], by: int = 1
) -> Case:
    """`axes` are stride, positions left out at the start and positions left of each axis."""
    strides, low, positions = zip(*axes, strict=True)
    steps = {"strides": strides, "dilation": (by,) * len(taps), "low": low, "positions": positions}
    return "conv_transpose", (x, (*taps, x[-1], out)), steps


def conv_filter(x: tuple[int, ...], taps: tuple[int, ...], out: int, **attrs: Any) -> Case:
    _, _, steps = conv(x, taps, out, **attrs)
    counts = (
        (size - (tap - 1) * by - 1) // step + 1
        for size, tap, step, by in zip(x, taps, steps["strides"], steps["dilation"], strict=False)
    )
    return "conv_filter", (x, (*counts, out)), {"taps": taps, **steps}


def pool(name: str, x: tuple[int, ...], window: tuple[int, ...], **attrs: Any) -> Case:
    rank = len(window)
    zeros = (0,) * rank
    given = {"window": window, "strides": window, "low": zeros, "high": zeros, **attrs}
    if name == "pool":
        return name, (x,), given
    counts = tuple(
        (size + low + high - extent) // step + 1
        for size, extent, step, low, high in zip(
            x, window, given["strides"], given["low"], given["high"], strict=False
        )
    )
    out = (*counts, x[-1])
    if name == "spread":
        return name, (out,), {"positions": x[:-1], **given}
    if name == "unpool":
        return name, (out, out), {"positions": x[:-1], **given}
    return name, (x, out) if name == "pick" else (x,), given


def depthwise_filter(x: tuple[int, ...], taps: tuple[int, ...], **attrs: Any) -> Case:
    _, (_, grad), given = conv_filter(x, taps, x[-1], **attrs)
    return "depthwise_filter", (x, grad), given


def pad(x: tuple[int, ...], value: float, *sides: tuple[int, int, int]) -> Case:
    """`sides` are low, high and interior of each axis but the batch."""
    low, high, interior = zip((0, 0, 0), *sides, strict=True)
    return "pad", (x,), {"low": low, "high": high, "interior": interior, "value": value}


def cut(x: tuple[int, ...], *ranges: tuple[int, int, int]) -> Case:
    """`ranges` are start, size and step of each axis but the batch."""
    start, size, step = zip((0, BATCH, 1), *ranges, strict=True)
    return "slice", (x,), {"start": start, "size": size, "step": step}


FEW: list[Case] = [
    conv((9, 20, 3), (3, 3), 17),
    conv((5, 6, 18), (2, 3), 33, strides=(2, 1)),
    conv((30, 5), (4,), 40, strides=(3,)),
    conv((9, 3, 2), (2, 2), 130, dilation=(3, 2)),
    conv((16, 24, 32), (3, 3), 48),
    conv((34, 36), (3,), 64),
    transpose((7, 7, 18), (3, 3), 33, (2, 0, 14), (2, 1, 14)),
    transpose((5, 6, 3), (2, 3), 17, (1, -1, 8), (3, 2, 16)),
    conv_filter((12, 15, 7), (3, 3), 33),
    conv_filter((9, 8, 1), (2, 3), 70, strides=(2, 2)),
    conv((5, 20, 16), (2, 3), 1),
    conv_filter((6, 19, 16), (2, 3), 35, strides=(2, 1)),
    conv_filter((18, 34), (3,), 48),
    conv_filter((12, 14, 36), (3, 3), 32),
    conv_filter((9, 13, 17), (3, 3), 15),
    ("turn", ((3, 2, 32, 48),), {}),
    ("turn", ((2, 3, 5),), {}),
    ("depthwise", ((6, 9, 33), (3, 2, 33)), {"strides": (1, 1), "dilation": (1, 1)}),
    depthwise_filter((6, 9, 33), (3, 2), strides=(1, 2)),
    pool("pool", (7, 6, 70), (3, 2), kind="max", strides=(2, 2), low=(1, 0), high=(1, 1)),
    pool("pool", (7, 6, 5), (3, 2), kind="mean", strides=(2, 2), low=(1, 0), high=(1, 1)),
    pool("pool_where", (6, 6, 17), (2, 2)),
    pool("unpool", (7, 7, 17), (3, 3), strides=(2, 2)),
    pool("spread", (6, 6, 17), (2, 2), kind="mean"),
    pad((4, 5, 3), 2.0, (1, 2, 1), (-1, 3, 0), (0, 1, 0)),
    cut((9, 8, 3), (8, 4, -2), (1, 3, 2), (0, 3, 1)),
    ("repeat", ((2, 3, 5),), {"repeats": (1, 2, 3, 1)}),
]  # fmt: skip
MANY: list[Case] = [
    *(conv((8, size, cin), (3, 3), cout) for size, cin, cout in [
        (3, 1, 1), (4, 3, 130), (5, 33, 16), (6, 1, 32), (17, 2, 15), (35, 4, 48),
    ]),
    conv((3, 3, 17), (3, 3), 5),
    conv((100, 10, 64), (3, 3), 112),
    conv((130, 100), (3,), 96),
    conv_filter((130, 100), (3,), 64),
    conv_filter((20, 50, 64), (3, 3), 112),
    conv((10, 18, 112), (3, 3), 32),
    conv((5, 5, 3, 2), (2, 3, 2), 17, strides=(2, 1, 1)),
    conv((4, 5, 6, 3), (2, 2, 2), 4, dilation=(1, 2, 3)),
    conv((7, 1, 4), (3, 1), 20, strides=(2, 1)),
    conv((4, 4, 700), (3, 3), 33),
    conv((300, 1), (7,), 1),
    conv((70, 18), (3,), 1),
    conv((3, 4, 37, 9), (2, 2, 2), 1),
    conv((7, 40, 33), (3, 2), 1, dilation=(1, 3)),
    *(transpose((3, size, cin), (taps, taps), cout, (2, 1, 6), (stride, low, count))
      for size, cin, cout, taps, stride, low, count in [
        (1, 1, 1, 3, 2, 0, 3), (2, 3, 130, 4, 2, 1, 4), (4, 33, 16, 5, 2, 2, 7),
        (17, 2, 15, 1, 2, 0, 34), (9, 4, 48, 2, 3, -2, 30), (6, 5, 3, 7, 3, 3, 15),
    ]),
    transpose((3, 3, 2, 5), (2, 3, 3), 20, (2, 0, 6), (1, 1, 3), (2, 1, 4)),
    transpose((9, 4), (4,), 32, (2, 1, 18)),
    transpose((6, 7, 4), (3, 3), 16, (1, 1, 6), (1, 1, 7)),
    transpose((6, 7, 4), (3, 2), 16, (2, 0, 15), (1, 0, 9), by=2),
    *(conv_filter((8, size, cin), (3, 3), cout) for size, cin, cout in [
        (3, 1, 1), (4, 3, 130), (5, 33, 16), (17, 2, 15), (35, 4, 48),
    ]),
    conv_filter((5, 5, 3, 2), (2, 3, 2), 17, strides=(2, 1, 1)),
    conv_filter((4, 5, 6, 3), (2, 2, 2), 4, dilation=(1, 2, 3)),
    conv_filter((300, 1), (7,), 1),
    conv_filter((30, 9), (5,), 16),
    conv_filter((7, 5, 12), (2, 2), 9, strides=(3, 1)),
    conv_filter((6, 9, 11), (3, 4), 16, dilation=(2, 1)),
    conv_filter((4, 5, 7, 10), (2, 2, 3), 5),
    conv_filter((9, 9, 2), (3, 3), 31, dilation=(1, 2)),
    conv_filter((4, 5, 6, 1), (2, 2, 3), 24, strides=(1, 2, 1)),
    conv_filter((40, 33), (3,), 16, strides=(3,)),
    conv_filter((900, 2), (2,), 33, strides=(2,)),
    conv_filter((7, 1, 4), (3, 1), 20, strides=(2, 1)),
    ("turn", ((1, 16, 16),), {}),
    ("depthwise", ((5, 9, 1), (3, 3, 1)), {"strides": (2, 2), "dilation": (1, 1)}),
    ("depthwise", ((5, 4, 6, 17), (2, 2, 3, 17)), {"strides": (1, 1, 1), "dilation": (2, 1, 1)}),
    pool("pool", (9, 3), (2,), kind="sum", strides=(3,)),
    pool("pool", (3, 4, 5, 2), (2, 2, 2), kind="max", strides=(1, 2, 2)),
    pool("unpool", (3, 4, 5, 2), (2, 2, 2), strides=(1, 2, 2)),
    pool("unpool", (5, 3), (3,), strides=(2,), low=(1,), high=(1,)),
    pool("pick", (5, 3), (3,), strides=(2,), low=(1,), high=(1,)),
    pool("spread", (9, 70), (2,), kind="sum", strides=(3,)),
    pad((1, 1), 0.0, (3, 0, 0), (0, 2, 0)),
    pad((3, 2, 1), 1.0, (0, 0, 0), (2, 0, 1), (1, -1, 1)),
    cut((9,), (8, 9, -1)),
    ("repeat", ((2, 3),), {"repeats": (1, 1, 4)}),
]  # fmt: skip


def framed(
    made: Callable[..., Case],
    x: tuple[int, ...],
    *sizes: Any,
    before: tuple[int, ...],
    behind: tuple[int, ...],
    **attrs: Any,
) -> Case:
    """A case of an input with a border; x is without it."""
    around = tuple(a + b + c for a, b, c in zip(before, x[:-1], behind, strict=True))
    name, (_, *others), given = made((*around, x[-1]), *sizes, **attrs)
    return name, (x, *others), {**given, "before": before, "behind": behind}


# As the `border` pass makes them.
BORDERED: list[Case] = [
    framed(conv, (9, 20, 3), (3, 3), 17, before=(1, 1), behind=(1, 1)),
    framed(conv, (17, 3), (3,), 35, before=(2,), behind=(0,)),
    framed(conv, (70, 33, 40), (3, 3), 33, before=(1, 1), behind=(1, 1)),
    framed(conv, (34, 16, 48), (3, 3), 32, before=(2, 0), behind=(0, 2)),
    framed(conv, (16, 64), (3,), 64, before=(2,), behind=(0,)),
    framed(conv_filter, (20, 15, 7), (3, 3), 33, before=(1, 1), behind=(1, 1)),
    framed(conv_filter, (36, 33), (3,), 128, before=(1,), behind=(1,)),
    framed(conv_filter, (14, 14, 16), (3, 3), 16, before=(1, 1), behind=(1, 1)),
    framed(conv_filter, (8, 34, 32), (3, 3), 48, before=(1, 1), behind=(1, 1)),
    framed(conv_filter, (9, 8, 1), (3, 3), 32, before=(0, 0), behind=(1, 1), strides=(2, 2)),
]
MORE_BORDERED: list[Case] = [
    framed(conv, (40, 40, 64), (5, 3), 1, before=(2, 1), behind=(2, 1)),
    framed(conv, (8, 8, 128), (3, 3), 128, before=(1, 1), behind=(1, 1)),
    framed(conv, (46, 98, 32), (3, 3), 64, before=(1, 1), behind=(1, 1)),
    framed(conv_filter, (20, 34, 32), (3, 3), 64, before=(1, 1), behind=(1, 1)),
    framed(conv, (20, 19, 3), (3, 2), 5, before=(0, 3), behind=(2, 0), strides=(2, 3)),
    framed(conv, (4, 5, 6, 3), (3, 3, 3), 20, before=(1, 1, 1), behind=(1, 0, 1)),
    framed(conv, (33, 30, 20, 4), (3, 2, 3), 18, before=(1, 1, 1), behind=(1, 1, 1)),
    framed(conv, (13, 14, 2), (3, 3), 4, before=(2, 2), behind=(2, 2), dilation=(2, 2)),
    framed(conv_filter, (33, 5), (4,), 70, before=(1,), behind=(2,), strides=(2,)),
    framed(conv_filter, (29, 31, 3), (3, 3), 17, before=(1, 0), behind=(0, 1), strides=(2, 1)),
    framed(conv_filter, (37, 20), (4,), 12, before=(3,), behind=(0,)),
    framed(conv_filter, (19, 17, 9), (2, 5), 16, before=(0, 2), behind=(1, 2)),
    framed(conv_filter, (40, 2, 14), (3, 2), 8, before=(1, 0), behind=(1, 1)),
    framed(conv_filter, (7, 4, 9, 3), (2, 3, 2), 20, before=(1, 1, 1), behind=(1, 1, 1)),
    framed(conv_filter, (19, 18, 9), (3, 3), 40, before=(2, 2), behind=(2, 2), dilation=(2, 2)),
]


def check(case: Case, threads: int) -> None:
    name, shapes, attrs = case
    rng = np.random.default_rng(3)
    feeds: dict[str, np.ndarray] = {}
    weights: dict[str, np.ndarray] = {}
    with Builder() as builder:
        inputs = []
        for position, shape in enumerate(shapes):
            if position in BATCHED.get(name, range(len(shapes))):
                key = f"x{position}"
                inputs.append(builder.input(key, TensorType("float32", (BATCH, *shape))))
                feeds[key] = rng.uniform(-1.0, 1.0, (ROWS, *shape)).astype(np.float32)
                if name in PLACED and position == 1:
                    taps = rng.integers(0, np.prod(attrs["window"]), (ROWS, *shape))
                    feeds[key] = taps.astype(np.float32)
            else:
                key = f"w{position}"
                inputs.append(builder.weight(key, shape, Initializer("Zeros", {})))
                weights[key] = rng.uniform(-1.0, 1.0, shape).astype(np.float32)
        y = builder.add(OPS[name], inputs, attrs)
        if y.shape[0] != BATCH:  # a result for the whole batch: the same for each row
            one = builder.input("one", TensorType("float32", (BATCH, 1)))
            feeds["one"] = np.ones((ROWS, 1), np.float32)
            y = ops.reshape(y, (1, int(np.prod(y.shape)))) * one
        graph = builder.graph(name, {"y": y})
    net = build_graph(graph)(seed=0, threads=threads)
    for path, value in weights.items():
        net.weights[path] = value
    near = bounds(graph, {k: Near.exact(v) for k, v in (feeds | weights).items()})[y]
    found = net(feeds)
    assert found.shape == near.mid.shape
    assert np.all(np.abs(found - near.mid) <= near.rad), np.abs(found - near.mid).max()
    assert np.median(near.rad) <= 1e-2 * max(1.0, float(np.abs(near.mid).max()))


def title(case: Case) -> str:
    return f"{case[0]}-{'-'.join('x'.join(map(str, shape)) for shape in case[1])}"


@pytest.mark.parametrize("case", FEW, ids=title)
def test_kernel(case: Case) -> None:
    check(case, 2)


@pytest.mark.skipif("border" not in PASSES_HERE, reason="only processors copy lines")
@pytest.mark.parametrize("case", BORDERED, ids=title)
def test_borders(case: Case) -> None:
    check(case, 2)


@pytest.mark.slow
@pytest.mark.skipif("border" not in PASSES_HERE, reason="only processors copy lines")
@pytest.mark.parametrize("case", MORE_BORDERED, ids=title)
def test_more_borders(case: Case) -> None:
    check(case, 1 + MORE_BORDERED.index(case) % 5)


@pytest.mark.slow
@pytest.mark.parametrize("case", MANY, ids=title)
def test_more_kernels(case: Case) -> None:
    check(case, 1 + MANY.index(case) % 5)
