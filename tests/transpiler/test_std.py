"""The standard library beside keras.applications: layers, weights and outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import kgen
import numpy as np
import pytest
from kgen.compiler import elaborate_text

STD = Path(__file__).parents[2] / "grammar" / "std"
EPS = float(np.finfo(np.float32).eps)
# The file of each model, and the smallest images that Keras allows without the top.
MODELS = {
    "VGG16": ("vgg16", 33),
    "VGG19": ("vgg19", 32),
    "ResNet50": ("resnet50", 35),
    "ResNet50V2": ("resnet50v2", 64),
    "InceptionV3": ("inception_v3", 75),
    "Xception": ("xception", 71),
    "MobileNet": ("mobilenet", 33),
    "MobileNetV2": ("mobilenet_v2", 34),
    "DenseNet121": ("densenet121", 33),
    "EfficientNetB0": ("efficientnet_b0", 33),
}


@pytest.fixture(autouse=True)
def fresh_names() -> None:
    """Names that Keras makes count from the beginning."""
    keras.utils.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_layers_and_weights(name: str) -> None:
    theirs = getattr(keras.applications, name)(weights=None)
    file = MODELS[name][0]
    models = elaborate_text((STD / f"{file}.k").read_text(), f"{file}.k", {})
    (ours,) = [model for model in models if model.name == name]
    first, *others = theirs.layers
    assert {layer.name for layer in ours.layers} == {layer.name for layer in others}
    weights = {w.path: tuple(w.shape) for w in theirs.weights}
    assert {path: w.shape for path, w in ours.predict.weights.items()} == weights
    assert sum(int(np.prod(shape)) for shape in weights.values()) == theirs.count_params()
    frozen = {w.path for w in theirs.non_trainable_weights}
    assert {p for p, w in ours.predict.weights.items() if not w.trainable} == frozen
    assert ours.inputs[0].shape == first.output.shape[1:]


def drawn(model: Any) -> Any:
    """Weights that keep signals near 1."""
    rng = np.random.default_rng(0)
    for weight in model.weights:
        leaf = weight.path.rpartition("/")[2]
        if leaf in ("gamma", "moving_variance", "variance"):
            weight.assign(rng.uniform(0.8, 1.2, weight.shape))
        elif leaf in ("beta", "bias", "moving_mean"):
            weight.assign(rng.normal(0.0, 0.1, weight.shape))
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_outputs_with_weights_from_a_file(name: str, tmp_path: Path) -> None:
    file, size = MODELS[name]
    options = {"include_top": False, "pooling": "avg", "input_shape": (size, size, 3)}
    theirs = drawn(getattr(keras.applications, name)(weights=None, **options))
    whole = keras.Sequential([keras.Input((size, size, 3)), theirs])
    whole.save_weights(tmp_path / "random.weights.h5")
    (tmp_path / "features.k").write_text(
        f'use "std/{file}.k": {name}\n'
        "model Features:\n"
        f"    input image: float32[{size}, {size}, 3]\n"
        f"    base = {name}(include_top=False, pooling='avg', input_shape=[{size}, {size}, 3])\n"
        "    output features = image |> base\n"
    )
    net = kgen.load(tmp_path / "features.k").Features(seed=0)
    report = net.load_weights(tmp_path / "random.weights.h5")
    assert len(report.loaded) == len(net.weights) == len(theirs.weights)
    x = np.random.default_rng(1).uniform(0.0, 1.0, (2, size, size, 3)).astype(np.float32)
    expected = np.asarray(theirs(x))
    # Through a hundred layers errors grow to some hundreds of roundings of the largest value.
    allowed = 1000 * EPS * np.abs(expected).max()
    np.testing.assert_allclose(net.predict(x), expected, rtol=0, atol=allowed)


SMALL = """
use "std/unet.k": UNet
use "std/transformer.k": TokenAndPositionEmbedding, TransformerBlock, TransformerClassifier

model Cells:
    input image: float32[8, 12, 1]
    net = UNet(input_shape=[8, 12, 1], filters=[2, 3], bottom=4, classes=3)
    output cells = image |> net
    train:
        optimizer = Adam(0.01)
        loss = "sparse_categorical_crossentropy"

model Texts:
    input tokens: int32[6]
    net = TransformerClassifier(vocabulary=11, length=6, width=8, num_heads=2, ff_dim=5, classes=2)
    output label = tokens |> net
    train:
        optimizer = Adam(0.02)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]

model Decoder:
    input tokens: int32[6]
    x = tokens |> TokenAndPositionEmbedding(11, 6, 8)
    output y = x |> TransformerBlock(2, 4, 5, causal=True, name="block")
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.k").write_text(SMALL)
    return kgen.load(folder / "small.k")


@pytest.mark.slow
def test_unet_learns(small: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 8, 12, 1)).astype(np.float32)
    y = np.digitize(x[..., 0], [-0.5, 0.5])
    net = small.Cells(seed=0)
    losses = net.fit(x, y, batch_size=8, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0] and net.predict(x).shape == (40, 8, 12, 3)


@pytest.mark.slow
def test_transformer_learns_and_looks_back_alone(small: Any) -> None:
    rng = np.random.default_rng(0)
    tokens = rng.integers(1, 11, (256, 6))
    labels = (tokens == 7).any(1).astype(int)
    net = small.Texts(seed=0)
    net.fit(tokens, labels, batch_size=32, epochs=30, verbose=0)
    assert net.evaluate(tokens, labels, verbose=0, return_dict=True)["accuracy"] > 0.9
    decoder = small.Decoder(seed=0)
    changed = tokens[:5].copy()
    changed[:, 4] = 1 + changed[:, 4] % 10
    before, after = decoder(tokens[:5]), decoder(changed)
    np.testing.assert_array_equal(before[:, :4], after[:, :4])
    assert (before[:, 4:] != after[:, 4:]).any(axis=(0, 2)).all()
