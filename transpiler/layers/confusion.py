"""Keras's metrics of true and false positives and negatives at thresholds.

Labels are counted by the number of thresholds that their prediction exceeds, apart for
the true and the false; `kgen.runtime.figures` makes rates and areas of the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import Shape, ShapeError, Value
from kgen.layers.activations import clip
from kgen.layers.family import metric_of_totals
from kgen.layers.kinds import (
    Bool,
    Choice,
    Fraction,
    Integer,
    Maybe,
    Number,
    OnlyFloat32,
    OptionalCount,
    OptionalInt,
    OptionalString,
    PositiveInt,
    Several,
)
from kgen.layers.losses import EPSILON, same_shape
from kgen.layers.registry import Totals

_THRESHOLD = Number("a number from 0 to 1", low=0.0, high=1.0)
_Thresholds: TypeAlias = Annotated[
    Any,
    Maybe(
        "a number from 0 to 1, a list of them, or None",
        Several("a number from 0 to 1, a list of them, or None", _THRESHOLD, or_one=True),
    ),
]
_OptionalThresholds: TypeAlias = Annotated[
    tuple[float, ...] | None,
    Maybe("a list of numbers from 0 to 1, or None", Several("a list of thresholds", _THRESHOLD)),
]
_LabelWeights: TypeAlias = Annotated[
    tuple[float, ...] | None,
    Maybe("a list of numbers, or None", Several("a list of numbers", Number("a number", low=0.0))),
]
_Curve: TypeAlias = Annotated[
    str, Choice("a curve", ("ROC", "PR", "PRGAIN", "roc", "pr", "prgain"))
]
_Method: TypeAlias = Annotated[
    str,
    Choice(
        "a summation method",
        ("interpolation", "minoring", "majoring", "Interpolation", "Minoring", "Majoring"),
    ),
]
_AtLeastTwo: TypeAlias = Annotated[int, Integer("an integer of at least 2", low=2)]

# Below every threshold: what is not among the top k predictions.
_LOWEST = -1e10


def aligned(y_true: Value, y_pred: Value) -> Value:
    """The targets as 1 (whatever is not 0) and 0, in the predictions' shape."""
    same_shape("the metric", y_true, y_pred)
    return ops.as_float(ops.not_equal(ops.as_float(y_true), 0.0))


def spread(weights: Value | None, shape: Shape) -> Value | None:
    """Sample weights with axes of size one behind, for values of this shape."""
    if weights is None:
        return None
    return ops.reshape(weights, (*weights.shape, *(1 for _ in shape[weights.type.rank :])))


def among_top(x: Value, k: int) -> Value:
    """1 for the k largest of each row, of equals the first."""
    size = x.shape[-1]
    if not isinstance(size, int) or k > size:
        raise ShapeError(f"top_k is {k}, and the predictions are {x.type}")
    others, own = ops.expand_dims(x, -2), ops.expand_dims(x, -1)
    place = ops.index((*x.shape, size))
    before = place < ops.reshape(ops.index((size,)), (size, 1))
    ahead = ops.logical_or(others > own, ops.logical_and(ops.equal(others, own), before))
    return ops.as_float(ops.sum(ops.as_float(ahead), -1) < float(k))


def exceeded(y_pred: Value, thresholds: Sequence[float]) -> Value:
    """How many of the thresholds each prediction exceeds."""
    found = ops.as_float(y_pred > thresholds[0])
    for threshold in thresholds[1:]:
        found = found + ops.as_float(y_pred > threshold)
    return found


def exceeded_of_even(y_pred: Value, count: int, *, widened: bool) -> Value:
    """How many of `count` thresholds from 0 to 1, evenly apart, each prediction exceeds.

    `widened` puts the first of them below 0.
    """
    found = ops.ceil(clip(y_pred, 0.0, 1.0) * float(count - 1))
    return ops.maximum(found, 1.0) if widened else found


def histograms(
    above: Value, y_true: Value, weights: Value | None, count: int, *, by_label: bool = False
) -> tuple[Value, Value]:
    """The weights of true and of false labels by the number of thresholds below them."""
    shape = (*above.shape, count + 1)
    hit = ops.as_float(ops.equal(ops.index(shape), ops.expand_dims(above, -1)))
    true, false = y_true, 1.0 - y_true
    if weights is not None:
        true, false = true * weights, false * weights
    axes = [a for a in range(len(shape) - 1) if not (by_label and a == len(shape) - 2)]
    first, second = (ops.sum(hit * ops.expand_dims(part, -1), axes) for part in (true, false))
    return first, second


def is_even(thresholds: Sequence[float]) -> bool:
    """Whether they run from 0 to 1 at equal distances, as Keras tells it."""
    last = len(thresholds) - 1
    return last >= 2 and all(abs(t - i / last) <= 1e-7 for i, t in enumerate(thresholds))


def _at_thresholds(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    thresholds: float | Sequence[float],
    finish: str,
    class_id: int | None = None,
    top_k: int | None = None,
    **arguments: Any,
) -> Totals:
    true = aligned(y_true, y_pred)
    weights = spread(weights, y_pred.shape)
    if top_k is not None:
        y_pred = ops.where(among_top(y_pred, top_k) > 0.5, y_pred, _LOWEST)
    if class_id is not None:
        true, y_pred = of_class(true, class_id), of_class(y_pred, class_id)
    asked = [thresholds] if isinstance(thresholds, float) else list(thresholds)
    order = sorted(set(asked))
    if is_even(asked):
        above = exceeded_of_even(y_pred, len(order), widened=False)
    else:
        above = exceeded(y_pred, order)
    places = [order.index(threshold) for threshold in asked]
    found = histograms(above, true, weights, len(order))
    return Totals(found, finish, {**arguments, "places": places})


def of_class(x: Value, class_id: int) -> Value:
    """One place of the last axis."""
    size = x.shape[-1]
    if not isinstance(size, int) or not -size <= class_id < size:
        raise ShapeError(f"class_id is {class_id}, and the predictions are {x.type}")
    place = class_id % size
    return ops.slice_axis(x, x.type.rank - 1, place, place + 1)


def _counted(kind: str, *names: str) -> Any:
    """Declare a metric that counts one kind of label at thresholds."""

    def enter(title: str, doc: str) -> None:
        def count(
            y_true: Value,
            y_pred: Value,
            weights: Value | None,
            thresholds: _Thresholds = None,
            name: OptionalString = None,
            dtype: OnlyFloat32 = None,
        ) -> Totals:
            asked = 0.5 if thresholds is None else thresholds
            return _at_thresholds(y_true, y_pred, weights, asked, "count", kind=kind)

        count.__doc__ = doc
        metric_of_totals(title, *names)(count)

    return enter


_counted("tp", "true_positives")("TruePositives", "How many true labels exceed each threshold.")
_counted("fp", "false_positives")("FalsePositives", "How many false labels exceed each threshold.")
_counted("tn", "true_negatives")("TrueNegatives", "How many false labels do not exceed it.")
_counted("fn", "false_negatives")("FalseNegatives", "How many true labels do not exceed it.")


@metric_of_totals("Precision", "precision")
def precision(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    thresholds: _Thresholds = None,
    top_k: OptionalCount = None,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """True positives over all positives, at each threshold."""
    usual = 0.5 if top_k is None else _LOWEST
    asked = usual if thresholds is None else thresholds
    return _at_thresholds(y_true, y_pred, weights, asked, "precision", class_id, top_k)


@metric_of_totals("Recall", "recall")
def recall(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    thresholds: _Thresholds = None,
    top_k: OptionalCount = None,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """True positives over all true labels, at each threshold."""
    usual = 0.5 if top_k is None else _LOWEST
    asked = usual if thresholds is None else thresholds
    return _at_thresholds(y_true, y_pred, weights, asked, "recall", class_id, top_k)


def _best(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    count: int,
    class_id: int | None,
    arguments: dict[str, Any],
) -> Totals:
    """The best figure under a condition, over evenly spaced thresholds."""
    true = aligned(y_true, y_pred)
    weights = spread(weights, y_pred.shape)
    if class_id is not None:
        true, y_pred = of_class(true, class_id), of_class(y_pred, class_id)
    above = exceeded(y_pred, [0.5])
    if count > 1:
        above = exceeded_of_even(y_pred, count, widened=False)
    return Totals(histograms(above, true, weights, count), "best", arguments)


@metric_of_totals("SensitivityAtSpecificity", "sensitivity_at_specificity")
def sensitivity_at_specificity(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    specificity: Fraction,
    num_thresholds: PositiveInt = 200,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """The best recall at a specificity of at least so much."""
    wanted = {"figure": "recall", "given": "specificity", "least": specificity}
    return _best(y_true, y_pred, weights, num_thresholds, class_id, wanted)


@metric_of_totals("SpecificityAtSensitivity", "specificity_at_sensitivity")
def specificity_at_sensitivity(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    sensitivity: Fraction,
    num_thresholds: PositiveInt = 200,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """The best specificity at a recall of at least so much."""
    wanted = {"figure": "specificity", "given": "recall", "least": sensitivity}
    return _best(y_true, y_pred, weights, num_thresholds, class_id, wanted)


@metric_of_totals("PrecisionAtRecall", "precision_at_recall")
def precision_at_recall(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    recall: Fraction,
    num_thresholds: PositiveInt = 200,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """The best precision at a recall of at least so much."""
    wanted = {"figure": "precision", "given": "recall", "least": recall}
    return _best(y_true, y_pred, weights, num_thresholds, class_id, wanted)


@metric_of_totals("RecallAtPrecision", "recall_at_precision")
def recall_at_precision(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    precision: Fraction,
    num_thresholds: PositiveInt = 200,
    class_id: OptionalInt = None,
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
) -> Totals:
    """The best recall at a precision of at least so much."""
    wanted = {"figure": "recall", "given": "precision", "least": precision}
    return _best(y_true, y_pred, weights, num_thresholds, class_id, wanted)


@metric_of_totals("AUC", "auc")
def auc(
    y_true: Value,
    y_pred: Value,
    weights: Value | None,
    num_thresholds: _AtLeastTwo = 200,
    curve: _Curve = "ROC",
    summation_method: _Method = "interpolation",
    name: OptionalString = None,
    dtype: OnlyFloat32 = None,
    thresholds: _OptionalThresholds = None,
    multi_label: Bool = False,
    num_labels: OptionalCount = None,
    label_weights: _LabelWeights = None,
    from_logits: Bool = False,
) -> Totals:
    """The area under the ROC or precision-recall curve, from counts at thresholds.

    `multi_label` takes it of each label, and their mean by `label_weights`.
    """
    true = aligned(y_true, y_pred)
    if multi_label and y_pred.type.rank != 2:
        raise ShapeError(f"AUC of several labels takes predictions of rank 2, not {y_pred.type}")
    if num_labels is not None and (not multi_label or num_labels != y_pred.shape[-1]):
        raise ShapeError(
            f"num_labels is {num_labels}, and the predictions are {y_pred.type}",
            help="it belongs to multi_label=True, and may be left out",
        )
    if label_weights is not None and len(label_weights) != y_pred.shape[-1]:
        raise ShapeError(f"{len(label_weights)} label_weights for predictions {y_pred.type}")
    weights = spread(weights, y_pred.shape)
    if label_weights is not None and not multi_label:
        scale = _listed(label_weights, y_pred.shape)
        weights = scale if weights is None else weights * scale
    y_pred = ops.sigmoid(y_pred) if from_logits else y_pred
    if thresholds is None or is_even([0.0, *sorted(thresholds), 1.0]):
        count = num_thresholds if thresholds is None else len(thresholds) + 2
        above = exceeded_of_even(y_pred, count, widened=True)
    else:
        inner = [-EPSILON, *sorted(thresholds), 1.0 + EPSILON]
        count, above = len(inner), exceeded(y_pred, inner)
    found = histograms(above, true, weights, count, by_label=multi_label)
    arguments = {"curve": curve.upper(), "method": summation_method.lower()}
    if multi_label and label_weights is not None:
        return Totals(found, "area", {**arguments, "weights": list(label_weights)})
    return Totals(found, "area", arguments)


def _listed(numbers: Sequence[float], shape: Shape) -> Value:
    """Numbers along the last axis of a shape."""
    place = ops.index(shape)
    found = ops.as_float(ops.equal(place, 0.0)) * numbers[0]
    for index, number in enumerate(numbers[1:], 1):
        found = found + ops.as_float(ops.equal(place, float(index))) * number
    return found
