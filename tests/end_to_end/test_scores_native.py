"""Metrics with a state of their own, weights of steps, and further losses, against Keras."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import losses, metrics
from native import build
from twins import Case, check_figures, check_gradients, check_training, dense, labels, numbers

ROWS = 22


def compiled(x: Any, outputs: Any, loss: Any, **settings: Any) -> Any:
    model = keras.Model(x, outputs)
    model.compile(keras.optimizers.SGD(settings.pop("rate", 0.05)), loss, **settings)
    return model


def scores() -> Any:
    x = keras.Input((5,), name="x")
    return compiled(
        x,
        dense(3, activation="sigmoid", name="y")(x),
        "hinge",
        metrics=[
            "AUC",
            metrics.Precision([0.7, 0.3], name="precision"),
            metrics.Recall(top_k=2, name="recall"),
            metrics.F1Score(),
            metrics.R2Score(),
            metrics.PrecisionAtRecall(0.5, num_thresholds=20, name="precision_at_recall"),
            metrics.TruePositives(name="true_positives"),
            metrics.OneHotMeanIoU(3, name="one_hot_mean_io_u"),
        ],
        weighted_metrics=[
            metrics.AUC(curve="PR", name="pr", multi_label=True, num_thresholds=20),
            "mse",
        ],
    )


def truths(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (ROWS, *shape)).astype(np.float32)


def test_scores() -> None:
    """Figures of counts, which are exact: Keras's arithmetic of 200 terms in float32 is not.

    The bounds of `twins` are of no use here, as comparisons that rounding might turn are
    unsure to them; no prediction of these lies that near to a threshold.
    """
    weights = np.random.default_rng(4).integers(0, 3, ROWS).astype(np.float32)
    x, y = numbers((5,), ROWS, 1), truths((3,), 2)
    net = build("e2e_scores.k").Scores(seed=3)
    twin = scores()
    twin.set_weights(net.get_weights())
    options = {"batch_size": 8, "epochs": 2, "verbose": 0, "shuffle": False}
    found = net.fit(x, y, sample_weight=weights, **options).history
    exact = twin.fit(x, y, sample_weight=weights, **options).history
    assert set(found) == set(exact)
    for name, values in exact.items():
        near = 200 * float(np.finfo(np.float32).eps)
        np.testing.assert_allclose(np.array(found[name]), np.array(values), near, err_msg=name)


def steps() -> Any:
    x = keras.Input((6, 5), name="x")
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    entropy = partial(metrics.SparseCategoricalCrossentropy, ignore_class=-1)
    more = {
        "metrics": ["accuracy", entropy(name="nats")],
        "weighted_metrics": ["accuracy", entropy(name="heed")],
    }
    return compiled(x, dense(4, activation="softmax", name="y")(x), loss, **more)


@pytest.mark.slow
def test_steps() -> None:
    y = labels(4, ROWS * 6, 3).reshape(ROWS, 6)
    y[::3, 1:4] = -1
    weights = np.random.default_rng(4).uniform(0, 2, (ROWS, 6)).astype(np.float32)
    arrays = {"x": numbers((6, 5), ROWS, 1)}, {"y": y}
    case = Case(
        "e2e_scores.k", "Sequence", steps, *arrays, batch_size=8, sample_weight={"y": weights}
    )
    check_figures(case)
    check_training(case)


def more_losses() -> Any:
    x = keras.Input((6,), name="x")
    h = dense(9, activation="tanh", name="h")(x)
    heads = {
        "huber": (3, None, losses.Huber(0.5, reduction="sum")),
        "cosh": (3, None, losses.LogCosh(reduction="mean_with_sample_weight")),
        "cosine": (3, None, "cosine_similarity"),
        "percent": (3, None, "mape"),
        "logs": (3, "softplus", "msle"),
        "margin": (4, None, "categorical_hinge"),
        "shares": (4, "softmax", "kl_divergence"),
        "counts": (2, "softplus", "poisson"),
        "focal": (3, "sigmoid", losses.BinaryFocalCrossentropy(apply_class_balancing=True)),
        "focused": (4, "softmax", losses.CategoricalFocalCrossentropy()),
        "robust": (4, "softmax", losses.CategoricalGeneralizedCrossEntropy()),
        "overlap": (3, "sigmoid", losses.Dice(axis=-1)),
        "tversky": (3, "sigmoid", losses.Tversky(alpha=0.3, axis=[1])),
    }
    outputs = {n: dense(units, activation=a, name=n)(h) for n, (units, a, _) in heads.items()}
    chosen = {name: loss for name, (_, _, loss) in heads.items()}
    factors = dict.fromkeys(heads, 1.0) | {"percent": 0.01}
    return compiled(x, outputs, chosen, loss_weights=factors, rate=0.02)


@pytest.mark.slow
def test_more_losses() -> None:
    rng = np.random.default_rng(8)
    one_hot = np.eye(4, dtype=np.float32)[labels(4, ROWS, 1)]
    positive = rng.uniform(0.2, 2.0, (ROWS, 3)).astype(np.float32)
    y = {
        "huber": numbers((3,), ROWS, 1),
        "cosh": numbers((3,), ROWS, 2),
        "cosine": numbers((3,), ROWS, 3),
        "percent": positive,
        "logs": positive,
        "margin": one_hot,
        "shares": rng.dirichlet(np.ones(4), ROWS).astype(np.float32),
        "counts": rng.integers(0, 4, (ROWS, 2)).astype(np.float32),
        "focal": truths((3,), 5),
        "focused": one_hot,
        "robust": labels(4, ROWS, 6),
        "overlap": truths((3,), 7),
        "tversky": truths((3,), 9),
    }
    x = {"x": numbers((6,), ROWS, 7)}
    case = Case("e2e_scores.k", "MoreLosses", more_losses, x, y, batch_size=8)
    check_gradients(case)
    check_training(case)
