"""Functions made of primitive operations."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from kgen.graph import BATCH, Shape, Size, Value
from kgen.ops import elementwise as e
from kgen.ops.reduce import max as reduce_max
from kgen.ops.reduce import min as reduce_min
from kgen.ops.reduce import normalize_axes
from kgen.ops.reduce import sum as reduce_sum
from kgen.ops.shape import reshape, transpose
from kgen.ops.source import batch_size, index, size_of


def unbroadcast(x: Value, shape: Shape) -> Value:
    """Sum `x` over the axes along which `shape` was broadcast to it."""
    extra = x.type.rank - len(shape)
    axes = [*range(extra)]
    axes += [i + extra for i, size in enumerate(shape) if size == 1 and x.shape[i + extra] != 1]
    if not axes:
        return reshape(x, shape)
    if len(axes) == extra:
        return reduce_sum(x, axes)
    return reshape(reduce_sum(x, axes, keepdims=True), shape)


def count(x: Value, axes: Sequence[int]) -> Value | float:
    """How many elements the axes hold: a number, or a scalar if the size of one is open."""
    found: Value | float = float(prod(s for a in axes if isinstance(s := x.shape[a], int)))
    for axis in axes:
        size = x.shape[axis]
        if not isinstance(size, int):
            found = (batch_size(x) if size == BATCH and axis == 0 else size_of(x, axis)) * found
    return found


def mean(x: Value, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """Mean over axes (all of them when `axis` is None)."""
    axes = normalize_axes(x.type.rank, axis)
    return reduce_sum(x, axes, keepdims) / count(x, axes)


def variance(x: Value, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """Mean squared distance from the mean, in two passes."""
    centred = x - mean(x, axis, keepdims=True)
    return mean(e.square(centred), axis, keepdims)


def argmax(x: Value) -> Value:
    """The first position of the largest element along the last axis, as float32."""
    largest = reduce_max(x, -1, keepdims=True)
    size = size_of(x, x.type.rank - 1)
    return reduce_min(e.where(e.equal(x, largest), index(x.shape), size), -1)


def expand_dims(x: Value, axis: int) -> Value:
    """A new axis of size one."""
    axis = axis + x.type.rank + 1 if axis < 0 else axis
    return reshape(x, (*x.shape[:axis], 1, *x.shape[axis:]))


def squeeze(x: Value, axis: int) -> Value:
    """Without an axis of size one."""
    axis = axis % x.type.rank
    assert x.shape[axis] == 1
    return reshape(x, (*x.shape[:axis], *x.shape[axis + 1 :]))


def moveaxis(x: Value, source: int, destination: int) -> Value:
    """One axis moved, the others in order."""
    axes: list[int] = [a for a in range(x.type.rank) if a != source % x.type.rank]
    axes.insert(destination % x.type.rank, source % x.type.rank)
    return transpose(x, axes)


def known_size(size: Size) -> int:
    """A size that the caller knows to be a number."""
    assert isinstance(size, int)
    return size
