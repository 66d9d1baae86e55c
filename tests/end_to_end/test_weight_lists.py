"""Lists of weights: of layers one after another, Keras's `get_weights` and ours are the same."""

from __future__ import annotations

from pathlib import Path

import keras
import kgen
import numpy as np

SOURCE = """
model Inner:
    input x: float32[4]
    output y = x |> Dense(4) |> BatchNormalization() |> Dense(3)

model Outer:
    input x: float32[6]
    inner = Inner()
    output y = x |> Dense(4, trainable=False) |> BatchNormalization() |> inner |> Dense(2)
    train:
        loss = "mse"
"""
UNIT = np.finfo(np.float32).eps / 2


def twin() -> keras.Model:
    layers = keras.layers
    x = keras.Input((4,))
    inner = keras.Model(x, layers.Dense(3)(layers.BatchNormalization()(layers.Dense(4)(x))))
    x = keras.Input((6,))
    y = layers.BatchNormalization()(layers.Dense(4, trainable=False)(x))
    return keras.Model(x, layers.Dense(2)(inner(y)))


def test_lists_go_both_ways(tmp_path: Path) -> None:
    """Layer by layer, what is not trained with its layer; frozen and nested layers in place."""
    (tmp_path / "lists.k").write_text(SOURCE)
    net, theirs = kgen.load(tmp_path / "lists.k").Outer(seed=0), twin()
    rng = np.random.default_rng(0)
    given = [rng.uniform(0.5, 1.0, w.shape).astype(np.float32) for w in theirs.get_weights()]
    theirs.set_weights(given)
    net.set_weights(theirs.get_weights())
    x = rng.uniform(-1.0, 1.0, (9, 6)).astype(np.float32)
    expected = np.asarray(theirs(x))
    # Six layers of at most six products and the normalisations' few operations each.
    bound = 100 * UNIT * max(1.0, float(np.abs(expected).max()))
    assert np.abs(net(x) - expected).max() <= bound
    net.fit(x, np.ones((9, 2), np.float32), epochs=2, verbose=0)
    theirs.set_weights(net.get_weights())
    after = np.asarray(theirs(x))
    assert np.abs(after - expected).max() > 1e-3
    assert np.abs(net(x) - after).max() <= bound


def test_names_by_class(tmp_path: Path) -> None:
    """Keras exports one class by another name than its layers go by."""
    call = "GroupQueryAttention(2, 1, 1)(x, x)"
    text = f"model M:\n    input x: float32[3, 4]\n    output y = {call}\n"
    (tmp_path / "named.k").write_text(text)
    net = kgen.load(tmp_path / "named.k").M()
    x = keras.Input((3, 4))
    theirs = keras.Model(x, keras.layers.GroupQueryAttention(2, 1, 1)(x, x))
    assert [path.split("/")[0] for path in net.weights] == [theirs.layers[1].name] * 8
