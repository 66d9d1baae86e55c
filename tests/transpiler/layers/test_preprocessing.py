"""Preprocessing and augmentation against Keras: given factors, transforms are the same."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import EPS, CallFailure, assert_close, build, i32, make

rng = np.random.default_rng(11)


def images(*shape: int) -> np.ndarray:
    return rng.uniform(0.0, 255.0, shape).astype(np.float32)


PREPARE: list[tuple[str, dict[str, Any], np.ndarray]] = [
    ("Rescaling", {"scale": 1 / 255, "offset": -0.5}, images(2, 3, 3, 2)),
    ("Rescaling", {"scale": [0.5, 2.0], "offset": [1.0, -1.0]}, images(2, 3, 2)),
    ("Normalization", {"mean": 3.0, "variance": 4.0}, images(3, 4)),
    ("Normalization", {"mean": [1.0, 2.0, 3.0], "variance": [4.0, 0.0, 9.0]}, images(4, 2, 3)),
    ("Normalization", {"axis": 1, "mean": [1.0, 2.0], "variance": [4.0, 9.0]}, images(4, 2, 3)),
    (
        "Normalization",
        {"axis": [1, 2], "mean": [[1.0, 2.0]], "variance": [[4.0, 9.0]], "invert": True},
        images(3, 1, 2),
    ),
    (
        "Normalization",
        {"axis": [1, 2], "mean": [1.0, 2.0], "variance": [4.0, 9.0]},
        images(3, 4, 2),
    ),
    ("Normalization", {"axis": None, "mean": 1.0, "variance": 4.0}, images(3, 4, 2)),
    ("Discretization", {"bin_boundaries": [0.0, 100.0, 200.0]}, images(5, 3)),
    ("Discretization", {"bin_boundaries": [7.0], "output_mode": "one_hot"}, images(5, 1)),
    ("Discretization", {"bin_boundaries": [50.0, 90.0], "output_mode": "count"}, images(5, 3)),
    ("CategoryEncoding", {"num_tokens": 5}, i32([[0, 4, 4], [1, 2, 9]])),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, i32([[0, 4], [1, 7]])),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, i32([[0], [3]])),
    ("CategoryEncoding", {"num_tokens": 3, "output_mode": "count"}, i32([[0, 2, 2], [1, 1, 1]])),
    ("CategoryEncoding", {"num_tokens": 3}, i32([[[0, 2], [2, 2]], [[1, 1], [0, 0]]])),
    ("CenterCrop", {"height": 3, "width": 4}, images(2, 6, 7, 3)),
    ("CenterCrop", {"height": 8, "width": 3}, images(2, 6, 7, 3)),
    ("Resizing", {"height": 5, "width": 9}, images(2, 6, 7, 3)),
    ("Resizing", {"height": 3, "width": 3, "antialias": True}, images(2, 7, 8, 3)),
    ("Resizing", {"height": 9, "width": 4, "interpolation": "nearest"}, images(2, 6, 7, 3)),
    ("Resizing", {"height": 9, "width": 4, "interpolation": "bicubic"}, images(2, 6, 7, 3)),
    ("Resizing", {"height": 9, "width": 7, "interpolation": "lanczos3"}, images(1, 6, 7, 2)),
    ("Resizing", {"height": 17, "width": 7, "interpolation": "lanczos5"}, images(1, 33, 7, 2)),
    ("Resizing", {"height": 4, "width": 8, "crop_to_aspect_ratio": True}, images(2, 7, 6, 3)),
    (
        "Resizing",
        {"height": 4, "width": 8, "pad_to_aspect_ratio": True, "fill_value": 3.0},
        images(2, 7, 6, 3),
    ),
    ("Resizing", {"height": 2, "width": 2, "data_format": "channels_first"}, images(2, 3, 5, 4)),
    ("RandomFlip", {}, images(2, 3, 3, 1)),
    ("RandomRotation", {"factor": 0.2}, images(2, 3, 3, 1)),
    ("RandomContrast", {"factor": 0.2}, images(2, 3, 3, 1)),
]


@pytest.mark.parametrize(("name", "kwargs", "x"), PREPARE)
def test_inference(name: str, kwargs: dict[str, Any], x: np.ndarray) -> None:
    found = build(make("layer", name, **kwargs), [x])
    theirs = getattr(keras.layers, name)(**kwargs)
    random = name.startswith("Random")
    expected = np.asarray(theirs(x, training=False) if random else theirs(x))
    assert found.output.dtype == ("int32" if expected.dtype.kind == "i" else "float32")
    assert found.output.shape[1:] == expected.shape[1:]
    assert_close(found([x], {})[found.output], expected, 64)


# One number instead of a range: the transform is the same for every image.
GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("RandomRotation", {"factor": (0.13, 0.13)}),
    ("RandomRotation", {"factor": (-0.4, -0.4), "fill_mode": "wrap", "interpolation": "nearest"}),
    ("RandomTranslation", {"height_factor": (0.2, 0.2), "width_factor": (-0.33, -0.33)}),
    (
        "RandomTranslation",
        {
            "height_factor": (-0.31, -0.31),
            "width_factor": 0.0,
            "fill_mode": "constant",
            "fill_value": 7.0,
        },
    ),
    ("RandomZoom", {"height_factor": (0.4, 0.4)}),
    ("RandomZoom", {"height_factor": (0.4, 0.4), "data_format": "channels_first"}),
    ("RandomRotation", {"factor": (0.1, 0.1), "data_format": "channels_first"}),
    (
        "RandomZoom",
        {"height_factor": (-0.3, -0.3), "width_factor": (0.21, 0.21), "fill_mode": "nearest"},
    ),
    ("RandomContrast", {"factor": (0.3, 0.3)}),
    ("RandomBrightness", {"factor": (-0.2, -0.2)}),
    ("RandomBrightness", {"factor": (0.6, 0.6), "value_range": (0, 100)}),
]


@pytest.mark.parametrize(("name", "kwargs"), GIVEN)
def test_given_factors(name: str, kwargs: dict[str, Any]) -> None:
    x = images(3, 6, 9, 2)
    built = build(make("layer", name, **kwargs), [x], training=True)
    found = built([x], {})[built.output]
    if name == "RandomContrast":  # Keras draws 1 - a to 1 + b, which is a range even here
        low, high = ((x - x.mean((1, 2), keepdims=True)) * s for s in (0.7, 1.3))
        assert found.min() >= 0.0 and found.max() <= 255.0
        inside = (found > 0.0) & (found < 255.0)
        ratio = (found - x.mean((1, 2), keepdims=True))[inside] / low[inside]
        assert ratio.min() > 0.999 and ratio.max() < 1.3 / 0.7 * 1.001
        assert high.shape == found.shape
        return
    expected = np.asarray(getattr(keras.layers, name)(**kwargs)(x, training=True))
    # Places on a border between two cells may fall to either; the map is linear elsewhere.
    error = np.abs(found - expected)
    assert np.mean(error > 2000 * EPS * 255.0) <= (0.02 if "interpolation" in kwargs else 0.0)


def drawn(name: str, count: int = 400, **kwargs: Any) -> tuple[np.ndarray, np.ndarray]:
    x = np.broadcast_to(images(1, 5, 4, 1), (count, 5, 4, 1)).copy()
    built = build(make("layer", name, **kwargs), [x], training=True)
    return x, np.asarray(built([x], {})[built.output])


def test_every_second_image_is_flipped() -> None:
    x, y = drawn("RandomFlip", mode="horizontal")
    flipped = (y == x[:, :, ::-1]).all((1, 2, 3))
    kept = (y == x).all((1, 2, 3))
    assert (flipped ^ kept).all() and 150 < flipped.sum() < 250
    x, y = drawn("RandomFlip")
    flipped = (y == x[:, ::-1, ::-1]).all((1, 2, 3))
    assert (flipped ^ (y == x).all((1, 2, 3))).all() and 150 < flipped.sum() < 250
    x, y = drawn("RandomFlip", mode="vertical")
    assert ((y == x[:, ::-1]).all((1, 2, 3)) ^ (y == x).all((1, 2, 3))).all()


def test_draws_fill_their_range() -> None:
    x, y = drawn("RandomBrightness", factor=0.1, value_range=[-1000, 1000])
    moved = (y - x)[:, 0, 0, 0]
    np.testing.assert_allclose(y - x, moved[:, None, None, None] + 0 * x, atol=1e-3)
    assert -200 <= moved.min() < -180 and 180 < moved.max() <= 200
    assert abs(moved.mean()) < 4 * 200 / np.sqrt(3 * 400)
    x, y = drawn("RandomContrast", factor=0.5, value_range=[-1000, 1000])
    mean = x.mean((1, 2), keepdims=True)
    scale = ((y - mean) / (x - mean))[:, 0, 0, 0]
    assert 1.0 - 1e-3 <= scale.min() < 1.05 and 1.45 < scale.max() <= 1.501


def test_crops_are_windows() -> None:
    x = images(3, 7, 6, 2)
    seen = set()
    for seed in range(30):
        bound = make("layer", "RandomCrop", height=4, width=5, seed=seed)
        built = build(bound, [x], training=True)
        y = np.asarray(built([x], {})[built.output])
        places = [
            (top, left)
            for top in range(4)
            for left in range(2)
            if np.array_equal(y, x[:, top : top + 4, left : left + 5])
        ]
        assert len(places) == 1
        seen.update(places)
    assert len(seen) > 5
    inference = build(make("layer", "RandomCrop", height=4, width=5), [x])
    theirs = keras.layers.Resizing(4, 5, crop_to_aspect_ratio=True)(x)
    assert_close(inference([x], {})[inference.output], np.asarray(theirs), 64)


def test_normalization_has_keras_weights() -> None:
    x = images(5, 3)
    theirs = keras.layers.Normalization()
    theirs.adapt(x)
    built = build(make("layer", "Normalization"), [x])
    assert list(built.scope.weights) == ["mean", "variance", "count"]
    assert [w.path.split("/")[-1] for w in theirs.weights] == ["mean", "variance", "count"]
    weights = {
        path: np.asarray(w.value, np.float32)
        for path, w in zip(built.scope.weights, theirs.weights, strict=True)
    }
    assert_close(built([x], weights)[built.output], np.asarray(theirs(x)), 64)


@pytest.mark.parametrize(
    ("name", "kwargs", "x", "words"),
    [
        ("Normalization", {"mean": 1.0}, images(2, 3), "both mean and variance"),
        ("Normalization", {"mean": [1.0, 2.0], "variance": [1.0, 2.0]}, images(2, 3), "do not fit"),
        ("Normalization", {"axis": 0}, images(2, 3), "known size"),
        ("Discretization", {}, images(2, 3), "needs bin_boundaries"),
        ("Discretization", {"bin_boundaries": [2.0, 1.0]}, images(2, 3), "must rise"),
        ("CategoryEncoding", {}, i32([[1]]), "needs num_tokens"),
        ("Resizing", {"height": 2, "width": 2}, images(2, 3), "height, width"),
        ("Rescaling", {"scale": [1.0, 2.0]}, images(2, 3), "does not fit the last axis"),
    ],
)
def test_refusals(name: str, kwargs: dict[str, Any], x: np.ndarray, words: str) -> None:
    with pytest.raises(CallFailure, match=words):
        build(make("layer", name, **kwargs), [x])
