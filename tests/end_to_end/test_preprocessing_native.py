"""Preprocessing and augmentation in models that train, and statistics from data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from kgen.runtime.errors import DataError, WeightError
from native import build_text

TEXT = """
model Prepared:
    input image: float32[6, 5, 3]
    norm = Normalization()
    x = image |> Rescaling(0.5, offset=1.0) |> norm
    x = x |> Resizing(4, 7) |> Normalization(axis=None, name="whole") |> CenterCrop(3, 4)
    output y = x |> Flatten() |> Dense(2)

model Given:
    input x: float32[3]
    output y = x |> Normalization(mean=[1.0, 2.0, 3.0], variance=4.0)

model Tokens:
    input words: int32[4]
    input size: float32[2]
    output counts = words |> CategoryEncoding(num_tokens=5, output_mode="count")
    output bins = size |> Discretization([0.0, 1.0, 2.0], output_mode="multi_hot")

model Augmented:
    input image: float32[8, 8, 1]
    x = image |> RandomFlip("horizontal") |> RandomTranslation(0.2, 0.2) |> RandomRotation(0.1)
    x = x |> RandomZoom(0.1) |> RandomContrast(0.2, value_range=[0, 1])
    x = x |> RandomBrightness(0.1, value_range=[0, 1]) |> RandomCrop(6, 6)
    output label = x |> Flatten() |> Dense(16, activation="relu") |> Dense(2, activation="softmax")
    train:
        optimizer = Adam(0.01)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]

model Coloured:
    input image: float32[8, 7, 3]
    x = image |> RandomColorJitter([0, 1], 0.1, 0.1, [0.45, 0.55], 0.1) |> RandomGrayscale(0.2)
    x = x |> RandomColorDegeneration(0.2, [0, 1]) |> RandomInvert([0.1, 0.1], [0, 1])
    x = x |> RandomPosterization(8, [0, 1]) |> Solarization(0.0, 1.0, [0, 1])
    x = x |> RandomSharpness(0.5, [0, 1]) |> RandomGaussianBlur(0.5, 3, 0.8, [0, 1])
    x = x |> RandomShear(0.1, 0.1) |> RandomErasing(0.5, value_range=[0, 1])
    x = x |> AutoContrast([0, 1]) |> Equalization([0, 1])
    output label = x |> Flatten() |> Dense(2, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"

model Equal:
    input image: float32[8, 7, 3]
    output y = Equalization()(image, training=True)
"""
EPS = float(np.finfo(np.float32).eps)
rng = np.random.default_rng(2)


@pytest.fixture(scope="module")
def module() -> ModuleType:
    return build_text(TEXT)


def twin() -> Any:
    layers = keras.layers
    norm, whole = layers.Normalization(), layers.Normalization(axis=None, name="whole")
    x = inputs = keras.Input((6, 5, 3))
    for layer in (
        *(layers.Rescaling(0.5, 1.0), norm, layers.Resizing(4, 7), whole),
        *(layers.CenterCrop(3, 4), layers.Flatten(), layers.Dense(2)),
    ):
        x = layer(x)
    return keras.Model(inputs, x), norm, whole


def test_a_prepared_model_is_keras_own(module: ModuleType, tmp_path: Path) -> None:
    model, norm, whole = twin()
    x = rng.uniform(0, 255, (50, 6, 5, 3)).astype(np.float32)
    norm.adapt(x * 0.5 + 1.0)
    whole.adapt(x[:9])
    net = module.Prepared(seed=0)
    net.adapt("norm", x * 0.5 + 1.0)
    net.adapt("whole", x[:9], axis=None)
    for name, layer in (("norm", norm), ("whole", whole)):
        for part in ("mean", "variance"):
            expected = np.asarray(getattr(layer, part)).reshape(-1)
            found = net.weights[f"{name}/{part}"].reshape(-1)
            np.testing.assert_allclose(found, expected, rtol=1e-5)
    model.save_weights(tmp_path / "m.weights.h5")
    net.load_weights(tmp_path / "m.weights.h5")
    expected = model.predict_on_batch(x)
    # A sum of 36 terms, each of which went through some 10 roundings.
    np.testing.assert_allclose(net(x), expected, rtol=0, atol=400 * EPS * np.abs(expected).max())
    assert net.count_params() == model.count_params()


def test_adapting_to_files_and_batches(module: ModuleType, tmp_path: Path) -> None:
    x = rng.normal(100.0, 3.0, (1000, 6, 5, 3))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["x"] = x

        def batches() -> Iterator[Any]:
            yield from (x[:700], x[700:703], (x[703:], None))

        for data in (x, file["x"], batches(), x.astype(np.float32)):
            net = module.Prepared(seed=0)
            net.adapt("norm", data)
            np.testing.assert_allclose(net.weights["norm/mean"], x.mean((0, 1, 2)), rtol=1e-6)
            np.testing.assert_allclose(net.weights["norm/variance"], x.var((0, 1, 2)), rtol=1e-5)


def test_data_that_cannot_be_adapted_to(module: ModuleType) -> None:
    net = module.Prepared(seed=0)
    before = net.get_weights()
    with pytest.raises(WeightError, match=r"no Normalization layer 'nomr'.*mean 'norm'"):
        net.adapt("nomr", np.zeros((3, 6, 5, 3)))
    with pytest.raises(DataError, match=r"statistics of shape \(4,\).*'norm' keeps.*\(3,\)"):
        net.adapt("norm", np.zeros((3, 4)))
    with pytest.raises(DataError, match="NaN"):
        net.adapt("norm", np.full((3, 6, 5, 3), np.nan))
    with pytest.raises(DataError, match="no data"):
        net.adapt("norm", np.zeros((0, 6, 5, 3)))
    with pytest.raises(WeightError, match="given in its file"):
        module.Given(seed=0).adapt("normalization", np.zeros((2, 3)))
    assert all(np.array_equal(a, b) for a, b in zip(before, net.get_weights(), strict=True))


def test_given_statistics_and_encodings(module: ModuleType) -> None:
    x = rng.normal(size=(33, 3)).astype(np.float32)
    np.testing.assert_allclose(module.Given(seed=0)(x), (x - [1, 2, 3]) / 2, atol=4 * EPS)
    words, size = rng.integers(0, 5, (17, 4)), rng.uniform(-1, 3, (17, 2)).astype(np.float32)
    found = module.Tokens(seed=0).predict({"words": words, "size": size})
    counts = (words[:, :, None] == np.arange(5)).sum(1)
    np.testing.assert_array_equal(found["counts"], counts)
    bins = np.digitize(size, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(found["bins"], (bins[:, :, None] == np.arange(4)).max(1))


def test_augmentation_in_training_alone(module: ModuleType) -> None:
    labels = np.arange(64) % 2
    x = rng.uniform(0, 0.2, (64, 8, 8, 1)).astype(np.float32)
    x[labels == 1, 3:5, 3:5] += 0.7
    nets = [module.Augmented(seed=3, threads=threads) for threads in (1, 1, 2)]
    losses = [net.fit(x, labels, epochs=30, batch_size=16, verbose=0) for net in nets]
    assert losses[0].history == losses[1].history
    np.testing.assert_allclose(losses[0].history["loss"], losses[2].history["loss"], rtol=1e-3)
    # Each epoch sees other images; evaluation sees them as they are, the same each time.
    assert nets[0].evaluate(x, labels, verbose=0) == nets[0].evaluate(x, labels, verbose=0)
    assert nets[0].evaluate(x, labels, verbose=0, return_dict=True)["accuracy"] > 0.9
    first, second = (
        nets[0].train_on_batch(x[:16], labels[:16], return_dict=True)["loss"] for _ in "12"
    )
    assert first != second


def test_all_that_changes_colours(module: ModuleType) -> None:
    """Two runs are one; what is random in training leaves predictions as they are."""
    x = rng.uniform(0, 1, (19, 8, 7, 3)).astype(np.float32)
    labels = np.arange(19) % 2
    nets = [module.Coloured(seed=5, threads=threads) for threads in (1, 2)]
    losses = [net.fit(x, labels, epochs=2, batch_size=8, verbose=0).history for net in nets]
    assert np.isfinite(losses[0]["loss"]).all()
    np.testing.assert_allclose(losses[0]["loss"], losses[1]["loss"], rtol=1e-3)
    low, high = x.min((1, 2), keepdims=True), x.max((1, 2), keepdims=True)
    flat = ((x - low) / (high - low)).reshape(19, -1)
    logits = flat @ nets[0].weights["dense/kernel"] + nets[0].weights["dense/bias"]
    expected = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(nets[0](x), expected, rtol=0, atol=1000 * EPS)


def test_equalized_images_are_keras_own(module: ModuleType) -> None:
    """Over a batch that threads share; values are whole, and so are the results."""
    x = rng.integers(0, 200, (13, 8, 7, 3)).astype(np.float32)
    x[..., 2] = 9.0
    expected = np.asarray(keras.layers.Equalization()(x, training=True))
    np.testing.assert_array_equal(module.Equal(seed=0, threads=2)(x), expected)
