"""Tensor functions that reduce over axes; without `axis`, over all, the batch included."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.kinds import Bool, Int, OptionalAxes, T


@function("sum")
def sum_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The sum over axes, over all of them without `axis`."""
    return ops.sum(ops.as_float(x), axis, keepdims)


@function("mean")
def mean_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The mean over axes, over all of them without `axis`."""
    return ops.mean(ops.as_float(x), axis, keepdims)


@function("max", "amax")
def max_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The largest element over axes."""
    return ops.max(x, axis, keepdims)


@function("min", "amin")
def min_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The smallest element over axes."""
    return ops.min(x, axis, keepdims)


@function("var")
def var_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The mean squared distance from the mean over axes."""
    return ops.variance(x, axis, keepdims)


@function("std")
def std_over(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The square root of the variance over axes."""
    return ops.sqrt(ops.variance(x, axis, keepdims))


@function("logsumexp")
def logsumexp(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The logarithm of the sum of exp(x) over axes, without overflow."""
    largest = ops.stop_gradient(ops.max(x, axis, keepdims=True))
    total = ops.log(ops.sum(ops.exp(x - largest), axis, keepdims=True)) + largest
    return total if keepdims else ops.sum(total, axis)


@function("argmax")
def argmax(x: T, axis: Int = -1, keepdims: Bool = False) -> Value:
    """Where the largest element stands along an axis, the first if there are several."""
    axis = in_range(x, axis)
    place = ops.argmax(ops.moveaxis(x, axis, -1))
    return ops.expand_dims(place, axis) if keepdims else place
