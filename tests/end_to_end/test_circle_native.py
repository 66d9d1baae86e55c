"""The Circle loss, which compares all rows of a batch, beside Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from native import build
from twins import Case, check_gradients, check_predictions, check_training, dense, labels, numbers

FILE = "e2e_circle.k"


def pairs() -> Any:
    x = keras.Input((7,), name="x")
    y = dense(4, name="y")(dense(5, activation="tanh", name="h")(x))
    model = keras.Model(x, layers.UnitNormalization(name="u")(y))
    model.compile(optimizers.SGD(0.05), keras.losses.Circle(gamma=8.0, margin=0.25))
    return model


@pytest.mark.slow
def test_pairs() -> None:
    """The last batch has a single row, which has no pairs."""
    x, y = numbers((7,), 33, seed=1), labels(3, 33, seed=2)
    case = Case(FILE, "Pairs", pairs, {"x": x}, {"y": y}, deep=True, threads=3)
    check_predictions(case)
    check_gradients(case)
    check_training(case)


LABELS = {
    "many": [0, 1, 2, 0, 1, 2, 2, 2, 5, 17, 5, 0, 0, 0, 1, 9, 0],
    "one label": [0] * 17,
    "no two alike": list(range(17)),
    "one row": [3],
    "three rows": [4, 4, 7],
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LABELS)
def test_losses_and_gradients(kind: str) -> None:
    """With and without a row's pair with itself; rows without pairs of both kinds do not count.

    The exponents are up to 80 * 1.4 * 1.6, of which float32 keeps some 2e-5.
    """
    import jax

    y = np.array(LABELS[kind], np.int32)
    net = build(FILE).Plain(seed=3, threads=2)
    x = numbers((3,), len(y), seed=1)
    kernel, bias = (np.array(net.weights[name]) for name in ("k/kernel", "k/bias"))

    def total(kernel: Any) -> Any:
        unit = keras.ops.normalize(x @ kernel + bias, axis=-1)
        own = keras.losses.Circle()(y, unit)
        return own + keras.losses.Circle(remove_diagonal=False, reduction="sum")(y, unit)

    exact = float(total(kernel))
    found = net.evaluate(x, {"a": y, "b": y}, batch_size=len(y), verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], exact, rtol=1e-4, atol=1e-6)
    slope = net.gradients(x, {"a": y, "b": y})["k/kernel"]
    assert np.all(np.isfinite(slope))
    expected = np.asarray(jax.grad(total)(kernel))
    if np.all(np.isfinite(expected)):
        size = max(1.0, float(np.max(np.abs(expected))))
        np.testing.assert_allclose(slope, expected, rtol=0, atol=2e-4 * size)
