"""Keras's regularizers: penalties on a weight or on an output."""

from __future__ import annotations

from functools import reduce
from typing import cast

from kgen import ops
from kgen.graph import Value
from kgen.layers.family import regularizer
from kgen.layers.kinds import NonNegativeFloat
from kgen.layers.registry import Bound, Scope


def penalty(scope: Scope, bound: Bound, x: Value) -> Value:
    """The scalar that a regularizer adds to the loss for `x`."""
    return cast(Value, bound.definition.apply(scope, x, **bound.arguments))


def regularize_activity(scope: Scope, bound: Bound | None, y: Value) -> Value:
    """Add a layer's `activity_regularizer` of its output, per sample, to the loss."""
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
