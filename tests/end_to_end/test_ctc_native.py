"""CTC as native code: a small recurrent model beside Keras, and shorter rows of labels."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import rounding_windows  # noqa: F401 (adds its rules)
from keras import layers, optimizers
from kgen.runtime.errors import DataError
from native import build
from twins import Case, check_gradients, check_predictions, check_training, dense, numbers

FILE = "e2e_ctc.k"


def spoken() -> Any:
    x = keras.Input((6, 3), name="x")
    h = layers.LSTM(5, return_sequences=True, name="h")(x)
    model = keras.Model(x, dense(4, name="y")(h))
    model.compile(optimizers.SGD(0.1), "ctc")
    return model


def label_rows(rows: int, width: int, seed: int) -> np.ndarray:
    """Up to four labels a row, with repetitions; zeros behind them, and rows without any."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(1, 4, (rows, width)).astype(np.int32)
    labels[np.arange(width) >= rng.integers(0, 5, rows)[:, None]] = 0
    labels[1, :3] = 2
    return labels


@pytest.mark.slow
def test_spoken() -> None:
    """The bounds of what goes through logarithms of sums step by step say nothing: drawn errors
    do, of the gradients and of the losses by epoch."""
    x, y = numbers((6, 3), 33, seed=1), label_rows(33, 6, seed=2)
    case = Case(FILE, "Spoken", spoken, {"x": x}, {"y": y}, deep=True, spread=2.0)
    check_predictions(case)
    check_gradients(case)
    check_training(case)


def test_shorter_rows_are_filled_with_zeros() -> None:
    net = build(FILE).Spoken(seed=1)
    x, y = numbers((6, 3), 17, seed=1), label_rows(17, 4, seed=2)
    whole = np.pad(y, [(0, 0), (0, 2)])
    found = net.evaluate(x, y, verbose=0)
    assert found == net.evaluate(x, whole, verbose=0)
    with pytest.raises(DataError, match="shape"):
        net.evaluate(x, np.pad(y, [(0, 0), (0, 3)]), verbose=0)
    with pytest.raises(DataError, match="4"):
        net.evaluate(x, np.full_like(y, 4), verbose=0)
    logits = net(x)
    exact = np.mean(np.asarray(keras.losses.ctc(y, logits)))
    np.testing.assert_allclose(found, exact, rtol=1e-5)


@pytest.mark.slow
def test_losses_and_gradients_of_given_lengths() -> None:
    """Declared widths and lengths, summed up, against Keras in one step of gradient descent."""
    import jax
    import jax.numpy as jnp

    net = build(FILE).Short(seed=2, threads=2)
    rows = 17
    x, y = numbers((6, 2), rows, seed=1), label_rows(rows, 3, seed=2) % 3
    y[:, 1:] *= y[:, :-1] != 0
    y[:, 2] *= y[:, 1] != 0
    labels = np.random.default_rng(3).integers(0, 2, (rows, 2)).astype(np.int32)
    labels[::3, 1] = 2
    steps = np.random.default_rng(4).integers(4, 7, (rows, 1)).astype(np.int32)
    counts = [(y != 0).sum(-1), (labels != 2).sum(-1)]

    def loss(kernel: Any, bias: Any) -> Any:
        logits = x @ kernel + bias
        own = keras.ops.ctc_loss(y, logits, counts[0], np.full(rows, 6))
        other = keras.ops.ctc_loss(labels, logits, counts[1], steps[:, 0], mask_index=2)
        return jnp.mean(own) + 0.5 * jnp.mean(other)

    start = [np.array(net.weights[name]) for name in ("y/kernel", "y/bias")]
    found = net.gradients({"x": x, "steps": steps, "labels": labels}, y)
    exact = jax.grad(loss, (0, 1))(*start)
    for name, slope in zip(("y/kernel", "y/bias"), exact, strict=True):
        np.testing.assert_allclose(found[name], slope, rtol=0, atol=2e-5 * np.max(np.abs(slope)))
    value = net.evaluate({"x": x, "steps": steps, "labels": labels}, y, verbose=0)
    np.testing.assert_allclose(value, loss(*start), rtol=1e-5)
