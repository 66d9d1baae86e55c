"""Embeddings, attention and the normalizing layers against Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers, regularizers
from kgen.runtime.errors import DataError
from native import build, build_text
from twins import Case, check_figures, check_predictions, check_training, dense, numbers

FILE = "e2e_attention.k"


def words() -> Any:
    x, z = keras.Input((7,), dtype="int32", name="x"), keras.Input((5,), dtype="int32", name="z")
    table = layers.Embedding(20, 6, embeddings_regularizer=regularizers.L2(0.01), name="table")
    e, f = table(x), table(z)
    a = layers.MultiHeadAttention(2, 3, name="a")(e, f)
    b, _ = layers.MultiHeadAttention(
        2, 4, value_dim=5, output_shape=7, use_bias=False, sliding_window=3, name="b"
    )(e, e, use_causal_mask=True, return_attention_scores=True)
    c = layers.GroupQueryAttention(3, 4, 2, use_gate=True, name="c")(e, f)
    d = layers.Attention(use_scale=True, name="d")([e, f])
    g = layers.Attention(score_mode="concat", name="g")([e, f], use_causal_mask=True)
    h = layers.AdditiveAttention(name="h")([e, f])
    j = layers.EinsumDense("abc,cde->abde", output_shape=[None, 2, 3], bias_axes="e", name="j")(e)
    k = layers.EinsumDense("...x,xy->...y", output_shape=4, activation="tanh", name="k")(e)
    parts = [a, b, c, d, g, h, layers.Reshape([7, 6])(j), k]
    y = dense(3, name="y")(layers.Flatten()(layers.Concatenate()(parts)))
    model = keras.Model({"x": x, "z": z}, y)
    model.compile(optimizers.SGD(0.002), "mse")
    return model


def masked() -> Any:
    x, m = keras.Input((6,), dtype="int32", name="x"), keras.Input((6, 6), dtype="int32", name="m")
    table = layers.Embedding(9, 4, mask_zero=True, name="e")
    # MultiHeadAttention takes the mask off its inputs, for every other reader too.
    e, f, g = table(x), table(x), table(x)
    a, s = layers.MultiHeadAttention(2, 3, name="a")(
        e, e, attention_mask=m, return_attention_scores=True
    )
    b = layers.MultiHeadAttention(2, 3, name="b")(f, f, use_causal_mask=True)
    c = layers.Attention(name="c")([g, g])
    parts = [ops.reshape(part * 1.0, (-1, size)) for part, size in ((a, 24), (b, 24), (c, 24))]
    y = dense(2, name="y")(layers.Concatenate()([*parts, ops.reshape(s, (-1, 72))]))
    model = keras.Model({"x": x, "m": m}, y)
    model.compile(optimizers.SGD(0.002), "mse")
    return model


def normal() -> Any:
    x = keras.Input((4, 6), name="x")
    h = dense(6, name="h")(x)
    parts = [
        layers.GroupNormalization(groups=3, name="a")(h),
        layers.GroupNormalization(groups=2, axis=1, center=False, name="b")(h),
        layers.RMSNormalization(name="c")(h),
        layers.UnitNormalization()(h),
        layers.PReLU(alpha_initializer=keras.initializers.Constant(0.3), shared_axes=[1], name="e")(
            h
        ),
        layers.Softmax(axis=[1, 2])(h),
        layers.ActivityRegularization(l1=0.01, l2=0.02)(h),
    ]
    model = keras.Model(x, dense(2, name="y")(layers.Flatten()(layers.Concatenate()(parts))))
    model.compile(optimizers.SGD(0.02), "mse")
    return model


def indices(shape: tuple[int, ...], high: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, high, (21, *shape)).astype(np.int32)


INPUTS = {
    "Words": {"x": indices((7,), 20, 1), "z": indices((5,), 20, 2)},
    "Masked": {"x": indices((6,), 9, 3), "m": indices((6, 6), 2, 4)},
    "Normal": {"x": numbers((4, 6), 21, 5)},
}


def check(name: str, twin: Any) -> None:
    """Predictions, figures and training; attention's rounding is bounded by drawing it.

    Bounds that grow with every operation are too wide for gradients through a softmax, so that
    these are compared in what training makes of the weights.
    """
    y = {"y": numbers((3 if name == "Words" else 2,), 21, 9)}
    case = Case(FILE, name, twin, INPUTS[name], y, batch_size=5)
    check_predictions(case)
    check_figures(case)
    check_training(case)


@pytest.mark.slow
def test_attention_with_masks() -> None:
    check("Masked", masked)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "twin"), [("Words", words), ("Normal", normal)])
def test_attention(name: str, twin: Any) -> None:
    check(name, twin)


def test_indices_beyond_the_table_are_refused() -> None:
    net = build(FILE).Masked(seed=0)
    wrong = {**INPUTS["Masked"], "x": INPUTS["Masked"]["x"] + 1}
    with pytest.raises(DataError, match=r"outside the indices 0 to 8: first 9 in row \d+"):
        net.predict(wrong)


def test_integer_outputs_are_integers() -> None:
    module = build_text(
        """
model Integers:
    input x: int32[3]
    input z: float32[3]
    output a = x * 2 - 1
    output b = argmax(z)
    output c = cast(z * 2.0, "int32")
    output d = where(z > 0.0, x, -x)
"""
    )
    x = np.array([[1, 2, 3], [4, 5, 6]], np.int32)
    z = np.array([[0.4, 1.9, -1.9], [-3.0, -4.0, 7.6]], np.float32)
    found = module.Integers(seed=0)({"x": x, "z": z})
    assert all(array.dtype == np.int32 for array in found.values())
    assert found["a"].tolist() == [[1, 3, 5], [7, 9, 11]]
    assert found["b"].tolist() == [1, 2]
    assert found["c"].tolist() == [[0, 3, -3], [-6, -8, 15]]
    assert found["d"].tolist() == [[1, 2, -3], [-4, -5, 6]]
