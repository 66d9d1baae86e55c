"""Keras's cross-entropies: a value for each sample.

Those of a softmax or sigmoid are computed from its logits, so that they stay finite
and accurate however sure the model is. Other probabilities follow Keras's formula:
normalised (classes), then clipped by 1e-7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers.activations import clip, in_range
from kgen.layers.family import loss
from kgen.layers.kinds import (
    SUM_OVER_BATCH_SIZE,
    Bool,
    FloatOrFloats,
    Fraction,
    Int,
    NonNegativeFloat,
    OptionalInt,
    PositiveFloat,
    Reduction,
)
from kgen.layers.losses import EPSILON, Masked, like_prediction, same_shape
from kgen.layers.registry import TargetRule


def labels(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """Integer labels, one for each position of the prediction but its last axis."""
    classes = prediction.shape[-1]
    known = classes if isinstance(classes, int) else None
    return TargetRule("int32", prediction.shape[1:-1], known, arguments.get("ignore_class"))


def logits_of(y_pred: Value, activation: str, axis: int | None = None) -> Value | None:
    """What a softmax or sigmoid was applied to, if `y_pred` is its very output."""
    node = y_pred.node
    if node.op.name != activation or (axis is not None and node.attrs["axis"] != axis):
        return None
    return node.inputs[0]


def _smoothed(y_true: Value, label_smoothing: float) -> Value:
    """Targets moved towards an equal share for each class."""
    y_true = ops.as_float(y_true)
    if not label_smoothing:
        return y_true
    classes = y_true.shape[-1]
    if not isinstance(classes, int):
        raise ShapeError(f"label_smoothing needs a known number of classes, not {classes}")
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


def _halved(y_true: Value, label_smoothing: float) -> Value:
    """Targets moved towards one half."""
    y_true = ops.as_float(y_true)
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing


def _binary_entropy(y_true: Value, y_pred: Value, from_logits: bool) -> tuple[Value, Value]:
    """Element by element: the cross-entropy, and the probability of 1."""
    logits = y_pred if from_logits else logits_of(y_pred, "sigmoid")
    if logits is not None:
        chance = ops.sigmoid(logits) if from_logits else y_pred
        return ops.sigmoid_crossentropy(logits, y_true), chance
    sure = clip(y_pred, EPSILON, 1.0 - EPSILON)
    return -(y_true * ops.log(sure) + (1.0 - y_true) * ops.log(1.0 - sure)), y_pred


def _power(x: Value, exponent: float) -> Value:
    if exponent == 0.0:
        return x * 0.0 + 1.0
    if exponent == 1.0:
        return x
    return ops.square(x) if exponent == 2.0 else ops.power(x, exponent)


@loss("BinaryCrossentropy", "binary_crossentropy", "bce", "BCE", target=like_prediction)
def binary_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """-(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred)), mean over an axis."""
    same_shape("binary_crossentropy", y_true, y_pred)
    entropy, _ = _binary_entropy(_halved(y_true, label_smoothing), y_pred, from_logits)
    return ops.mean(entropy, axis)


@loss("BinaryFocalCrossentropy", "binary_focal_crossentropy", target=like_prediction)
def binary_focal_crossentropy(
    y_true: Value,
    y_pred: Value,
    apply_class_balancing: Bool = False,
    alpha: Fraction = 0.25,
    gamma: NonNegativeFloat = 2.0,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """Binary cross-entropy times (1 - p)^gamma, mean over an axis (Lin et al., 2017).

    p is the probability given to the target; class balancing weighs ones by `alpha` and
    zeros by 1 - alpha.
    """
    same_shape("binary_focal_crossentropy", y_true, y_pred)
    y_true = _halved(y_true, label_smoothing)
    entropy, chance = _binary_entropy(y_true, y_pred, from_logits)
    hit = y_true * chance + (1.0 - y_true) * (1.0 - chance)
    entropy = _power(1.0 - hit, gamma) * entropy
    if apply_class_balancing:
        entropy = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * entropy
    return ops.mean(entropy, axis)


def _log_probabilities(y_pred: Value, from_logits: bool, axis: int) -> Value:
    logits = y_pred if from_logits else logits_of(y_pred, "softmax", axis)
    if logits is not None:
        return ops.log_softmax(logits, axis)
    normal = y_pred / ops.sum(y_pred, axis, keepdims=True)
    return ops.log(clip(normal, EPSILON, 1.0 - EPSILON))


@loss("CategoricalCrossentropy", "categorical_crossentropy", target=like_prediction)
def categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """-sum(y_true * log(y_pred)) over an axis; `y_true` holds probabilities."""
    same_shape("categorical_crossentropy", y_true, y_pred)
    axis = in_range(y_pred, axis)
    y_true = _smoothed(y_true, label_smoothing)
    return -ops.sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis)


@loss("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", target=like_prediction)
def categorical_focal_crossentropy(
    y_true: Value,
    y_pred: Value,
    alpha: FloatOrFloats = 0.25,
    gamma: NonNegativeFloat = 2.0,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """-sum(alpha * (1 - y_pred)^gamma * y_true * log(y_pred)) over an axis.

    A list of `alpha` weighs the classes, which are on the last axis then.
    """
    same_shape("categorical_focal_crossentropy", y_true, y_pred)
    axis = in_range(y_pred, axis)
    y_true = _smoothed(y_true, label_smoothing)
    logarithm = _log_probabilities(y_pred, from_logits, axis)
    focus = _weights(alpha, y_pred) * _power(1.0 - ops.exp(logarithm), gamma)
    return -ops.sum(focus * y_true * logarithm, axis)


def _weights(alpha: float | tuple[float, ...], y_pred: Value) -> Value | float:
    if not isinstance(alpha, tuple):
        return alpha
    if y_pred.shape[-1] != len(alpha):
        raise ShapeError(
            f"alpha has {len(alpha)} numbers, for predictions {y_pred.type}",
            help="give one number for each class, which are on the last axis, or one for all",
        )
    return ops.array(alpha, "alpha")


@loss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", target=labels)
def sparse_categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    ignore_class: OptionalInt = None,
    reduction: Reduction = SUM_OVER_BATCH_SIZE,
    axis: Int = -1,
) -> Value | Masked:
    """-log(y_pred[y_true]) along the last axis; `y_true` holds integer labels.

    Labels that are `ignore_class` do not count. `reduction` is declared for its place
    among the arguments; as for every loss, who calls it reduces.
    """
    axis = in_range(y_pred, axis)
    if axis != y_pred.type.rank - 1:
        raise ShapeError("the classes must be on the last axis", help="leave axis at -1")
    if y_true.shape == (*y_pred.shape[:-1], 1) and y_pred.type.rank == y_true.type.rank:
        y_true = ops.squeeze(y_true, -1)
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"the labels are {y_true.type}, the predictions {y_pred.type}",
            help="there must be one label for each position but the last axis",
        )
    label = ops.expand_dims(ops.as_float(y_true), -1)
    hit = ops.as_float(ops.equal(ops.index(y_pred.shape), label))
    values = -ops.sum(hit * _log_probabilities(y_pred, from_logits, axis), -1)
    if ignore_class is None:
        return values
    valid = ops.not_equal(ops.as_float(y_true), float(ignore_class))
    return Masked(ops.where(valid, values, 0.0), ops.as_float(valid))


@loss(
    "CategoricalGeneralizedCrossEntropy",
    "categorical_generalized_cross_entropy",
    target=labels,
)
def categorical_generalized_cross_entropy(
    y_true: Value, y_pred: Value, q: PositiveFloat = 0.5
) -> Value:
    """(1 - y_pred[y_true]^q) / q; `y_true` holds integer labels (Zhang and Sabuncu, 2018)."""
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"the labels are {y_true.type}, the predictions {y_pred.type}",
            help="there must be one label for each position but the last axis",
        )
    label = ops.expand_dims(ops.as_float(y_true), -1)
    hit = ops.as_float(ops.equal(ops.index(y_pred.shape), label))
    return (1.0 - ops.power(ops.sum(hit * y_pred, -1), q)) / q
