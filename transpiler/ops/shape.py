"""Operations that move elements without computing: reshape, transpose, slices."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import factors, minus, plus, product
from kgen.graph import (
    BATCH,
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
from kgen.ops.elementwise import broadcast_shapes


def open_and_known(shape: Shape) -> tuple[list[str], int]:
    """The names of a shape's open dimensions, sorted, and the product of the others."""
    parts = [factors(size) for size in shape]
    names = sorted(dim.name for opened, _ in parts for dim in opened)
    return names, prod(known for _, known in parts)


def _reshape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    source, target = inputs[0].shape, tuple(attrs["shape"])
    if open_and_known(source) != open_and_known(target):
        raise ShapeError(
            f"cannot reshape {inputs[0]} to [{', '.join(map(str, target))}]",
            help="both shapes must hold the same number of elements",
        )
    return TensorType(inputs[0].dtype, target)


register(
    OpDef(
        "reshape",
        _reshape,
        lambda x, shape: np.reshape(x, shape),
        lambda n, g: [reshape(g, n.inputs[0].shape)],
        samples=(Sample(((2, 6),), {"shape": (2, 2, 3)}), Sample(((1, 4),), {"shape": (4, 1)})),
        doc="The same elements, in row-major order, in another shape.",
    )
)


def _transpose(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    shape, axes = inputs[0].shape, attrs["axes"]
    if sorted(axes) != list(range(len(shape))):
        raise ShapeError(f"axes {tuple(axes)} do not permute the {len(shape)} axes of {inputs[0]}")
    return TensorType(inputs[0].dtype, tuple(shape[axis] for axis in axes))


register(
    OpDef(
        "transpose",
        _transpose,
        lambda x, axes: np.transpose(x, axes),
        lambda n, g: [transpose(g, tuple(int(a) for a in np.argsort(n.attrs["axes"])))],
        samples=(
            Sample(((3, 5),), {"axes": (1, 0)}),
            Sample(((17, 33),), {"axes": (1, 0)}),
            Sample(((2, 3, 4),), {"axes": (0, 2, 1)}),
            Sample(((2, 3, 1, 4),), {"axes": (3, 1, 0, 2)}),
        ),
        doc="The axes in another order.",
    )
)


def _broadcast(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    target = tuple(attrs["shape"])
    if broadcast_shapes([inputs[0].shape, target]) != target:
        raise ShapeError(f"{inputs[0]} cannot be broadcast to [{', '.join(map(str, target))}]")
    return TensorType(inputs[0].dtype, target)


def _broadcast_gradient(node: Node, grad: Value) -> list[Value | None]:
    from kgen.ops.composite import unbroadcast

    return [unbroadcast(grad, node.inputs[0].shape)]


register(
    OpDef(
        "broadcast_to",
        _broadcast,
        lambda x, shape: np.broadcast_to(x, shape).copy(),
        _broadcast_gradient,
        scalar="{0}",
        samples=(Sample(((3, 1),), {"shape": (2, 3, 4)}), Sample(((),), {"shape": (2, 3)})),
        doc="Repeat along new axes and axes of size one.",
    )
)


def _concatenate(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    axis, first = attrs["axis"], inputs[0].shape
    total: Size = 0
    for type_ in inputs:
        rest = [s for i, s in enumerate(type_.shape) if i != axis]
        if type_.rank != len(first) or rest != [s for i, s in enumerate(first) if i != axis]:
            raise ShapeError(
                "cannot concatenate " + " and ".join(str(t) for t in inputs) + f" on axis {axis}",
                help="all dimensions but the concatenated one must be equal",
            )
        if type_.shape[axis] == BATCH:
            raise ShapeError("tensors are not joined along the batch")
        total = plus(total, type_.shape[axis])
    return TensorType(inputs[0].dtype, (*first[:axis], total, *first[axis + 1 :]))


def _concatenate_gradient(node: Node, grad: Value) -> list[Value | None]:
    axis = node.attrs["axis"]
    start: Size = 0
    parts: list[Value | None] = []
    for value in node.inputs:
        stop = plus(start, value.shape[axis])
        parts.append(slice_axis(grad, axis, start, stop))
        start = stop
    return parts


register(
    OpDef(
        "concatenate",
        _concatenate,
        lambda *xs, axis: np.concatenate(xs, axis),
        _concatenate_gradient,
        samples=(
            Sample(((2, 3), (2, 5)), {"axis": 1}),
            Sample(((2, 3, 4), (2, 1, 4), (2, 2, 4)), {"axis": 1}),
        ),
        doc="Join along an axis.",
    )
)


def _slice(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    axis, start, stop = attrs["axis"], attrs["start"], attrs["stop"]
    shape = inputs[0].shape
    if any(_is_below(size, least) for size, least in _within(shape[axis], start, stop)):
        raise ShapeError(f"slice {start}:{stop} is outside axis {axis} of {inputs[0]}")
    return TensorType(inputs[0].dtype, (*shape[:axis], minus(stop, start), *shape[axis + 1 :]))


def _within(size: Size, start: Size, stop: Size) -> tuple[tuple[Size, int], ...]:
    """What a range needs to lie in an axis: sizes and the least value of each."""
    return (start, 0), (minus(stop, start), 1), (minus(size, stop), 0)


def _is_below(size: Size, least: int) -> bool:
    most = size if isinstance(size, int) else size.maximum
    return most is not None and most < least


def _slice_gradient(node: Node, grad: Value) -> list[Value | None]:
    from kgen.graph import constant

    axis, start, stop = node.attrs["axis"], node.attrs["start"], node.attrs["stop"]
    shape = node.inputs[0].shape
    size = shape[axis]
    if not (isinstance(size, int) and isinstance(start, int) and isinstance(stop, int)):
        return [apply("place_axis", grad, axis=axis, start=start, size=size)]

    def zeros(length: int) -> list[Value]:
        filler = (*shape[:axis], length, *shape[axis + 1 :])
        return [broadcast_to(constant(0.0), filler)] if length else []

    parts = [*zeros(start), grad, *zeros(size - stop)]
    return [concatenate(parts, axis)]


def _take(x: Any, axis: int, start: int, stop: int) -> Any:
    return np.take(x, np.arange(start, stop), axis=axis)


register(
    OpDef(
        "slice_axis",
        _slice,
        _take,
        _slice_gradient,
        samples=(
            Sample(((3, 5),), {"axis": 1, "start": 1, "stop": 4}),
            Sample(((2, 4, 3),), {"axis": 1, "start": 0, "stop": 1}),
        ),
        doc="A contiguous range along one axis.",
        needs=lambda node: _within(
            node.inputs[0].shape[node.attrs["axis"]], node.attrs["start"], node.attrs["stop"]
        ),
    )
)


def _place(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    axis, start, shape = attrs["axis"], attrs["start"], inputs[0].shape
    fits = _within(attrs["size"], start, plus(start, shape[axis]))
    if any(_is_below(size, least) for size, least in fits):
        raise ShapeError(f"{inputs[0]} does not fit into {attrs['size']} from {start} on")
    return TensorType(inputs[0].dtype, (*shape[:axis], attrs["size"], *shape[axis + 1 :]))


def _placed(x: Any, axis: int, start: int, size: int) -> Any:
    before_and_after = [(0, 0)] * np.ndim(x)
    before_and_after[axis] = (start, size - start - np.shape(x)[axis])
    return np.pad(x, before_and_after)


def _place_gradient(node: Node, grad: Value) -> list[Value | None]:
    axis, start = node.attrs["axis"], node.attrs["start"]
    return [slice_axis(grad, axis, start, plus(start, node.inputs[0].shape[axis]))]


register(
    OpDef(
        "place_axis",
        _place,
        _placed,
        _place_gradient,
        samples=(
            Sample(((3, 2),), {"axis": 1, "start": 3, "size": 9}),
            Sample(((2, 1, 17),), {"axis": 1, "start": 4, "size": 5}),
            Sample(((2, 3, 4),), {"axis": 1, "start": 0, "size": 3}),
        ),
        doc="Zeros along one axis, but for a range that holds the input.",
    )
)


def reshape(x: Value, shape: Shape) -> Value:
    """The same elements in another shape."""
    return x if x.shape == tuple(shape) else apply("reshape", x, shape=tuple(shape))


def flatten_rows(x: Value) -> Value:
    """`[batch, ...]` to `[batch, everything else]`."""
    return reshape(x, (x.shape[0], product(x.shape[1:])))


def transpose(x: Value, axes: Sequence[int]) -> Value:
    """The axes in another order."""
    axes = tuple(axes)
    return x if axes == tuple(range(len(axes))) else apply("transpose", x, axes=axes)


def broadcast_to(x: Value, shape: Shape) -> Value:
    """Repeat along new axes and axes of size one."""
    return x if x.shape == tuple(shape) else apply("broadcast_to", x, shape=tuple(shape))


def concatenate(xs: Sequence[Value], axis: int) -> Value:
    """Join along an axis (negative axes count from the end)."""
    axis = axis + xs[0].type.rank if axis < 0 else axis
    return xs[0] if len(xs) == 1 else apply("concatenate", *xs, axis=axis)


def slice_axis(x: Value, axis: int, start: Size, stop: Size) -> Value:
    """The range `start:stop` along one axis."""
    return apply("slice_axis", x, axis=axis, start=start, stop=stop)
