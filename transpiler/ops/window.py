"""Elements moved along axes by regular steps: padding, slices with steps, repetition.

Each op's gradient is made of the others. Attributes have an entry for every axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.dims import ceil_divide, minus, plus, times
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.reduce import sum as reduce_sum
from kgen.ops.shape import reshape

__all__ = ["crop", "flip", "pad", "repeat", "slice_axes", "strided"]


# --- padding -----------------------------------------------------------------------


def _pad_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    low, high, interior = attrs["low"], attrs["high"], attrs["interior"]
    shape: list[Size] = []
    for axis, size in enumerate(inputs[0].shape):
        spread = plus(times(minus(size, 1), interior[axis] + 1), 1)
        padded = plus(spread, plus(low[axis], high[axis]))
        if isinstance(padded, int) and padded < 1:
            raise ShapeError(
                f"nothing is left of axis {axis} of {inputs[0]} after cropping "
                f"{-low[axis]} and {-high[axis]}"
            )
        shape.append(padded)
    return TensorType(inputs[0].dtype, tuple(shape))


def _pad(
    x: Any, low: Sequence[int], high: Sequence[int], interior: Sequence[int], value: float
) -> Any:
    shape, sources, targets = [], [], []
    for size, before, after, between in zip(x.shape, low, high, interior, strict=True):
        full = before + after + (size - 1) * (between + 1) + 1
        places = before + np.arange(size) * (between + 1)
        inside = (places >= 0) & (places < full)
        shape.append(full)
        sources.append(np.flatnonzero(inside))
        targets.append(places[inside])
    out = np.full(shape, value, x.dtype)
    out[np.ix_(*targets)] = x[np.ix_(*sources)]
    return out


def _pad_gradient(node: Node, grad: Value) -> list[Value | None]:
    low, high, interior = (node.attrs[name] for name in ("low", "high", "interior"))
    shape = node.inputs[0].shape
    steps = [between + 1 for between in interior]
    if all(n >= 0 for n in low) and not any(isinstance(n, int) and n < 0 for n in high):
        return [slice_axes(grad, low, shape, steps)]
    inner = pad(grad, [-n for n in low], [times(n, -1) for n in high])
    return [slice_axes(inner, [0] * len(low), shape, steps)]


register(
    OpDef(
        "pad",
        _pad_shape,
        _pad,
        _pad_gradient,
        samples=(
            Sample(
                ((2, 3, 4),),
                {"low": (0, 1, 2), "high": (0, 2, 0), "interior": (0, 0, 0), "value": 0.0},
            ),
            Sample(
                ((2, 3, 1),),
                {"low": (0, 1, 0), "high": (0, -1, 0), "interior": (0, 2, 0), "value": 1.5},
            ),
            Sample(((5, 4),), {"low": (-1, 0), "high": (-2, 1), "interior": (0, 1), "value": -3.0}),
        ),
        doc="Cells of a value before, behind and between the elements of each axis; negative "
        "numbers before and behind crop.",
        kernel="move",
    )
)


def pad(
    x: Value,
    low: Sequence[int],
    high: Sequence[Size],
    interior: Sequence[int] | None = None,
    value: float = 0.0,
) -> Value:
    """`low` cells before, `high` behind and `interior` between the elements, for every axis.

    A negative `low` or `high` crops as many cells.
    """
    between = tuple(interior) if interior is not None else (0,) * x.type.rank
    if not any((*low, *high, *between)):
        return x
    return apply("pad", x, low=tuple(low), high=tuple(high), interior=between, value=value)


def crop(x: Value, low: Sequence[int], high: Sequence[int]) -> Value:
    """Without `low` cells at the start and `high` at the end of every axis."""
    return pad(x, [-n for n in low], [-n for n in high])


# --- slices ------------------------------------------------------------------------


def _slice_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    for axis, (size, start, count, step) in enumerate(
        zip(inputs[0].shape, attrs["start"], attrs["size"], attrs["step"], strict=True)
    ):
        if not (isinstance(size, int) and isinstance(count, int)):
            continue
        last = start + (count - 1) * step
        if count < 1 or not (0 <= start < size and 0 <= last < size):
            raise ShapeError(
                f"{count} elements from {start} in steps of {step} are not all in axis {axis} "
                f"of {inputs[0]}"
            )
    return TensorType(inputs[0].dtype, tuple(attrs["size"]))


def _slice(x: Any, start: Sequence[int], size: Sequence[Size], step: Sequence[int]) -> Any:
    # An open dimension is kept whole.
    places = [
        first + np.arange(count if isinstance(count, int) else own) * by
        for first, count, by, own in zip(start, size, step, x.shape, strict=True)
    ]
    return x[np.ix_(*places)]


def _slice_gradient(node: Node, grad: Value) -> list[Value | None]:
    start, step = list(node.attrs["start"]), list(node.attrs["step"])
    back = [axis for axis, by in enumerate(step) if by < 0]
    for axis in back:
        size = grad.shape[axis]
        assert isinstance(size, int)
        start[axis] += (size - 1) * step[axis]
    high: list[Size] = []
    for axis, size in enumerate(node.inputs[0].shape):
        own = grad.shape[axis]
        spread = plus(times(minus(own, 1), abs(step[axis])), 1 + start[axis])
        high.append(minus(size, spread))
    return [pad(flip(grad, back), start, high, [abs(by) - 1 for by in step])]


register(
    OpDef(
        "slice",
        _slice_shape,
        _slice,
        _slice_gradient,
        samples=(
            Sample(((2, 5, 3),), {"start": (0, 1, 0), "size": (2, 2, 3), "step": (1, 2, 1)}),
            Sample(((4, 5),), {"start": (3, 4), "size": (4, 2), "step": (-1, -3)}),
            Sample(((3, 7),), {"start": (1, 2), "size": (1, 4), "step": (1, 1)}),
        ),
        doc="`size` elements of each axis from `start` in steps, which may be negative.",
        kernel="move",
    )
)


def slice_axes(x: Value, start: Sequence[int], size: Sequence[Size], step: Sequence[int]) -> Value:
    """`size` elements of every axis, the first at `start`, `step` apart (backwards if negative)."""
    if tuple(size) == x.shape and not any(start) and all(by == 1 for by in step):
        return x
    return apply("slice", x, start=tuple(start), size=tuple(size), step=tuple(step))


def flip(x: Value, axes: Sequence[int]) -> Value:
    """Some axes in reverse order."""
    if not axes:
        return x
    start = [0] * x.type.rank
    for axis in axes:
        size = x.shape[axis]
        if not isinstance(size, int):
            raise ShapeError(f"the open axis {size} of {x.type} cannot be reversed")
        start[axis] = size - 1
    return slice_axes(x, start, x.shape, [-1 if a in axes else 1 for a in range(x.type.rank)])


def strided(x: Value, axes: Sequence[int], steps: Sequence[int]) -> Value:
    """Every `step`-th element of some axes, from the first on."""
    size, step = list(x.shape), [1] * x.type.rank
    for axis, by in zip(axes, steps, strict=True):
        size[axis], step[axis] = ceil_divide(x.shape[axis], by), by
    return slice_axes(x, [0] * x.type.rank, size, step)


# --- repetition --------------------------------------------------------------------


def _repeat_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    pairs = zip(inputs[0].shape, attrs["repeats"], strict=True)
    return TensorType(inputs[0].dtype, tuple(times(size, n) for size, n in pairs))


def _repeat(x: Any, repeats: Sequence[int]) -> Any:
    places = [np.repeat(np.arange(size), n) for size, n in zip(x.shape, repeats, strict=True)]
    return x[np.ix_(*places)]


def _repeat_gradient(node: Node, grad: Value) -> list[Value | None]:
    from kgen.ops.pooling import pool

    repeats, shape = node.attrs["repeats"], node.inputs[0].shape
    inner = repeats[1:-1]
    if len(inner) > 0 and (repeats[0], repeats[-1]) == (1, 1):
        return [pool(grad, "sum", inner, inner)]
    apart: list[Size] = []
    axes = []
    for size, n in zip(shape, repeats, strict=True):
        apart.append(size)
        if n > 1:
            axes.append(len(apart))
            apart.append(n)
    return [reduce_sum(reshape(grad, tuple(apart)), axes)]


register(
    OpDef(
        "repeat",
        _repeat_shape,
        _repeat,
        _repeat_gradient,
        samples=(
            Sample(((2, 3, 4),), {"repeats": (1, 2, 1)}),
            Sample(((2, 3),), {"repeats": (1, 3)}),
            Sample(((2, 2, 3, 1),), {"repeats": (1, 3, 2, 1)}),
        ),
        doc="Each element of an axis several times on end.",
        kernel="move",
    )
)


def repeat(x: Value, repeats: Sequence[int]) -> Value:
    """Each element of every axis as often as `repeats` says, on end."""
    return x if all(n == 1 for n in repeats) else apply("repeat", x, repeats=tuple(repeats))
