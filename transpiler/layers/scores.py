"""Keras's metrics whose totals are kept for each class or output: F, IoU and R2 scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.activations import in_range
from kgen.layers.confusion import spread
from kgen.layers.family import metric_of_totals
from kgen.layers.kinds import (
    Bool,
    Choice,
    Fraction,
    Int,
    Ints,
    Maybe,
    NonNegativeInt,
    Number,
    OnlyFloat32,
    OptionalInt,
    OptionalString,
    PositiveFloat,
    PositiveInt,
)
from kgen.layers.losses import same_shape
from kgen.layers.registry import Totals

_Average: TypeAlias = Annotated[
    str | None, Choice("an average", (None, "micro", "macro", "weighted"))
]
_Threshold: TypeAlias = Annotated[
    float | None,
    Maybe(
        "a number above 0, up to 1, or None",
        Number("a number above 0, up to 1", low=0.0, high=1.0, open_low=True),
    ),
]
_Aggregation: TypeAlias = Annotated[
    str | None,
    Choice("an aggregation", ("uniform_average", "variance_weighted_average", None)),
]


def _flat(title: str, y_true: Value, y_pred: Value) -> None:
    same_shape(title, y_true, y_pred)
    if y_pred.type.rank != 2:
        raise ShapeError(f"{title} takes predictions [batch, n], not {y_pred.type}")


@metric_of_totals("FBetaScore", "f_beta_score", title="fbeta_score")
def fbeta_score(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    average: _Average = None,
    beta: PositiveFloat = 1.0,
    threshold: _Threshold = None,
    name: OptionalString = "fbeta_score",
    dtype: OnlyFloat32 = None,
) -> Totals:
    """(1 + beta^2) * precision * recall / (beta^2 * precision + recall).

    A prediction is positive above the threshold; without one, if it is the row's largest.
    An `average` of None gives the score of each class.
    """
    _flat("FBetaScore", y_true, y_pred)
    if threshold is None:
        largest = y_pred >= ops.max(y_pred, -1, keepdims=True)
        positive = ops.logical_and(largest, ops.absolute(y_pred) > 1e-9)
    else:
        positive = y_pred > threshold
    chosen, true = ops.as_float(positive), ops.as_float(y_true)
    weights = spread(weights, y_pred.shape)

    def total(x: Value) -> Value:
        return ops.sum(x if weights is None else x * weights, 0)

    parts = total(chosen * true), total(chosen * (1.0 - true)), total((1.0 - chosen) * true)
    return Totals(parts, "fbeta", {"beta": beta, "average": average})


@metric_of_totals("F1Score", "f1_score")
def f1_score(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    average: _Average = None,
    threshold: _Threshold = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """2 * precision * recall / (precision + recall); see FBetaScore."""
    return fbeta_score(y_true, y_pred, weights, average, 1.0, threshold)


@metric_of_totals("R2Score", "r2_score")
def r2_score(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    class_aggregation: _Aggregation = "uniform_average",
    num_regressors: NonNegativeInt = 0,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """1 - sum((y_true - y_pred)^2) / sum((y_true - its mean)^2) of each output, averaged."""
    _flat("R2Score", y_true, y_pred)
    y_true = ops.as_float(y_true)
    weights = spread(weights, y_pred.shape)
    ones = ops.as_float(ops.equal(y_true, y_true))
    columns = y_pred.shape[-1]
    assert isinstance(columns, int)

    def total(x: Value) -> Value:
        return ops.sum(x if weights is None else x * weights, 0)

    parts = (
        total(ops.square(y_true)),
        total(y_true),
        total(ops.square(y_true - y_pred)),
        total(ones),
        ops.batch_size(y_pred) * float(columns),
    )
    arguments = {"aggregation": class_aggregation, "regressors": num_regressors}
    return Totals(parts, "r2", arguments)


# --- intersection over union -----------------------------------------------------


def _labels(x: Value, sparse: bool, axis: int) -> Value:
    """Whole numbers: as they are, towards zero, or the place of the largest along an axis."""
    if not sparse:
        return ops.argmax(ops.moveaxis(ops.as_float(x), in_range(x, axis), -1))
    x = ops.as_float(x)
    return ops.sign(x) * ops.floor(ops.absolute(x))


def _overlap(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_classes: int,
    classes: Sequence[int],
    ignore_class: int | None = None,
    sparse_y_true: bool = True,
    sparse_y_pred: bool = True,
    axis: int = -1,
) -> Totals:
    """The confusion matrix; labels that are no classes do not count."""
    for one in classes:
        if not 0 <= one < num_classes:
            raise ShapeError(f"the class {one} is not among {num_classes}")
    true, predicted = _labels(y_true, sparse_y_true, axis), _labels(y_pred, sparse_y_pred, axis)
    if true.type.rank == predicted.type.rank - 1 and predicted.shape[-1] == 1:
        predicted = ops.squeeze(predicted, -1)
    if predicted.type.rank == true.type.rank - 1 and true.shape[-1] == 1:
        true = ops.squeeze(true, -1)
    same_shape("the metric", true, predicted)

    def hot(label: Value) -> Value:
        place = ops.index((*label.shape, num_classes))
        return ops.as_float(ops.equal(place, ops.expand_dims(label, -1)))

    rows = hot(true)
    if ignore_class is not None:
        counted = ops.as_float(ops.not_equal(true, float(ignore_class)))
        rows = rows * ops.expand_dims(counted, -1)
    if weights is not None:
        # Whole numbers, as Keras counts here.
        whole = spread(ops.floor(weights), rows.shape)
        assert whole is not None
        rows = rows * whole
    axes = tuple(range(true.type.rank))
    matrix = ops.dot(rows, hot(predicted), contract=(axes, axes))
    return Totals((matrix,), "iou", {"classes": list(classes)})


@metric_of_totals("IoU", "io_u")
def iou(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_classes: PositiveInt,
    target_class_ids: Ints,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    ignore_class: OptionalInt = None,
    sparse_y_true: Bool = True,
    sparse_y_pred: Bool = True,
    axis: Int = -1,
) -> Totals:
    """True positives over true positives, false positives and false negatives.

    The mean over some classes; targets and predictions are labels, or `sparse_y_true` and
    `sparse_y_pred` are False and the largest along an axis is the label.
    """
    return _overlap(
        y_true,
        y_pred,
        weights,
        num_classes,
        target_class_ids,
        ignore_class,
        sparse_y_true,
        sparse_y_pred,
        axis,
    )


@metric_of_totals("MeanIoU", "mean_io_u")
def mean_iou(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_classes: PositiveInt,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    ignore_class: OptionalInt = None,
    sparse_y_true: Bool = True,
    sparse_y_pred: Bool = True,
    axis: Int = -1,
) -> Totals:
    """IoU over all classes."""
    return _overlap(
        y_true,
        y_pred,
        weights,
        num_classes,
        range(num_classes),
        ignore_class,
        sparse_y_true,
        sparse_y_pred,
        axis,
    )


@metric_of_totals("OneHotIoU", "one_hot_io_u")
def one_hot_iou(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_classes: PositiveInt,
    target_class_ids: Ints,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    ignore_class: OptionalInt = None,
    sparse_y_pred: Bool = False,
    axis: Int = -1,
) -> Totals:
    """IoU of one-hot targets, and of probabilities or logits."""
    classes = target_class_ids
    return _overlap(
        y_true, y_pred, weights, num_classes, classes, ignore_class, False, sparse_y_pred, axis
    )


@metric_of_totals("OneHotMeanIoU", "one_hot_mean_io_u")
def one_hot_mean_iou(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_classes: PositiveInt,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    ignore_class: OptionalInt = None,
    sparse_y_pred: Bool = False,
    axis: Int = -1,
) -> Totals:
    """IoU over all classes, of one-hot targets and of probabilities or logits."""
    classes = range(num_classes)
    return _overlap(
        y_true, y_pred, weights, num_classes, classes, ignore_class, False, sparse_y_pred, axis
    )


@metric_of_totals("BinaryIoU", "binary_io_u")
def binary_iou(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    target_class_ids: Ints = (0, 1),
    threshold: Fraction = 0.5,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """IoU of two classes, the predictions being 1 from the threshold on."""
    chosen = ops.as_float(y_pred >= threshold)
    return _overlap(y_true, chosen, weights, 2, target_class_ids)
