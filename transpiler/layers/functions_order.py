"""Tensor functions about order and place: sorting, taking, running sums, bins."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, ShapeError, Value
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    Numbers,
    OptionalDtype,
    OptionalInt,
    TOrNumbers,
    cast,
    count_elements,
    known,
    like,
    tensor,
)
from kgen.layers.kinds import Bool, Choice, Int, PositiveInt, T

_Side: TypeAlias = Annotated[str, Choice('"left" or "right"', ("left", "right"))]


def _last(x: Value, axis: int) -> Value:
    """The axis moved to the end."""
    axis = in_range(x, axis)
    if x.shape[axis] == BATCH:
        raise ShapeError(f"axis {axis} of {x.type} is the batch, whose samples stay apart")
    return ops.moveaxis(x, axis, -1)


def sorted_rows(x: Value) -> Value:
    """Each row in ascending order, NaNs last."""
    places = ops.argsort(x, known(x.shape[-1], str(x.type)))
    return ops.take_along(x, places)


@function("sort")
def sort(x: T, axis: Int = -1) -> Value:
    """The elements along an axis in ascending order, NaNs last."""
    return ops.moveaxis(sorted_rows(_last(x, axis)), -1, axis)


@function("argsort")
def argsort(x: T, axis: Int = -1) -> Value:
    """The places of the elements along an axis in ascending order; equal ones keep theirs."""
    rows = _last(x, axis)
    places = ops.argsort(rows, known(rows.shape[-1], str(rows.type)))
    return ops.moveaxis(places, -1, axis)


@function("top_k")
def top_k(x: T, k: PositiveInt, sorted: Bool = True) -> list[Value]:
    """The k largest elements along the last axis, and their places; largest first."""
    places = ops.argsort(x, k, descending=True)
    return [ops.take_along(x, places), places]


@function("in_top_k")
def in_top_k(targets: T, predictions: T, k: PositiveInt) -> Value:
    """Whether the prediction of each target is among the k largest of its row.

    Predictions as large as the target's do not put it out; one that is not finite does.
    """
    if predictions.shape[:-1] != targets.shape:
        raise ShapeError(f"each row of {predictions.type} needs a target, found {targets.type}")
    classes = known(predictions.shape[-1], str(predictions.type))
    label = ops.expand_dims(ops.as_float(targets), -1)
    inside = ops.logical_and(label >= 0.0, label < float(classes))
    hot = ops.equal(ops.index(predictions.shape), label)
    own = ops.sum(ops.where(hot, predictions, 0.0), -1, keepdims=True)
    larger = ops.sum(ops.as_float(predictions > own), -1, keepdims=True)
    finite = ops.absolute(own) < float("inf")
    found = ops.logical_and(ops.logical_and(inside, finite), larger < float(k))
    return ops.max(ops.as_float(found), -1) > 0.5


@function("take")
def take(x: T, indices: TOrNumbers, axis: OptionalInt = None) -> Value:
    """The slices of x at some places along an axis; places below 0 count from the end.

    Places that a tensor gives must be int32 and lie within the axis: those that the model
    computes are held to it. Without an axis, a tensor without a batch is taken as one row.
    """
    if axis is None:
        x, axis = ops.reshape(x, (count_elements(x),)), 0
    axis = in_range(x, axis)
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    if not isinstance(indices, Value):
        return _taken(x, indices, axis, size)
    if BATCH in x.shape:
        raise ShapeError(
            f"take cannot choose slices of {x.type} along axis {axis} by a tensor",
            help="use take_along_axis, which has places for each sample",
        )
    rows = x if axis == 0 else ops.moveaxis(x, axis, 0)
    found = ops.gather_rows(rows, indices)
    return _axes_back(found, indices.type.rank, axis)


def _axes_back(x: Value, count: int, axis: int) -> Value:
    """The first `count` axes moved to stand before what was axis `axis`."""
    order = [*range(count, count + axis), *range(count), *range(count + axis, x.type.rank)]
    return ops.transpose(x, order)


def _taken(x: Value, indices: Any, axis: int, size: int) -> Value:
    """Slices at places known at build time."""
    places = indices.reshape(-1)
    if indices.dtype.kind not in "iu":
        raise ShapeError(f"places are integers, found {indices.dtype}")
    if not len(places) or places.min() < -size or places.max() >= size:
        raise ShapeError(
            f"places from {places.min()} to {places.max()} are not all in axis {axis} of {x.type}",
            help=f"its places go from 0 to {size - 1}",
        )
    parts = [ops.slice_axis(x, axis, int(p) % size, int(p) % size + 1) for p in places]
    found = ops.concatenate(parts, axis)
    return ops.reshape(found, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@function("take_along_axis")
def take_along_axis(x: T, indices: TOrNumbers, axis: Int) -> Value:
    """Elements of x by their places along an axis; the other axes go together.

    Places are int32 and lie within the axis: others are held to it.
    """
    places = tensor(indices)
    axis = in_range(x, axis)
    if places.type.rank != x.type.rank:
        raise ShapeError(f"places {places.type} for {x.type} need as many axes")
    rows, chosen = _last(x, axis), _last(places, axis)
    for a, (own, other) in enumerate(zip(rows.shape[:-1], chosen.shape[:-1], strict=True)):
        if own != other and other == 1:
            chosen = _spread(chosen, a, rows)
        elif own != other and own == 1:
            rows = _spread(rows, a, chosen)
    return ops.moveaxis(ops.take_along(rows, chosen), -1, axis)


def _spread(x: Value, axis: int, like_: Value) -> Value:
    shape = tuple(like_.shape[axis] if a == axis else size for a, size in enumerate(x.shape))
    return ops.broadcast_to(x, shape)


@function("get_item")
def get_item(x: T, key: Int) -> Value:
    """The slice of x at a place of its first axis; x[...] does that and more."""
    size = known(x.shape[0], f"the first axis of {x.type}")
    if not -size <= key < size:
        raise ShapeError(f"place {key} is not in the first axis of {x.type}")
    return ops.squeeze(ops.slice_axis(x, 0, key % size, key % size + 1), 0)


@function("cumsum")
def cumsum(x: T, axis: Int = -1, dtype: OptionalDtype = None) -> Value:
    """Sums of the elements up to each along an axis, the last unless told."""
    found = ops.cumsum(ops.as_float(x), in_range(x, axis))
    return cast(like(found, x), dtype)


@function("cumprod")
def cumprod(x: T, axis: Int = -1, dtype: OptionalDtype = None) -> Value:
    """Products of the elements up to each along an axis, the last unless told."""
    found = ops.cumprod(ops.as_float(x), in_range(x, axis))
    return cast(like(found, x), dtype)


@function("searchsorted")
def searchsorted(sorted_sequence: TOrNumbers, values: T, side: _Side = "left") -> Value:
    """How many elements of a sorted vector lie below each value; or not above, from the right."""
    edges = tensor(sorted_sequence)
    if edges.type.rank != 1:
        raise ShapeError(f"a sorted vector is needed, found {edges.type}")
    spread = ops.expand_dims(ops.as_float(values), -1)
    below = edges < spread if side == "left" else edges <= spread
    return ops.as_int(ops.sum(ops.as_float(below), -1))


@function("digitize")
def digitize(x: T, bins: Numbers) -> Value:
    """The bin each element falls into: how many of the rising edges are not above it."""
    if bins.ndim != 1 or any(bins[1:] < bins[:-1]):
        raise ShapeError("the edges of bins are a rising list of numbers")
    return searchsorted(bins.astype("float32"), x, "right")


@function("isin")
def isin(x1: T, x2: TOrNumbers, assume_unique: Bool = False, invert: Bool = False) -> Value:
    """Whether each element of x1 is among those of x2."""
    others = tensor(x2)
    if BATCH in others.shape:
        raise ShapeError(f"elements are looked for among known ones, not those of {others.type}")
    count = 1
    for size in others.shape:
        count *= known(size, str(others.type))
    flat = ops.reshape(ops.as_float(others), (count,))
    same = ops.as_float(ops.equal(ops.expand_dims(ops.as_float(x1), -1), flat))
    found = ops.max(same, -1)
    return found < 0.5 if invert else found > 0.5


@function("bincount")
def bincount(x: T, minlength: PositiveInt) -> Value:
    """How often each of the numbers from 0 to minlength - 1 occurs along the last axis."""
    label = ops.expand_dims(ops.as_float(x), -1)
    hot = ops.equal(ops.index((*x.shape, minlength)), label)
    return ops.as_int(ops.sum(ops.as_float(hot), -2))


@function("segment_sum")
def segment_sum(data: T, segment_ids: T, num_segments: PositiveInt, sorted: Bool = False) -> Value:
    """The sums of the rows of each segment, along the first axis."""
    if data.shape[:1] != segment_ids.shape:
        raise ShapeError(f"each row of {data.type} needs a segment, found {segment_ids.type}")
    width = 1
    for size in data.shape[1:]:
        width *= known(size, str(data.type))
    rows = ops.reshape(ops.as_float(data), (data.shape[0], width))
    found = ops.scatter_rows(rows, cast(segment_ids, "int32"), num_segments)
    return ops.reshape(found, (num_segments, *data.shape[1:]))
