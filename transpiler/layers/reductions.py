"""Tensor functions that reduce over axes; without `axis`, over all, the batch included."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log10
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, ShapeError, Value
from kgen.layers import merging
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    OptionalDtype,
    OptionalTOrNumbers,
    cast,
    known,
    like,
    tensor,
)
from kgen.layers.functions_elementwise import isclose
from kgen.layers.kinds import (
    Axes,
    Bool,
    Choice,
    Int,
    NonNegativeFloat,
    OptionalAxes,
    PositiveFloat,
    T,
    X,
    XOrXs,
)

_Order: TypeAlias = Annotated[
    Any, Choice('None, 0, 1, 2, "fro", inf or -inf', (None, 0, 1, 2, 3, "fro", inf, -inf))
]


def axes_of(x: Value, axis: int | Sequence[int] | None) -> tuple[int, ...]:
    """The axes, counted from the front; all without `axis`."""
    if axis is None:
        return tuple(range(x.type.rank))
    given = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted({in_range(x, one) for one in given}))


@function("sum")
def sum_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The sum over axes, over all of them without `axis`."""
    return like(ops.sum(ops.as_float(x), axis, keepdims), x)


@function("mean")
def mean_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The mean over axes, over all of them without `axis`."""
    return ops.mean(ops.as_float(x), axis, keepdims)


@function("max", "amax")
def max_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The largest element over axes."""
    return like(ops.max(x, axis, keepdims), x)


@function("min", "amin")
def min_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The smallest element over axes."""
    return like(ops.min(x, axis, keepdims), x)


@function("ptp")
def ptp(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The largest less the smallest element over axes."""
    return like(ops.max(x, axis, keepdims) - ops.min(x, axis, keepdims), x)


@function("prod")
def prod(
    x: T, axis: OptionalAxes = None, keepdims: Bool = False, dtype: OptionalDtype = None
) -> Value:
    """The product over axes."""
    rows, axes = as_rows(x, axis)
    size = known(rows.shape[-1], str(rows.type))
    found = ops.cumprod(ops.as_float(rows), -1)
    last = ops.slice_axis(found, rows.type.rank - 1, size - 1, size)
    return cast(like(shaped(last, x, axes, keepdims), x), dtype)


def as_rows(x: Value, axis: int | Sequence[int] | None) -> tuple[Value, tuple[int, ...]]:
    """Some axes behind the others as one; they hold no batch."""
    axes = axes_of(x, axis)
    if any(x.shape[a] == BATCH for a in axes):
        raise ShapeError(
            f"elements of {x.type} cannot be ordered over the batch",
            help="give the axis: samples stay apart",
        )
    rest = [a for a in range(x.type.rank) if a not in axes]
    size = 1
    for a in axes:
        size *= known(x.shape[a], f"axis {a} of {x.type}")
    moved = ops.transpose(x, [*rest, *axes])
    return ops.reshape(moved, (*(x.shape[a] for a in rest), size)), axes


def shaped(found: Value, x: Value, axes: Sequence[int], keepdims: bool) -> Value:
    """A result of one element a row in the shape of the reduction."""
    if keepdims:
        return ops.reshape(found, tuple(1 if a in axes else s for a, s in enumerate(x.shape)))
    return ops.reshape(found, tuple(s for a, s in enumerate(x.shape) if a not in axes))


@function("any")
def any_of(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """Whether one element over axes is true, or not 0."""
    return ops.max(ops.as_float(cast(x, "bool")), axis, keepdims) > 0.5


@function("all")
def all_of(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """Whether every element over axes is true, or not 0."""
    return ops.min(ops.as_float(cast(x, "bool")), axis, keepdims) > 0.5


@function("count_nonzero")
def count_nonzero(x: T, axis: OptionalAxes = None) -> Value:
    """How many elements over axes are not 0."""
    return ops.as_int(ops.sum(ops.as_float(cast(x, "bool")), axis))


@function("var")
def var_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The mean squared distance from the mean over axes."""
    return ops.variance(ops.as_float(x), axis, keepdims)


@function("std")
def std_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The square root of the variance over axes."""
    return ops.sqrt(ops.variance(ops.as_float(x), axis, keepdims))


@function("moments")
def moments(x: T, axes: Axes, keepdims: Bool = False) -> list[Value]:
    """The mean and the variance over axes."""
    x = ops.as_float(x)
    return [ops.mean(x, axes, keepdims), ops.variance(x, axes, keepdims)]


@function("logsumexp")
def logsumexp(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The logarithm of the sum of exp(x) over axes, without overflow."""
    largest = ops.stop_gradient(ops.max(x, axis, keepdims=True))
    total = ops.log(ops.sum(ops.exp(x - largest), axis, keepdims=True)) + largest
    return total if keepdims else ops.sum(total, axis)


@function("average")
def average(x: XOrXs, axis: OptionalAxes = None, weights: OptionalTOrNumbers = None) -> Value:
    """The mean over axes, each element counted by its weight; or of a list of tensors."""
    if isinstance(x, list):
        return merging.average(x)
    x = ops.as_float(x)
    if weights is None:
        return ops.mean(x, axis)
    factors = ops.as_float(tensor(weights))
    axes = axes_of(x, axis)
    if factors.type.rank == 1 and len(axes) == 1:
        shape = tuple(s if a == axes[0] else 1 for a, s in enumerate(x.shape))
        factors = ops.reshape(factors, shape)
    total = ops.sum(ops.broadcast_to(factors, x.shape), axes)
    return ops.sum(x * factors, axes) / total


@function("argmax")
def argmax(x: T, axis: Int = -1, keepdims: Bool = False) -> Value:
    """Where the largest element stands along an axis, the first if there are several."""
    axis = in_range(x, axis)
    place = ops.as_int(ops.argmax(ops.moveaxis(x, axis, -1)))
    return ops.expand_dims(place, axis) if keepdims else place


@function("argmin")
def argmin(x: T, axis: Int = -1, keepdims: Bool = False) -> Value:
    """Where the smallest element stands along an axis, the first if there are several."""
    return argmax(-ops.as_float(x), axis, keepdims)


@function("norm")
def norm(x: T, ord: _Order = None, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The Euclidean norm over axes; of vectors also those of other orders.

    0 counts what is not 0, 1 sums magnitudes, inf and -inf take the largest and smallest.
    """
    x = ops.as_float(x)
    axes = axes_of(x, axis)
    if ord in (None, "fro") or (ord == 2 and len(axes) == 1):
        return ops.sqrt(ops.sum(ops.square(x), axes, keepdims))
    if len(axes) != 1:
        raise ShapeError(f"a norm of order {ord} is of vectors", help="give one axis")
    size = ops.absolute(x)
    if ord == 0:
        return ops.sum(ops.as_float(ops.not_equal(x, 0.0)), axes, keepdims)
    if ord == 1:
        return ops.sum(size, axes, keepdims)
    if ord == 3:
        return ops.cbrt(ops.sum(size * ops.square(size), axes, keepdims))
    return ops.max(size, axes, keepdims) if ord > 0 else ops.min(size, axes, keepdims)


@function("allclose")
def allclose(
    x1: T,
    x2: X,
    rtol: NonNegativeFloat = 1e-5,
    atol: NonNegativeFloat = 1e-8,
    equal_nan: Bool = False,
) -> Value:
    """Whether |x1 - x2| is at most atol + rtol |x2| everywhere."""
    return all_of(isclose(x1, x2, rtol, atol, equal_nan))


@function("psnr")
def psnr(x1: T, x2: T, max_val: PositiveFloat) -> Value:
    """The peak signal-to-noise ratio: 20 log10(max_val) - 10 log10 of the mean squared error."""
    error = ops.mean(ops.square(ops.as_float(x1) - x2))
    return 20.0 * log10(max_val) - 10.0 * ops.log10(error)
