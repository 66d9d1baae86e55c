"""Layers that prepare data: Rescaling, Normalization, Discretization, CategoryEncoding."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, TypeAlias

import numpy as np
from kgen import ops
from kgen.graph import ShapeError, Size, Value
from kgen.layers.activations import in_range
from kgen.layers.family import layer
from kgen.layers.function_kinds import OptionalTOrNumbers
from kgen.layers.kinds import (
    Bool,
    Choice,
    Maybe,
    Number,
    OnlyFalse,
    OnlyNone,
    OptionalAxes,
    OptionalCount,
    OptionalString,
    PositiveFloat,
    Several,
)
from kgen.layers.registry import Scope, member

# Keras's epsilon, the least standard deviation that is divided by.
_EPSILON = 1e-7

NumberOrNumbers: TypeAlias = Annotated[
    float | tuple[float, ...], Several("a number or a list of numbers", Number("a number"), True)
]
Boundaries: TypeAlias = Annotated[
    tuple[float, ...] | None,
    Maybe("a list of numbers or None", Several("a list of numbers", Number("a number"))),
]
Encoding: TypeAlias = Annotated[
    str, Choice('"multi_hot", "one_hot" or "count"', ("multi_hot", "one_hot", "count"))
]
BinEncoding: TypeAlias = Annotated[
    str,
    Choice('"int", "one_hot", "multi_hot" or "count"', ("int", "one_hot", "multi_hot", "count")),
]


@layer("Rescaling")
def rescaling(x: Value, *, scale: NumberOrNumbers, offset: NumberOrNumbers = 0.0) -> Value:
    """x * scale + offset; lists have a number for each place of the last axis."""
    x = ops.as_float(x)
    return x * _along_last(x, scale, "scale") + _along_last(x, offset, "offset")


def _along_last(x: Value, numbers: float | Sequence[float], what: str) -> Value | float:
    if isinstance(numbers, int | float):
        return float(numbers)
    if len(numbers) not in (1, x.shape[-1]):
        raise ShapeError(
            f"{what} has {len(numbers)} numbers, which does not fit the last axis of {x.type}"
        )
    return ops.array([float(number) for number in numbers], what)


@layer("Normalization")
def normalization(
    scope: Scope,
    x: Value,
    *,
    axis: OptionalAxes = -1,
    mean: OptionalTOrNumbers = None,
    variance: OptionalTOrNumbers = None,
    invert: Bool = False,
) -> Value:
    """(x - mean) / sqrt(variance), the statistics being those of data seen before training.

    They are numbers given here, or weights which the model's `adapt` sets: one for each place of
    the axes. `invert` gives x * sqrt(variance) + mean.
    """
    x = ops.as_float(x)
    given = () if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted({in_range(x, one) for one in given})
    spread = tuple(x.shape[a] if a in axes else 1 for a in range(x.type.rank))
    sizes = [x.shape[a] for a in axes]
    shape = tuple(size for size in sizes if isinstance(size, int))
    if len(shape) != len(sizes) or 0 in axes:
        raise ShapeError(
            f"Normalization over axis {axis} of {x.type} needs axes of known size",
            help="axis names those that keep statistics of their own: -1 for features or channels",
        )
    if (mean is None) != (variance is None):
        scope.fail(
            "Normalization needs both mean and variance, or neither",
            help="leave both out, and set them from data with the model's adapt",
        )
    if mean is None:
        zeros, ones = member("initializer", "Zeros"), member("initializer", "Ones")
        mean = scope.weight("mean", shape, zeros, trainable=False)
        variance = scope.weight("variance", shape, ones, trainable=False)
        # Keras keeps a count that nothing reads any more; its files have it.
        scope.weight("count", (), zeros, trainable=False)
    centre = _spread(x, mean, axes, spread)
    deviation = ops.maximum(ops.sqrt(_spread(x, variance, axes, spread)), _EPSILON)
    return x * deviation + centre if invert else (x - centre) / deviation


def _spread(x: Value, numbers: object, axes: Sequence[int], spread: tuple[object, ...]) -> Value:
    """Statistics of some axes, the last of them if there are fewer, over x's rank."""
    if not isinstance(numbers, Value):
        given = np.asarray(numbers, np.float32)
        numbers = ops.constant(float(given)) if given.ndim == 0 else ops.array(given, "statistics")
    value = ops.as_float(numbers)
    if value.type.rank > len(axes):
        raise ShapeError(f"{value.type} are too many statistics for axes {list(axes)} of {x.type}")
    target: list[Size] = [1] * x.type.rank
    for axis, size in zip(reversed(axes), reversed(value.shape), strict=False):
        if size not in (1, spread[axis]):
            raise ShapeError(f"statistics {value.type} do not fit axes {list(axes)} of {x.type}")
        target[axis] = size
    return ops.reshape(value, tuple(target))


@layer("Discretization")
def discretization(
    scope: Scope,
    x: Value,
    *,
    bin_boundaries: Boundaries = None,
    num_bins: OnlyNone = None,
    epsilon: PositiveFloat = 0.01,
    output_mode: BinEncoding = "int",
    sparse: OnlyFalse = False,
    dtype: OnlyNone = None,
    name: OptionalString = None,
) -> Value:
    """The number of the bin that each value falls into: bin 0 is below the first boundary.

    Its output is int32, or encoded as CategoryEncoding does it.
    """
    if not bin_boundaries:
        scope.fail(
            "Discretization needs bin_boundaries",
            help="compute them from data, as with numpy.quantile, and write them down",
        )
    if any(a >= b for a, b in pairwise(bin_boundaries)):
        scope.fail("bin_boundaries must rise")
    bounds = ops.array([float(bound) for bound in bin_boundaries], "boundaries")
    passed = ops.greater_equal(ops.expand_dims(ops.as_float(x), -1), bounds)
    found = ops.sum(ops.as_float(passed), -1)
    if output_mode == "int":
        return ops.as_int(found)
    return _encoded(found, len(bin_boundaries) + 1, output_mode, None)


@layer("CategoryEncoding")
def category_encoding(
    scope: Scope,
    x: Value,
    count_weights: OptionalTOrNumbers = None,
    *,
    num_tokens: OptionalCount = None,
    output_mode: Encoding = "multi_hot",
    sparse: OnlyFalse = False,
) -> Value:
    """Whole numbers below `num_tokens` as rows of zeros and ones; others are left out.

    "one_hot" has a row for each number, "multi_hot" one for all of a sample, "count" tells how
    often each occurs, or the sum of its `count_weights`.
    """
    if num_tokens is None:
        scope.fail("CategoryEncoding needs num_tokens")
    if count_weights is not None and output_mode != "count":
        scope.fail('count_weights are for output_mode="count"')
    return _encoded(x, num_tokens, output_mode, count_weights)


def _encoded(x: Value, depth: int, mode: str, weights: Value | None) -> Value:
    if mode == "one_hot":
        if x.type.rank > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, -1)
        return _one_hot(x, depth)
    if x.type.rank == 1:
        x = ops.expand_dims(x, 1)
        weights = None if weights is None else ops.expand_dims(weights, 1)
    rows = _one_hot(x, depth)
    if mode == "multi_hot":
        return ops.max(rows, 1)
    if weights is not None:
        rows = rows * ops.expand_dims(ops.as_float(weights), -1)
    return ops.sum(rows, 1)


def _one_hot(x: Value, depth: int) -> Value:
    """1 at the number's place on a new last axis, 0 elsewhere."""
    number = ops.expand_dims(ops.as_float(x), -1)
    return ops.as_float(ops.equal(ops.index((*x.shape, depth)), number))
