"""Keras's losses: each gives a value for each sample, of shape `y_pred.shape[:-1]`.

Cross-entropies of a softmax or sigmoid are computed from its logits, so that
they stay finite and accurate however sure the model is. Other probabilities
follow Keras's formula: normalised (classes), then clipped by 1e-7.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers.activations import clip, in_range
from kgen.layers.family import loss
from kgen.layers.kinds import SUM_OVER_BATCH_SIZE, Bool, Fraction, Int, OnlyNone, Reduction
from kgen.layers.registry import TargetRule

_EPSILON = 1e-7


def like_prediction(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """Real targets of the prediction's shape."""
    return TargetRule("float32", prediction.shape[1:])


def labels(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """Integer labels, one for each position of the prediction but its last axis."""
    classes = prediction.shape[-1]
    return TargetRule(
        "int32", prediction.shape[1:-1], classes if isinstance(classes, int) else None
    )


def same_shape(title: str, y_true: Value, y_pred: Value) -> None:
    """Refuse targets of another shape than the prediction's."""
    if y_true.shape != y_pred.shape:
        raise ShapeError(
            f"{title} compares targets {y_true.type} with predictions {y_pred.type}",
            help="both must have the same shape",
        )


@loss("MeanSquaredError", "mean_squared_error", "mse", "MSE", target=like_prediction)
def mean_squared_error(y_true: Value, y_pred: Value) -> Value:
    """mean((y_true - y_pred)^2) over the last axis."""
    same_shape("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(ops.as_float(y_true) - y_pred), -1)


@loss("MeanAbsoluteError", "mean_absolute_error", "mae", "MAE", target=like_prediction)
def mean_absolute_error(y_true: Value, y_pred: Value) -> Value:
    """mean(|y_true - y_pred|) over the last axis."""
    same_shape("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.absolute(ops.as_float(y_true) - y_pred), -1)


def logits_of(y_pred: Value, activation: str, axis: int | None = None) -> Value | None:
    """What a softmax or sigmoid was applied to, if `y_pred` is its very output."""
    node = y_pred.node
    if node.op.name != activation or (axis is not None and node.attrs["axis"] != axis):
        return None
    return node.inputs[0]


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
    y_true = ops.as_float(y_true)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    logits = y_pred if from_logits else logits_of(y_pred, "sigmoid")
    if logits is not None:
        return ops.mean(ops.sigmoid_crossentropy(logits, y_true), axis)
    sure = clip(y_pred, _EPSILON, 1.0 - _EPSILON)
    entropy = y_true * ops.log(sure) + (1.0 - y_true) * ops.log(1.0 - sure)
    return -ops.mean(entropy, axis)


def _log_probabilities(y_pred: Value, from_logits: bool, axis: int) -> Value:
    logits = y_pred if from_logits else logits_of(y_pred, "softmax", axis)
    if logits is not None:
        return ops.log_softmax(logits, axis)
    normal = y_pred / ops.sum(y_pred, axis, keepdims=True)
    return ops.log(clip(normal, _EPSILON, 1.0 - _EPSILON))


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
    y_true = ops.as_float(y_true)
    if label_smoothing:
        classes = y_true.shape[-1]
        if not isinstance(classes, int):
            raise ShapeError(f"label_smoothing needs a known number of classes, not {classes}")
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / classes
    return -ops.sum(y_true * _log_probabilities(y_pred, from_logits, axis), axis)


@loss("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy", target=labels)
def sparse_categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    ignore_class: OnlyNone = None,
    reduction: Reduction = SUM_OVER_BATCH_SIZE,
    axis: Int = -1,
) -> Value:
    """-log(y_pred[y_true]); `y_true` holds integer labels.

    `reduction` is declared for its place among the arguments; as for every loss,
    who calls it reduces.
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
    return -ops.sum(hit * _log_probabilities(y_pred, from_logits, axis), axis)
