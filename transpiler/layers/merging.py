"""Layers that merge a list of tensors."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.activations import in_range
from kgen.layers.family import layer
from kgen.layers.kinds import Axes, Bool, Int
from kgen.layers.registry import Scope
from kgen.ops.elementwise import broadcast_shapes


def aligned(xs: list[Value]) -> list[Value]:
    """The tensors, those of lower rank with axes of size one put in behind the batch."""
    rank = max(x.type.rank for x in xs)
    ready = []
    for x in map(ops.as_float, xs):
        missing = (1,) * (rank - x.type.rank)
        ready.append(ops.reshape(x, (*x.shape[:1], *missing, *x.shape[1:])))
    try:
        broadcast_shapes([x.shape for x in ready])
    except ShapeError as error:
        raise ShapeError(
            f"cannot merge {_listed(xs)}",
            help=error.help or "the shapes must be equal, or 1 where they differ",
        ) from None
    return ready


def _listed(xs: list[Value]) -> str:
    return " and ".join(str(x.type) for x in xs)


def fold(xs: list[Value], operation: Callable[[Value, Value], Value]) -> Value:
    """One elementwise operation after another over the list."""
    return reduce(operation, aligned(xs))


def exactly_two(xs: list[Value]) -> tuple[Value, Value]:
    if len(xs) != 2:
        raise ShapeError(f"exactly 2 tensors are needed, found {len(xs)}")
    return xs[0], xs[1]


@layer("Add", inputs="many")
def add(xs: list[Value]) -> Value:
    """The sum of the tensors."""
    return fold(xs, ops.add)


@layer("Subtract", inputs="many", minimum=2)
def subtract(xs: list[Value]) -> Value:
    """The first tensor less the second."""
    exactly_two(xs)
    return fold(xs, ops.subtract)


@layer("Multiply", inputs="many")
def multiply(scope: Scope, xs: list[Value]) -> Value:
    """The product of the tensors, element by element; masked steps of a tensor do not count.

    Steps that are masked in all of them are 0.
    """
    counts = _masks(scope, xs)
    ready = [
        x if mask is None else ops.where(mask, x, 1.0)
        for x, mask in zip(aligned(xs), counts, strict=True)
    ]
    product = reduce(ops.multiply, ready)
    known = [mask for mask in counts if mask is not None]
    if len(known) < len(counts):
        return product
    return ops.where(reduce(ops.logical_or, known), product, 0.0)


@layer("Average", inputs="many")
def average(xs: list[Value]) -> Value:
    """The mean of the tensors, element by element."""
    return fold(xs, ops.add) / float(len(xs))


@layer("Maximum", inputs="many")
def maximum(scope: Scope, xs: list[Value]) -> Value:
    """The largest of the tensors, element by element; masked steps of a tensor do not count."""
    return _extreme(scope, xs, ops.maximum)


@layer("Minimum", inputs="many")
def minimum(scope: Scope, xs: list[Value]) -> Value:
    """The smallest of the tensors, element by element; masked steps of a tensor do not count."""
    return _extreme(scope, xs, ops.minimum)


def _extreme(scope: Scope, xs: list[Value], operation: Callable[[Value, Value], Value]) -> Value:
    """As `fold`, where a step that only one side has is that side's."""
    found, *rest = aligned(xs)
    counts, *others = _masks(scope, xs)
    for x, mask in zip(rest, others, strict=True):
        other = x if mask is None else ops.where(mask, x, found)
        found = operation(found if counts is None else ops.where(counts, found, other), other)
        counts = None if counts is None or mask is None else ops.logical_or(counts, mask)
    return found


def _masks(scope: Scope, xs: list[Value]) -> list[Value | None]:
    """Which steps of each tensor count; those of lower rank than others have none, as in Keras."""
    rank = max(x.type.rank for x in xs)
    masks = [scope.mask_of(x) if x.type.rank == rank else None for x in xs]
    return [None if mask is None else ops.expand_dims(mask, -1) for mask in masks]


@layer("Concatenate", inputs="many")
def concatenate(xs: list[Value], *, axis: Int = -1) -> Value:
    """The tensors one after the other along an axis."""
    ranks = {x.type.rank for x in xs}
    axis = in_range(xs[0], axis)
    rest = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in xs}
    if len(ranks) != 1 or len(rest) != 1:
        raise ShapeError(
            f"cannot concatenate {_listed(xs)} on axis {axis}",
            help="all dimensions but the concatenated one must be equal",
        )
    if axis == 0:
        raise ShapeError("the batch cannot be concatenated", help="axes count from 1")
    if len({x.dtype for x in xs}) > 1:
        xs = [ops.as_float(x) for x in xs]
    return ops.concatenate(xs, axis)


@layer("Dot", inputs="many", minimum=2)
def dot(xs: list[Value], *, axes: Axes, normalize: Bool = False) -> Value:
    """The sum of products over one axis of each tensor, for each sample.

    `normalize` makes the vectors along the axes unit vectors first, which gives
    their cosine. Two vectors give `[batch, 1]`.
    """
    a, b = exactly_two(xs)
    pair = (axes, axes) if isinstance(axes, int) else tuple(axes)
    if len(pair) != 2:
        raise ShapeError(f"axes must be one axis or two, found {list(pair)}")
    left, right = in_range(a, pair[0]), in_range(b, pair[1])
    if 0 in (left, right) or min(a.type.rank, b.type.rank) < 2:
        raise ShapeError(f"the batch of {_listed(xs)} cannot be summed over")
    if a.shape[left] != b.shape[right] or a.shape[0] != b.shape[0]:
        raise ShapeError(
            f"cannot multiply {_listed(xs)} over the axes {left} and {right}",
            help=f"their sizes are {a.shape[left]} and {b.shape[right]}; they must be equal",
        )
    a, b = ops.as_float(a), ops.as_float(b)
    if normalize:
        a, b = unit(a, left), unit(b, right)
    y = ops.dot(a, b, contract=((left,), (right,)), batch=((0,), (0,)))
    return ops.expand_dims(y, 1) if y.type.rank == 1 else y


def unit(x: Value, axis: Axes, epsilon: float = 1e-7) -> Value:
    """x over its Euclidean norm along an axis, which counts as no less than epsilon.

    The bound stands inside the root, so that the derivative at 0 is finite.
    """
    square = ops.sum(ops.square(x), axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, epsilon * epsilon))
