"""Tensor functions that make tensors of numbers known at build time, or like others."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen import ops
from kgen.graph import BATCH, Shape, ShapeError, Value, constant
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    Numbers,
    OptionalDtype,
    OptionalPositiveInt,
    SizesArg,
    cast,
    known,
)
from kgen.layers.kinds import Bool, Float, Int, NonNegativeFloat, OptionalFloat, PositiveInt, T, X


def filled(shape: Shape, value: float, dtype: str | None) -> Value:
    """A value in a shape."""
    if -1 in shape:
        raise ShapeError(f"the shape {list(shape)} has a size of -1, which nothing tells")
    number = ops.constant(value)
    found = ops.broadcast_to(number, shape) if shape else number
    return cast(found, dtype)


@function("zeros", "empty")
def zeros(shape: SizesArg, dtype: OptionalDtype = None) -> Value:
    """0 in a shape."""
    return filled(shape, 0.0, dtype)


@function("ones")
def ones(shape: SizesArg, dtype: OptionalDtype = None) -> Value:
    """1 in a shape."""
    return filled(shape, 1.0, dtype)


@function("full")
def full(shape: SizesArg, fill_value: Float, dtype: OptionalDtype = None) -> Value:
    """A number in a shape."""
    return filled(shape, fill_value, dtype)


@function("zeros_like", "empty_like")
def zeros_like(x: T, dtype: OptionalDtype = None) -> Value:
    """0 in the shape and element type of x."""
    return filled(x.shape, 0.0, dtype or x.dtype)


@function("ones_like")
def ones_like(x: T, dtype: OptionalDtype = None) -> Value:
    """1 in the shape and element type of x."""
    return filled(x.shape, 1.0, dtype or x.dtype)


@function("full_like")
def full_like(x: T, fill_value: X, dtype: OptionalDtype = None) -> Value:
    """A number in the shape and element type of x."""
    return cast(ops.broadcast_to(_number(fill_value), x.shape), dtype or x.dtype)


def _number(value: Any) -> Value:
    return value if isinstance(value, Value) else constant(float(value))


@function("array", "convert_to_tensor")
def array(x: Numbers, dtype: OptionalDtype = None) -> Value:
    """Numbers as a tensor without a batch."""
    return _array(x, dtype)


def _array(values: npt.NDArray[Any], dtype: str | None) -> Value:
    """int32 if they are integers, unless told."""
    if dtype == "float32" or (dtype is None and values.dtype.kind not in "iu"):
        values = values.astype(np.float32)
    elif dtype is not None:
        values = values.astype(np.int32)
    found = ops.array(values)
    return ops.not_equal(found, 0.0) if dtype == "bool" else found


@function("arange")
def arange(
    start: Float,
    stop: OptionalFloat = None,
    step: OptionalFloat = None,
    dtype: OptionalDtype = None,
) -> Value:
    """Numbers from start (0 if it is alone) up to, not including, stop; integers if all are."""
    given = [value for value in (start, stop, step) if value is not None]
    values = np.arange(*given) if step is not None or stop is not None else np.arange(start)
    whole = all(float(value).is_integer() for value in given)
    return _array(values.astype(np.int64) if whole else values, dtype)


@function("linspace")
def linspace(
    start: Float,
    stop: Float,
    num: PositiveInt = 50,
    endpoint: Bool = True,
    dtype: OptionalDtype = None,
) -> Value:
    """So many numbers from start to stop, evenly apart."""
    return _array(np.linspace(start, stop, num, endpoint=endpoint), dtype)


@function("logspace")
def logspace(
    start: Float,
    stop: Float,
    num: PositiveInt = 50,
    endpoint: Bool = True,
    base: Float = 10.0,
    dtype: OptionalDtype = None,
) -> Value:
    """Powers of the base whose exponents are evenly apart."""
    return _array(np.logspace(start, stop, num, endpoint=endpoint, base=base), dtype)


@function("geomspace")
def geomspace(
    start: Float,
    stop: Float,
    num: PositiveInt = 50,
    endpoint: Bool = True,
    dtype: OptionalDtype = None,
) -> Value:
    """So many numbers from start to stop, each the same multiple of the one before."""
    if start * stop <= 0:
        raise ShapeError(f"a geometric series from {start} to {stop} would pass through 0")
    return _array(np.geomspace(start, stop, num, endpoint=endpoint), dtype)


@function("eye")
def eye(
    N: PositiveInt, M: OptionalPositiveInt = None, k: Int = 0, dtype: OptionalDtype = None
) -> Value:
    """N rows of M columns, 1 on a diagonal, 0 elsewhere."""
    return cast(_array(np.eye(N, M, k, dtype=np.float32), None), dtype)


@function("identity")
def identity(n: PositiveInt, dtype: OptionalDtype = None) -> Value:
    """The unit matrix."""
    return cast(_array(np.eye(n, dtype=np.float32), None), dtype)


@function("tri")
def tri(
    N: PositiveInt, M: OptionalPositiveInt = None, k: Int = 0, dtype: OptionalDtype = None
) -> Value:
    """N rows of M columns, 1 on and below a diagonal, 0 above."""
    return cast(_array(np.tri(N, M, k, dtype=np.float32), None), dtype)


def _window(name: str, make: Callable[[int], npt.NDArray[Any]]) -> None:
    def call(x: PositiveInt) -> Value:
        return _array(make(x), "float32")

    call.__doc__ = f"The {name.capitalize()} window of so many points."
    function(name)(call)


_window("bartlett", np.bartlett)
_window("blackman", np.blackman)
_window("hamming", np.hamming)
_window("hanning", np.hanning)


@function("kaiser")
def kaiser(x: PositiveInt, beta: NonNegativeFloat) -> Value:
    """The Kaiser window of so many points and a shape parameter."""
    return _array(np.kaiser(x, beta), "float32")


def _triangle(x: Value, k: int, upper: bool) -> Value:
    """x with 0 beyond a diagonal of its last two axes."""
    rows, cols = (known(size, str(x.type)) for size in x.shape[-2:])
    mask = np.triu(np.ones((rows, cols), np.float32), k) if upper else np.tri(rows, cols, k)
    return ops.where(ops.array(mask.astype(np.float32), "triangle") > 0.0, x, 0.0)


@function("tril")
def tril(x: T, k: Int = 0) -> Value:
    """x with 0 above a diagonal of its last two axes."""
    return _triangle(_matrix(x), k, upper=False)


@function("triu")
def triu(x: T, k: Int = 0) -> Value:
    """x with 0 below a diagonal of its last two axes."""
    return _triangle(_matrix(x), k, upper=True)


def _matrix(x: Value) -> Value:
    if x.type.rank < 2:
        raise ShapeError(f"two axes are needed, found {x.type}")
    return x


@function("diagonal")
def diagonal(x: T, offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Value:
    """The elements on a diagonal of two axes, along a new last axis."""
    first, second = in_range(_matrix(x), axis1), in_range(x, axis2)
    if first == second:
        raise ShapeError(f"a diagonal is of two axes, found {first} twice")
    rest = [axis for axis in range(x.type.rank) if axis not in (first, second)]
    x = ops.transpose(x, [*rest, first, second])
    rows, cols = (known(size, str(x.type)) for size in x.shape[-2:])
    count = min(rows + min(offset, 0), cols - max(offset, 0))
    if count < 1:
        raise ShapeError(f"a diagonal {offset} away from the main one has no elements")
    start = -offset * cols if offset < 0 else offset
    flat = ops.reshape(x, (*x.shape[:-2], rows * cols))
    zeros_ = [0] * len(x.shape[:-2])
    steps = [1] * len(x.shape[:-2])
    size = (*x.shape[:-2], count)
    return ops.slice_axes(flat, [*zeros_, start], size, [*steps, cols + 1])


@function("diag")
def diag(x: T, k: Int = 0) -> Value:
    """The diagonal of a matrix; or a matrix with a vector on its diagonal."""
    if x.type.rank == 2:
        return diagonal(x, k, 0, 1)
    if x.type.rank != 1:
        raise ShapeError(f"a vector or a matrix is needed, found {x.type}")
    size = known(x.shape[0], str(x.type))
    unit = np.eye(size, dtype=np.float32)
    square = ops.array(unit, "unit_matrix") * ops.reshape(x, (size, 1))
    low, high = max(-k, 0), max(k, 0)
    return ops.pad(square, [low, high], [high, low])


@function("diagflat")
def diagflat(x: T, k: Int = 0) -> Value:
    """A matrix with all elements of a tensor on its diagonal."""
    return diag(ops.reshape(x, (prod(known(size, str(x.type)) for size in x.shape),)), k)


@function("trace")
def trace(x: T, offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Value:
    """The sum of the elements on a diagonal of two axes."""
    return ops.sum(diagonal(x, offset, axis1, axis2), -1)


@function("vander")
def vander(x: T, N: OptionalPositiveInt = None, increasing: Bool = False) -> Value:
    """The powers of each element along a new last axis, the highest first unless told."""
    count = N if N is not None else known(x.shape[-1], str(x.type))
    powers = [ops.broadcast_to(ops.constant(1.0), x.shape), ops.as_float(x)]
    while len(powers) < count:
        powers.append(powers[-1] * x)
    spread = [ops.expand_dims(power, -1) for power in powers[:count]]
    return ops.concatenate(spread if increasing else spread[::-1], x.type.rank)


@function("one_hot")
def one_hot(x: T, num_classes: PositiveInt, axis: Int = -1, dtype: OptionalDtype = None) -> Value:
    """1 at the label's place on a new axis, 0 elsewhere; labels out of range give zeros."""
    place = x.type.rank + 1 + axis if axis < 0 else axis
    if not 0 <= place <= x.type.rank:
        raise ShapeError(f"axis {axis} is out of range for a new axis of {x.type}")
    label = ops.expand_dims(ops.as_float(x), -1)
    hot = ops.equal(ops.index((*x.shape, num_classes)), label)
    found = hot if dtype == "bool" else cast(ops.as_float(hot), dtype)
    return found if place == x.type.rank else ops.moveaxis(found, -1, place)


@function("multi_hot")
def multi_hot(
    inputs: T, num_classes: PositiveInt, axis: Int = -1, dtype: OptionalDtype = None
) -> Value:
    """1 at the places of all labels along an axis, 0 elsewhere."""
    axis = in_range(inputs, axis)
    if axis == 0 and BATCH in inputs.shape:
        raise ShapeError("labels are gathered within a sample, not over the batch")
    hot = one_hot(ops.moveaxis(inputs, axis, -1), num_classes, -1, None)
    return cast(ops.max(hot, -2), dtype)
