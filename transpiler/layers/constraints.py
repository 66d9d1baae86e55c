"""Keras's constraints: what a weight is projected to after each update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from kgen import ops
from kgen.graph import Value
from kgen.layers.activations import clip
from kgen.layers.family import constraint
from kgen.layers.kinds import Axes, Fraction, NonNegativeFloat
from kgen.layers.registry import Bound, Scope

_EPSILON = 1e-7


def constrain(scope: Scope, bound: Bound, w: Value) -> Value:
    """The weight that satisfies a constraint."""
    return cast(Value, bound.definition.apply(scope, w, **bound.arguments))


def _norms(w: Value, axis: int | Sequence[int]) -> Value:
    return ops.sqrt(ops.sum(ops.square(w), axis, keepdims=True))


@constraint("MaxNorm", "max_norm")
def max_norm(w: Value, max_value: NonNegativeFloat = 2.0, axis: Axes = 0) -> Value:
    """w scaled down to a norm of at most `max_value` along some axes."""
    norms = _norms(w, axis)
    return w * (ops.minimum(norms, max_value) / (_EPSILON + norms))


@constraint("NonNeg", "non_neg")
def non_neg(w: Value) -> Value:
    """max(w, 0)."""
    return ops.maximum(w, 0.0)


@constraint("UnitNorm", "unit_norm")
def unit_norm(w: Value, axis: Axes = 0) -> Value:
    """w over its norm along some axes."""
    return w / (_EPSILON + _norms(w, axis))


@constraint("MinMaxNorm", "min_max_norm")
def min_max_norm(
    w: Value,
    min_value: NonNegativeFloat = 0.0,
    max_value: NonNegativeFloat = 1.0,
    rate: Fraction = 1.0,
    axis: Axes = 0,
) -> Value:
    """w scaled so that its norm goes the part `rate` of the way into an interval."""
    norms = _norms(w, axis)
    desired = rate * clip(norms, min_value, max_value)
    if rate != 1.0:
        desired = desired + (1.0 - rate) * norms
    return w * (desired / (_EPSILON + norms))
