"""Keras's regularizers: penalties on a weight or on an output."""

from __future__ import annotations

from functools import reduce
from typing import Annotated, TypeAlias, cast

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.family import regularizer
from kgen.layers.kinds import Choice, NonNegativeFloat
from kgen.layers.merging import unit
from kgen.layers.registry import Bound, Scope

_Mode: TypeAlias = Annotated[str, Choice("a mode", ("rows", "columns"))]


def penalty(scope: Scope, bound: Bound, x: Value) -> Value:
    """The scalar that a regularizer adds to the loss for `x`."""
    return cast(Value, bound.definition.apply(scope, x, **bound.arguments))


def regularize_activity(scope: Scope, bound: Bound | None, y: Value) -> Value:
    """Add a layer's `activity_regularizer` of its output, per sample, to the loss.

    Every layer has the argument; a layer that declares it itself, for its place among
    its arguments, passes its result through here.
    """
    if bound is not None:
        scope.add_loss(penalty(scope, bound, y) / ops.batch_size(y))
    return y


@regularizer("L1", "l1")
def l1(x: Value, l1: NonNegativeFloat = 0.01) -> Value:
    """l1 * sum(|x|)."""
    return l1 * ops.sum(ops.absolute(x))


@regularizer("L2", "l2")
def l2(x: Value, l2: NonNegativeFloat = 0.01) -> Value:
    """l2 * sum(x^2)."""
    return l2 * ops.sum(ops.square(x))


@regularizer("L1L2", "l1_l2")
def l1_l2(x: Value, l1: NonNegativeFloat = 0.0, l2: NonNegativeFloat = 0.0) -> Value:
    """l1 * sum(|x|) + l2 * sum(x^2)."""
    parts = [l1 * ops.sum(ops.absolute(x))] if l1 else []
    parts += [l2 * ops.sum(ops.square(x))] if l2 else []
    return reduce(ops.add, parts) if parts else ops.constant(0.0)


@regularizer("OrthogonalRegularizer", "orthogonal_regularizer")
def orthogonal_regularizer(
    x: Value, factor: NonNegativeFloat = 0.01, mode: _Mode = "rows"
) -> Value:
    """factor * the mean of |cos| over all pairs of rows, or of columns, of a matrix."""
    if x.type.rank != 2:
        raise ShapeError(
            f"OrthogonalRegularizer compares the rows or columns of a matrix, not {x.type}",
            help="leave it off weights of other than two axes",
        )
    axis = 1 if mode == "rows" else 0
    size = x.shape[1 - axis]
    assert isinstance(size, int)
    if size < 2:
        raise ShapeError(
            f"OrthogonalRegularizer compares pairs of {mode}, and {x.type} has one",
            help="leave it off this weight",
        )
    x = unit(x, (axis,))
    products = ops.absolute(ops.dot(x, x, contract=((axis,), (axis,))))
    row = ops.reshape(ops.index((size,)), (size, 1))
    others = ops.as_float(ops.not_equal(ops.index((size, size)), row))
    return ops.sum(products * others) * (factor / (size * (size - 1.0)))
