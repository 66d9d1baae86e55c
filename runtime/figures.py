"""What becomes of a metric's totals: one function each, in float64, as Keras's `result`.

A figure is a number, or an array where Keras has one (a score for each class).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from kgen.runtime.spec import Metric
from numpy.typing import NDArray

Totals = NDArray[np.float64]
Figure: TypeAlias = Any  # a number, or an array

EPSILON = 1e-7
FINISHES: dict[str, Callable[..., Figure]] = {}


def finish(function: Callable[..., Figure]) -> Callable[..., Figure]:
    """Enter a function under its name."""
    FINISHES[function.__name__] = function
    return function


def figures(metrics: Sequence[Metric], totals: Totals) -> dict[str, Any]:
    """Every metric's figure by name."""
    return {metric.name: figure(metric, totals) for metric in metrics}


def figure(metric: Metric, totals: Totals) -> Figure:
    """A metric's figure: a float, or an array."""
    parts = [part(totals, place) for place in metric.totals]
    with np.errstate(all="ignore"):
        found = FINISHES[metric.finish](*parts, **metric.arguments)
    return float(found) if np.ndim(found) == 0 else np.asarray(found)


def part(totals: Totals, place: int | tuple[int, ...]) -> Totals:
    """One total: a number at a position, or an array at (position, *shape)."""
    if isinstance(place, int):
        return np.asarray(totals[place])
    start, *shape = place
    return totals[start : start + math.prod(shape)].reshape(shape)


def quotient(above: Any, below: Any) -> Totals:
    """above / below, 0 where below is 0."""
    wide = np.asarray(below, np.float64)
    return np.where(wide != 0.0, above / np.where(wide != 0.0, wide, 1.0), 0.0)


@finish
def mean(numerator: Totals, denominator: Totals) -> Figure:
    """0 where nothing was counted (all weights 0), as in Keras."""
    return quotient(numerator, denominator)


@finish
def root(numerator: Totals, denominator: Totals) -> Figure:
    """The square root of the mean."""
    return np.sqrt(quotient(numerator, denominator))


@finish
def total(value: Totals) -> Figure:
    """The sum."""
    return value


# --- predictions sorted by thresholds ------------------------------------------


def counts(true: Totals, false: Totals) -> tuple[Totals, Totals, Totals, Totals]:
    """True and false positives and negatives at each threshold, on the last axis.

    Place k of `true` and `false` holds the labels whose prediction exceeds just k thresholds.
    """
    tp, fp = (np.flip(np.cumsum(np.flip(h, -1), -1), -1)[..., 1:] for h in (true, false))
    tn, fn = false.sum(-1, keepdims=True) - fp, true.sum(-1, keepdims=True) - tp
    return tp, fp, tn, fn


def _as_asked(values: Totals, places: Sequence[int]) -> Figure:
    """In the order in which the thresholds were given; a number if there is one."""
    found = np.asarray(values)[list(places)]
    return found[0] if len(places) == 1 else found


@finish
def count(true: Totals, false: Totals, kind: str, places: Sequence[int]) -> Figure:
    """`kind` is the place of true or false positives or negatives in `counts`."""
    names = ("tp", "fp", "tn", "fn")
    return _as_asked(counts(true, false)[names.index(kind)], places)


@finish
def precision(true: Totals, false: Totals, places: Sequence[int]) -> Figure:
    """True positives among the positives."""
    tp, fp, _, _ = counts(true, false)
    return _as_asked(quotient(tp, tp + fp), places)


@finish
def recall(true: Totals, false: Totals, places: Sequence[int]) -> Figure:
    """True positives among the true."""
    tp, _, _, fn = counts(true, false)
    return _as_asked(quotient(tp, tp + fn), places)


@finish
def best(true: Totals, false: Totals, figure: str, given: str, least: float) -> Figure:
    """The largest `figure` over the thresholds at which `given` is at least `least`."""
    tp, fp, tn, fn = counts(true, false)
    rates = {
        "precision": quotient(tp, tp + fp),
        "recall": quotient(tp, tp + fn),
        "specificity": quotient(tn, tn + fp),
    }
    return np.max(np.where(rates[given] >= least, rates[figure], 0.0), initial=0.0)


@finish
def area(
    true: Totals,
    false: Totals,
    curve: str = "ROC",
    method: str = "interpolation",
    weights: Sequence[float] | None = None,
) -> Figure:
    """The area under a curve by Riemann's sum; by labels, if they are on the first axis.

    Interpolated precision follows Davis and Goadrich, 2006.
    """
    tp, fp, tn, fn = counts(true, false)
    if curve == "PR" and method == "interpolation":
        terms = _interpolated(tp, fp, fn)
    else:
        x, y = _curve(curve, tp, fp, tn, fn)
        before, after = y[..., :-1], y[..., 1:]
        heights = {
            "interpolation": (before + after) / 2.0,
            "minoring": np.minimum(before, after),
            "majoring": np.maximum(before, after),
        }[method]
        terms = (x[..., :-1] - x[..., 1:]) * heights
    areas = terms.sum(-1)
    if areas.ndim and weights is not None:
        return quotient(np.sum(areas * np.asarray(weights)), np.sum(weights))
    return np.mean(areas)


def _curve(curve: str, tp: Totals, fp: Totals, tn: Totals, fn: Totals) -> tuple[Totals, Totals]:
    if curve == "ROC":
        return quotient(fp, fp + tn), quotient(tp, tp + fn)
    if curve == "PR":
        return quotient(tp, tp + fn), quotient(tp, tp + fp)
    scale = quotient(tp + fn, tn + fp)
    x = np.where(tp == 0.0, 0.0, 1.0 - scale * quotient(fn, tp))
    y = np.where(tp == 0.0, 1.0, 1.0 - scale * quotient(fp, tp))
    return np.maximum(x, 0.0), y


def _interpolated(tp: Totals, fp: Totals, fn: Totals) -> Totals:
    p = tp + fp
    now, after = p[..., :-1], p[..., 1:]
    more = tp[..., :-1] - tp[..., 1:]
    slope = quotient(more, np.maximum(now - after, 0.0))
    start = tp[..., 1:] - slope * after
    both = (now > 0.0) & (after > 0.0)
    ratio = np.where(both, quotient(now, after), 1.0)
    above = slope * (more + start * np.log(ratio))
    return quotient(above, np.maximum(tp[..., 1:] + fn[..., 1:], 0.0))


# --- scores of classes -----------------------------------------------------------


@finish
def fbeta(
    tp: Totals, fp: Totals, fn: Totals, beta: float = 1.0, average: str | None = None
) -> Figure:
    """The weighted harmonic mean of precision and recall, of each class or averaged."""
    if average == "micro":
        tp, fp, fn = (np.asarray(np.sum(part)) for part in (tp, fp, fn))
    support = tp + fn
    found = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
    below = beta**2 * found[0] + found[1] + EPSILON
    scores = (1.0 + beta**2) * found[0] * found[1] / below
    if average == "weighted":
        return np.sum(scores * support / (np.sum(support) + EPSILON))
    return np.asarray(scores) if average is None else np.mean(scores)


@finish
def iou(matrix: Totals, classes: Sequence[int]) -> Figure:
    """Intersection over union, the mean over some classes that occur."""
    both = np.diag(matrix)[list(classes)]
    union = (matrix.sum(0) + matrix.sum(1) - np.diag(matrix))[list(classes)]
    occurs = union > 1e-9
    scores = np.where(occurs, both / (union + EPSILON), 0.0)
    return scores.sum() / (occurs.sum() + EPSILON)


@finish
def r2(
    squares: Totals,
    sums: Totals,
    residual: Totals,
    weight: Totals,
    samples: Totals,
    aggregation: str | None = "uniform_average",
    regressors: int = 0,
) -> Figure:
    """1 - residual / variance, averaged over the outputs; adjusted for `regressors`."""
    spread = squares - sums * sums / weight
    raw = 1.0 - residual / spread
    scores: Any = np.where(np.isinf(raw), 0.0, raw)
    if aggregation == "uniform_average":
        scores = np.mean(scores)
    elif aggregation == "variance_weighted_average":
        scores = np.sum(spread * scores) / np.sum(spread)
    if regressors and samples > regressors + 1:
        scores = 1.0 - (1.0 - scores) * (samples - 1.0) / (samples - regressors - 1.0)
    return scores
