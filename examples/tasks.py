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


def sure(name: str) -> Callable[[Any, Any, Any], float]:
    """The accuracy of one of several outputs, which is a chance."""

    def score(model: Any, x: Any, y: Any) -> float:
        found = model.predict(x, verbose=0)
        found = found[name] if isinstance(found, dict) else found
        wanted = y[name] if isinstance(y, dict) else y
        return float(np.mean((found > 0.5) == (wanted > 0.5)))

    return score


def chosen(name: str) -> Callable[[Any, Any, Any], float]:
    """The accuracy of one of several outputs, which has a chance for each class."""

    def score(model: Any, x: Any, y: Any) -> float:
        return float(np.mean(model.predict(x, verbose=0)[name].argmax(-1) == y[name]))

    return score


def measured(name: str) -> Callable[[Any, Any, Any], float]:
    """A metric of the model's own."""
    return lambda model, x, y: float(model.evaluate(x, y, verbose=0, return_dict=True)[name])


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


def any_row(rows: Array) -> Array:
    return np.ones(len(rows), bool)


def apart(
    items: int, count: int, each: int, seed: int, fits: Callable[[Array], Array] = any_row
) -> Array:
    """Numbers of `each` items a row, `[count, each]`; the last fifth of the last fifth of items.

    So what is tested with is made of nothing that was trained with. Of eight times as many rows
    the first that `fits` says true of.
    """
    rng = np.random.default_rng(seed)
    kept, trained = int(items * 0.8), int(count * 0.8)
    parts = []
    for low, high, rows in ((0, kept, trained), (kept, items, count - trained)):
        drawn = rng.integers(low, high, (8 * rows, each))
        parts.append(drawn[fits(drawn)][:rows])
        assert len(parts[-1]) == rows
    return np.concatenate(parts)


@cache
def letters(count: int, length: int, width: int) -> tuple[Array, Array]:
    """Pieces of text letter by letter, a row of zeros and a one each, every second backwards.

    The labels are 1 for those that run forwards. The last fifth of pieces is of another part of
    the text than the others.
    """
    by_topic = corpora.texts(corpora.TEXTS, 20, 100)
    text = " ".join(" ".join(words) for each in by_topic.values() for words in each)
    codes = np.frombuffer(text.encode("ascii", "replace"), np.uint8)
    starts = np.minimum(apart(len(codes), count, 1, 0), len(codes) - length)
    pieces = codes[starts + np.arange(length)] - 32
    pieces[::2] = pieces[::2, ::-1]
    return one_hot(pieces % width, width), (np.arange(count) % 2).astype(np.float32)


def forwards_first(
    lengths: tuple[int, int], width: int, names: tuple[str, str], **options: Any
) -> Task:
    """Two texts, letter by letter, of which one runs backwards: is it the second?"""
    x, forwards = letters(8000, max(lengths), width)
    onwards, back = x[forwards == 1], x[forwards == 0]
    chosen = apart(len(onwards), 5000, 2, 1)
    first = np.random.default_rng(1).integers(0, 2, len(chosen)).astype(np.float32)
    turned = first[:, None, None] == 1
    one = np.where(turned, onwards[chosen[:, 0]], back[chosen[:, 1]])[:, : lengths[0]]
    other = np.where(turned, back[chosen[:, 1]], onwards[chosen[:, 0]])[:, : lengths[1]]
    return divided({names[0]: one, names[1]: other}, first[:, None], **options)


def pairs_of_digits(size: int) -> tuple[Array, Array, Array]:
    """Two different digits, and whether the second is the larger."""
    x, y = digits()
    first, second = apart(len(y), 5000, 2, 2, lambda pair: y[pair[:, 0]] != y[pair[:, 1]]).T
    larger = (y[second] > y[first]).astype(np.float32)[:, None]
    cut = x[:, :size, :size, None]
    return cut[first], cut[second], larger


def questions(frames: int, size: int) -> tuple[Array, Array, Array, Array]:
    """Films of digits; what was the first (question 1), or the last (2)? A digit is the answer."""
    x, y = coloured(size), digits()[1]
    rng = np.random.default_rng(3)
    chosen = apart(len(x), 4000, frames, 3)
    asked = rng.integers(1, 3, (len(chosen), 2))
    first, last = y[chosen[:, 0]], y[chosen[:, -1]]
    answers = np.where(asked == 1, first[:, None], last[:, None])
    return x[chosen], asked.astype(np.int32), answers[:, 0], answers[:, 1]


def scenes(count: int, size: int) -> tuple[Array, Array, Array, Array]:
    """A digit somewhere in a larger picture: scores and boxes for a map of its eighths, middles.

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
        pictures[k, top : top + 28, left : left + 28] += x[k, :, :, None]
        row, column = places[k]
        scores[k, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = -1
        scores[k, row, column] = 1
        boxes[k, row, column, :2] = 1
        boxes[k, row, column, 4:6] = middles[k] - places[k] - 0.5
    return pictures, scores, boxes, middles
