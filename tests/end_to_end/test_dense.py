"""Dense layers of many sizes and ranks against Keras."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers, optimizers
from twins import Case, check_all, dense, numbers

FILE = "e2e_dense.k"


def single() -> Any:
    x = keras.Input((1,), name="x")
    model = keras.Model(x, dense(1, name="only")(x))
    model.compile(optimizers.SGD(0.1), "mse")
    return model


def odd_sizes() -> Any:
    x = keras.Input((3,), name="x")
    y = dense(17, activation="tanh", name="a")(x)
    y = dense(33, activation="relu", name="b")(y)
    y = dense(65, activation="sigmoid", use_bias=False, name="c")(y)
    model = keras.Model(x, dense(1, name="d")(y))
    model.compile(optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"])
    return model


def rank_three() -> Any:
    x = keras.Input((5, 7), name="x")
    y = dense(9, activation="tanh", name="a")(x)
    model = keras.Model(x, dense(2, name="b")(y))
    metrics = ["mae", keras.metrics.RootMeanSquaredError()]
    model.compile(optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mse", metrics=metrics)
    return model


def rank_four() -> Any:
    x = keras.Input((2, 3, 4), name="x")
    y = layers.Flatten()(dense(5, activation="relu", name="a")(x))
    model = keras.Model(x, dense(3, name="b")(y))
    model.compile(optimizers.RMSprop(0.01), "mae")
    return model


@pytest.mark.parametrize(
    ("name", "twin", "x", "y", "rows", "batch_size"),
    [
        ("Single", single, (1,), (1,), 5, 1),
        ("OddSizes", odd_sizes, (3,), (1,), 37, 8),
        ("RankThree", rank_three, (5, 7), (5, 2), 21, 5),
        pytest.param("RankFour", rank_four, (2, 3, 4), (3,), 13, 3, marks=pytest.mark.slow),
    ],
)
def test_dense(
    name: str, twin: Any, x: tuple[int, ...], y: tuple[int, ...], rows: int, batch_size: int
) -> None:
    arrays = {"x": numbers(x, rows, 1)}, {"y": numbers(y, rows, 2)}
    check_all(Case(FILE, name, twin, *arrays, batch_size=batch_size))
