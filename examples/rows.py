"""The tasks of `every_row.py`: for each row of the examples what it learns, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tasks
from tasks import Task, divided, one_hot


def flat(**options: Any) -> Task:
    """Digits as rows of 784 pixels."""
    x, y = tasks.digits()
    return divided(x.reshape(-1, 784), one_hot(y), **options)


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


def mlp() -> Task:
    return divided(tasks.components(), one_hot(tasks.digits()[1]), epochs=20, batch_size=128)


def binary_mlp() -> Task:
    odd = (tasks.digits()[1] % 2).astype(np.float32)[:, None]
    return divided(tasks.components(), odd, epochs=20, batch_size=128)


def text_classifier() -> Task:
    x, y = tasks.topics(2, 40, 1024)
    return divided(x, y.astype(np.float32)[:, None], batch_size=16, epochs=8)


def sequences() -> Task:
    x, forwards = tasks.letters(4000, 64, 100)
    return divided(x, forwards[:, None], epochs=6)


def stacked_lstm() -> Task:
    rows = tasks.columns().reshape(-1, 8, 4, 16).mean(2)
    return divided(rows, one_hot(tasks.digits()[1]), epochs=20)


def film() -> Task:
    x, y = tasks.digits()
    return divided(x.reshape(-1, 20, 784), y.reshape(-1, 20), epochs=20, batch_size=8)


def headline() -> Task:
    x, y = tasks.topics(2, 100, 2000)
    counts = (x[..., None] == np.arange(2, 7)).mean(1)  # how often the five commonest occur
    label = y.astype(np.float32)[:, None]
    inputs = {"words": x, "hints": counts.astype(np.float32) * 10}
    params = {"vocabulary": 2000, "width": 64}
    outputs = {"main": label, "aux": label}
    return divided(inputs, outputs, epochs=15, batch_size=16, params=params, score=sure("main"))


def same_digit() -> Task:
    first, second, same = tasks.pairs_of_digits(27)
    return divided({"first": first, "second": second}, same, epochs=5, params={"filters": 16})


def visual_question() -> Task:
    x, y = tasks.coloured(32), tasks.digits()[1]
    asked = np.random.default_rng(5).integers(0, 2, len(y))
    # Which digit is it (0 to 9)? Is it odd (10), or even (11)?
    answers = np.where(asked == 0, y, 10 + y % 2)
    words = np.repeat(asked[:, None], 4, 1).astype(np.int32)
    params = {"size": 32, "words": 4, "vocabulary": 2, "filters": 8, "answers": 12}
    return divided({"image": x, "question": words}, one_hot(answers, 12), params=params)


def video_question() -> Task:
    video, asked, answer, other = tasks.questions(3, 32)
    words = [np.repeat(asked[:, k : k + 1], 2, 1) for k in (0, 1)]
    params = {"frames": 3, "size": 32, "words": 2, "vocabulary": 3, "filters": 8, "answers": 10}
    inputs = {"video": video, "question": words[0], "another": words[1]}
    outputs = {"answer": answer, "other_answer": other}

    score = chosen("answer")
    return divided(inputs, outputs, epochs=20, batch_size=32, params=params, score=score)


def text_question() -> Task:
    x, y = tasks.topics(20, 40, 5000)
    params = {"length": 20, "vocabulary": 5000, "answers": 20}
    return divided({"story": x[:, :20], "question": x[:, 20:]}, one_hot(y, 20), params=params)


def posts() -> Task:
    x, y = tasks.topics(10, 100, 5000)
    age = (x < 50).mean(1, keepdims=True).astype(np.float32)  # the share of common words
    outputs = {"age": age, "income": one_hot(y), "gender": (y[:, None] % 2).astype(np.float32)}
    params = {"vocabulary": 5000, "width": 64, "window": 3}
    return divided(x, outputs, epochs=8, batch_size=32, params=params, score=sure("gender"))


def answer_ranking() -> Task:
    x, y = tasks.topics(5, 60, 5000)
    rng = np.random.default_rng(6)
    wrong = [rng.choice(np.flatnonzero(y != topic)) for topic in y]
    inputs = {"question": x[:, :20], "right": x[:, 20:], "wrong": x[wrong, 20:]}
    train, test = tasks.split(inputs)

    def ranked(model: Any, given: Any, _: Any) -> float:
        return float(np.mean(model.predict(given, verbose=0) > 0))

    params = {"vocabulary": 5000, "width": 32, "units": 32}
    told = "right answers nearer than wrong ones"
    return Task(train, None, test, None, 20, 32, params, ranked, told)


def centre_loss() -> Task:
    x, y = tasks.coloured(28), tasks.digits()[1]
    inputs = {"image": x, "label": y[:, None]}
    outputs = {"digit": y, "distance": np.zeros((len(y), 1), np.float32)}
    params = {"size": 28, "classes": 10}
    return divided(inputs, outputs, epochs=6, params=params, score=chosen("digit"))


def augmented() -> Task:
    x, y = tasks.coloured(32), one_hot(tasks.digits()[1])
    return divided(x, y, epochs=8, batch_size=32, params={"filters": 16})


def captions() -> Task:
    """The next word of "the digit is <its name>", the picture being a digit."""
    x, y = tasks.digits()
    pictures, rows, words = [], [], []
    sentences = np.stack([np.full_like(y, 1), np.full_like(y, 2), np.full_like(y, 3), 4 + y], 1)
    for k in range(4):
        said = np.zeros((len(y), 4), np.int32)
        said[:, :k] = sentences[:, :k]
        pictures.append(x.reshape(-1, 784))
        rows.append(said)
        words.append(sentences[:, k])
    order = np.arange(4 * len(y)).reshape(4, -1).T.reshape(-1)  # the steps of a sentence together
    inputs = {"picture": np.concatenate(pictures)[order], "words": np.concatenate(rows)[order]}
    params = {"features": 784, "vocabulary": 14, "length": 4, "width": 32}
    return divided(inputs, np.concatenate(words)[order], epochs=4, params=params)


def region_proposals() -> Task:
    pictures, scores, boxes, places = tasks.scenes(2000, 64)
    outputs = {"scores": scores, "boxes": boxes}
    test = places[1600:]

    def found(model: Any, x: Any, y: Any) -> float:
        chances = model.predict(x, verbose=0)["scores"][..., 0]
        best = chances.reshape(len(x), -1).argmax(1)
        near = np.abs(np.stack([best // 8, best % 8], 1) - test).max(1) <= 1
        return float(np.mean(near))

    params = {"size": 64, "filters": 8, "anchors": 1}
    told = "best place on the digit"
    options = {"epochs": 10, "batch_size": 16, "params": params, "score": found, "told": told}
    return divided(pictures, outputs, **options)


def spearman() -> Task:
    rng = np.random.default_rng(7)
    x = rng.uniform(-1, 1, (3000, 8, 5)).astype(np.float32)
    y = np.tanh(2 * x[..., 0]) + x[..., 1] * x[..., 2] - np.abs(x[..., 3])
    return divided(x, y, told="rank correlation", score=measured("rank_correlation"))


def measured(name: str) -> Callable[[Any, Any, Any], float]:
    """A metric of the model's own."""
    return lambda model, x, y: float(model.evaluate(x, y, verbose=0, return_dict=True)[name])


def catalogue() -> Task:
    x, y = tasks.coloured(32), tasks.digits()[1]
    return divided(x, y, epochs=8, batch_size=32, params={"size": 32})


def what_where() -> Task:
    x = tasks.digits()[0][..., None]

    def kept(model: Any, given: Any, wanted: Any) -> float:
        error = np.mean(np.square(model.predict(given, verbose=0) - wanted))
        return 1.0 - float(error / np.mean(np.square(wanted - wanted.mean(0))))

    return divided(x, x, epochs=5, score=kept, told="variance rebuilt")


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


def repeated() -> Task:
    """Does any word of twelve stand there twice?"""
    rng = np.random.default_rng(10)
    words = np.argsort(rng.random((4000, 100)), 1)[:, :12].astype(np.int32)
    twice = rng.integers(0, 2, 4000)
    words[twice == 1, 11] = words[twice == 1, 0]
    y = twice.astype(np.float32)[:, None]
    return divided(words, y, epochs=30, batch_size=32, score=sure("label"))


def pyramid() -> Task:
    """Pictures of 28 by 28, and then their middles of 22 by 22, with the same weights."""
    task = divided(tasks.coloured(28), one_hot(tasks.digits()[1]), epochs=10, batch_size=16)

    def learn(model: Any, task: Task) -> None:
        for cut in (slice(None), slice(3, 25)):
            x = np.ascontiguousarray(task.x[:, cut, cut])
            model.fit(x, task.y, epochs=task.epochs, batch_size=task.batch_size, verbose=0)

    task.learn = learn
    return task


def stateful_lstm() -> Task:
    """Digits of 32 rows in pieces of 8; told what they are after the last piece."""
    x, y = tasks.columns()[:4992], one_hot(tasks.digits()[1][:4992])
    task = divided(x, y, epochs=12, batch_size=32)
    task.x, task.y, task.x_test, task.y_test = x[:4000], y[:4000], x[4000:], y[4000:]

    def learn(model: Any, task: Task) -> None:
        rng = np.random.default_rng(0)
        for _ in range(task.epochs):
            for rows in rng.permutation(len(task.x)).reshape(-1, 32):
                model.reset_states()
                for piece in range(4):
                    part = task.x[rows, 8 * piece : 8 * piece + 8]
                    model.train_on_batch(part, task.y[rows])

    def score(model: Any, given: Any, wanted: Any) -> float:
        hits = []
        for first in range(0, len(given), 32):
            model.reset_states()
            for piece in range(4):
                found = model.predict_on_batch(given[first : first + 32, 8 * piece : 8 * piece + 8])
            hits.append(found.argmax(1) == wanted[first : first + 32].argmax(1))
        return float(np.mean(hits))

    task.learn, task.score = learn, score
    return task


def same_author() -> Task:
    """Letters of 40: for lack of authors, do both texts run forwards?"""
    params = {"length": 40, "width": 96}
    return tasks.both_forwards(40, 96, ("a", "b"), epochs=12, params=params)


def siamese() -> Task:
    """The same, of 128 kinds of letters."""
    return tasks.both_forwards(40, 128, ("a", "b"), epochs=12)


ROWS: dict[str, tuple[str, str, Callable[[], Task]]] = {
    "01": ("01_first_mlp.k", "FirstMlp", flat),
    "02": ("02_mlp.k", "Mlp", mlp),
    "03": ("03_mlp_binary.k", "BinaryMlp", binary_mlp),
    "05": ("05_lstm_text.k", "TextClassifier", text_classifier),
    "06": ("06_conv1d.k", "SequenceClassifier", sequences),
    "07": ("07_stacked_lstm.k", "StackedLstm", stacked_lstm),
    "08": ("08_stateful_lstm.k", "StatefulLstm", stateful_lstm),
    "09": ("09_functional_mlp.k", "FunctionalMlp", flat),
    "10": ("10_model_over_time.k", "Film", film),
    "11": ("11_headline.k", "Headline", headline),
    "12": ("12_same_author.k", "SameAuthor", same_author),
    "16": ("16_same_digit.k", "SameDigit", same_digit),
    "17": ("17_visual_question.k", "VisualQuestion", visual_question),
    "18": ("18_video_question.k", "VideoQuestion", video_question),
    "19": ("19_text_question.k", "TextQuestion", text_question),
    "20": ("20_posts.k", "Posts", posts),
    "23": ("23_siamese_open_length.k", "Siamese", siamese),
    "25": ("25_answer_ranking.k", "AnswerRanking", answer_ranking),
    "26": ("26_centre_loss.k", "CentreLoss", centre_loss),
    "27": ("27_antirectifier.k", "AntirectifierMlp", flat),
    "35": ("35_augmented.k", "Augmented", augmented),
    "36": ("36_spatial_pyramid.k", "SpatialPyramid", pyramid),
    "37": ("37_captions.k", "Captions", captions),
    "38": ("38_region_proposals.k", "RegionProposals", region_proposals),
    "40": ("40_spearman.k", "Spearman", spearman),
    "41": ("41_catalogue.k", "Catalogue", catalogue),
    "44": ("44_what_where.k", "WhatWhere", what_where),
    "46a": ("46_core_layers.k", "BothDirections", tags),
    "46b": ("46_core_layers.k", "Gated", series),
    "46c": ("46_core_layers.k", "Attentive", repeated),
}
