"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    Shape,
    ShapeError,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.elementwise import as_float, equal
from kgen.ops.precision import rounded
from kgen.ops.shape import broadcast_to, reshape


def _kept(shape: Shape, axes: Sequence[int]) -> Shape:
    return tuple(1 if axis in axes else size for axis, size in enumerate(shape))


def _infer(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    shape, axes = inputs[0].shape, attrs["axes"]
    if any(not 0 <= axis < len(shape) for axis in axes):
        raise ShapeError(f"axes {tuple(axes)} are not all axes of {inputs[0]}")
    if attrs["keepdims"]:
        return TensorType("float32", _kept(shape, axes))
    return TensorType("float32", tuple(size for axis, size in enumerate(shape) if axis not in axes))


def _reference(function: Callable[..., Any]) -> Callable[..., Any]:
    def reference(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
        wide = np.asarray(x, np.float64)
        return rounded(function(wide, axis=tuple(axes), keepdims=keepdims), x)

    return reference


def _spread(node: Node, value: Value) -> Value:
    """A value of the reduced shape, repeated over the input's."""
    shape = node.inputs[0].shape
    return broadcast_to(reshape(value, _kept(shape, node.attrs["axes"])), shape)


def _sum_gradient(node: Node, grad: Value) -> list[Value | None]:
    return [_spread(node, grad)]


def _extremum_gradient(node: Node, grad: Value) -> list[Value | None]:
    """The gradient goes to the extreme elements, in equal parts."""
    x = node.inputs[0]
    hit = as_float(equal(x, _spread(node, node.output)))
    axes = node.attrs["axes"]
    count = apply("sum", hit, axes=axes, keepdims=True)
    return [hit * _spread(node, grad) / count]


_SAMPLES = (
    Sample(((3, 5),), {"axes": (1,), "keepdims": False}),
    Sample(((3, 5),), {"axes": (0,), "keepdims": True}),
    Sample(((2, 3, 4),), {"axes": (0, 1), "keepdims": False}),
    Sample(((2, 3, 4),), {"axes": (1,), "keepdims": True}),
    Sample(((3, 1),), {"axes": (0, 1), "keepdims": False}),
)
register(
    OpDef("sum", _infer, _reference(np.sum), _sum_gradient, samples=_SAMPLES, doc="Sum over axes.")
)
register(
    OpDef(
        "max",
        _infer,
        _reference(np.max),
        _extremum_gradient,
        samples=_SAMPLES,
        doc="Largest over axes; NaN if any is NaN.",
    )
)
register(
    OpDef(
        "min",
        _infer,
        _reference(np.min),
        _extremum_gradient,
        samples=_SAMPLES,
        doc="Smallest over axes; NaN if any is NaN.",
    )
)


def normalize_axes(rank: int, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """Keras's `axis` (None means all, negatives count from the end) as sorted axes."""
    if axis is None:
        return tuple(range(rank))
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    for one in axes:
        if not -rank <= one < rank:
            raise ShapeError(f"axis {one} is out of range for a tensor of rank {rank}")
    return tuple(sorted({one % rank for one in axes}))


def _reduce(name: str, x: Value, axis: int | Sequence[int] | None, keepdims: bool) -> Value:
    axes = normalize_axes(x.type.rank, axis)
    if not axes:
        return x
    return apply(name, x, axes=axes, keepdims=keepdims)


def sum(x: Value, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """Sum over axes (all of them when `axis` is None)."""
    return _reduce("sum", x, axis, keepdims)


def max(x: Value, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """Largest over axes."""
    return _reduce("max", x, axis, keepdims)


def min(x: Value, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """Smallest over axes."""
    return _reduce("min", x, axis, keepdims)
