"""Recurrent layers against Keras: predictions, loss, gradients and ten steps of training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from kgen.compiler import elaborate_text, run_passes
from kgen.interpret import interpret
from native import build, build_text
from twins import Case, check_all, dense, numbers

FILE = "e2e_recurrent.k"
EPS = float(np.finfo(np.float32).eps)


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


class Minimal(keras.layers.Layer):
    """The cell that the file declares."""

    def __init__(self, units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = self.state_size = units

    def build(self, shape: Any) -> None:
        self.kernel = self.add_weight(shape=(shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

    def call(self, x: Any, states: Any) -> Any:
        y = x @ self.kernel + states[0] @ self.recurrent
        return y, [y]


def cells() -> Any:
    keras.utils.clear_session()  # the names of stacks count from the start
    x = keras.Input((5, 3), name="x")
    row = [layers.LSTMCell(4, name="l"), layers.GRUCell(2, reset_after=False, name="u")]
    wide = layers.RNN(row, return_sequences=True, return_state=True, name="r")
    h, (a, b), c = wide(layers.Masking(name="m")(x))
    both = layers.RNN(layers.SimpleRNNCell(3, activation="softsign", name="e"), name="w")
    g = layers.Bidirectional(both, merge_mode="ave", name="b")(h)
    own = layers.RNN(Minimal(3, name="o"), name="n")(h)
    _, (s,) = layers.GRUCell(2, name="one")(layers.Concatenate()([a, b]), [c])
    model = keras.Model(x, dense(2, name="y")(layers.Concatenate()([g, own, s])))
    model.compile(optimizers.SGD(0.05), "mse")
    return model


def once() -> Any:
    x = keras.Input((1, 1), name="x")
    h = layers.LSTM(1, name="h")(layers.GRU(1, return_sequences=True, name="g")(x))
    model = keras.Model(x, dense(1, name="y")(h))
    model.compile(optimizers.SGD(0.1), "mse")
    return model


def words() -> Any:
    x, z = keras.Input((None,), dtype="int32", name="x"), keras.Input((3,), dtype="int32", name="z")
    table = layers.Embedding(11, 128, name="table")
    read = table(x)
    a = layers.LSTM(32, name="a")(read)
    b = layers.Bidirectional(layers.GRU(43, name="g"), name="b")(read)
    c = layers.GlobalAveragePooling1D()(dense(130, activation="tanh", name="c")(table(z)))
    model = keras.Model({"x": x, "z": z}, dense(2, name="y")(layers.Concatenate()([a, b, c])))
    model.compile(optimizers.SGD(0.05), "mse")
    return model


CASES: dict[str, Any] = {
    "Cells": (cells, (5, 3), (2,), {"threads": 2, "file": "e2e_cells.k"}),
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
    options = dict(options)
    if name in ("Masked", "Cells"):
        x[::2, 3:] = 0.0
        x[1::3, 0] = 0.0
        x[5] = 0.0
    if name == "Masked":
        options = {**options, "sample_weight": {"y": numbers((5,), rows, seed=3) + 1.5}}
    file = options.pop("file", FILE)
    check_all(Case(file, name, twin, {"x": x}, {"y": y}, deep=True, **options))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [2, 3])
def test_words_that_occur_again(threads: int) -> None:
    rng = np.random.default_rng(4)
    x = {"x": rng.integers(0, 11, (19, 6)), "z": rng.integers(0, 11, (19, 3))}
    x = {name: array.astype(np.int32) for name, array in x.items()}
    y = {"y": numbers((2,), 19, seed=5)}
    check_all(
        Case(
            "e2e_words.k",
            "Words",
            words,
            x,
            y,
            batch_size=4,
            deep=True,
            spread=0.4,
            threads=threads,
        )
    )


def test_a_cell_gives_what_its_layer_gives() -> None:
    """The same kernels: no rounding differs."""
    net = build("e2e_cells.k").Same(seed=0)
    for part in ("kernel", "recurrent_kernel", "bias"):
        net.weights[f"b/lstm_cell/{part}"] = net.weights[f"a/lstm_cell/{part}"]
    found = net.predict(numbers((4, 3), 5, seed=1))
    np.testing.assert_array_equal(found["lstm"], found["cell"])


NESTED = """\
model M:
    input x: float32[3, 4, 2]
    pre = x |> Dense(2, use_bias=False) |> Masking()
    output y = pre |> TimeDistributed(CELL(2, name="inner")) |> GRU(2)
    train:
        loss = "mse"
"""


@pytest.mark.parametrize(
    "cell", ["SimpleRNN", *(pytest.param(c, marks=pytest.mark.slow) for c in ("LSTM", "GRU"))]
)
def test_a_sequence_of_sequences(cell: str) -> None:
    """Of several rows for each of the batch, too, every step is kept for the way back."""
    text = NESTED.replace("CELL", cell)
    (model,) = elaborate_text(text, "nested.k")
    net = build_text(text).M(seed=0)
    x = numbers((3, 4, 2), 5, seed=1)
    x[::2, :, 2:] = 0.0
    x[1] = 0.0
    y = numbers((2,), 5, seed=2)
    assert model.train is not None
    whole = run_passes(model.train)
    weights = {path: np.array(view) for path, view in net.weights.items()}
    ones = {t.sample_weight: np.ones((5, *t.weights), np.float32) for t in model.targets}
    done = interpret(whole, {"x": x, **weights, model.targets[0].input: y, **ones})
    found = net.gradients(x, y)
    for path, value in whole.gradients.items():
        # Some tens of roundings of numbers of the gradient's size.
        near = 64 * EPS * float(np.abs(done[value]).max())
        np.testing.assert_allclose(found[path], done[value], rtol=0, atol=near, err_msg=path)
