"""Embeddings, attention and the normalizing layers against Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers, regularizers
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
    model.compile(optimizers.SGD(0.05), "mse")
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
    model.compile(optimizers.SGD(0.05), "mse")
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


def test_attention_with_masks() -> None:
    check("Masked", masked)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "twin"), [("Words", words), ("Normal", normal)])
def test_attention(name: str, twin: Any) -> None:
    check(name, twin)
