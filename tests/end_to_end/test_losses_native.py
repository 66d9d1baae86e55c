"""Losses, metrics, loss weights, sample and class weights against Keras."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from keras import losses, metrics
from twins import Case, check_all, check_figures, check_training, dense, labels, numbers, one_hot

ROWS = 21


def all_losses() -> Any:
    x = keras.Input((6,), name="x")
    h = dense(9, activation="tanh", name="h")(x)
    outputs = {
        "squared": dense(3, name="squared")(h),
        "absolute": dense(5, name="absolute")(h),
        "binary": dense(4, activation="sigmoid", name="binary")(h),
        "logits": dense(1, name="logits")(h),
        "categories": dense(17, activation="softmax", name="categories")(h),
        "category": dense(3, name="category")(h),
        "labels": dense(10, activation="softmax", name="labels")(h),
        "label": dense(2, name="label")(h),
    }
    model = keras.Model(x, outputs)
    model.compile(
        keras.optimizers.SGD(0.05),
        loss={
            "squared": "mse",
            "absolute": losses.MeanAbsoluteError(),
            "binary": "binary_crossentropy",
            "logits": losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.1),
            "categories": "categorical_crossentropy",
            "category": losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2),
            "labels": "sparse_categorical_crossentropy",
            "label": losses.SparseCategoricalCrossentropy(from_logits=True),
        },
        loss_weights={
            "squared": 1.0,
            "absolute": 0.5,
            "binary": 2.0,
            "logits": 0.25,
            "categories": 1.5,
            "category": 0.75,
            "labels": 1.25,
            "label": 3.0,
        },
        metrics={
            "squared": ["mae", metrics.RootMeanSquaredError()],
            "absolute": ["mse"],
            "binary": ["accuracy", metrics.BinaryAccuracy(threshold=0.3), "binary_crossentropy"],
            "logits": [metrics.BinaryAccuracy(threshold=0.0)],
            "categories": ["accuracy", "categorical_crossentropy"],
            "category": ["categorical_accuracy"],
            "labels": ["accuracy", "sparse_categorical_crossentropy"],
            "label": ["sparse_categorical_accuracy"],
        },
    )
    return model


def all_targets() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    return {
        "squared": numbers((3,), ROWS, 1),
        "absolute": numbers((5,), ROWS, 2),
        "binary": rng.integers(0, 2, (ROWS, 4)).astype(np.float32),
        "logits": rng.integers(0, 2, (ROWS, 1)).astype(np.float32),
        "categories": one_hot(17, ROWS, 3),
        "category": one_hot(3, ROWS, 4),
        "labels": labels(10, ROWS, 5),
        "label": labels(2, ROWS, 6),
    }


def probabilities() -> Any:
    x = keras.Input((6,), name="x")
    h = dense(8, activation="tanh", name="h")(x)
    outputs = {
        "binary": dense(4, activation="tanh", name="binary")(h) * 0.4 + 0.5,
        "categories": dense(5, activation="softplus", name="categories")(h),
        "labels": dense(3, activation="exponential", name="labels")(h),
    }
    model = keras.Model(x, outputs)
    model.compile(
        keras.optimizers.SGD(0.05),
        loss={
            "binary": "binary_crossentropy",
            "categories": "categorical_crossentropy",
            "labels": "sparse_categorical_crossentropy",
        },
        metrics={"binary": ["accuracy"], "categories": ["accuracy"], "labels": ["accuracy"]},
    )
    return model


@pytest.mark.slow
def test_every_loss_with_sample_weights() -> None:
    rng = np.random.default_rng(8)
    y = all_targets()
    weights = {name: rng.uniform(0.0, 2.0, ROWS).astype(np.float32) for name in y}
    x = {"x": numbers((6,), ROWS, 7)}
    case = Case("e2e_losses.k", "Losses", all_losses, x, y, batch_size=5, sample_weight=weights)
    check_all(case)
    case.sample_weight = None
    check_figures(case)


@pytest.mark.slow
def test_losses_of_plain_probabilities() -> None:
    targets = all_targets()
    y = {
        "binary": targets["binary"],
        "categories": one_hot(5, ROWS, 3),
        "labels": labels(3, ROWS, 4),
    }
    x = {"x": numbers((6,), ROWS, 7)}
    check_all(Case("e2e_losses.k", "Probabilities", probabilities, x, y, batch_size=5))


def softmax(classes: int, loss: str, momentum: float, weighted: bool) -> Any:
    x = keras.Input((9,), name="x")
    model = keras.Model(x, dense(classes, activation="softmax", name="y")(x))
    more = {"weighted_metrics": ["accuracy"]} if weighted else {}
    model.compile(keras.optimizers.SGD(0.1, momentum=momentum), loss, metrics=["accuracy"], **more)
    return model


SLOW = pytest.mark.slow
CLASSES = [pytest.param(n, marks=SLOW) for n in (2, 10, 65, 96, 100)] + [17, 200]


@pytest.mark.parametrize("classes", CLASSES)
def test_numbers_of_classes(classes: int) -> None:
    make = partial(softmax, classes, "categorical_crossentropy", 0.9, False)
    arrays = {"x": numbers((9,), ROWS, 1)}, {"y": one_hot(classes, ROWS, 2)}
    defines = (("classes", str(classes)),)
    check_all(Case("e2e_classes.k", "Classes", make, *arrays, batch_size=5, defines=defines))


@pytest.mark.parametrize("classes", [3, *(pytest.param(n, marks=SLOW) for n in (2, 100))])
def test_sparse_labels_with_class_weights(classes: int) -> None:
    make = partial(softmax, classes, "sparse_categorical_crossentropy", 0.0, True)
    arrays = {"x": numbers((9,), ROWS, 1)}, {"y": labels(classes, ROWS, 2)}
    weights = {k: 0.25 + k / classes for k in range(classes)}
    defines = (("classes", str(classes)),)
    case = Case("e2e_classes.k", "Labels", make, *arrays, 5, class_weight=weights, defines=defines)
    check_training(case)
