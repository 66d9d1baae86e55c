"""A loss of pairs: every two rows of a batch are compared; Sun et al. (2020)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers.family import loss
from kgen.layers.kinds import Bool, Float
from kgen.layers.losses import Masked
from kgen.layers.registry import TargetRule

# Less than any exponent, so that it is never the largest of those that count.
_LEAST = -1e30


def _label(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """An integer for each row."""
    return TargetRule("int32", ())


@loss("Circle", "circle", target=_label)
def circle(
    y_true: Value,
    y_pred: Value,
    gamma: Float = 80.0,
    margin: Float = 0.4,
    remove_diagonal: Bool = True,
) -> Masked:
    """log(1 + sum(exp(p)) * sum(exp(n))) of a row's pairs with rows of its own label and others.

    p is -gamma * (margin + d) * (margin - d), n is gamma * (1 + margin - d) * (1 - margin - d),
    for the cosine distance d of the embeddings `[batch, n]`, which must have length 1. A row is
    no pair with itself if `remove_diagonal`. Rows without pairs of both kinds do not count.
    """
    if y_pred.type.rank != 2 or y_true.type.rank != 1:
        raise ShapeError(
            f"Circle compares labels {y_true.type} with embeddings {y_pred.type}",
            help="labels are [batch], embeddings [batch, n], as Flatten or pooling gives them",
        )
    rows = y_pred.shape[0]
    distance = ops.relu(1.0 - ops.dot(y_pred, y_pred, contract=((1,), (1,))))
    label = ops.as_float(y_true)
    same = ops.equal(ops.reshape(label, (rows, 1)), ops.reshape(label, (1, rows)))
    near = same
    if remove_diagonal:
        place = ops.index((1, rows))
        other = ops.not_equal(place, ops.reshape(place, (rows, 1)))
        near = ops.logical_and(same, other)
    far = ops.logical_not(same)
    pull = -gamma * ops.relu(margin + distance) * (margin - distance)
    push = gamma * ops.relu(1.0 + margin - distance) * (1.0 - margin - distance)
    (within, some), (between, others) = _log_sum(pull, near), _log_sum(push, far)
    values = ops.where(ops.logical_and(some, others), ops.softplus(within + between), 0.0)
    return Masked(values, ops.as_float(values > 0.0))


def _log_sum(x: Value, kept: Value) -> tuple[Value, Value]:
    """The logarithm of a row's sum of exp(x) over what is kept, and whether that is anything."""
    largest = ops.stop_gradient(ops.max(ops.where(kept, x, _LEAST), 1, keepdims=True))
    total = ops.sum(ops.where(kept, ops.exp(ops.where(kept, x - largest, 0.0)), 0.0), 1)
    some = ops.sum(ops.as_float(kept), 1) > 0.5
    found = ops.log(ops.where(some, total, 1.0)) + ops.reshape(largest, total.shape)
    return ops.where(some, found, 0.0), some
