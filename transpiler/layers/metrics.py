"""Keras's metrics: each gives a value for each sample, whose mean is reported."""

from __future__ import annotations

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers import losses
from kgen.layers.family import metric
from kgen.layers.kinds import Bool, Float, Fraction, Int, OnlyNone
from kgen.layers.losses import same_shape
from kgen.layers.registry import Bound, member


def resolve_accuracy(name: str, y_true: TensorType, y_pred: TensorType) -> Bound | None:
    """What "accuracy" or "acc" means for these types; None for other names.

    As in Keras: one output is binary; labels of a lower rank, or a single one for
    several outputs, are sparse; anything else is categorical.
    """
    if name.lower() not in ("accuracy", "acc"):
        return None
    last = y_pred.shape[-1] if y_pred.rank else 1
    if last == 1:
        kind = "BinaryAccuracy"
    elif y_true.rank < y_pred.rank or (y_true.shape[-1] == 1 and last != 1):
        kind = "SparseCategoricalAccuracy"
    else:
        kind = "CategoricalAccuracy"
    return member("metric", kind, name=name)


@metric("Accuracy")
def accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where the prediction equals the target."""
    same_shape("Accuracy", y_true, y_pred)
    return ops.as_float(ops.equal(y_true, y_pred))


@metric("BinaryAccuracy", "binary_accuracy")
def binary_accuracy(y_true: Value, y_pred: Value, threshold: Float = 0.5) -> Value:
    """1 where the prediction is on the target's side of the threshold."""
    same_shape("BinaryAccuracy", y_true, y_pred)
    return ops.as_float(ops.equal(y_true, ops.as_float(y_pred > threshold)))


@metric("CategoricalAccuracy", "categorical_accuracy")
def categorical_accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where target and prediction are largest at the same place."""
    same_shape("CategoricalAccuracy", y_true, y_pred)
    return ops.as_float(ops.equal(ops.argmax(ops.as_float(y_true)), ops.argmax(y_pred)))


@metric("SparseCategoricalAccuracy", "sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where the prediction is largest at the label."""
    if y_true.type.rank == y_pred.type.rank and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"the labels are {y_true.type}, the predictions {y_pred.type}",
            help='one-hot targets go with "categorical_accuracy"',
        )
    return ops.as_float(ops.equal(ops.as_float(y_true), ops.argmax(y_pred)))


@metric("MeanSquaredError", "mean_squared_error", "mse", "MSE")
def mean_squared_error(y_true: Value, y_pred: Value) -> Value:
    """mean((y_true - y_pred)^2) over the last axis."""
    return losses.mean_squared_error(y_true, y_pred)


@metric("RootMeanSquaredError", "root_mean_squared_error", finish="root")
def root_mean_squared_error(y_true: Value, y_pred: Value) -> Value:
    """(y_true - y_pred)^2, whose mean is rooted."""
    same_shape("RootMeanSquaredError", y_true, y_pred)
    return ops.square(ops.as_float(y_true) - y_pred)


@metric("MeanAbsoluteError", "mean_absolute_error", "mae", "MAE")
def mean_absolute_error(y_true: Value, y_pred: Value) -> Value:
    """mean(|y_true - y_pred|) over the last axis."""
    return losses.mean_absolute_error(y_true, y_pred)


@metric("BinaryCrossentropy", "binary_crossentropy", "bce", "BCE")
def binary_crossentropy(
    y_true: Value, y_pred: Value, from_logits: Bool = False, label_smoothing: Fraction = 0.0
) -> Value:
    """The loss of the same name."""
    return losses.binary_crossentropy(y_true, y_pred, from_logits, label_smoothing)


@metric("CategoricalCrossentropy", "categorical_crossentropy")
def categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """The loss of the same name."""
    return losses.categorical_crossentropy(y_true, y_pred, from_logits, label_smoothing, axis)


@metric("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    ignore_class: OnlyNone = None,
    axis: Int = -1,
) -> Value:
    """The loss of the same name."""
    return losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis=axis)
