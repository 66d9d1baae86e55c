"""What `every_row.py` trains on texts and on numbers that are made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import tasks
from tasks import Task, apart, divided, measured, one_hot, sure


def text_classifier() -> Task:
    x, y = tasks.topics(2, 40, 1024)
    return divided(x, y.astype(np.float32)[:, None], batch_size=16, epochs=8)


def sequences() -> Task:
    x, forwards = tasks.letters(4000, 64, 100)
    return divided(x, forwards[:, None], epochs=6)


def headline() -> Task:
    x, y = tasks.topics(2, 100, 2000)
    counts = (x[..., None] == np.arange(2, 7)).mean(1)  # how often the five commonest occur
    label = y.astype(np.float32)[:, None]
    inputs = {"words": x, "hints": counts.astype(np.float32) * 10}
    params = {"vocabulary": 2000, "width": 64}
    outputs = {"main": label, "aux": label}
    return divided(inputs, outputs, epochs=15, batch_size=16, params=params, score=sure("main"))


def text_question() -> Task:
    x, y = tasks.topics(20, 40, 5000)
    params = {"length": 20, "vocabulary": 5000, "answers": 20}
    return divided({"story": x[:, :20], "question": x[:, 20:]}, one_hot(y, 20), params=params)


def posts() -> Task:
    """The topic, of two, for the gender; how common the words are for age and income."""
    x, y = tasks.topics(2, 40, 5000)
    common = (x < 50).mean(1)  # the share of common words
    tenth = np.searchsorted(np.quantile(common, np.arange(1, 10) / 10), common)
    outputs = {
        "age": common[:, None].astype(np.float32),
        "income": one_hot(tenth),
        "gender": y[:, None].astype(np.float32),
    }
    params = {"vocabulary": 5000, "width": 64, "window": 2}
    return divided(x, outputs, epochs=8, batch_size=32, params=params, score=sure("gender"))


def answer_ranking() -> Task:
    """Of two texts the one whose topic, of two, is the question's; of texts of 40 words each."""
    x, y = tasks.topics(2, 40, 2000)

    def fits(rows: Any) -> Any:
        question, right, wrong = y[rows].T
        return (question == right) & (question != wrong) & (rows[:, 0] != rows[:, 1])

    chosen = apart(len(x), 5000, 3, 6, fits).T
    names = ("question", "right", "wrong")
    inputs = {name: x[rows] for name, rows in zip(names, chosen, strict=True)}
    train, test = tasks.split(inputs)

    def ranked(model: Any, given: Any, _: Any) -> float:
        return float(np.mean(model.predict(given, verbose=0) > 0))

    params = {"vocabulary": 2000, "width": 32, "units": 32}
    told = "right answers nearer than wrong ones"
    return Task(train, None, test, None, 5, 32, params, ranked, told)


def spearman() -> Task:
    rng = np.random.default_rng(7)
    x = rng.uniform(-1, 1, (3000, 8, 5)).astype(np.float32)
    y = np.tanh(2 * x[..., 0]) + x[..., 1] * x[..., 2] - np.abs(x[..., 3])
    return divided(x, y, told="rank correlation", score=measured("rank_correlation"))


def tags() -> Task:
    """For each word whether its neighbours have smaller or larger numbers."""
    rng = np.random.default_rng(8)
    words = rng.integers(1, 100, (3000, 12)).astype(np.int32)
    ends = np.pad(words, ((0, 0), (1, 1)))
    found = 2 * (ends[:, :-2] < words) + (words < ends[:, 2:])
    words[np.arange(12) >= rng.integers(6, 13, (3000, 1))] = 0

    def score(model: Any, x: Any, y: Any) -> float:
        hits = model.predict(x, verbose=0).argmax(-1) == y
        return float(hits[x > 0].mean())

    return divided(words, found.astype(np.int32), epochs=20, batch_size=32, score=score)


def series() -> Task:
    """Waves of two speeds, of which steps are missing."""
    rng = np.random.default_rng(9)
    fast = rng.integers(0, 2, (3000, 1))
    phase = rng.uniform(0, 7, (3000, 1)) + np.arange(12) * np.where(fast, 1.3, 0.8)
    x = np.stack([np.sin(phase), np.cos(phase), np.ones_like(phase)], -1)
    x += rng.normal(0, 0.5, x.shape)
    x[rng.random(x.shape[:2]) < 0.3] = 0
    y = fast.astype(np.float32)
    return divided(x.astype(np.float32), y, epochs=15, batch_size=32, score=sure("label"))


def answered() -> Task:
    """Of eight questions, words 1 to 8, one is asked: is its answer, of 9 to 16, among five?"""
    rng = np.random.default_rng(10)
    words = rng.integers(17, 100, (5000, 12))
    asked = rng.integers(0, 8, len(words))
    found = rng.integers(0, 2, len(words))
    others = np.argsort(rng.random((len(words), 7)), 1)[:, :5]
    others += others >= asked[:, None]
    others[:, 0] = np.where(found == 1, asked, others[:, 0])
    words[:, 0] = 1 + asked
    words[:, 1:6] = 9 + others
    words = rng.permuted(words, axis=1).astype(np.int32)
    y = found.astype(np.float32)[:, None]
    return divided(words, y, epochs=30, batch_size=32, score=sure("label"))


def same_author() -> Task:
    """Which of two texts of 40 letters runs forwards; as a sum, the model cannot tell likeness."""
    params = {"length": 40, "width": 96}
    return tasks.forwards_first((40, 40), 96, ("a", "b"), epochs=12, params=params)


def siamese() -> Task:
    """The same, of 128 kinds of letters and texts of two lengths."""
    return tasks.forwards_first((40, 30), 128, ("a", "b"), epochs=12)
