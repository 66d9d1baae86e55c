"""Keras's metrics that are means: each gives a value for each sample."""

from __future__ import annotations

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers import crossentropies, losses
from kgen.layers.activations import in_range
from kgen.layers.family import metric
from kgen.layers.kinds import (
    Bool,
    Float,
    FloatOrFloats,
    Fraction,
    Int,
    NonNegativeFloat,
    OnlyFloat32,
    OptionalInt,
    OptionalString,
    PositiveFloat,
    PositiveInt,
)
from kgen.layers.losses import EPSILON, Masked, same_shape
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


@metric("Accuracy", "accuracy")
def accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where the prediction equals the target."""
    same_shape("Accuracy", y_true, y_pred)
    return ops.as_float(ops.equal(ops.as_float(y_true), y_pred))


@metric("BinaryAccuracy", "binary_accuracy")
def binary_accuracy(y_true: Value, y_pred: Value, threshold: Float = 0.5) -> Value:
    """1 where the prediction is on the target's side of the threshold."""
    same_shape("BinaryAccuracy", y_true, y_pred)
    return ops.as_float(ops.equal(ops.as_float(y_true), ops.as_float(y_pred > threshold)))


@metric("CategoricalAccuracy", "categorical_accuracy")
def categorical_accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where target and prediction are largest at the same place."""
    same_shape("CategoricalAccuracy", y_true, y_pred)
    return ops.as_float(ops.equal(ops.argmax(ops.as_float(y_true)), ops.argmax(y_pred)))


def _labels(y_true: Value, y_pred: Value, hot: str) -> Value:
    """One label for each row of the predictions, as float32."""
    if y_true.type.rank == y_pred.type.rank and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    if y_true.shape != y_pred.shape[:-1]:
        raise ShapeError(
            f"the labels are {y_true.type}, the predictions {y_pred.type}",
            help=f'one-hot targets go with "{hot}"',
        )
    return ops.as_float(y_true)


@metric("SparseCategoricalAccuracy", "sparse_categorical_accuracy")
def sparse_categorical_accuracy(y_true: Value, y_pred: Value) -> Value:
    """1 where the prediction is largest at the label."""
    label = _labels(y_true, y_pred, "categorical_accuracy")
    return ops.as_float(ops.equal(label, ops.argmax(y_pred)))


def _in_top_k(label: Value, y_pred: Value, k: int) -> Value:
    """1 where fewer than k predictions of a row exceed that of the label."""
    hit = ops.equal(ops.index(y_pred.shape), ops.expand_dims(label, -1))
    own = ops.sum(ops.where(hit, y_pred, 0.0), -1, keepdims=True)
    return ops.as_float(ops.sum(ops.as_float(y_pred > own), -1) < float(k))


@metric("TopKCategoricalAccuracy", "top_k_categorical_accuracy")
def top_k_categorical_accuracy(
    y_true: Value,
    y_pred: Value,
    k: PositiveInt = 5,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Value:
    """1 where the prediction of the target's largest place is among the k largest."""
    same_shape("TopKCategoricalAccuracy", y_true, y_pred)
    return _in_top_k(ops.argmax(ops.as_float(y_true)), y_pred, k)


@metric("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy")
def sparse_top_k_categorical_accuracy(
    y_true: Value,
    y_pred: Value,
    k: PositiveInt = 5,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    from_sorted_ids: Bool = False,
) -> Value:
    """1 where the label's prediction is among the k largest.

    `from_sorted_ids` takes the predictions for labels, the likeliest first.
    """
    label = _labels(y_true, y_pred, "top_k_categorical_accuracy")
    if not from_sorted_ids:
        return _in_top_k(label, y_pred, k)
    first = ops.index(y_pred.shape) < float(k)
    hit = ops.logical_and(ops.equal(y_pred, ops.expand_dims(label, -1)), first)
    return ops.max(ops.as_float(hit), -1)


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


@metric("MeanAbsolutePercentageError", "mean_absolute_percentage_error", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.mean_absolute_percentage_error(y_true, y_pred)


@metric("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.mean_squared_logarithmic_error(y_true, y_pred)


@metric("LogCoshError", "log_cosh_error", title="logcosh")
def log_cosh_error(y_true: Value, y_pred: Value) -> Value:
    """The loss `log_cosh`."""
    return losses.log_cosh(y_true, y_pred)


@metric("log_cosh")
def log_cosh(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.log_cosh(y_true, y_pred)


@metric("huber")
def huber(y_true: Value, y_pred: Value, delta: PositiveFloat = 1.0) -> Value:
    """The loss of the same name."""
    return losses.huber(y_true, y_pred, delta)


@metric("CosineSimilarity", "cosine_similarity")
def cosine_similarity(y_true: Value, y_pred: Value, axis: Int = -1) -> Value:
    """cos of the angle between target and prediction along an axis."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


@metric("Hinge", "hinge")
def hinge(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.hinge(y_true, y_pred)


@metric("SquaredHinge", "squared_hinge")
def squared_hinge(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.squared_hinge(y_true, y_pred)


@metric("CategoricalHinge", "categorical_hinge")
def categorical_hinge(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.categorical_hinge(y_true, y_pred)


@metric("KLDivergence", "kl_divergence")
def kl_divergence(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.kl_divergence(y_true, y_pred)


@metric("Poisson", "poisson")
def poisson(y_true: Value, y_pred: Value) -> Value:
    """The loss of the same name."""
    return losses.poisson(y_true, y_pred)


@metric("BinaryCrossentropy", "binary_crossentropy", "bce", "BCE")
def binary_crossentropy(
    y_true: Value, y_pred: Value, from_logits: Bool = False, label_smoothing: Fraction = 0.0
) -> Value:
    """The loss of the same name."""
    return crossentropies.binary_crossentropy(y_true, y_pred, from_logits, label_smoothing)


@metric("CategoricalCrossentropy", "categorical_crossentropy")
def categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """The loss of the same name."""
    return crossentropies.categorical_crossentropy(
        y_true, y_pred, from_logits, label_smoothing, axis
    )


@metric("binary_focal_crossentropy")
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
    """The loss of the same name."""
    return crossentropies.binary_focal_crossentropy(
        y_true, y_pred, apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis
    )


@metric("categorical_focal_crossentropy")
def categorical_focal_crossentropy(
    y_true: Value,
    y_pred: Value,
    alpha: FloatOrFloats = 0.25,
    gamma: NonNegativeFloat = 2.0,
    from_logits: Bool = False,
    label_smoothing: Fraction = 0.0,
    axis: Int = -1,
) -> Value:
    """The loss of the same name."""
    return crossentropies.categorical_focal_crossentropy(
        y_true, y_pred, alpha, gamma, from_logits, label_smoothing, axis
    )


@metric("SparseCategoricalCrossentropy", "sparse_categorical_crossentropy")
def sparse_categorical_crossentropy(
    y_true: Value,
    y_pred: Value,
    from_logits: Bool = False,
    ignore_class: OptionalInt = None,
    axis: Int = -1,
) -> Value | Masked:
    """The loss of the same name."""
    return crossentropies.sparse_categorical_crossentropy(
        y_true, y_pred, from_logits, ignore_class, axis=axis
    )


def _centred(x: Value, axis: int) -> Value:
    return x - ops.mean(x, axis, keepdims=True)


@metric("PearsonCorrelation", "pearson_correlation")
def pearson_correlation(y_true: Value, y_pred: Value, axis: Int = -1) -> Value:
    """Pearson's correlation of target and prediction along an axis."""
    same_shape("PearsonCorrelation", y_true, y_pred)
    axis = in_range(y_pred, axis)
    true, predicted = _centred(ops.as_float(y_true), axis), _centred(y_pred, axis)
    spread = ops.mean(ops.square(true), axis) * ops.mean(ops.square(predicted), axis)
    return ops.mean(true * predicted, axis) / ops.sqrt(spread)


@metric("ConcordanceCorrelation", "concordance_correlation")
def concordance_correlation(y_true: Value, y_pred: Value, axis: Int = -1) -> Value:
    """Lin's concordance correlation along an axis.

    2 * covariance / (both variances + (difference of the means)^2 + 1e-7).
    """
    same_shape("ConcordanceCorrelation", y_true, y_pred)
    axis = in_range(y_pred, axis)
    y_true = ops.as_float(y_true)
    true, predicted = _centred(y_true, axis), _centred(y_pred, axis)
    shift = ops.mean(y_true, axis) - ops.mean(y_pred, axis)
    spread = ops.mean(ops.square(true), axis) + ops.mean(ops.square(predicted), axis)
    # Keras takes the targets off the predictions' mean, whose sum is the same.
    shared = ops.mean(true * predicted, axis)
    return 2.0 * shared / (spread + ops.square(shift) + EPSILON)
