"""The models of `learn.py` in Keras. A layer named `part.dense` is `part/dense` in the example."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops, optimizers


def vgg_like(filters: int) -> Any:
    """Example 04 on pictures of 28x28x3."""
    x = image = keras.Input((28, 28, 3))
    for count in (filters, 2 * filters):
        for _ in range(2):
            x = layers.Conv2D(count, 3, activation="relu")(x)
        x = layers.Dropout(0.25)(layers.MaxPooling2D(2)(x))
    x = layers.Dense(256, activation="relu")(layers.Flatten()(x))
    x = layers.Dropout(0.5)(x)
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    sgd = optimizers.SGD(0.01, momentum=0.9, nesterov=True)
    model.compile(sgd, "categorical_crossentropy", metrics=["accuracy"])
    return model


def denoising(filters: list[int], code: int) -> Any:
    """Example 29."""
    x = noisy = keras.Input((28, 28, 1))
    for number, count in enumerate(filters):
        name = f"encode.conv2d_{number}" if number else "encode.conv2d"
        x = layers.Conv2D(count, 3, strides=2, activation="relu", padding="same", name=name)(x)
    x = layers.Dense(code, name="encode.dense")(layers.Flatten()(x))
    x = layers.Dense(49 * filters[-1], name="decode.dense")(x)
    x = layers.Reshape((7, 7, filters[-1]))(x)
    for number, count in enumerate([*filters[::-1], 1]):
        x = layers.Conv2DTranspose(
            count,
            3,
            strides=1 if count == 1 else 2,
            activation="sigmoid" if count == 1 else "relu",
            padding="same",
            name=f"decode.conv2d_transpose_{number}" if number else "decode.conv2d_transpose",
        )(x)
    model = keras.Model(noisy, x)
    model.compile("adam", "mse")
    return model


def siamese() -> Any:
    """Example 30."""

    def contrastive(y_true: Any, y_pred: Any) -> Any:
        far = ops.square(ops.maximum(1 - y_pred, 0))
        return ops.mean(y_true * ops.square(y_pred) + (1 - y_true) * far)

    def accuracy(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.cast(ops.equal(y_pred < 0.5, y_true > 0.5), "float32"))

    x = image = keras.Input((784,))
    for name in ("trunk.dense", "trunk.dense_1"):
        x = layers.Dropout(0.1)(layers.Dense(128, activation="relu", name=name)(x))
    trunk = keras.Model(image, layers.Dense(128, activation="relu", name="trunk.dense_2")(x))
    inputs = {name: keras.Input((784,), name=name) for name in ("left", "right")}
    gap = trunk(inputs["left"]) - trunk(inputs["right"])
    squares = ops.sum(ops.square(gap), axis=-1, keepdims=True)
    model = keras.Model(inputs, ops.sqrt(ops.maximum(squares, 1e-7)))
    model.compile("rmsprop", contrastive, metrics=[accuracy])
    return model


def transfer(filters: int, frozen: bool) -> Any:
    """Example 31."""
    x = image = keras.Input((28, 28, 1))
    for name in ("features.conv2d", "features.conv2d_1"):
        x = layers.Conv2D(filters, 3, activation="relu", name=name, trainable=not frozen)(x)
    x = layers.Flatten()(layers.Dropout(0.25)(layers.MaxPooling2D(2)(x)))
    x = layers.Dropout(0.5)(layers.Dense(128, activation="relu", name="hidden")(x))
    model = keras.Model(image, layers.Dense(5, activation="softmax", name="classes")(x))
    model.compile(optimizers.Adadelta(1.0), "categorical_crossentropy", metrics=["accuracy"])
    return model


def mnist_mlp() -> Any:
    """Example 32."""
    x = image = keras.Input((784,))
    for _ in range(2):
        x = layers.Dropout(0.2)(layers.Dense(512, activation="relu")(x))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile(optimizers.RMSprop(1e-3), "categorical_crossentropy", metrics=["accuracy"])
    return model


def news(length: int, vocabulary: int, filters: int, window: int, last_pool: int) -> Any:
    """Example 39, on vectors of 50 numbers."""
    words = keras.Input((length,), dtype="int32")
    x = layers.Embedding(vocabulary, 50, trainable=False, name="vectors")(words)
    for pool in (5, 5, last_pool):
        x = layers.MaxPooling1D(pool)(layers.Conv1D(filters, window, activation="relu")(x))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    model = keras.Model(words, layers.Dense(20, activation="softmax")(x))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def rows_as_time() -> Any:
    """Example 43."""
    image = keras.Input((28, 28))
    start = keras.initializers.RandomNormal(stddev=0.01)
    digit = layers.Dense(10, activation="softmax", kernel_initializer=start)
    model = keras.Model(image, digit(layers.LSTM(30)(image)))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
