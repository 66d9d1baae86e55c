"""Medians, quantiles, and reductions that leave NaN out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import Annotated, Any, TypeAlias

import numpy as np
from kgen import ops
from kgen.graph import BATCH, ShapeError, Value
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    Numbers,
    known,
)
from kgen.layers.functions_order import sorted_rows
from kgen.layers.kinds import (
    Bool,
    Choice,
    Int,
    OptionalAxes,
    T,
)
from kgen.layers.reductions import argmax, argmin, as_rows, prod, shaped

_Method: TypeAlias = Annotated[
    str,
    Choice(
        '"linear", "lower", "higher", "midpoint" or "nearest"',
        ("linear", "lower", "higher", "midpoint", "nearest"),
    ),
]
_Within: TypeAlias = Callable[[Value, Sequence[float], str], list[Value]]


def _quantiles(
    x: Value,
    shares: Any,
    axis: int | Sequence[int] | None,
    method: str,
    keepdims: bool,
    within: _Within,
) -> Value:
    """Each share's place among the elements in order; the shares are a new first axis."""
    rows, axes = as_rows(ops.as_float(x), axis)
    if not ((shares >= 0.0) & (shares <= 1.0)).all():
        raise ShapeError("a quantile is asked for by a number from 0 to 1")
    values = within(rows, [float(share) for share in shares.reshape(-1)], method)
    found = [shaped(value, x, axes, keepdims) for value in values]
    if shares.ndim == 0:
        return found[0]
    if BATCH in x.shape:
        raise ShapeError(
            "several quantiles would stand before the batch", help="ask for one at a time"
        )
    return ops.concatenate([ops.expand_dims(value, 0) for value in found], 0)


def _of_all(rows: Value, shares: Sequence[float], method: str) -> list[Value]:
    """The quantiles of each row, their places being known."""
    size = known(rows.shape[-1], str(rows.type))
    ordered = sorted_rows(rows)
    last = rows.type.rank - 1

    def at(place: int) -> Value:
        return ops.slice_axis(ordered, last, place, place + 1)

    found = []
    for share in shares:
        place = share * (size - 1)
        low = int(place)
        high, part = min(low + 1, size - 1), place - low
        if method == "midpoint" and part:
            part = 0.5
        if method == "nearest":
            part = 1.0 if part > 0.5 else 0.0
        if method == "lower" or part == 0.0:
            value = at(low)
        elif method == "higher" or part == 1.0:
            value = at(high)
        else:
            value = at(low) * (1.0 - part) + at(high) * part
        found.append(value)
    return found


def _of_numbers(rows: Value, shares: Sequence[float], method: str) -> list[Value]:
    """The quantiles of what is a number in each row; NaN if nothing is."""
    ordered = sorted_rows(_replaced(rows, inf))
    count = _numbers(rows, -1, True)
    index = ops.index(rows.shape)

    def at(place: Value) -> Value:
        return ops.sum(ops.where(ops.equal(index, place), ordered, 0.0), -1, keepdims=True)

    found = []
    for share in shares:
        place = (count - 1.0) * share
        low, high = at(ops.floor(place)), at(ops.ceil(place))
        part = place - ops.floor(place)
        if method == "lower":
            value = low
        elif method == "higher":
            value = high
        elif method == "nearest":
            value = ops.where(part > 0.5, high, low)
        elif method == "midpoint":
            value = (low + high) * 0.5
        else:
            value = low * (1.0 - part) + high * part
        found.append(ops.where(count > 0.5, value, float("nan")))
    return found


@function("median")
def median(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The middle of the elements over axes, or the mean of the two in the middle."""
    return _quantiles(x, np.float64(0.5), axis, "linear", keepdims, _of_all)


@function("quantile")
def quantile(
    x: T, q: Numbers, axis: OptionalAxes = None, method: _Method = "linear", keepdims: Bool = False
) -> Value:
    """The element below which a share q of those over axes lies, interpolated."""
    return _quantiles(x, q.astype(float), axis, method, keepdims, _of_all)


@function("percentile")
def percentile(
    x: T, q: Numbers, axis: OptionalAxes = None, method: _Method = "linear", keepdims: Bool = False
) -> Value:
    """The element below which q percent of those over axes lie, interpolated."""
    return _quantiles(x, q.astype(float) / 100.0, axis, method, keepdims, _of_all)


def _replaced(x: Value, value: float) -> Value:
    return ops.where(ops.is_nan(x), value, x)


def _numbers(x: Value, axes: Any, keepdims: bool) -> Value:
    return ops.sum(ops.as_float(ops.equal(x, x)), axes, keepdims)


@function("nanmedian")
def nanmedian(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The middle of the numbers over axes, or the mean of the two in the middle."""
    return _quantiles(x, np.float64(0.5), axis, "linear", keepdims, _of_numbers)


@function("nanquantile")
def nanquantile(
    x: T, q: Numbers, axis: OptionalAxes = None, method: _Method = "linear", keepdims: Bool = False
) -> Value:
    """The element below which a share q of the numbers over axes lies, interpolated."""
    return _quantiles(x, q.astype(float), axis, method, keepdims, _of_numbers)


@function("nanpercentile")
def nanpercentile(
    x: T, q: Numbers, axis: OptionalAxes = None, method: _Method = "linear", keepdims: Bool = False
) -> Value:
    """The element below which q percent of the numbers over axes lie, interpolated."""
    return _quantiles(x, q.astype(float) / 100.0, axis, method, keepdims, _of_numbers)


@function("nansum")
def nansum(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The sum over axes of what is a number."""
    return ops.sum(_replaced(x, 0.0), axis, keepdims)


@function("nanmean")
def nanmean(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The mean over axes of what is a number."""
    return ops.sum(_replaced(x, 0.0), axis, keepdims) / _numbers(x, axis, keepdims)


@function("nanvar")
def nanvar(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The variance over axes of what is a number."""
    count = _numbers(x, axis, True)
    centred = x - ops.sum(_replaced(x, 0.0), axis, True) / count
    total = ops.sum(ops.square(_replaced(centred, 0.0)), axis, keepdims)
    return total / _numbers(x, axis, keepdims)


@function("nanstd")
def nanstd(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The standard deviation over axes of what is a number."""
    return ops.sqrt(nanvar(x, axis, keepdims))


@function("nanmax")
def nanmax(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The largest number over axes; NaN if there is none."""
    largest = ops.max(_replaced(x, -inf), axis, keepdims)
    return ops.where(_numbers(x, axis, keepdims) > 0.5, largest, float("nan"))


@function("nanmin")
def nanmin(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The smallest number over axes; NaN if there is none."""
    smallest = ops.min(_replaced(x, inf), axis, keepdims)
    return ops.where(_numbers(x, axis, keepdims) > 0.5, smallest, float("nan"))


@function("nanprod")
def nanprod(x: T, axis: OptionalAxes = None, keepdims: Bool = False) -> Value:
    """The product over axes of what is a number."""
    return prod(_replaced(x, 1.0), axis, keepdims)


@function("nanargmax")
def nanargmax(x: T, axis: Int = -1, keepdims: Bool = False) -> Value:
    """Where the largest number stands along an axis."""
    return argmax(_replaced(x, -inf), axis, keepdims)


@function("nanargmin")
def nanargmin(x: T, axis: Int = -1, keepdims: Bool = False) -> Value:
    """Where the smallest number stands along an axis."""
    return argmin(_replaced(x, inf), axis, keepdims)


@function("nancumsum")
def nancumsum(x: T, axis: Int = -1) -> Value:
    """Sums of the numbers up to each element along an axis."""
    return ops.cumsum(_replaced(x, 0.0), in_range(x, axis))


@function("nancumprod")
def nancumprod(x: T, axis: Int = -1) -> Value:
    """Products of the numbers up to each element along an axis."""
    return ops.cumprod(_replaced(x, 1.0), in_range(x, axis))
