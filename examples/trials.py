"""The trials of `learn.py`: a model, its rival in Keras, data, and how long to train."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import corpora
import kgen
import mnist
import numpy as np

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import rivals

HERE = Path(__file__).parent
Data = tuple[Any, Any, Any, Any]
Score = Callable[[Any, Any, Any], float]


@dataclass
class Options:
    """How much to do, and where the data lies."""

    full: bool = False
    threads: int | None = None
    fashion: Path = corpora.FASHION
    texts: Path = corpora.TEXTS


class Rival:
    """A model in Keras that starts again, without being compiled again."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make
        self.model = self.fresh(0)
        optimizer = self.model.optimizer
        optimizer.build(self.model.trainable_variables)
        self.slots = [np.array(v) for v in optimizer.variables]

    def fresh(self, seed: int) -> Any:
        """Another such model with weights drawn from a seed, its names those of the first."""
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        return self.make()

    def restart(self, seed: int) -> None:
        """New weights, and an optimizer that has seen nothing."""
        for variable, value in zip(self.model.weights, self.fresh(seed).weights, strict=True):
            variable.assign(value)
        for variable, value in zip(self.model.optimizer.variables, self.slots, strict=True):
            variable.assign(value)

    def paired(self, net: Any) -> dict[str, Any]:
        """Keras's variables by the paths of kgen's weights."""
        variables = {v.path.replace(".", "/"): v for v in self.model.weights}
        assert set(variables) == set(net.weights), sorted(set(variables) ^ set(net.weights))
        return variables


@dataclass
class Trial:
    """What to train on either side; both means are to reach `least`."""

    file: str
    model: str
    twin: Callable[[], Any]
    data: Data
    epochs: int
    batch_size: int
    least: float
    params: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, mnist.Array] = field(default_factory=dict)
    score: Score | None = None

    @cached_property
    def rival(self) -> Rival:
        return Rival(self.twin)

    def native(self, seed: int, options: Options, **params: Any) -> Any:
        """kgen's model."""
        module = kgen.load(HERE / self.file, **self.params, **params)
        return getattr(module, self.model)(seed=seed, threads=options.threads)

    def learn(self, model: Any, data: Data | None = None) -> float:
        """Train either model, and its score on the test data."""
        x, y, x_test, y_test = data or self.data
        model.fit(x, y, epochs=self.epochs, batch_size=self.batch_size, verbose=0)
        if self.score is not None:
            return self.score(model, x_test, y_test)
        return float(model.evaluate(x_test, y_test, verbose=0, return_dict=True)["accuracy"])

    def beside(self, seed: int, options: Options) -> tuple[float, float]:
        """The scores of kgen and of Keras from the same start."""
        self.rival.restart(seed)
        net = self.native(seed, options)
        for path, variable in self.rival.paired(net).items():
            if path in self.fixed:
                variable.assign(self.fixed[path])
            net.weights[path] = np.asarray(variable)
        return self.learn(net), self.learn(self.rival.model)


@dataclass
class Transfer(Trial):
    """31: the digits 0 to 4 first; scored are 5 to 9, by the head alone."""

    @cached_property
    def fine(self) -> Rival:
        return Rival(lambda: rivals.transfer(self.params["filters"], True))

    def task(self, first: int) -> Data:
        """Five of the digits."""
        x, y, x_test, y_test = self.data
        rows, tests = y // 5 * 5 == first, y_test // 5 * 5 == first
        return x[rows], one_hot(y[rows] % 5, 5), x_test[tests], one_hot(y_test[tests] % 5, 5)

    def beside(self, seed: int, options: Options) -> tuple[float, float]:
        """The second task's scores, each with the convolutions of its own first task."""
        self.rival.restart(seed)
        self.fine.restart(seed)
        net = self.native(seed, options)
        frozen = self.native(seed, options, frozen=True)
        variables, tuned = self.rival.paired(net), self.fine.paired(frozen)
        for path, variable in variables.items():
            net.weights[path] = np.asarray(variable)
        self.learn(net, self.task(0))
        self.learn(self.rival.model, self.task(0))
        for path, variable in tuned.items():
            frozen.weights[path] = net.weights[path]
            variable.assign(variables[path])
        return self.learn(frozen, self.task(5)), self.learn(self.fine.model, self.task(5))


def one_hot(labels: mnist.Array, classes: int = 10) -> mnist.Array:
    return np.eye(classes, dtype=np.float32)[labels]


def dressed(options: Options, rows: int) -> Data:
    """Fashion-MNIST, all of it or so many training images."""
    x, y, x_test, y_test = corpora.fashion(options.fashion)
    rows = len(x) if options.full else rows
    return x[:rows], one_hot(y[:rows]), x_test, one_hot(y_test)


def vgg_like(options: Options) -> Trial:
    """04 on Fashion-MNIST: its grey pictures as red, green and blue."""
    x, y, x_test, y_test = dressed(options, 6000)
    filters = 32 if options.full else 8
    return Trial(
        "04_vgg_like.k",
        "VggLike",
        lambda: rivals.vgg_like(filters),
        (np.repeat(x, 3, -1), y, np.repeat(x_test, 3, -1), y_test),
        epochs=5,
        batch_size=32,
        least=0.7,
        params={"size": 28, "filters": filters},
    )


def mnist_mlp(options: Options) -> Trial:
    """32 on Fashion-MNIST."""
    x, y, x_test, y_test = dressed(options, 10000)
    return Trial(
        "32_mnist_mlp.k",
        "MnistMlp",
        rivals.mnist_mlp,
        (x.reshape(-1, 784), y, x_test.reshape(-1, 784), y_test),
        epochs=10 if options.full else 5,
        batch_size=128,
        least=0.75,
    )


def denoising(options: Options) -> Trial:
    """29: scored by the share of the squared error of the noise that is gone."""
    x, _, x_test, _ = mnist.load()
    rng = np.random.default_rng(0)

    def noisy(images: mnist.Array) -> mnist.Array:
        dots = images + rng.normal(0.5, 0.5, images.shape)
        return np.clip(dots, 0.0, 1.0).astype(np.float32)

    spoilt = noisy(x_test)
    before = float(np.mean(np.square(spoilt - x_test)))

    def removed(model: Any, given: Any, wanted: Any) -> float:
        return 1.0 - float(np.mean(np.square(model.predict(given, verbose=0) - wanted))) / before

    filters = [32, 64] if options.full else [8, 16]
    return Trial(
        "29_denoising_autoencoder.k",
        "DenoisingAutoencoder",
        lambda: rivals.denoising(filters, 16),
        (noisy(x), x, spoilt, x_test),
        epochs=10 if options.full else 5,
        batch_size=32,
        least=0.8,
        params={"filters": filters},
        score=removed,
    )


def siamese(options: Options) -> Trial:
    """30: pairs of digits, half of them of a kind."""
    x, y, x_test, y_test = mnist.load()

    def pairs(images: mnist.Array, labels: mnist.Array, seed: int) -> tuple[Any, Any]:
        rng = np.random.default_rng(seed)
        left = np.repeat(np.arange(len(labels)), 2)
        alike = np.tile([True, False], len(labels))
        right = [
            rng.choice(np.flatnonzero((labels == labels[place]) == same))
            for place, same in zip(left, alike, strict=True)
        ]
        flat = images.reshape(-1, 784)
        both = {"left": flat[left], "right": flat[right]}
        return both, alike.astype(np.float32)[:, None]

    return Trial(
        "30_contrastive_siamese.k",
        "Siamese",
        rivals.siamese,
        (*pairs(x, y, 1), *pairs(x_test, y_test, 2)),
        epochs=20 if options.full else 5,
        batch_size=128,
        least=0.85,
    )


def transfer(options: Options) -> Trial:
    """31 on digits."""
    filters = 32 if options.full else 8
    return Transfer(
        "31_transfer.k",
        "Transfer",
        lambda: rivals.transfer(filters, False),
        mnist.load(),
        epochs=5,
        batch_size=64,
        least=0.9,
        params={"filters": filters},
    )


def news(options: Options) -> Trial:
    """39: texts by topic, on GloVe's vectors."""
    sizes = {"length": 100, "filters": 128, "window": 3, "last_pool": 1, "vocabulary": 10000}
    if not options.full:
        sizes |= {"filters": 64, "vocabulary": 5000}
    by_topic = corpora.texts(options.texts, 20, sizes["length"])
    x, y, x_test, y_test, known = corpora.numbered(by_topic, sizes["length"], sizes["vocabulary"])
    table = np.zeros((sizes["vocabulary"], 50), np.float32)
    table[: len(known)] = corpora.vectors(known)
    return Trial(
        "39_news.k",
        "News",
        lambda: rivals.news(**sizes),
        (x, one_hot(y, 20), x_test, one_hot(y_test, 20)),
        epochs=8,
        batch_size=64,
        least=0.3,
        params=sizes | {"width": 50},
        fixed={"vectors/embeddings": table},
    )


def rows_as_time(options: Options) -> Trial:
    """43 on digits."""
    x, y, x_test, y_test = mnist.load()
    return Trial(
        "43_rows_as_time.k",
        "RowsAsTime",
        rivals.rows_as_time,
        (x[..., 0], y, x_test[..., 0], y_test),
        epochs=20 if options.full else 6,
        batch_size=32,
        least=0.75,
    )


TRIALS: dict[str, Callable[[Options], Trial]] = {
    "04": vgg_like,
    "29": denoising,
    "30": siamese,
    "31": transfer,
    "32": mnist_mlp,
    "39": news,
    "43": rows_as_time,
}
