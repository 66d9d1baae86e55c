"""Convolutions, pools and slices along open axes, against Keras, for sizes that change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, optimizers
from kgen.compiler import elaborate_text
from kgen.dims import requirements
from kgen.runtime.errors import DataError
from native import build
from twins import double, draw_weight, numbers, pair_weights

FILE = "e2e_open_windows.k"


def posts() -> Any:
    i = keras.Input((None,), dtype="int32", name="posts")
    x = layers.Conv1D(20, 5, activation="relu", name="c1")(layers.Embedding(50, 16, name="e")(i))
    x = layers.Conv1D(9, 3, activation="relu", name="c2")(layers.MaxPooling1D(5)(x))
    x = layers.SeparableConv1D(8, 3, padding="same", name="s")(layers.AveragePooling1D(2)(x))
    x = layers.Conv1D(5, 2, strides=2, name="c3")(x)
    model = keras.Model(i, {"age": layers.Dense(1, name="o")(layers.GlobalMaxPooling1D()(x)),
                            "each": x})  # fmt: skip
    model.compile(optimizers.SGD(0.01), {"age": "mse", "each": "mse"})
    return model


def picture() -> Any:
    i = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu", name="c1")(i)
    x = layers.DepthwiseConv2D(2, name="d")(layers.MaxPooling2D(2)(x))
    x = layers.UpSampling2D(2)(layers.Conv2DTranspose(4, 3, strides=2, name="t")(x))
    model = keras.Model(i, layers.Dense(4, name="o")(layers.GlobalAveragePooling2D()(x)))
    model.compile(optimizers.SGD(0.01), "mse")
    return model


def data(name: str, rows: int, size: int) -> np.ndarray:
    if name == "Posts":
        return np.random.default_rng(size).integers(0, 50, (rows, size)).astype(np.int32)
    return numbers((size, size + 3, 3), rows, size)


def by_name(found: Any) -> dict[str, Any]:
    return found if isinstance(found, dict) else {"y": found}


@pytest.mark.parametrize(
    ("name", "twin", "threads", "batches"),
    [
        pytest.param(
            *("Posts", posts, 2, [(3, 34), (5, 41), (2, 75), (1, 35)]), marks=pytest.mark.slow
        ),
        pytest.param(
            "Picture", picture, 1, [(2, 4), (3, 9), (5, 16), (1, 33)], marks=pytest.mark.slow
        ),
    ],
)
def test_windows_against_keras(
    name: str, twin: Any, threads: int, batches: list[tuple[int, int]]
) -> None:
    """Outputs, and the weights after a step on each batch, whose sizes all differ."""
    net = getattr(build(FILE), name)(seed=0, threads=threads)
    rng = np.random.default_rng(17)
    with double():
        exact = twin()
        pairs = pair_weights(exact, list(net.weights))
        for path, view in net.weights.items():
            view[...] = draw_weight(path, view.shape, rng, 0.5)
            pairs[path].assign(np.array(view, np.float64))
        for step, (rows, size) in enumerate(batches, 1):
            x = data(name, rows, size)
            found = by_name(net.predict(x))
            wanted = by_name(exact.predict_on_batch(x))
            targets = {}
            for output, value in wanted.items():
                # Sums of at most some hundred products a layer, in four layers.
                limit = step * 400 * 2.0**-24 * max(1.0, float(np.abs(value).max()))
                assert found[output].shape == value.shape
                assert np.abs(found[output] - value).max() <= limit, (output, size)
                targets[output] = np.tanh(value[::-1] + 0.3).astype(np.float32)
            y = targets if len(targets) > 1 else targets["y"]
            before = np.array(pairs[next(iter(pairs))].value)
            net.train_on_batch(x, y)
            exact.train_on_batch(x, y)
            assert np.abs(np.array(pairs[next(iter(pairs))].value) - before).max() > 1e-5
            for path, variable in pairs.items():
                value = np.asarray(variable.value)
                limit = step * 400 * 2.0**-24 * max(1.0, float(np.abs(value).max()))
                assert np.abs(net.weights[path] - value).max() <= limit, (path, size)


def test_shorter_posts_are_refused_with_the_least_length() -> None:
    net = build(FILE).Posts(seed=0)
    with pytest.raises(DataError, match="has 33 words, but the model needs at least 34 words"):
        net.predict(data("Posts", 2, 33))


def test_the_page_on_open_dimensions_holds() -> None:
    page = Path(__file__).parents[2] / "docs" / "open_dimensions.md"
    blocks = re.findall(r"^```k (\w+)\.k\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    found = {name: elaborate_text(text, f"{name}.k")[0] for name, text in blocks}
    least = {name: requirements([model.predict])[0] for name, model in found.items()}
    assert {str(dim): size for dim, size in least["posts"].items()} == {"words": 29}
    assert list(least["regions"].values()) == [2]


def test_regions_of_open_pictures() -> None:
    net = build(FILE).Pyramid(seed=0, threads=2)
    assert [dim.minimum for dim in net.spec.dims] == [2, 2]
    for rows, h, w in ((3, 2, 2), (5, 7, 3), (1, 16, 33)):
        x = numbers((h, w, 2), rows, h)
        regions = [
            x[:, i * h // n : (i + 1) * h // n, j * w // n : (j + 1) * w // n].max((1, 2))
            for n in (1, 2)
            for i in range(n)
            for j in range(n)
        ]
        exact = np.concatenate(regions, -1) @ net.weights["o/kernel"] + net.weights["o/bias"]
        assert np.abs(net.predict(x) - exact).max() <= 12 * 2.0**-24 * 8
        net.train_on_batch(x, numbers((3,), rows, 1))
