"""What `every_row.py` trains examples on: digits, texts, and small tasks that are made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import corpora
import mnist
import numpy as np
from mnist import Array

Score = Callable[[Any, Any, Any], float]
Arrays = Any


@dataclass
class Task:
    """Data to train with and to test with, and how; `told` says what the score is."""

    x: Arrays
    y: Arrays
    x_test: Arrays
    y_test: Arrays
    epochs: int = 10
    batch_size: int = 64
    params: dict[str, Any] = field(default_factory=dict)
    score: Score | None = None
    told: str = "accuracy"
    learn: Callable[[Any, Task], None] | None = None


def one_hot(labels: Array, classes: int = 10) -> Array:
    return np.eye(classes, dtype=np.float32)[labels]


def split(parts: Any, share: float = 0.8) -> tuple[Any, Any]:
    """The first rows of an array, or of each of a dict, and the others."""
    if isinstance(parts, dict):
        pairs = {name: split(part, share) for name, part in parts.items()}
        return tuple({name: pair[k] for name, pair in pairs.items()} for k in (0, 1))  # type: ignore[return-value]
    rows = int(len(parts) * share)
    return parts[:rows], parts[rows:]


def divided(x: Any, y: Any, **options: Any) -> Task:
    """A task whose last fifth of rows is to test with."""
    (x, x_test), (y, y_test) = split(x), split(y)
    return Task(x, y, x_test, y_test, **options)


@cache
def digits() -> tuple[Array, Array]:
    """All images `[n, 28, 28]`, and their labels."""
    x, y, x_test, y_test = mnist.load()
    return np.concatenate([x, x_test])[..., 0], np.concatenate([y, y_test])


@cache
def columns() -> Array:
    """Digits of 32 rows with 16 columns each."""
    x, _ = digits()
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2)))
    return padded.reshape(-1, 32, 16, 2).mean(-1)


@cache
def components(count: int = 20) -> Array:
    """The digits' principal components, scaled to about 1."""
    x = digits()[0].reshape(-1, 784)
    x = x - x[:4000].mean(0)
    _, values, axes = np.linalg.svd(x[:4000], full_matrices=False)
    scale = values[:count] / 4000**0.5
    return (x @ axes[:count].T / scale).astype(np.float32)


def coloured(size: int, rows: int | None = None) -> Array:
    """Digits in red, green and blue on squares of so many pixels."""
    x = digits()[0][:rows]
    if size < 28:
        x = x[:, (28 - size) // 2 :, (28 - size) // 2 :][:, :size, :size]
    edge = size - x.shape[1]
    x = np.pad(x, ((0, 0), *[(edge // 2, edge - edge // 2)] * 2))
    return np.repeat(x[..., None], 3, -1)


@cache
def topics(count: int, length: int, vocabulary: int) -> tuple[Array, Array]:
    """Texts as rows of word numbers, and their topics."""
    by_topic = corpora.texts(corpora.TEXTS, count, length)
    x, y, x_test, y_test, _ = corpora.numbered(by_topic, length, vocabulary)
    return np.concatenate([x, x_test]), np.concatenate([y, y_test])


@cache
def letters(count: int, length: int, width: int) -> tuple[Array, Array]:
    """Pieces of text letter by letter, a row of zeros and a one each, every second backwards.

    The labels are 1 for those that run forwards.
    """
    by_topic = corpora.texts(corpora.TEXTS, 20, 100)
    text = " ".join(" ".join(words) for each in by_topic.values() for words in each)
    codes = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    starts = np.random.default_rng(0).integers(0, len(codes) - length, count)
    pieces = codes[starts[:, None] + np.arange(length)] - 32
    pieces[::2] = pieces[::2, ::-1]
    return one_hot(pieces % width, width), (np.arange(count) % 2).astype(np.float32)


def both_forwards(length: int, width: int, names: tuple[str, str], **options: Any) -> Task:
    """Two texts, letter by letter: do both run forwards?"""
    x, forwards = letters(6000, length, width)
    rng = np.random.default_rng(1)
    first, second = rng.permutation(len(x))[:3000], rng.permutation(len(x))[:3000]
    both = (forwards[first] * forwards[second])[:, None]
    return divided({names[0]: x[first], names[1]: x[second]}, both, **options)


def pairs_of_digits(size: int) -> tuple[Array, Array, Array]:
    """Two digits, of which every second pair are of a kind."""
    x, y = digits()
    rng = np.random.default_rng(2)
    left = np.arange(len(y))
    alike = left % 2
    right = [rng.choice(np.flatnonzero((y == y[k]) == alike[k])) for k in left]
    cut = x[:, :size, :size, None]
    return cut, cut[right], alike.astype(np.float32)[:, None]


def questions(frames: int, size: int) -> tuple[Array, Array, Array, Array]:
    """Films of digits; what was the first (question 1), or the last (2)? A digit is the answer."""
    x, y = coloured(size, 3000), digits()[1][:3000]
    rng = np.random.default_rng(3)
    chosen = rng.integers(0, len(x), (2000, frames))
    asked = rng.integers(1, 3, (2000, 2))
    first, last = y[chosen[:, 0]], y[chosen[:, -1]]
    answers = np.where(asked == 1, first[:, None], last[:, None])
    return x[chosen], asked.astype(np.int32), answers[:, 0], answers[:, 1]


def scenes(count: int, size: int) -> tuple[Array, Array, Array, Array]:
    """A digit somewhere in a larger picture: scores, boxes and places for a map of its eighths.

    At the middle of the digit there is a thing, around it nothing is said, elsewhere there is
    none. The box says how far the digit's middle is from that of its place, in places.
    """
    x, _ = digits()
    cells = size // 8
    rng = np.random.default_rng(4)
    pictures = np.zeros((count, size, size, 3), np.float32)
    scores = np.zeros((count, cells, cells, 1), np.float32)
    boxes = np.zeros((count, cells, cells, 8), np.float32)
    corners = rng.integers(0, size - 28, (count, 2))
    middles = (corners + 14) / 8
    places = middles.astype(int)
    for k, (top, left) in enumerate(corners):
        pictures[k, top : top + 28, left : left + 28] += x[k % len(x), :, :, None]
        row, column = places[k]
        scores[k, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = -1
        scores[k, row, column] = 1
        boxes[k, row, column, :2] = 1
        boxes[k, row, column, 4:6] = middles[k] - places[k] - 0.5
    return pictures, scores, boxes, places
