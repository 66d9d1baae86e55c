"""Keras's losses of real targets, and of overlaps: a value for each sample.

Their shape is `y_pred.shape[:-1]` where nothing else is said. Cross-entropies are in
`crossentropies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers.activations import clip, in_range
from kgen.layers.family import loss
from kgen.layers.kinds import Int, NonNegativeFloat, OptionalAxes, PositiveFloat
from kgen.layers.merging import unit
from kgen.layers.registry import TargetRule
from kgen.ops.reduce import normalize_axes

EPSILON = 1e-7


@dataclass(frozen=True)
class Masked:
    """Values of which only some count: the others are 0, and so is their `mask`."""

    values: Value
    mask: Value


def like_prediction(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """Real targets of the prediction's shape."""
    return TargetRule("float32", prediction.shape[1:])


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


@loss(
    "MeanAbsolutePercentageError",
    "mean_absolute_percentage_error",
    "mape",
    "MAPE",
    target=like_prediction,
)
def mean_absolute_percentage_error(y_true: Value, y_pred: Value) -> Value:
    """100 * mean(|y_true - y_pred| / |y_true|) over the last axis; no |y_true| is below 1e-7."""
    same_shape("mean_absolute_percentage_error", y_true, y_pred)
    y_true = ops.as_float(y_true)
    size = ops.maximum(ops.absolute(y_true), EPSILON)
    return 100.0 * ops.mean(ops.absolute((y_true - y_pred) / size), -1)


@loss(
    "MeanSquaredLogarithmicError",
    "mean_squared_logarithmic_error",
    "msle",
    "MSLE",
    target=like_prediction,
)
def mean_squared_logarithmic_error(y_true: Value, y_pred: Value) -> Value:
    """mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis; both are at least 1e-7."""
    same_shape("mean_squared_logarithmic_error", y_true, y_pred)
    first = ops.log1p(ops.maximum(y_pred, EPSILON))
    second = ops.log1p(ops.maximum(ops.as_float(y_true), EPSILON))
    return ops.mean(ops.square(first - second), -1)


@loss("Huber", "huber", target=like_prediction)
def huber(y_true: Value, y_pred: Value, delta: PositiveFloat = 1.0) -> Value:
    """Mean over the last axis of e^2 / 2 where |e| <= delta, else delta * |e| - delta^2 / 2."""
    same_shape("huber", y_true, y_pred)
    error = y_pred - ops.as_float(y_true)
    size = ops.absolute(error)
    far = delta * size - 0.5 * delta * delta
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), far), -1)


@loss("LogCosh", "log_cosh", target=like_prediction)
def log_cosh(y_true: Value, y_pred: Value) -> Value:
    """mean(log(cosh(y_pred - y_true))) over the last axis, without overflow."""
    same_shape("log_cosh", y_true, y_pred)
    error = y_pred - ops.as_float(y_true)
    return ops.mean(error + ops.softplus(error * -2.0) - log(2.0), -1)


@loss("CosineSimilarity", "cosine_similarity", target=like_prediction)
def cosine_similarity(y_true: Value, y_pred: Value, axis: Int = -1) -> Value:
    """-cos of the angle between target and prediction along an axis."""
    same_shape("cosine_similarity", y_true, y_pred)
    along = (in_range(y_pred, axis),)
    return -ops.sum(unit(ops.as_float(y_true), along) * unit(y_pred, along), axis)


def _signs(y_true: Value) -> Value:
    """Targets of a batch that are all 0 or 1 become -1 or 1, as in Keras."""
    y_true = ops.as_float(y_true)
    other = ops.logical_and(ops.not_equal(y_true, 0.0), ops.not_equal(y_true, 1.0))
    binary = ops.equal(ops.sum(ops.as_float(other)), 0.0)
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


@loss("Hinge", "hinge", target=like_prediction)
def hinge(y_true: Value, y_pred: Value) -> Value:
    """mean(max(1 - y_true * y_pred, 0)) over the last axis; targets are -1 or 1, or 0 or 1."""
    same_shape("hinge", y_true, y_pred)
    return ops.mean(ops.relu(1.0 - _signs(y_true) * y_pred), -1)


@loss("SquaredHinge", "squared_hinge", target=like_prediction)
def squared_hinge(y_true: Value, y_pred: Value) -> Value:
    """mean(max(1 - y_true * y_pred, 0)^2) over the last axis; targets as for hinge."""
    same_shape("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.relu(1.0 - _signs(y_true) * y_pred)), -1)


@loss("CategoricalHinge", "categorical_hinge", target=like_prediction)
def categorical_hinge(y_true: Value, y_pred: Value) -> Value:
    """max(max((1 - y_true) * y_pred) - sum(y_true * y_pred) + 1, 0) along the last axis."""
    same_shape("categorical_hinge", y_true, y_pred)
    y_true = ops.as_float(y_true)
    hit = ops.sum(y_true * y_pred, -1)
    return ops.relu(ops.max((1.0 - y_true) * y_pred, -1) - hit + 1.0)


@loss("KLDivergence", "kl_divergence", "kld", "KLD", target=like_prediction)
def kl_divergence(y_true: Value, y_pred: Value) -> Value:
    """sum(y_true * log(y_true / y_pred)) over the last axis, both held to 1e-7 .. 1."""
    same_shape("kl_divergence", y_true, y_pred)
    true, predicted = clip(ops.as_float(y_true), EPSILON, 1.0), clip(y_pred, EPSILON, 1.0)
    return ops.sum(true * ops.log(true / predicted), -1)


@loss("Poisson", "poisson", target=like_prediction)
def poisson(y_true: Value, y_pred: Value) -> Value:
    """mean(y_pred - y_true * log(y_pred + 1e-7)) over the last axis."""
    same_shape("poisson", y_true, y_pred)
    return ops.mean(y_pred - ops.as_float(y_true) * ops.log(y_pred + EPSILON), -1)


@loss("Dice", "dice", target=like_prediction)
def dice(y_true: Value, y_pred: Value, axis: OptionalAxes = None) -> Value:
    """1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred) + 1e-7) over some axes.

    Over all of them, the batch's too, when `axis` is None.
    """
    same_shape("dice", y_true, y_pred)
    y_true = ops.as_float(y_true)
    axes = normalize_axes(y_pred.type.rank, axis)
    both = ops.sum(y_true * y_pred, axes)
    return 1.0 - 2.0 * both / (ops.sum(y_true, axes) + ops.sum(y_pred, axes) + EPSILON)


@loss("Tversky", "tversky", target=like_prediction)
def tversky(
    y_true: Value,
    y_pred: Value,
    alpha: NonNegativeFloat = 0.5,
    beta: NonNegativeFloat = 0.5,
    axis: OptionalAxes = None,
) -> Value:
    """1 - t / (t + alpha * p + beta * n + 1e-7), summed over some axes (all, if None).

    t is y_true * y_pred, p is y_true * (1 - y_pred), n is (1 - y_true) * y_pred, as Keras
    has it: `alpha` weighs what the prediction leaves out.
    """
    same_shape("tversky", y_true, y_pred)
    y_true = ops.as_float(y_true)
    axes = normalize_axes(y_pred.type.rank, axis)
    both = ops.sum(y_true * y_pred, axes)
    missed = ops.sum((1.0 - y_pred) * y_true, axes)
    extra = ops.sum(y_pred * (1.0 - y_true), axes)
    return 1.0 - both / (both + missed * alpha + extra * beta + EPSILON)
