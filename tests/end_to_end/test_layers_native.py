"""Merging, shaping, normalizing, shared, nested, frozen and regularized layers against Keras."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers, optimizers, regularizers
from twins import Case, check_all, dense, numbers

FILE = "e2e_layers.k"


def merging() -> Any:
    a, b = keras.Input((4, 6), name="a"), keras.Input((4, 6), name="b")
    c = keras.Input((4, 1), name="c")
    p = dense(6, activation="tanh", name="p")(a)
    q = dense(6, activation="tanh", name="q")(b)
    similar = layers.Flatten()(layers.Dot(axes=2)([p, q]))
    cosine = layers.Flatten()(layers.Dot(axes=(1, 1), normalize=True)([p, q]))
    mixed = layers.Concatenate()(
        [
            layers.Add()([p, q, c]),
            layers.Subtract()([p, q]),
            layers.Multiply()([p, q]),
            layers.Average()([p, q, p]),
            layers.Maximum()([p, q]),
            layers.Minimum()([p, c]),
        ]
    )
    stacked = layers.Concatenate(axis=1)([p, q, dense(6, name="r")(c)])
    parts = [similar, cosine, layers.Flatten()(mixed), layers.Flatten()(stacked)]
    y = dense(3, name="y")(layers.Concatenate()(parts))
    model = keras.Model({"a": a, "b": b, "c": c}, y)
    model.compile(optimizers.SGD(0.02), "mse")
    return model


def shaping() -> Any:
    x = keras.Input((12,), name="x")
    h = dense(12, activation="tanh", name="h")(x)
    swapped = layers.Permute([2, 1])(layers.Reshape([3, 4])(h))
    swapped = dense(5, activation="tanh", name="s")(swapped)
    cube = layers.Permute([3, 1, 2])(layers.Reshape([2, 3, -1])(h))
    cube = layers.Flatten()(dense(3, name="c")(cube))
    repeated = dense(4, name="r")(layers.Identity()(layers.RepeatVector(5)(h)))
    repeated = layers.Flatten()(layers.Activation("relu")(repeated))
    merged = layers.Concatenate()([layers.Flatten()(swapped), cube, repeated])
    model = keras.Model(x, dense(2, name="y")(merged))
    model.compile(optimizers.SGD(0.02), "mse")
    return model


def normalizing() -> Any:
    x = keras.Input((4, 6), name="x")
    h = dense(6, name="h")(x)
    batch = layers.BatchNormalization(name="batch")(h)
    across = layers.BatchNormalization(axis=1, momentum=0.8, epsilon=0.01, name="across")(h)
    plain = layers.BatchNormalization(center=False, scale=False, name="plain")(h)
    still = layers.BatchNormalization(trainable=False, name="still")(h)
    layer = layers.LayerNormalization(name="layer")(h)
    columns = layers.LayerNormalization(axis=1, epsilon=1e-5, name="columns")(h)
    both = layers.LayerNormalization(axis=[1, 2], center=False, name="both")(h)
    parts = [batch * 0.5, across, plain * 0.7, still, layer * 0.9, columns, both * 1.1]
    model = keras.Model(x, dense(2, name="y")(layers.Flatten()(layers.Add()(parts))))
    model.compile(optimizers.SGD(0.02), "mse")
    return model


def sharing() -> Any:
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    encode = dense(7, activation="tanh", name="encode", kernel_regularizer=regularizers.L2(0.01))
    inner = keras.Input((5,))
    code = dense(4, name="outer")(dense(6, activation="relu", name="inner")(inner))
    tower = keras.Model(inner, code, name="tower")
    frozen = dense(4, trainable=False, name="frozen", activity_regularizer=regularizers.L2(0.02))
    x = layers.Concatenate()([encode(a), encode(b)])
    y = layers.Multiply()([tower(a), tower(b)])
    distance = dense(
        1,
        name="distance",
        kernel_regularizer=regularizers.L1(0.003),
        bias_regularizer=regularizers.L1L2(0.01, 0.02),
    )(layers.Concatenate()([frozen(x), y]))
    total = dense(2, name="sum")(layers.GaussianNoise(0.0)(layers.Dropout(0.0)(y)))
    model = keras.Model({"a": a, "b": b}, {"distance": distance, "sum": total})
    model.compile(
        optimizers.SGD(0.05, momentum=0.5),
        loss={"distance": "mse", "sum": "mae"},
        loss_weights={"distance": 0.3, "sum": 2.0},
        metrics={"distance": ["mae"], "sum": ["mse"]},
        weighted_metrics={"distance": ["mse"]},
    )
    return model


@pytest.mark.parametrize(
    ("name", "twin", "inputs", "outputs"),
    [
        ("Merging", merging, {"a": (4, 6), "b": (4, 6), "c": (4, 1)}, {"y": (3,)}),
        ("Shaping", shaping, {"x": (12,)}, {"y": (2,)}),
        ("Normalizing", normalizing, {"x": (4, 6)}, {"y": (2,)}),
        ("Sharing", sharing, {"a": (5,), "b": (5,)}, {"distance": (1,), "sum": (2,)}),
    ],
)
def test_layers(name: str, twin: Any, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
    x = {key: numbers(shape, 21, k) for k, (key, shape) in enumerate(inputs.items())}
    y = {key: numbers(shape, 21, 50 + k) for k, (key, shape) in enumerate(outputs.items())}
    check_all(Case(FILE, name, twin, x, y, batch_size=5))
