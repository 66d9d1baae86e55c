"""The convolutional examples beside their twins in Keras, shrunk."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from example_case import Example, check_example
from keras import layers, optimizers
from twins import labels, numbers, one_hot

ROWS = 11


def conv(filters: int, size: int, name: str | None = None, **arguments: Any) -> Any:
    return layers.Conv2D(filters, size, name=name, **arguments)


def vgg_like() -> Any:
    image = x = keras.Input((18, 18, 3), name="image")
    for count in (2, 4):
        for _ in range(2):
            x = conv(count, 3, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(5, activation="relu")(layers.Flatten()(x))
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x))
    model.compile(
        optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        "categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def sequences() -> Any:
    start = x = keras.Input((24, 5), name="x")
    for count in (2, 4):
        for _ in range(2):
            x = layers.Conv1D(count, 3, activation="relu")(x)
        x = layers.MaxPooling1D(3)(x) if count == 2 else layers.GlobalAveragePooling1D()(x)
    model = keras.Model(start, layers.Dense(1, activation="sigmoid")(x))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def two_shapes() -> Any:
    small, large = keras.Input((5, 5, 3), name="thumbnail"), keras.Input((9, 9, 3), name="picture")
    filters = conv(16, 3, "filters", padding="same")
    return keras.Model(
        {"thumbnail": small, "picture": large}, {"near": filters(small), "far": filters(large)}
    )


def inception_block() -> Any:
    image = keras.Input((7, 7, 3), name="image")

    def tower(x: Any, *sizes: int) -> Any:
        for size in sizes:
            x = conv(3, size, padding="same", activation="relu")(x)
        return x

    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(image)
    parts = [tower(image, 1, 3), tower(image, 1, 5), tower(pooled, 1)]
    return keras.Model(image, layers.Concatenate()(parts))


def residual_block() -> Any:
    image = keras.Input((7, 7, 3), name="image")
    return keras.Model(image, layers.Add()([conv(3, 3, padding="same")(image), image]))


def same_digit() -> Any:
    def vision() -> Any:
        digit = keras.Input((9, 9, 1))
        x = conv(2, 3, "vision.conv2d_1")(conv(2, 3, "vision.conv2d")(digit))
        return keras.Model(digit, layers.Flatten()(layers.MaxPooling2D(2)(x)))

    first, second = keras.Input((9, 9, 1), name="first"), keras.Input((9, 9, 1), name="second")
    look = vision()
    both = layers.Concatenate()([look(first), look(second)])
    same = layers.Dense(1, activation="sigmoid")(both)
    model = keras.Model({"first": first, "second": second}, same)
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


def kept_size() -> Any:
    image = x = keras.Input((32, 32, 3), name="image")
    for _ in range(3):
        x = conv(3, 5, padding="same")(x)
    return keras.Model(image, layers.Add()([x, image]))


def projected() -> Any:
    image = x = keras.Input((32, 32, 3), name="image")
    for size in (5, 5, 3):
        x = conv(16, size)(x)
    x = layers.MaxPooling2D(2)(x)
    return keras.Model(image, layers.Add()([x, conv(16, 1, strides=3)(image)]))


def denoising() -> Any:
    noisy = x = keras.Input((8, 8, 1), name="noisy")
    for number, count in enumerate([2, 3]):
        name = f"encode.conv2d_{number}" if number else "encode.conv2d"
        x = conv(count, 3, name, strides=2, activation="relu", padding="same")(x)
    x = layers.Dense(4, name="encode.dense")(layers.Flatten()(x))
    x = layers.Reshape((2, 2, 3))(layers.Dense(12, name="decode.dense")(x))
    for number, (count, step) in enumerate([(3, 2), (2, 2), (1, 1)]):
        last = "sigmoid" if count == 1 else "relu"
        title = f"decode.conv2d_transpose{f'_{number}' if number else ''}"
        x = layers.Conv2DTranspose(
            count, 3, strides=step, activation=last, padding="same", name=title
        )(x)
    model = keras.Model(noisy, x)
    model.compile("adam", "mse")
    return model


def images(size: int, channels: int = 3, name: str = "image") -> Any:
    return lambda: {name: numbers((size, size, channels), ROWS, 1)}


EXAMPLES = [
    Example(
        "04_vgg_like.k",
        "VggLike",
        vgg_like,
        images(18),
        lambda: {"y": one_hot(3, ROWS, 2)},
        {"size": "18", "filters": "2", "width": "5", "classes": "3", "rate": "0.0"},
    ),
    Example(
        "06_conv1d.k",
        "SequenceClassifier",
        sequences,
        lambda: {"x": numbers((24, 5), ROWS, 1)},
        lambda: {"y": labels(2, ROWS, 2).reshape(-1, 1).astype("float32")},
        {"steps": "24", "features": "5", "filters": "2", "rate": "0.0"},
    ),
    Example(
        "13_two_shapes.k",
        "TwoShapes",
        two_shapes,
        lambda: {"thumbnail": numbers((5, 5, 3), ROWS, 1), "picture": numbers((9, 9, 3), ROWS, 2)},
        defines={"small": "5", "large": "9"},
        trains=False,
    ),
    Example(
        "14_inception_block.k",
        "InceptionBlock",
        inception_block,
        images(7),
        defines={"size": "7", "filters": "3"},
        trains=False,
    ),
    Example(
        "15_residual_block.k",
        "ResidualBlock",
        residual_block,
        images(7),
        defines={"size": "7"},
        trains=False,
    ),
    Example(
        "16_same_digit.k",
        "SameDigit",
        same_digit,
        lambda: {"first": numbers((9, 9, 1), ROWS, 1), "second": numbers((9, 9, 1), ROWS, 2)},
        lambda: {"same": labels(2, ROWS, 2).reshape(-1, 1).astype("float32")},
        {"size": "9", "filters": "2"},
    ),
    Example(
        "22_residuals.k",
        "KeptSize",
        kept_size,
        images(32),
        trains=False,
    ),
    Example("22_residuals.k", "Projected", projected, images(32), trains=False),
    Example(
        "29_denoising_autoencoder.k",
        "DenoisingAutoencoder",
        denoising,
        images(8, 1, "noisy"),
        lambda: {"clean": numbers((8, 8, 1), ROWS, 2)},
        {"size": "8", "filters": "[2, 3]", "code": "4"},
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_convolutions_agree_with_keras(example: Example) -> None:
    check_example(example)
