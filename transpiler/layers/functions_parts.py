"""Tensor functions that join, cut and repeat tensors, with the names of `keras.ops`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, TypeAlias

from kgen import ops
from kgen.graph import BATCH, ShapeError, Value
from kgen.layers import merging
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import (
    IntOrInts,
    OptionalPositiveInt,
    OptionalTOrNumbers,
    count_elements,
    known,
    tensor,
)
from kgen.layers.kinds import (
    Choice,
    Float,
    Int,
    OptionalAxes,
    T,
    Xs,
)

_Indexing: TypeAlias = Annotated[str, Choice('"xy" or "ij"', ("xy", "ij"))]


@function("concatenate")
def concatenate(xs: Xs, axis: Int = -1) -> Value:
    """The tensors one after the other along an axis, the last unless told."""
    return merging.concatenate(xs, axis=axis)


@function("append")
def append(x1: T, x2: T, axis: Int) -> Value:
    """x1, then x2, along an axis."""
    return merging.concatenate([x1, x2], axis=axis)


@function("stack")
def stack(xs: Xs, axis: Int = -1) -> Value:
    """The tensors along a new axis, the last unless told."""
    place = _new_axis(xs[0], axis)
    return joined([ops.expand_dims(x, place) for x in xs], place)


def joined(xs: Sequence[Value], axis: int) -> Value:
    """The tensors one after the other; without a batch even along the first axis."""
    if axis == 0 and BATCH not in xs[0].shape:
        return ops.concatenate(list(xs), 0)
    return merging.concatenate(list(xs), axis=axis)


@function("hstack")
def hstack(xs: Xs) -> Value:
    """The tensors one after the other along their second axis."""
    return joined(xs, 1 if xs[0].type.rank > 1 else 0)


@function("vstack")
def vstack(xs: Xs) -> Value:
    """Tensors without a batch one below the other."""
    return joined([x if x.type.rank > 1 else ops.expand_dims(x, 0) for x in xs], 0)


@function("dstack")
def dstack(xs: Xs) -> Value:
    """The tensors one after the other along their third axis."""
    spread = [x if x.type.rank > 2 else ops.expand_dims(x, -1) for x in xs]
    return joined(spread, 2)


def pieces(x: Value, axis: int, edges: Sequence[int]) -> list[Value]:
    """x cut along an axis at the edges."""
    bounds = [0, *edges, known(x.shape[axis], f"axis {axis} of {x.type}")]
    if any(stop <= start for start, stop in pairwise(bounds)):
        raise ShapeError(
            f"axis {axis} of {x.type} cannot be cut at {list(edges)}",
            help="the places must rise from 1 to below its size",
        )
    pairs = pairwise(bounds)
    return [ops.slice_axis(x, axis, start, stop) for start, stop in pairs]


@function("split")
def split(x: T, indices_or_sections: IntOrInts, axis: Int = 0) -> list[Value]:
    """The parts of x along an axis: so many equal ones, or cut before the given places."""
    axis = in_range(x, axis)
    if not isinstance(indices_or_sections, int):
        return pieces(x, axis, indices_or_sections)
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    if indices_or_sections < 1 or size % indices_or_sections:
        raise ShapeError(
            f"axis {axis} of {x.type} cannot be split into {indices_or_sections} equal parts",
            help=f"its size is {size}",
        )
    part = size // indices_or_sections
    return pieces(x, axis, range(part, size, part))


@function("array_split")
def array_split(x: T, indices_or_sections: IntOrInts, axis: Int = 0) -> list[Value]:
    """As split; parts may differ in size by one, larger ones first."""
    axis = in_range(x, axis)
    if not isinstance(indices_or_sections, int):
        return pieces(x, axis, indices_or_sections)
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    if not 1 <= indices_or_sections <= size:
        raise ShapeError(f"axis {axis} of {x.type} has no {indices_or_sections} parts")
    part, larger = divmod(size, indices_or_sections)
    sizes = [part + 1] * larger + [part] * (indices_or_sections - larger)
    return pieces(x, axis, [sum(sizes[:n]) for n in range(1, len(sizes))])


@function("hsplit")
def hsplit(x: T, indices_or_sections: IntOrInts) -> list[Value]:
    """The parts of x along its second axis."""
    return split(x, indices_or_sections, 1 if x.type.rank > 1 else 0)


@function("vsplit")
def vsplit(x: T, indices_or_sections: IntOrInts) -> list[Value]:
    """The parts along its first axis of a tensor without a batch."""
    return split(x, indices_or_sections, 0)


@function("dsplit")
def dsplit(x: T, indices_or_sections: IntOrInts) -> list[Value]:
    """The parts of x along its third axis."""
    return split(x, indices_or_sections, 2)


@function("unstack")
def unstack(x: T, num: OptionalPositiveInt = None, axis: Int = 0) -> list[Value]:
    """The slices of x along an axis, which goes."""
    axis = in_range(x, axis)
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    if num not in (None, size):
        raise ShapeError(f"axis {axis} of {x.type} has {size} slices, not {num}")
    return [ops.squeeze(part, axis) for part in pieces(x, axis, range(1, size))]


@function("roll")
def roll(x: T, shift: IntOrInts, axis: OptionalAxes = None) -> Value:
    """The elements moved on along axes; what leaves at the end comes in at the start."""
    if axis is None:
        if BATCH in x.shape or not isinstance(shift, int):
            raise ShapeError(f"roll needs an axis for {x.type}", help="write roll(x, 1, axis=-1)")
        return ops.reshape(_rolled(ops.reshape(x, (count_elements(x),)), shift, 0), x.shape)
    axes = [axis] if isinstance(axis, int) else axis
    shifts = [shift] * len(axes) if isinstance(shift, int) else shift
    if len(shifts) != len(axes):
        raise ShapeError(f"{len(shifts)} shifts do not fit {len(axes)} axes")
    for one, by in zip(axes, shifts, strict=True):
        x = _rolled(x, by, in_range(x, one))
    return x


def _rolled(x: Value, shift: int, axis: int) -> Value:
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    cut = -shift % size
    if cut == 0:
        return x
    back, front = pieces(x, axis, [cut])
    return ops.concatenate([front, back], axis)


@function("tile")
def tile(x: T, repeats: IntOrInts) -> Value:
    """x so many times on end, axis by axis; missing ones are those in front, taken once."""
    times = [repeats] if isinstance(repeats, int) else list(repeats)
    rank = max(x.type.rank, len(times))
    x = ops.reshape(x, (*[1] * (rank - x.type.rank), *x.shape))
    times = [1] * (rank - len(times)) + times
    if min(times) < 1:
        raise ShapeError(f"an axis is repeated at least once, found {times}")
    for axis, count in enumerate(times):
        if count > 1:
            x = ops.concatenate([x] * count, axis)
    return x


@function("repeat")
def repeat(x: T, repeats: IntOrInts, axis: Int) -> Value:
    """Each element of an axis several times on end: all as often, or each as the list says."""
    axis = in_range(x, axis)
    if isinstance(repeats, int) or len(repeats) == 1:
        count = repeats if isinstance(repeats, int) else repeats[0]
        if count < 1:
            raise ShapeError(f"an element is repeated at least once, found {count}")
        return ops.repeat(x, [count if a == axis else 1 for a in range(x.type.rank)])
    size = known(x.shape[axis], f"axis {axis} of {x.type}")
    if len(repeats) != size or min(repeats) < 0 or not any(repeats):
        raise ShapeError(f"{len(repeats)} numbers of repeats do not fit axis {axis} of {x.type}")
    parts = zip(pieces(x, axis, range(1, size)), repeats, strict=True)
    return ops.concatenate([part for part, count in parts for _ in range(count)], axis)


@function("diff")
def diff(a: T, n: Int = 1, axis: Int = -1) -> Value:
    """Each element less the one before it along an axis, n times over."""
    axis = in_range(a, axis)
    if n < 0:
        raise ShapeError(f"differences are taken 0 or more times, found {n}")
    for _ in range(n):
        size = known(a.shape[axis], f"axis {axis} of {a.type}")
        if size < 2:
            raise ShapeError(f"axis {axis} of {a.type} is too short for differences")
        a = ops.slice_axis(a, axis, 1, size) - ops.slice_axis(a, axis, 0, size - 1)
    return a


@function("trapezoid")
def trapezoid(y: T, x: OptionalTOrNumbers = None, dx: Float = 1.0, axis: Int = -1) -> Value:
    """The integral along an axis by the trapezoidal rule, at places x or dx apart."""
    axis = in_range(y, axis)
    size = known(y.shape[axis], f"axis {axis} of {y.type}")
    if size < 2:
        raise ShapeError(f"axis {axis} of {y.type} is too short for an integral")
    pair = ops.slice_axis(y, axis, 1, size) + ops.slice_axis(y, axis, 0, size - 1)
    if x is None:
        return ops.sum(pair, axis) * (dx / 2.0)
    places = tensor(x)
    if places.type.rank == 1:
        shape = tuple(size if a == axis else 1 for a in range(y.type.rank))
        places = ops.reshape(places, shape)
    gaps = diff(places, 1, axis)
    return ops.sum(pair * gaps, axis) * 0.5


def _new_axis(x: Value, axis: int) -> int:
    rank = x.type.rank + 1
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is out of range for a new axis of {x.type}")
    return axis % rank


@function("meshgrid")
def meshgrid(
    x1: T, x2: T, indexing: Annotated[str, Choice('"xy" or "ij"', ("xy", "ij"))] = "xy"
) -> list[Value]:
    """The coordinates of a grid whose axes are two tensors of one axis."""
    if x1.type.rank != 1 or x2.type.rank != 1:
        raise ShapeError(f"a grid is made of tensors of one axis, found {x1.type} and {x2.type}")
    m, n = count_elements(x1), count_elements(x2)
    if indexing == "xy":
        first, second = ops.reshape(x1, (1, m)), ops.reshape(x2, (n, 1))
        return [ops.broadcast_to(first, (n, m)), ops.broadcast_to(second, (n, m))]
    first, second = ops.reshape(x1, (m, 1)), ops.reshape(x2, (1, n))
    return [ops.broadcast_to(first, (m, n)), ops.broadcast_to(second, (m, n))]
