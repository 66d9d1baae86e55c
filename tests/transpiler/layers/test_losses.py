"""Losses and metrics against Keras on JAX, and how cross-entropies behave far out."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from harness import (
    EPS,
    CallFailure,
    PlainScope,
    assert_close,
    build,
    call,
    f32,
    i32,
    make,
    open_batch,
)
from kgen import ops
from kgen.graph import BATCH, Builder, TensorType
from kgen.interpret import interpret
from kgen.layers import registry
from kgen.layers.metrics import resolve_accuracy
from kgen.passes.differentiate import gradients
from kgen.rewrite import reachable
from kgen.run import snake_case
from kgen.runtime.figures import FINISHES

rng = np.random.default_rng(3)


def logits(*shape: int, size: float = 3.0) -> np.ndarray:
    return rng.uniform(-size, size, shape).astype(np.float32)


def probabilities(*shape: int) -> np.ndarray:
    return rng.uniform(0.02, 0.98, shape).astype(np.float32)


def one_hot(shape: tuple[int, ...], classes: int) -> np.ndarray:
    return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, shape)]


def handful(cases: list[Any]) -> list[Any]:
    """Of the cases of one name all but the first are slow."""
    names = [case[0] for case in cases]
    slow = [names.index(name) < place for place, name in enumerate(names)]
    marks = [pytest.mark.slow if one else () for one in slow]
    return [pytest.param(*case, marks=mark) for case, mark in zip(cases, marks, strict=True)]


CASES: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray]] = [
    ("MeanSquaredError", {}, logits(4, 3), logits(4, 3)),
    ("MeanSquaredError", {}, logits(4, 3, 2), logits(4, 3, 2)),
    ("MeanAbsoluteError", {}, logits(4, 3), logits(4, 3)),
    ("BinaryCrossentropy", {}, probabilities(4, 3), probabilities(4, 3)),
    ("BinaryCrossentropy", {}, np.round(probabilities(4, 1)), f32([[0], [1], [0.5], [1]])),
    ("BinaryCrossentropy", {"from_logits": True}, np.round(probabilities(4, 3)), logits(4, 3)),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, np.round(probabilities(4, 3)),
     probabilities(4, 3)),
    ("BinaryCrossentropy", {"axis": 1}, probabilities(4, 3, 2), probabilities(4, 3, 2)),
    ("CategoricalCrossentropy", {}, one_hot((6,), 4), probabilities(6, 4)),
    ("CategoricalCrossentropy", {}, one_hot((2, 3), 4), probabilities(2, 3, 4)),
    ("CategoricalCrossentropy", {}, one_hot((3,), 3), np.eye(3, dtype=np.float32)),
    ("CategoricalCrossentropy", {"from_logits": True}, one_hot((6,), 4), logits(6, 4)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, one_hot((6,), 4), probabilities(6, 4)),
    ("CategoricalCrossentropy", {"axis": 1}, probabilities(2, 4, 3), probabilities(2, 4, 3)),
    ("SparseCategoricalCrossentropy", {}, rng.integers(0, 4, 6).astype(np.int32),
     probabilities(6, 4)),
    ("SparseCategoricalCrossentropy", {"from_logits": True},
     rng.integers(0, 4, (2, 3)).astype(np.int32), logits(2, 3, 4)),
    ("SparseCategoricalCrossentropy", {}, rng.integers(0, 4, (6, 1)).astype(np.int32),
     probabilities(6, 4)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2},
     rng.integers(0, 4, (6, 3)).astype(np.int32), probabilities(6, 3, 4)),
    ("MeanAbsolutePercentageError", {}, logits(4, 3), logits(4, 3)),
    ("MeanSquaredLogarithmicError", {}, probabilities(4, 3), logits(4, 3)),
    ("Huber", {}, logits(4, 3), logits(4, 3)),
    ("Huber", {"delta": 0.5}, logits(4, 3, 2), logits(4, 3, 2)),
    ("LogCosh", {}, logits(4, 3), logits(4, 3)),
    ("CosineSimilarity", {}, logits(4, 3), logits(4, 3)),
    ("CosineSimilarity", {"axis": 1}, logits(4, 3, 2), logits(4, 3, 2)),
    ("Hinge", {}, np.sign(logits(4, 3)), logits(4, 3)),
    ("Hinge", {}, np.round(probabilities(4, 3)), logits(4, 3)),
    ("SquaredHinge", {}, np.round(probabilities(4, 3)), logits(4, 3)),
    ("CategoricalHinge", {}, one_hot((6,), 4), logits(6, 4)),
    ("KLDivergence", {}, probabilities(4, 3), probabilities(4, 3)),
    ("Poisson", {}, probabilities(4, 3), probabilities(4, 3)),
    ("BinaryFocalCrossentropy", {}, np.round(probabilities(4, 3)), probabilities(4, 3)),
    ("BinaryFocalCrossentropy",
     {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5, "label_smoothing": 0.1},
     np.round(probabilities(4, 3)), probabilities(4, 3)),
    ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.0},
     np.round(probabilities(4, 3)), logits(4, 3)),
    ("CategoricalFocalCrossentropy", {}, one_hot((6,), 4), probabilities(6, 4)),
    ("CategoricalFocalCrossentropy", {"from_logits": True, "gamma": 3.0, "alpha": 0.5},
     one_hot((6,), 4), logits(6, 4)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, rng.integers(0, 4, 6).astype(np.int32),
     probabilities(6, 4)),
    ("Dice", {}, np.round(probabilities(4, 3)), probabilities(4, 3)),
    ("Dice", {"axis": [1, 2]}, np.round(probabilities(4, 3, 2)), probabilities(4, 3, 2)),
    ("Tversky", {"alpha": 0.3, "beta": 0.9}, np.round(probabilities(4, 3)), probabilities(4, 3)),
    ("Tversky", {"axis": -1}, np.round(probabilities(4, 3)), probabilities(4, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), handful(CASES))
def test_loss_like_keras(name: str, kwargs: Any, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    """Values a few units in size, some 16 roundings each; the logarithm of a clipped
    probability p loses eps / p, which for 1 - 1e-7 is the spacing of float32 itself."""
    definition = registry.find("loss", name)
    assert definition is not None
    function = getattr(keras.losses, definition.aliases[0], None)
    if function is None:
        function = getattr(keras.losses, name)(**kwargs, reduction=None)
        kwargs = {}
    expected = np.asarray(function(y_true, y_pred, **kwargs))
    given = next(case[1] for case in CASES if case[2] is y_true and case[3] is y_pred)
    found = build(make("loss", name, **given), [y_true, y_pred])
    assert_close(found([y_true, y_pred], {})[found.output], expected, 32)


@pytest.mark.parametrize("name", ["softmax", "sigmoid"])
def test_fused_with_its_activation(name: str) -> None:
    """The loss of softmax(x) and of sigmoid(x) is the loss of the logits x."""
    x = logits(5, 4)
    y = one_hot((5,), 4)
    loss = "CategoricalCrossentropy" if name == "softmax" else "BinaryCrossentropy"
    with Builder() as builder:
        y_true = builder.input("y", TensorType("float32", (BATCH, 4)))
        value = builder.input("x", TensorType("float32", (BATCH, 4)))
        activation = make("activation", name)
        y_pred = activation.definition.function(value)
        fused = make("loss", loss).definition.function(y_true, y_pred)
        plain = make("loss", loss).definition.function(y_true, value, from_logits=True)
        graph = builder.graph("g", {"fused": fused, "plain": plain})
    done = interpret(graph, {"x": x, "y": y})
    assert_close(done[fused], done[plain], 0)
    assert y_pred not in reachable([fused])


def gradient(loss: str, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Value and derivative of a loss from logits."""
    with Builder() as builder:
        dtype = "int32" if y.dtype == np.int32 else "float32"
        y_true = builder.input("y", TensorType(dtype, y.shape))
        value = builder.input("x", TensorType("float32", x.shape))
        each = make("loss", loss).definition.function(y_true, value, from_logits=True)
        total = ops.sum(each)
        (grad,) = gradients(total, [value])
        graph = builder.graph("g", {"loss": each, "grad": grad})
    done = interpret(graph, {"x": x, "y": y})
    return done[each], done[grad]


@pytest.mark.parametrize("target", [0.0, 1.0, 0.25])
def test_binary_crossentropy_far_out(target: float) -> None:
    """Finite and right to a few roundings from -1e4 to 1e4, derivative included.

    The value's terms are of one sign or exact; the derivative takes the target off a sigmoid.
    """
    x = f32([-1e4, -100, -20, -1, -1e-3, 0, 1e-3, 1, 20, 100, 1e4])[:, None]
    value, grad = gradient("BinaryCrossentropy", np.full_like(x, target), x)
    wide = x.astype(np.float64)
    exact = np.logaddexp(0, wide) - target * wide
    if target == 1.0:
        exact = np.logaddexp(0, -wide)
    slope = np.where(
        wide > 0,
        (1 - target) - 1 / (1 + np.exp(np.minimum(wide, 700))),
        1 / (1 + np.exp(np.minimum(-wide, 700))) - target,
    )
    tiny = float(np.finfo(np.float32).tiny)
    np.testing.assert_allclose(value, exact[:, 0], rtol=4 * EPS, atol=tiny)
    # The gradient is sigmoid(x) - target, and the sigmoid of a float32 is off by EPS / 2.
    np.testing.assert_allclose(grad, slope, rtol=4 * EPS, atol=EPS / 2)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_categorical_crossentropy_far_out(label: int) -> None:
    """Finite and right to a rounding of the largest logit, derivative included."""
    x = f32([[1e4, -1e4, 0], [30, 0, -30], [0, 0, 0], [-1e4, -1e4, -1e4]])
    y = np.full(4, label, np.int32)
    hot = np.eye(3, dtype=np.float32)[y]
    wide = x.astype(np.float64)
    shifted = wide - wide.max(-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    sizes = np.maximum(1.0, np.abs(x).max(-1))
    for loss, target in (("SparseCategoricalCrossentropy", y), ("CategoricalCrossentropy", hot)):
        value, grad = gradient(loss, target, x)
        assert np.all(np.abs(value + log_p[np.arange(4), label]) <= 4 * EPS * sizes)
        assert np.all(np.abs(grad - (np.exp(log_p) - hot)) <= 8 * EPS)


def test_targets() -> None:
    prediction = TensorType("float32", (BATCH, 7, 10))
    for name, dtype, shape, classes in (
        ("mse", "float32", (7, 10), None),
        ("bce", "float32", (7, 10), None),
        ("categorical_crossentropy", "float32", (7, 10), None),
        ("sparse_categorical_crossentropy", "int32", (7,), 10),
    ):
        bound = make("loss", name)
        assert bound.definition.target is not None
        rule = bound.definition.target(prediction, bound.arguments)
        assert (rule.dtype, rule.shape, rule.classes) == (dtype, shape, classes)


@pytest.mark.parametrize("name", ["mse", "mae", "bce", "categorical_crossentropy"])
def test_shapes_must_match(name: str) -> None:
    with pytest.raises(CallFailure, match=r"targets.*predictions"):
        call("loss", name, probabilities(3, 4), probabilities(3, 5))


METRICS: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray]] = [
    ("Accuracy", {}, np.round(logits(9, 2)), np.round(logits(9, 2))),
    ("BinaryAccuracy", {}, np.round(probabilities(9, 2)), probabilities(9, 2)),
    ("BinaryAccuracy", {"threshold": 0.8}, np.round(probabilities(9, 2)), probabilities(9, 2)),
    ("CategoricalAccuracy", {}, one_hot((20,), 3), probabilities(20, 3)),
    ("SparseCategoricalAccuracy", {}, rng.integers(0, 3, 20).astype(np.int32),
     probabilities(20, 3)),
    ("SparseCategoricalAccuracy", {}, rng.integers(0, 3, (20, 1)).astype(np.int32),
     probabilities(20, 3)),
    ("SparseCategoricalAccuracy", {}, rng.integers(0, 3, (5, 4)).astype(np.int32),
     probabilities(5, 4, 3)),
    ("MeanSquaredError", {}, logits(4, 3), logits(4, 3)),
    ("RootMeanSquaredError", {}, logits(4, 3), logits(4, 3)),
    ("MeanAbsoluteError", {}, logits(4, 3), logits(4, 3)),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, np.round(probabilities(4, 3)),
     probabilities(4, 3)),
    ("CategoricalCrossentropy", {"from_logits": True}, one_hot((6,), 4), logits(6, 4)),
    ("SparseCategoricalCrossentropy", {}, rng.integers(0, 4, 6).astype(np.int32),
     probabilities(6, 4)),
    ("TopKCategoricalAccuracy", {"k": 2}, one_hot((20,), 5), probabilities(20, 5)),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, rng.integers(0, 7, 20).astype(np.int32),
     np.round(probabilities(20, 7) * 4)),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True},
     rng.integers(0, 5, 20).astype(np.int32), f32(rng.integers(0, 5, (20, 4)))),
    ("MeanAbsolutePercentageError", {}, logits(4, 3), logits(4, 3)),
    ("MeanSquaredLogarithmicError", {}, probabilities(4, 3), probabilities(4, 3)),
    ("LogCoshError", {}, logits(4, 3), logits(4, 3)),
    ("huber", {"delta": 0.5}, logits(4, 3), logits(4, 3)),
    ("log_cosh", {}, logits(4, 3), logits(4, 3)),
    ("binary_focal_crossentropy", {"apply_class_balancing": True, "gamma": 1.0},
     np.round(probabilities(4, 3)), probabilities(4, 3)),
    ("categorical_focal_crossentropy", {"from_logits": True}, one_hot((6,), 4), logits(6, 4)),
    ("categorical_focal_crossentropy", {"alpha": [0.2, 0.3, 0.4, 0.1]}, one_hot((6,), 4),
     probabilities(6, 4)),
    ("CosineSimilarity", {}, logits(4, 3), logits(4, 3)),
    ("Hinge", {}, np.round(probabilities(4, 3)), logits(4, 3)),
    ("SquaredHinge", {}, np.sign(logits(4, 3)), logits(4, 3)),
    ("CategoricalHinge", {}, one_hot((6,), 4), logits(6, 4)),
    ("KLDivergence", {}, probabilities(4, 3), probabilities(4, 3)),
    ("Poisson", {}, probabilities(4, 3), probabilities(4, 3)),
    ("PearsonCorrelation", {}, logits(4, 9), logits(4, 9)),
    ("ConcordanceCorrelation", {}, logits(4, 9), logits(4, 9)),
    ("ConcordanceCorrelation", {"axis": 1}, logits(4, 9, 2), logits(4, 9, 2)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), handful(METRICS))
def test_metric_like_keras(name: str, kwargs: Any, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    theirs = getattr(keras.metrics, name)
    if name.islower():  # a function: given to compile(), it is averaged
        theirs = keras.metrics.MeanMetricWrapper(partial(theirs, **kwargs), name=name)
    else:
        theirs = theirs(**kwargs)
    theirs.update_state(y_true, y_pred)
    bound = make("metric", name, **kwargs)
    value = call("metric", name, y_true, y_pred, **kwargs).mean(dtype=np.float64)
    if bound.definition.finish == "root":
        value = np.sqrt(value)
    assert_close(value, np.asarray(theirs.result()), 32)
    own = theirs.name.rstrip("_0123456789")
    assert (bound.arguments["name"] or snake_case(name)) == own


def hot(*shape: int) -> np.ndarray:
    return np.round(probabilities(*shape))


SCORES: list[tuple[str, dict[str, Any], np.ndarray, np.ndarray]] = [
    ("TruePositives", {}, hot(9, 3), probabilities(9, 3)),
    ("FalsePositives", {"thresholds": 0.3}, hot(9, 3), probabilities(9, 3)),
    ("TrueNegatives", {"thresholds": [0.7, 0.2, 0.7]}, hot(9, 3), probabilities(9, 3)),
    (
        "FalseNegatives",
        {"thresholds": [0.0, 0.5, 1.0]},
        hot(9, 3),
        np.round(probabilities(9, 3), 1),
    ),
    ("Precision", {}, hot(9, 1), probabilities(9, 1)),
    ("Precision", {"thresholds": [0.6, 0.3]}, hot(9, 3), probabilities(9, 3)),
    ("Precision", {"top_k": 2}, hot(9, 5), np.round(probabilities(9, 5) * 4) / 4),
    ("Precision", {"class_id": 1}, hot(9, 3), probabilities(9, 3)),
    ("Recall", {}, hot(9, 3), probabilities(9, 3)),
    ("Recall", {"top_k": 3, "class_id": -1}, hot(9, 5), probabilities(9, 5)),
    ("SensitivityAtSpecificity", {"specificity": 0.4}, hot(30, 1), probabilities(30, 1)),
    ("SpecificityAtSensitivity", {"sensitivity": 0.7, "num_thresholds": 9}, hot(30, 2),
     np.round(probabilities(30, 2), 1)),
    ("PrecisionAtRecall", {"recall": 0.6, "num_thresholds": 1}, hot(30, 1), probabilities(30, 1)),
    ("RecallAtPrecision", {"precision": 0.5, "class_id": 0}, hot(30, 2), probabilities(30, 2)),
    ("AUC", {}, hot(30, 1), np.round(probabilities(30, 1), 2)),
    ("AUC", {"curve": "PR"}, hot(30, 2), probabilities(30, 2)),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, hot(30, 2), probabilities(30, 2)),
    ("AUC", {"curve": "PRGAIN", "summation_method": "minoring"}, hot(30, 2), probabilities(30, 2)),
    ("AUC", {"thresholds": [0.8, 0.1, 0.3]}, hot(30, 2), probabilities(30, 2)),
    ("AUC", {"num_thresholds": 20, "multi_label": True, "label_weights": [0.2, 1.0, 0.5]},
     hot(30, 3), probabilities(30, 3)),
    ("AUC", {"num_thresholds": 20, "label_weights": [0.2, 1.0, 0.5]}, hot(30, 3),
     probabilities(30, 3)),
    ("AUC", {"from_logits": True, "num_thresholds": 50}, hot(30, 1), logits(30, 1)),
    ("FBetaScore", {"beta": 2.0, "average": "weighted"}, one_hot((20,), 4), probabilities(20, 4)),
    ("FBetaScore", {"threshold": 0.4, "average": "micro"}, hot(20, 4), probabilities(20, 4)),
    ("F1Score", {}, one_hot((20,), 4), probabilities(20, 4)),
    ("F1Score", {"average": "macro"}, one_hot((20,), 4), probabilities(20, 4)),
    ("R2Score", {}, logits(20, 3), logits(20, 3)),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2},
     logits(20, 3), logits(20, 3)),
    ("R2Score", {"class_aggregation": None}, logits(20, 3), logits(20, 3)),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, f32(rng.integers(0, 3, (9, 4))),
     f32(rng.integers(0, 4, (9, 4)))),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 1, "sparse_y_pred": False},
     rng.integers(0, 4, (9, 5)).astype(np.int32), probabilities(9, 5, 4)),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}, one_hot((20,), 3),
     probabilities(20, 3)),
    ("OneHotMeanIoU", {"num_classes": 3}, one_hot((20,), 3), probabilities(20, 3)),
    ("BinaryIoU", {"threshold": 0.4}, hot(20, 1), probabilities(20, 1)),
    ("BinaryIoU", {"target_class_ids": [0]}, hot(6, 4, 2), probabilities(6, 4, 2)),
]  # fmt: skip


@pytest.mark.parametrize("weighted", [False, pytest.param(True, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), handful(SCORES))
def test_score_like_keras(
    name: str, kwargs: Any, y_true: np.ndarray, y_pred: np.ndarray, weighted: bool
) -> None:
    """Over two batches; the counts are exact, the weights whole numbers."""
    if weighted and name.endswith("IoU") and y_true[0].size > 1 and name[:3] != "One":
        pytest.skip("Keras takes a weight for each place there, not for each sample")
    theirs = getattr(keras.metrics, name)(**kwargs)
    weight = rng.integers(1, 4, len(y_true)).astype(np.float32)
    bound = make("metric", name, **kwargs)
    with Builder() as builder:
        inputs = [builder.input(n, open_batch(a)) for n, a in (("y", y_true), ("p", y_pred))]
        scale = builder.input("w", TensorType("float32", (BATCH,))) if weighted else None
        found = bound.definition.apply(PlainScope(builder), *inputs, scale, **bound.arguments)
        graph = builder.graph("g", {str(i): value for i, value in enumerate(found.values)})
    sums = [np.zeros(value.shape) for value in found.values]
    half = len(y_true) // 2
    for rows in (slice(0, half), slice(half, None)):
        feeds = {"y": y_true[rows], "p": y_pred[rows], "w": weight[rows]}
        done = interpret(graph, feeds if weighted else {n: feeds[n] for n in "yp"})
        sums = [total + done[v] for total, v in zip(sums, found.values, strict=True)]
        theirs.update_state(y_true[rows], y_pred[rows], weight[rows] if weighted else None)
    expected = np.asarray(theirs.result())
    assert_close(FINISHES[found.finish](*sums, **found.arguments), expected, 64)
    own = theirs.name.rstrip("_0123456789")
    assert (bound.arguments["name"] or snake_case(name)) == own or name == "R2Score"


def test_every_loss_and_metric_is_compared() -> None:
    elsewhere = {"CTC", "Circle"}  # test_ctc, test_circle_native
    declared = {d.name for d in registry.definitions("loss")}
    assert {case[0] for case in CASES} | elsewhere == declared
    scored = {case[0] for case in (*METRICS, *SCORES)}
    assert scored == {d.name for d in registry.definitions("metric")}


def test_first_of_equal_predictions_wins() -> None:
    y_pred = f32([[0.5, 0.5, 0.1], [0.2, 0.7, 0.7]])
    found = call("metric", "SparseCategoricalAccuracy", i32([0, 2]), y_pred)
    assert found.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        (TensorType("float32", (BATCH, 1)), (BATCH, 1), "BinaryAccuracy"),
        (TensorType("float32", (BATCH, 10)), (BATCH, 10), "CategoricalAccuracy"),
        (TensorType("int32", (BATCH,)), (BATCH, 10), "SparseCategoricalAccuracy"),
        (TensorType("int32", (BATCH, 5)), (BATCH, 5, 10), "SparseCategoricalAccuracy"),
        (TensorType("int32", (BATCH, 1)), (BATCH, 10), "SparseCategoricalAccuracy"),
        (TensorType("float32", (BATCH, 5, 1)), (BATCH, 5, 1), "BinaryAccuracy"),
    ],
)
def test_accuracy_depends_on_shapes(y_true: TensorType, y_pred: Any, kind: str) -> None:
    found = resolve_accuracy("acc", y_true, TensorType("float32", y_pred))
    assert found is not None
    assert (found.name, found.arguments["name"]) == (kind, "acc")
    assert resolve_accuracy("mse", y_true, TensorType("float32", y_pred)) is None


def test_labels_and_one_hot_are_told_apart() -> None:
    with pytest.raises(CallFailure) as caught:
        build(make("metric", "sparse_categorical_accuracy"), [one_hot((3,), 4), logits(3, 4)])
    assert "categorical_accuracy" in caught.value.help
