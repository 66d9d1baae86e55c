"""Pooling over windows of channels-last tensors, and the ways back.

Windows reach `low` cells before and `high` cells behind each axis between the batch and the
channels; cells outside count for nothing, not even in means. Taps of a window are numbered in
row-major order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import floor_divide, minus, plus
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    Shape,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.precision import rounded

__all__ = ["pick", "pool", "pool_where", "unpool"]

Steps = Sequence[int]


def _pooled(x: TensorType, attrs: Attrs) -> TensorType:
    shape: list[Size] = []
    for axis, (size, window) in enumerate(zip(x.shape[1:-1], attrs["window"], strict=True)):
        padded = plus(size, attrs["low"][axis] + attrs["high"][axis])
        count = plus(floor_divide(minus(padded, window), attrs["strides"][axis]), 1)
        if isinstance(count, int) and count < 1:
            raise ShapeError(
                f"a window of size {window} does not fit into axis {axis + 1} of {x}, "
                f"which has {size}",
                help='make the input larger or the window smaller, or use padding="same"',
            )
        shape.append(count)
    return TensorType("float32", (x.shape[0], *shape, x.shape[-1]))


def _pool_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return _pooled(inputs[0], attrs)


def _unpooled(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    shape = inputs[0].shape
    return TensorType("float32", (shape[0], *attrs["positions"], shape[-1]))


def _taps(window: Steps, strides: Steps, counts: Steps) -> Iterator[tuple[int, tuple[slice, ...]]]:
    """Each tap's number and the cells of the padded input that it meets at all positions."""
    for number, place in enumerate(np.ndindex(*window)):
        cells = (
            slice(start, start + (count - 1) * step + 1, step)
            for start, count, step in zip(place, counts, strides, strict=True)
        )
        yield number, (slice(None), *cells)


def _padded(x: Any, low: Steps, high: Steps, value: float) -> Any:
    widths = [(0, 0), *zip(low, high, strict=True), (0, 0)]
    return np.pad(np.asarray(x, np.float64), widths, constant_values=value)


def _counts(size: Steps, window: Steps, strides: Steps, low: Steps, high: Steps) -> list[int]:
    rows = zip(size, window, strides, low, high, strict=True)
    return [(n + a + b - k) // s + 1 for n, k, s, a, b in rows]


def _real_cells(size: Steps, window: Steps, strides: Steps, low: Steps, high: Steps) -> Any:
    """How many cells of each window are not padding, as `[1, *positions, 1]`."""
    ones = _padded(np.ones((1, *size, 1)), low, high, 0.0)
    counts = _counts(size, window, strides, low, high)
    return sum(ones[cells] for _, cells in _taps(window, strides, counts))


def _pool(x: Any, kind: str, window: Steps, strides: Steps, low: Steps, high: Steps) -> Any:
    size = x.shape[1:-1]
    counts = _counts(size, window, strides, low, high)
    wide = _padded(x, low, high, -np.inf if kind == "max" else 0.0)
    parts = [wide[cells] for _, cells in _taps(window, strides, counts)]
    if kind == "max":
        return rounded(np.max(parts, 0), x)
    total = sum(parts[1:], parts[0])
    if kind == "mean":
        total = total / _real_cells(size, window, strides, low, high)
    return rounded(total, x)


def _pool_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, attrs = node.inputs[0], dict(node.attrs)
    kind = attrs.pop("kind")
    positions = x.shape[1:-1]
    if kind != "max":
        return [apply("spread", grad, kind=kind, positions=positions, **attrs)]
    return [unpool(grad, apply("pool_where", x, **attrs), positions=positions, **attrs)]


_WINDOWS: tuple[tuple[tuple[int, ...], dict[str, tuple[int, ...]]], ...] = (
    ((2, 7, 3), {"window": (2,), "strides": (2,), "low": (0,), "high": (0,)}),
    ((1, 5, 6, 2), {"window": (3, 2), "strides": (2, 1), "low": (1, 0), "high": (1, 1)}),
    (
        (1, 3, 1, 4, 1),
        {"window": (2, 1, 3), "strides": (1, 1, 3), "low": (0,) * 3, "high": (0, 0, 2)},
    ),
)
register(
    OpDef(
        "pool",
        _pool_shape,
        _pool,
        _pool_gradient,
        samples=tuple(
            Sample((shape,), {"kind": kind, **attrs})
            for shape, attrs in _WINDOWS
            for kind in ("max", "mean", "sum")
        ),
        doc="The largest, the mean or the sum of each window.",
        kernel="pool",
        tiled=True,
        flops=lambda node: (
            prod(node.attrs["window"])
            * prod(size for size in node.output.shape[1:] if isinstance(size, int))
        ),
    )
)


def pool(
    x: Value,
    kind: str,
    window: Steps,
    strides: Steps,
    low: Steps | None = None,
    high: Steps | None = None,
) -> Value:
    """The `max`, `mean` or `sum` of each window of `[batch, *positions, channels]`."""
    return apply("pool", x, kind=kind, **_attributes(window, strides, low, high))


def _attributes(
    window: Steps, strides: Steps, low: Steps | None, high: Steps | None
) -> dict[str, Any]:
    none = (0,) * len(window)
    return {
        "window": tuple(window),
        "strides": tuple(strides),
        "low": tuple(low or none),
        "high": tuple(high or none),
    }


# --- the gradient of sums and means --------------------------------------------------


def _spread(
    grad: Any,
    kind: str,
    positions: Steps,
    window: Steps,
    strides: Steps,
    low: Steps,
    high: Steps,
) -> Any:
    wide = np.asarray(grad, np.float64)
    size = tuple(n if isinstance(n, int) else 0 for n in positions)
    if kind == "mean":
        wide = wide / _real_cells(size, window, strides, low, high)
    whole = [n + a + b for n, a, b in zip(size, low, high, strict=True)]
    out = np.zeros((len(grad), *whole, grad.shape[-1]))
    for _, cells in _taps(window, strides, grad.shape[1:-1]):
        out[cells] += wide
    return rounded(_cropped(out, low, size), grad)


def _cropped(out: Any, low: Steps, size: Steps) -> Any:
    cells = (slice(a, a + n) for a, n in zip(low, size, strict=True))
    return out[(slice(None), *cells)]


def _spread_gradient(node: Node, grad: Value) -> list[Value | None]:
    attrs = {key: value for key, value in node.attrs.items() if key != "positions"}
    return [apply("pool", grad, **attrs)]


register(
    OpDef(
        "spread",
        _unpooled,
        _spread,
        _spread_gradient,
        samples=(
            Sample(((2, 3, 3),), {"kind": "sum", "positions": (7,), **_WINDOWS[0][1]}),
            Sample(((1, 3, 6, 2),), {"kind": "mean", "positions": (5, 6), **_WINDOWS[1][1]}),
        ),
        doc="The gradient of a pool of sums or means: each element goes to all of its window.",
        kernel="spread",
    )
)


# --- where the largest stand ---------------------------------------------------------


def _where(x: Any, window: Steps, strides: Steps, low: Steps, high: Steps) -> Any:
    counts = _counts(x.shape[1:-1], window, strides, low, high)
    wide = _padded(x, low, high, -np.inf)
    parts = [wide[cells] for _, cells in _taps(window, strides, counts)]
    return np.argmax(parts, 0).astype(np.float32)


register(
    OpDef(
        "pool_where",
        _pool_shape,
        _where,
        lambda node, grad: [None],
        samples=tuple(Sample((shape,), attrs, grad=()) for shape, attrs in _WINDOWS),
        doc="The number of the tap where each window is largest, the first of several.",
        kernel="pool_where",
    )
)


def pool_where(
    x: Value, window: Steps, strides: Steps, low: Steps | None = None, high: Steps | None = None
) -> Value:
    """The number of the tap where each window is largest, the first of several, as float32."""
    return apply("pool_where", x, **_attributes(window, strides, low, high))


def _unpool_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    values, where = inputs
    if values.shape != where.shape:
        raise ShapeError(
            f"values {values} and their places {where} differ in shape",
            help="give the places that the pooling of this shape found",
        )
    result = _unpooled(inputs, attrs)
    if _pooled(result, attrs).shape != values.shape:
        raise ShapeError(f"windows {attrs['window']} of {result} do not give {values}")
    return result


def _unpool(
    values: Any,
    where: Any,
    positions: Shape,
    window: Steps,
    strides: Steps,
    low: Steps,
    high: Steps,
) -> Any:
    size = tuple(n if isinstance(n, int) else 0 for n in positions)
    whole = [n + a + b for n, a, b in zip(size, low, high, strict=True)]
    out = np.zeros((len(values), *whole, values.shape[-1]))
    for number, cells in _taps(window, strides, values.shape[1:-1]):
        out[cells] += np.where(where == number, values, 0.0)
    return rounded(_cropped(out, low, size), values)


def _unpool_gradient(node: Node, grad: Value) -> list[Value | None]:
    attrs = {key: value for key, value in node.attrs.items() if key != "positions"}
    return [apply("pick", grad, node.inputs[1], **attrs), None]


_PLACES = np.array([[[0, 1, 0], [1, 1, 0], [0, 0, 1]]], np.float32)
register(
    OpDef(
        "unpool",
        _unpool_shape,
        _unpool,
        _unpool_gradient,
        samples=(
            Sample(((1, 3, 3), _PLACES), {"positions": (7,), **_WINDOWS[0][1]}, grad=(0,)),
            Sample(
                ((1, 3, 3), _PLACES),
                {"positions": (4,), "window": (2,), "strides": (1,), "low": (0,), "high": (0,)},
                grad=(0,),
            ),
        ),
        doc="Zeros, but in each window the value at the tap that is given; where windows overlap, "
        "the sum.",
        kernel="unpool",
    )
)


def unpool(
    values: Value,
    where: Value,
    positions: Shape,
    window: Steps,
    strides: Steps,
    low: Steps | None = None,
    high: Steps | None = None,
) -> Value:
    """Each value at the tap `where` of its window in `[batch, *positions, channels]` of zeros."""
    attrs = _attributes(window, strides, low, high)
    return apply("unpool", values, where, positions=tuple(positions), **attrs)


def _pick_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    result = _pooled(inputs[0], attrs)
    if result.shape != inputs[1].shape:
        raise ShapeError(f"places {inputs[1]} do not fit the windows of {inputs[0]}")
    return result


def _pick(x: Any, where: Any, window: Steps, strides: Steps, low: Steps, high: Steps) -> Any:
    wide = _padded(x, low, high, 0.0)
    out = np.zeros(where.shape)
    for number, cells in _taps(window, strides, where.shape[1:-1]):
        out = np.where(where == number, wide[cells], out)
    return rounded(out, x)


def _pick_gradient(node: Node, grad: Value) -> list[Value | None]:
    positions = node.inputs[0].shape[1:-1]
    return [apply("unpool", grad, node.inputs[1], positions=positions, **node.attrs), None]


register(
    OpDef(
        "pick",
        _pick_shape,
        _pick,
        _pick_gradient,
        samples=(Sample(((1, 7, 3), _PLACES), _WINDOWS[0][1], grad=(0,)),),
        doc="The element of each window at the tap that is given.",
        kernel="pick",
    )
)


def pick(
    x: Value,
    where: Value,
    window: Steps,
    strides: Steps,
    low: Steps | None = None,
    high: Steps | None = None,
) -> Value:
    """The element of each window of `x` at the tap `where`."""
    return apply("pick", x, where, **_attributes(window, strides, low, high))
