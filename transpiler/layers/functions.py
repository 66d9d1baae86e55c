"""Tensor functions of the language, with the names of `keras.ops` and the merge layers.

Activations are tensor functions too. Axes count the batch as 0, as in Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeAlias

from kgen import ops
from kgen.graph import Operand, ShapeError, Value, as_value
from kgen.layers import activations, merging
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.kinds import (
    Axes,
    Bool,
    Int,
    NonNegativeFloat,
    OnlyDefault,
    OptionalInts,
    OptionalX,
    PositiveInt,
    T,
    X,
    XOrXs,
    Xs,
)

_Order: TypeAlias = Annotated[int, OnlyDefault("2", 2)]


def _elementwise(
    name: str, operation: Callable[[Operand], Value], *aliases: str
) -> Callable[[Operand], Value]:
    """A function of one tensor, straight from the operation."""

    def call(x: X) -> Value:
        return operation(x)

    call.__doc__ = operation.__doc__
    return function(name, *aliases)(call)


for _name, _operation, *_aliases in (
    ("absolute", ops.absolute, "abs"),
    ("erf", ops.erf),
    ("exp", ops.exp),
    ("expm1", ops.expm1),
    ("floor", ops.floor),
    ("log", ops.log),
    ("log1p", ops.log1p),
    ("negative", ops.negative),
    ("rsqrt", ops.rsqrt),
    ("sign", ops.sign),
    ("sqrt", ops.sqrt),
    ("square", ops.square),
    ("stop_gradient", ops.stop_gradient),
):
    _elementwise(_name, _operation, *_aliases)


def _comparison(name: str, operation: Callable[[Operand, Operand], Value]) -> None:
    def call(x1: X, x2: X) -> Value:
        return operation(x1, x2)

    call.__doc__ = operation.__doc__
    function(name)(call)


for _name, _compare in (
    ("equal", ops.equal),
    ("not_equal", ops.not_equal),
    ("less", ops.less),
    ("less_equal", ops.less_equal),
    ("greater", ops.greater),
    ("greater_equal", ops.greater_equal),
    ("power", ops.power),
    ("divide", ops.divide),
):
    _comparison(_name, _compare)


def _pairwise(
    name: str,
    operation: Callable[[Operand, Operand], Value],
    merge: Callable[[list[Value]], Value],
) -> None:
    """`name(a, b)` as in `keras.ops`, and `name([a, b, ...])` as the merge layer."""

    def call(x1: XOrXs, x2: OptionalX = None) -> Value:
        if isinstance(x1, list):
            if x2 is not None:
                raise ShapeError("give a list of tensors, or two tensors, not both")
            return merge(x1)
        if x2 is None:
            raise ShapeError("a second tensor is needed", help=f"write {name}(a, b)")
        return operation(x1, x2)

    call.__doc__ = f"{operation.__doc__} A list is merged as by the layer of the name."
    function(name)(call)


_pairwise("add", ops.add, merging.add)
_pairwise("subtract", ops.subtract, merging.subtract)
_pairwise("multiply", ops.multiply, merging.multiply)
_pairwise("maximum", ops.maximum, merging.maximum)
_pairwise("minimum", ops.minimum, merging.minimum)


@function("average")
def average(xs: Xs) -> Value:
    """The mean of a list of tensors, element by element."""
    return merging.average(xs)


@function("concatenate")
def concatenate(xs: Xs, axis: Int = -1) -> Value:
    """The tensors one after the other along an axis."""
    return merging.concatenate(xs, axis=axis)


@function("stack")
def stack(xs: Xs, axis: Int = -1) -> Value:
    """The tensors along a new axis."""
    spread = [expand_dims(x, axis) for x in xs]
    return merging.concatenate(spread, axis=axis)


@function("dot")
def dot(xs: Xs, axes: Axes, normalize: Bool = False) -> Value:
    """The sum of products over one axis of each of two tensors, for each sample."""
    return merging.dot(xs, axes=axes, normalize=normalize)


@function("matmul")
def matmul(x1: T, x2: T) -> Value:
    """The matrix product over the last axis of x1 and the last but one of x2."""
    a, b = x1, x2
    last, rows = a.type.rank - 1, max(b.type.rank - 2, 0)
    if not a.type.rank or not b.type.rank or a.shape[last] != b.shape[rows]:
        size = b.shape[rows] if b.type.rank else "none"
        raise ShapeError(
            f"cannot multiply {a.type} by {b.type}",
            help=f"the last axis of the first must be the rows of the second, {size}",
        )
    if b.type.rank <= 2:
        return ops.dot(a, b, contract=((last,), (rows,)))
    lead = tuple(range(b.type.rank - 2))
    if a.type.rank != b.type.rank or a.shape[:-2] != b.shape[:-2]:
        raise ShapeError(
            f"cannot multiply {a.type} by {b.type}",
            help="the axes before the last two must be equal",
        )
    return ops.dot(a, b, contract=((last,), (rows,)), batch=(lead, lead))


@function("where")
def where(condition: T, x1: X, x2: X) -> Value:
    """x1 where the condition holds, else x2."""
    return ops.where(condition, x1, x2)


@function("logical_and")
def logical_and(x1: T, x2: T) -> Value:
    """Both true."""
    return ops.logical_and(x1, x2)


@function("logical_or")
def logical_or(x1: T, x2: T) -> Value:
    """Either true."""
    return ops.logical_or(x1, x2)


@function("logical_not")
def logical_not(x: T) -> Value:
    """Not true."""
    return ops.logical_not(x)


@function("clip")
def clip(x: T, x_min: X, x_max: X) -> Value:
    """x held between two bounds."""
    return activations.clip(x, x_min, x_max)


@function("reciprocal")
def reciprocal(x: X) -> Value:
    """1 / x."""
    return 1.0 / as_value(x)


@function("gelu")
def gelu(x: T, approximate: Bool = True) -> Value:
    """x * P(X <= x) for a standard normal X; approximate, as in `keras.ops`, unless told."""
    return activations.gelu(x, approximate)


@function("normalize", "l2_normalize")
def normalize(x: T, axis: Axes = -1, order: _Order = 2, epsilon: NonNegativeFloat = 1e-7) -> Value:
    """x over its Euclidean norm along an axis."""
    return merging.unit(x, axis, epsilon)


@function("one_hot")
def one_hot(x: T, num_classes: PositiveInt) -> Value:
    """1 at the label's place on a new last axis, 0 elsewhere."""
    label = ops.expand_dims(ops.as_float(x), -1)
    return ops.as_float(ops.equal(ops.index((*x.shape, num_classes)), label))


@function("expand_dims")
def expand_dims(x: T, axis: Int) -> Value:
    """A new axis of size one."""
    rank = x.type.rank + 1
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} is out of range for a new axis of {x.type}")
    return ops.expand_dims(x, axis)


@function("squeeze")
def squeeze(x: T, axis: Int) -> Value:
    """Without an axis of size one."""
    if x.shape[in_range(x, axis)] != 1:
        raise ShapeError(f"axis {axis} of {x.type} is not of size 1")
    return ops.squeeze(x, axis)


@function("transpose")
def transpose(x: T, axes: OptionalInts = None) -> Value:
    """The axes in another order, reversed without `axes`."""
    order = [a for a in axes if a is not None] if axes else range(x.type.rank)[::-1]
    return ops.transpose(x, [in_range(x, axis) for axis in order])


@function("moveaxis")
def moveaxis(x: T, source: Int, destination: Int) -> Value:
    """One axis moved, the others in order."""
    return ops.moveaxis(x, in_range(x, source), in_range(x, destination))


@function("zeros_like")
def zeros_like(x: T) -> Value:
    """0 in the shape of x."""
    return ops.broadcast_to(ops.constant(0.0), x.shape)


@function("ones_like")
def ones_like(x: T) -> Value:
    """1 in the shape of x."""
    return ops.broadcast_to(ops.constant(1.0), x.shape)
