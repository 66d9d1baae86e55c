"""Recurrent layers against Keras: predictions, loss, gradients and ten steps of training."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers, optimizers
from twins import Case, check_all, dense, numbers

FILE = "e2e_recurrent.k"


def memories() -> Any:
    x = keras.Input((5, 3), name="x")
    first = layers.LSTM(4, return_sequences=True, name="first")(x)
    h, state, cell = layers.LSTM(17, return_state=True, name="second")(first)
    back = layers.LSTM(3, go_backwards=True, return_sequences=True, name="back")(first)
    start = [dense(4, activation="tanh", name="p")(h), dense(4, name="q")(cell)]
    last = layers.LSTM(4, unit_forget_bias=False, use_bias=False, name="last")(
        back, initial_state=start
    )
    y = dense(2, name="y")(layers.Concatenate()([h * 0.5, state, last]))
    model = keras.Model(x, y)
    model.compile(optimizers.SGD(0.05), "mse")
    return model


def units() -> Any:
    x = keras.Input((6, 3), name="x")
    b = layers.GRU(4, return_sequences=True, name="b")(x)
    c = layers.GRU(3, reset_after=False, activation="softsign", name="c")(b)
    e, state = layers.GRU(3, use_bias=False, return_state=True, name="e")(b, initial_state=c)
    f = layers.LSTM(3, activation="relu", recurrent_activation="hard_sigmoid", name="f")(b)
    model = keras.Model(x, dense(2, name="y")(layers.Concatenate()([c, e, state, f])))
    model.compile(optimizers.SGD(0.05), "mse")
    return model


def masked() -> Any:
    x = keras.Input((5, 3), name="x")
    h = layers.Masking(name="m")(x)
    h = layers.Bidirectional(layers.GRU(4, return_sequences=True, name="g"), name="b")(h)
    h = layers.TimeDistributed(dense(5, activation="tanh", name="d"), name="t")(h)
    h = layers.LSTM(3, return_sequences=True, name="h")(h)
    model = keras.Model(x, dense(2, name="y")(h))
    model.compile(optimizers.SGD(0.05), "mse")
    return model


def once() -> Any:
    x = keras.Input((1, 1), name="x")
    h = layers.LSTM(1, name="h")(layers.GRU(1, return_sequences=True, name="g")(x))
    model = keras.Model(x, dense(1, name="y")(h))
    model.compile(optimizers.SGD(0.1), "mse")
    return model


CASES: dict[str, Any] = {
    "Memories": (memories, (5, 3), (2,), {}),
    "Units": (units, (6, 3), (2,), {"threads": 2}),
    "Masked": (masked, (5, 3), (5, 2), {"threads": 5}),
    "Once": (once, (1, 1), (1,), {"batch_size": 1}),
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in CASES if name != "Once"]


@pytest.mark.parametrize("name", [*SLOW, "Once"])
def test_recurrent_layers(name: str) -> None:
    twin, shape, target, options = CASES[name]
    rows = 5 if options.get("batch_size") == 1 else 33
    x, y = numbers(shape, rows, seed=1), numbers(target, rows, seed=2)
    if name == "Masked":
        x[::2, 3:] = 0.0
        x[1::3, 0] = 0.0
        x[5] = 0.0
        options = {**options, "sample_weight": {"y": numbers((5,), rows, seed=3) + 1.5}}
    check_all(Case(FILE, name, twin, {"x": x}, {"y": y}, deep=True, **options))
