"""The models that are compared: their sizes and data, one table for every peer."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.modules import EXAMPLES, ROOT

OWN = ROOT / "benchmarks" / "models"


@dataclass(frozen=True)
class Feature:
    """An input without its batch: standard normal numbers, or word numbers below `words`."""

    shape: tuple[int, ...]
    words: int = 0

    def rows(self, rng: np.random.Generator, count: int) -> Any:
        """`count` rows of it."""
        shape = (count, *self.shape)
        if self.words:
            return rng.integers(0, self.words, shape).astype(np.int32)
        return rng.standard_normal(shape, dtype=np.float32)


@dataclass(frozen=True)
class Task:
    """A model, its data, how it is trained, and the steps in a timed block.

    `net` names the module of `benchmarks.peers.nets` that writes the model for the peers, with
    `sizes` for what the `.k` file leaves open; `defines` sets the file's params. `loss` says what
    the targets are: one-hot rows of `classes`, a bit, or pictures shaped as the input. `optimizer`
    is `nesterov` (SGD, rate 0.01, momentum 0.9), `rmsprop` or `adam` (Keras's defaults).
    """

    source: Path
    net: str
    inputs: tuple[Feature, ...]
    loss: str
    optimizer: str
    batch: int
    steps: int
    classes: int = 10
    sizes: Mapping[str, Any] = field(default_factory=dict)
    defines: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What tables call it."""
        return self.source.name

    def text(self, *, dropout: bool = True) -> str:
        """The `.k` file's text; without `dropout` every rate is 0."""
        text = self.source.read_text(encoding="utf-8")
        return text if dropout else re.sub(r"Dropout\([^()]*\)", "Dropout(0.0)", text)

    def written(self) -> Any:
        """The module that writes the model for the peers."""
        return importlib.import_module(f"benchmarks.peers.nets.{self.net}")

    def data(self, rows: int) -> tuple[list[Any], Any]:
        """Inputs and targets, the same for everybody."""
        rng = np.random.default_rng(0)
        inputs = [one.rows(rng, rows) for one in self.inputs]
        if self.loss == "categorical_crossentropy":
            labels = rng.integers(0, self.classes, rows)
            return inputs, np.eye(self.classes, dtype=np.float32)[labels]
        if self.loss == "binary_crossentropy":
            return inputs, rng.integers(0, 2, (rows, 1)).astype(np.float32)
        return inputs, rng.random((rows, *self.inputs[0].shape), dtype=np.float32)


CLASSES, BIT, PICTURES = "categorical_crossentropy", "binary_crossentropy", "mse"

TASKS = {
    "02": Task(
        source=EXAMPLES / "02_mlp.k",
        net="mlp",
        inputs=(Feature((20,)),),
        loss=CLASSES,
        optimizer="nesterov",
        batch=128,
        steps=400,
        sizes={"widths": (20, 64, 64, 10), "rate": 0.5},
    ),
    "04": Task(
        source=EXAMPLES / "04_vgg_like.k",
        net="vgg",
        inputs=(Feature((100, 100, 3)),),
        loss=CLASSES,
        optimizer="nesterov",
        batch=32,
        steps=2,
    ),
    "05": Task(
        source=EXAMPLES / "05_lstm_text.k",
        net="lstm_text",
        inputs=(Feature((80,), words=1024),),
        loss=BIT,
        optimizer="rmsprop",
        batch=16,
        steps=15,
    ),
    "06": Task(
        source=EXAMPLES / "06_conv1d.k",
        net="conv1d",
        inputs=(Feature((64, 100)),),
        loss=BIT,
        optimizer="rmsprop",
        batch=16,
        steps=40,
    ),
    "07": Task(
        source=EXAMPLES / "07_stacked_lstm.k",
        net="stacked_lstm",
        inputs=(Feature((8, 16)),),
        loss=CLASSES,
        optimizer="rmsprop",
        batch=64,
        steps=60,
    ),
    "12": Task(
        source=EXAMPLES / "12_same_author.k",
        net="same_author",
        inputs=(Feature((140, 256)), Feature((140, 256))),
        loss=BIT,
        optimizer="rmsprop",
        batch=32,
        steps=4,
        defines={"length": "140"},
    ),
    "29": Task(
        source=EXAMPLES / "29_denoising_autoencoder.k",
        net="autoencoder",
        inputs=(Feature((28, 28, 1)),),
        loss=PICTURES,
        optimizer="adam",
        batch=128,
        steps=3,
    ),
    "32": Task(
        source=EXAMPLES / "32_mnist_mlp.k",
        net="mlp",
        inputs=(Feature((784,)),),
        loss=CLASSES,
        optimizer="rmsprop",
        batch=128,
        steps=40,
        sizes={"widths": (784, 512, 512, 10), "rate": 0.2},
    ),
    "resnet": Task(
        source=OWN / "resnet20.k",
        net="resnet20",
        inputs=(Feature((32, 32, 3)),),
        loss=CLASSES,
        optimizer="nesterov",
        batch=32,
        steps=5,
    ),
    "gru": Task(
        source=OWN / "bidirectional_gru.k",
        net="bidirectional_gru",
        inputs=(Feature((80, 64)),),
        loss=CLASSES,
        optimizer="adam",
        batch=32,
        steps=10,
    ),
    "transformer": Task(
        source=OWN / "transformer_block.k",
        net="transformer_block",
        inputs=(Feature((64,), words=2000),),
        loss=CLASSES,
        optimizer="adam",
        batch=32,
        steps=10,
    ),
}
