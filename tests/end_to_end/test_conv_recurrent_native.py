"""Convolutional LSTMs against Keras: predictions, loss, gradients and ten steps of training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import rounding_windows  # noqa: F401 (adds its rules)
from keras import layers, optimizers
from native import build
from twins import Case, check_all, dense, numbers

FILE = "e2e_conv_recurrent.k"


def _end(x: Any, parts: list[Any], rate: float = 0.05, units: int = 2) -> Any:
    """A model that ends in a Dense layer of all parts."""
    flat = [layers.Flatten()(part) for part in parts]
    joined = layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    model = keras.Model(x, dense(units, name="y")(joined))
    model.compile(optimizers.SGD(rate), "mse")
    return model


def images() -> Any:
    x = keras.Input((3, 5, 4, 3), name="x")
    first = layers.ConvLSTM2D(3, 3, padding="same", return_sequences=True, name="first")(x)
    h, state, cell = layers.ConvLSTM2D(
        2, (2, 3), activation="softsign", return_state=True, name="second"
    )(first)
    last = layers.ConvLSTM2D(
        2, 1, go_backwards=True, use_bias=False, return_sequences=True, name="last"
    )(first[:, :, 1:, :2], initial_state=[h, cell])
    return _end(x, [h * 0.5 + state, last])


def lines() -> Any:
    x = keras.Input((2, 7, 1), name="x")
    same: dict[str, Any] = {"padding": "same"}
    a = layers.ConvLSTM1D(17, 3, strides=2, return_sequences=True, name="a", **same)(x)
    b = layers.ConvLSTM1D(
        3,
        3,
        dilation_rate=2,
        unit_forget_bias=False,
        recurrent_activation="hard_sigmoid",
        name="b",
        **same,
    )(a)
    return _end(x, [b, layers.ConvLSTM1D(1, 6, return_sequences=True, name="c", **same)(a)])


def volumes() -> Any:
    x = keras.Input((1, 2, 3, 4, 3), name="x")
    first: dict[str, Any] = {"data_format": "channels_first"}
    h, state, cell = layers.ConvLSTM3D(
        3, (2, 1, 3), return_sequences=True, return_state=True, name="h", **first
    )(x)
    start = [state[:, :2, 1:, 1:] * 1, cell[:, :2, 1:, 1:] * 1]
    back = layers.ConvLSTM3D(2, (2, 2, 1), go_backwards=True, name="back", **first)(
        h, initial_state=start
    )
    return _end(x, [back, state, cell])


def ways() -> Any:
    x = keras.Input((3, 4, 4, 1), name="x")
    inner = layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True, name="g")
    h = layers.Bidirectional(inner, name="b")(x)
    conv = layers.Conv2D(3, 2, activation="tanh", kernel_initializer="zeros", name="d")
    h = layers.TimeDistributed(conv, name="t")(h)
    return _end(x, [layers.ConvLSTM2D(2, (3, 1), strides=(1, 2), padding="same", name="h")(h)])


def alone() -> Any:
    x = keras.Input((1, 2, 1), name="x")
    g = layers.ConvLSTM1D(1, 1, return_sequences=True, name="g")(x)
    return _end(x, [layers.ConvLSTM1D(1, 3, padding="same", name="h")(g)], 0.1, 1)


CASES: dict[str, Any] = {
    "Images": (images, (3, 5, 4, 3), (2,), {}),
    "Lines": (lines, (2, 7, 1), (2,), {"threads": 2}),
    "Volumes": (volumes, (1, 2, 3, 4, 3), (2,), {}),
    "Ways": (ways, (3, 4, 4, 1), (2,), {"threads": 5}),
    "Alone": (alone, (1, 2, 1), (1,), {"batch_size": 1}),
}


def _case(name: str) -> Case:
    twin, shape, target, options = CASES[name]
    rows = 5 if options.get("batch_size") == 1 else 33
    x, y = numbers(shape, rows, seed=1), numbers(target, rows, seed=2)
    return Case(FILE, name, twin, {"x": x}, {"y": y}, deep=True, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_convolutional_lstms(name: str) -> None:
    check_all(_case(name))


@pytest.mark.slow
def test_masked_steps_leave_the_states() -> None:
    """Keras on JAX cannot broadcast the mask; steps that are seen come first, so none is lost."""
    net = build(FILE).Marked(seed=0)
    x = numbers((4, 3, 2), 5, seed=1)
    seen = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    found = net({"x": x, "seen": seen.astype(np.float32)})
    last = seen.sum(1)
    for row, count in enumerate(last):
        at = np.minimum(np.arange(4), max(count - 1, 0))
        expected = found["whole"][row, at] * (count > 0)
        np.testing.assert_array_equal(found["stays"][row], expected)
        np.testing.assert_array_equal(found["ends"][row], expected[-1])


@pytest.mark.slow
def test_states_that_are_kept() -> None:
    """A sequence in two pieces, of open lengths, ends as the whole does."""
    net = build(FILE).Kept(seed=0)
    x = numbers((6, 5, 3, 2), 4, seed=1)
    whole = net(x)
    net.reset_states()
    assert np.any(net(x[:, :2]) != whole)
    np.testing.assert_array_equal(net(x[:, 2:]), whole)


@pytest.mark.slow
def test_training_with_dropout() -> None:
    """Each gate has factors of its own, for the inputs and for the states."""
    net = build(FILE).Dropped(seed=3)
    before = {path: np.array(view) for path, view in net.weights.items()}
    x, y = numbers((3, 4, 3, 2), 17, seed=1), numbers((2,), 17, seed=2)
    losses = net.fit(x, y, batch_size=8, epochs=2, verbose=0).history["loss"]
    assert np.all(np.isfinite(losses))
    assert all(np.any(before[path] != view) for path, view in net.weights.items())
