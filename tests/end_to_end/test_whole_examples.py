"""Examples too long for derived bounds, beside Keras by the size of their errors."""

from __future__ import annotations

import re
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import jax
import keras
import kgen
import numpy as np
import pytest
from example_case import EXAMPLES, Example
from example_twins import truths, words
from float_errors import assert_errors, check_errors
from keras import layers
from twins import double, labels, numbers, one_hot

ROWS = 11


def stacked_lstm() -> Any:
    x = keras.Input((8, 16), name="x")
    h = layers.LSTM(32, return_sequences=True)(x)
    h = layers.LSTM(32, return_sequences=True)(h)
    h = layers.LSTM(32)(h)
    model = keras.Model(x, layers.Dense(10, activation="softmax")(h))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def film() -> Any:
    image = keras.Input((784,))
    x = image
    for name, units, activation in [
        ("dense", 64, "relu"),
        ("dense_1", 64, "relu"),
        ("dense_2", 10, "softmax"),
    ]:
        name = f"time_distributed.classifier.{name}"
        x = layers.Dense(units, activation=activation, name=name)(x)
    images = keras.Input((20, 784), name="images")
    model = keras.Model(images, layers.TimeDistributed(keras.Model(image, x))(images))
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def perceptron(
    inputs: int, widths: tuple[int, ...], classes: int, optimizer: str, name: str = "x"
) -> Any:
    x = start = keras.Input((inputs,), name=name)
    for width in widths:
        x = layers.Dense(width, activation="relu")(x)
    last = "softmax" if classes > 1 else "sigmoid"
    model = keras.Model(start, layers.Dense(classes, activation=last)(x))
    loss = "categorical_crossentropy" if classes > 1 else "binary_crossentropy"
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def strided_inception() -> Any:
    image = keras.Input((17, 17, 3), name="image")

    def conv(x: Any, size: int, strides: int = 1) -> Any:
        return layers.Conv2D(64, size, strides=strides, activation="relu", padding="same")(x)

    plain = conv(image, 1, 2)
    narrow = conv(conv(image, 1), 3, 2)
    pooled = conv(layers.AveragePooling2D(3, strides=2, padding="same")(image), 3)
    deep = conv(conv(conv(image, 1), 3), 3, 2)
    return keras.Model(image, layers.Concatenate()([plain, narrow, pooled, deep]))


def augmented() -> Any:
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Normalization(axis=-1)(image)
    for width in (4, 8):
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(layers.Conv2D(width, 3, activation="relu")(x))
    x = layers.Dense(64, activation="relu")(layers.Flatten()(x))
    model = keras.Model(image, layers.Dense(10, activation="softmax")(x))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def spatial_pyramid(height: int, width: int) -> Any:
    x = image = keras.Input((height, width, 3), name="image")
    for count in (32, 64):
        x = layers.Conv2D(count, 3, activation="relu", padding="same")(x)
        x = layers.Conv2D(count, 3, activation="relu")(x)
        x = layers.MaxPooling2D(2)(x) if count == 32 else x
    h, w = x.shape[1:3]
    regions = [
        keras.ops.max(x[:, i * h // n : (i + 1) * h // n, j * w // n : (j + 1) * w // n], (1, 2))
        for n in (1, 2, 4)
        for i in range(n)
        for j in range(n)
    ]
    kind = layers.Dense(10, activation="softmax")(layers.Concatenate()(regions))
    model = keras.Model(image, kind)
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return model


def news() -> Any:
    text = keras.Input((64,), dtype="int32", name="words")
    x = layers.Embedding(13, 8, trainable=False, name="vectors")(text)
    for pool in (5, 5, 1):
        x = layers.MaxPooling1D(pool)(layers.Conv1D(16, 2, activation="relu")(x))
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    model = keras.Model(text, layers.Dense(20, activation="softmax")(x))
    model.compile("rmsprop", "categorical_crossentropy", metrics=["accuracy"])
    return model


def two_cameras() -> Any:
    shape = (71, 71, 3)
    left, right = keras.Input(shape, name="left"), keras.Input(shape, name="right")
    see = keras.applications.Xception(include_top=False, weights=None, input_shape=shape)
    return keras.Model(
        {"left": left, "right": right}, layers.Concatenate()([see(left), see(right)])
    )


def mobile() -> Any:
    image = keras.Input((32, 32, 3), name="image")
    network = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg"
    )
    return keras.Model(image, layers.Dense(10, activation="softmax")(network(image)))


def pyramid(height: int, width: int) -> Example:
    return Example(
        "36_spatial_pyramid.k",
        "SpatialPyramid",
        partial(spatial_pyramid, height, width),
        lambda: {"image": numbers((height, width, 3), ROWS, 1)},
        lambda: {"category": one_hot(10, ROWS, 2)},
    )


def dense(
    file: str, model: str, inputs: tuple[str, int], output: str, widths: tuple[int, ...], out: int
) -> Example:
    """A perceptron without its dropout, whose draws are no others'."""
    text = (EXAMPLES / file).read_text()
    path = Path(tempfile.mkdtemp(prefix="kgen_examples_")) / file
    path.write_text(re.sub(r"Dropout\(0\.\d\)", "Dropout(0.0)", text))
    name, size = inputs
    return Example(
        str(path),
        model,
        partial(perceptron, size, widths, out, "rmsprop", name),
        lambda: {name: numbers((size,), ROWS, 1)},
        lambda: {output: one_hot(out, ROWS, 2) if out > 1 else truths(1, ROWS, 2)},
    )


DENSE = [
    dense("01_first_mlp.k", "FirstMlp", ("image", 784), "digit", (32,), 10),
    dense("02_mlp.k", "Mlp", ("features", 20), "label", (64, 64), 10),
    dense("03_mlp_binary.k", "BinaryMlp", ("features", 20), "yes", (64, 64), 1),
    dense("09_functional_mlp.k", "FunctionalMlp", ("image", 784), "digit", (64, 64), 10),
    dense("32_mnist_mlp.k", "MnistMlp", ("image", 784), "digit", (512, 512), 10),
]
STRIDED = Example(
    "21_strided_inception.k",
    "StridedInception",
    strided_inception,
    lambda: {"image": numbers((17, 17, 3), ROWS, 1)},
    defines={"size": "17"},
    trains=False,
)
LSTM = Example(
    "07_stacked_lstm.k",
    "StackedLstm",
    stacked_lstm,
    lambda: {"x": numbers((8, 16), ROWS, 1)},
    lambda: {"label": one_hot(10, ROWS, 2)},
)
FILM = Example(
    "10_model_over_time.k",
    "Film",
    film,
    lambda: {"images": numbers((20, 784), ROWS, 1)},
    lambda: {"digits": labels(10, ROWS * 20, 2).reshape(ROWS, 20)},
)
NEWS = Example(
    "39_news.k",
    "News",
    news,
    lambda: {"words": words(13, 64, ROWS, 1)},
    lambda: {"topic": one_hot(20, ROWS, 2)},
    {
        "length": "64",
        "vocabulary": "13",
        "width": "8",
        "filters": "16",
        "window": "2",
        "last_pool": "1",
    },
)
AUGMENTED = Example(
    "35_augmented.k",
    "Augmented",
    augmented,
    lambda: {"image": 5.0 * numbers((16, 16, 3), ROWS, 1) + np.float32(3.0)},
    lambda: {"kind": one_hot(10, ROWS, 2)},
    {"size": "16", "filters": "4", "rate": "0.0", "augment": "False"},
)
CAMERAS = Example(
    "24_two_cameras.k",
    "TwoCameras",
    two_cameras,
    lambda: {side: numbers((71, 71, 3), 2, seed) for seed, side in enumerate(("left", "right"))},
    defines={"size": "71"},
    trains=False,
    spread=2.0**0.5,
)
MOBILE = Example(
    "41_catalogue.k",
    "Catalogue",
    mobile,
    lambda: {"image": numbers((32, 32, 3), 3, 1)},
    defines={"which": "MobileNet", "size": "32"},
    trains=False,
    spread=2.0**0.5,
)


def identity(example: Example) -> str:
    return "-".join([example.model, *example.defines.values()])


@pytest.mark.slow
@pytest.mark.parametrize("example", [DENSE[0], NEWS], ids=identity)
def test_errors_are_as_small_as_those_of_keras(example: Example) -> None:
    check_errors(example)


@pytest.mark.slow
@pytest.mark.parametrize(
    "example",
    [
        *DENSE[1:],
        LSTM,
        FILM,
        STRIDED,
        pyramid(24, 24),
        pyramid(19, 30),
        CAMERAS,
        MOBILE,
    ],
    ids=identity,
)
def test_errors_of_large_models(example: Example) -> None:
    check_errors(example)


@pytest.mark.slow
def test_errors_on_statistics_of_the_data() -> None:
    check_errors(AUGMENTED, adapts="normalization")


@pytest.mark.slow
def test_uphill_is_the_gradient_for_the_picture() -> None:
    """Example 42: the slope of one filter's mean for each row's own filter."""
    uphill = kgen.load(EXAMPLES / "42_filters.k", size=12).Uphill(seed=0)
    image, chosen = numbers((12, 12, 1), ROWS, 1), labels(32, ROWS, 2)
    found = uphill.predict_on_batch({"image": image, "filter": chosen})

    def slope() -> Any:
        x = inputs = keras.Input((12, 12, 1))
        x = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2")(x)
        vision = keras.Model(inputs, x)
        for v in vision.weights:
            v.assign(uphill.weights[f"vision/{v.path}"])

        def liking(pictures: Any) -> Any:
            return (vision(pictures).mean((1, 2)) * jax.nn.one_hot(chosen, 32)).sum()

        return jax.grad(liking)(keras.ops.convert_to_tensor(image))

    single = slope()
    with double():
        exact = slope()
    assert_errors(found, single, exact, "Uphill: slope")
