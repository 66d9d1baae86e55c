"""What `every_row.py` trains on pictures: digits, and Fashion-MNIST for row 35."""

from __future__ import annotations

from typing import Any

import corpora
import numpy as np
import tasks
from tasks import Task, chosen, divided, one_hot


def flat(**options: Any) -> Task:
    """Digits as rows of 784 pixels."""
    x, y = tasks.digits()
    return divided(x.reshape(-1, 784), one_hot(y), **options)


def mlp() -> Task:
    return divided(tasks.components(), one_hot(tasks.digits()[1]), epochs=20, batch_size=128)


def binary_mlp() -> Task:
    odd = (tasks.digits()[1] % 2).astype(np.float32)[:, None]
    return divided(tasks.components(), odd, epochs=20, batch_size=128)


def stacked_lstm() -> Task:
    rows = tasks.columns().reshape(-1, 8, 4, 16).mean(2)
    return divided(rows, one_hot(tasks.digits()[1]), epochs=20)


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


def film() -> Task:
    x, y = tasks.digits()
    return divided(x.reshape(-1, 20, 784), y.reshape(-1, 20), epochs=20, batch_size=8)


def same_digit() -> Task:
    """Which of two digits is larger; whether they are the same, a sum of two parts cannot tell."""
    first, second, larger = tasks.pairs_of_digits(27)
    return divided({"first": first, "second": second}, larger, epochs=10, params={"filters": 16})


def visual_question() -> Task:
    x, y = tasks.coloured(32), tasks.digits()[1]
    asked = np.random.default_rng(5).integers(0, 2, len(y))
    # Which digit is it (0 to 9)? Is it odd (10), or even (11)?
    answers = np.where(asked == 0, y, 10 + y % 2)
    words = np.repeat(asked[:, None], 4, 1).astype(np.int32)
    params = {"size": 32, "words": 4, "vocabulary": 2, "filters": 8, "answers": 12}
    inputs = {"image": x, "question": words}
    return divided(inputs, one_hot(answers, 12), epochs=6, params=params)


def video_question() -> Task:
    video, asked, answer, other = tasks.questions(3, 32)
    words = [np.repeat(asked[:, k : k + 1], 2, 1) for k in (0, 1)]
    params = {"frames": 3, "size": 32, "words": 2, "vocabulary": 3, "filters": 8, "answers": 10}
    inputs = {"video": video, "question": words[0], "another": words[1]}
    outputs = {"answer": answer, "other_answer": other}

    score = chosen("answer")
    return divided(inputs, outputs, epochs=15, batch_size=32, params=params, score=score)


def centre_loss() -> Task:
    x, y = tasks.coloured(28), tasks.digits()[1]
    inputs = {"image": x, "label": y[:, None]}
    outputs = {"digit": y, "distance": np.zeros((len(y), 1), np.float32)}
    params = {"size": 28, "classes": 10}
    return divided(inputs, outputs, epochs=6, params=params, score=chosen("digit"))


def augmented() -> Task:
    x, y, x_test, y_test = corpora.fashion()
    shown = [
        np.pad(part, ((0, 0), (2, 2), (2, 2), (0, 0))).repeat(3, -1)
        for part in (x[:4000], x_test[:1000])
    ]
    labels = one_hot(y[:4000]), one_hot(y_test[:1000])
    params = {"filters": 16}
    return Task(shown[0], labels[0], shown[1], labels[1], epochs=8, batch_size=32, params=params)


def pyramid() -> Task:
    """Digits of 28 by 28 pixels and cut to 22 by 22, an epoch each in turn; tested at either."""
    x, y = tasks.coloured(28)[:3000], one_hot(tasks.digits()[1][:3000])
    task = divided(x, y, epochs=8, batch_size=16)

    def cut(pictures: Any) -> list[Any]:
        return [pictures, np.ascontiguousarray(pictures[:, 3:25, 3:25])]

    def learn(model: Any, task: Task) -> None:
        shown = cut(task.x)
        for epoch in range(task.epochs):
            model.fit(shown[epoch % 2], task.y, epochs=1, batch_size=task.batch_size, verbose=0)

    def score(model: Any, given: Any, wanted: Any) -> float:
        found = [model.predict(pictures, verbose=0).argmax(1) for pictures in cut(given)]
        return float(np.mean([each == wanted.argmax(1) for each in found]))

    task.learn, task.score = learn, score
    return task


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
    """Where the digit is: the best place's box, whose middle is to be at most 3 pixels off."""
    pictures, scores, boxes, places = tasks.scenes(2000, 64)
    outputs = {"scores": scores, "boxes": boxes}

    def found(model: Any, x: Any, y: Any) -> float:
        told = model.predict(x, verbose=0)
        every = np.arange(len(x))
        best = told["scores"].reshape(len(x), -1).argmax(1)
        moved = told["boxes"].reshape(len(x), -1, 4)[every, best, :2]
        middles = np.stack([best // 8, best % 8], 1) + 0.5 + moved
        return float(np.mean(np.abs(middles - places[-len(x) :]).max(1) <= 3 / 8))

    params = {"size": 64, "filters": 8, "anchors": 1}
    told = "digits found to within 3 pixels"
    options = {"epochs": 10, "batch_size": 16, "params": params, "score": found, "told": told}
    return divided(pictures, outputs, **options)


def catalogue() -> Task:
    x, y = tasks.coloured(32), tasks.digits()[1]
    return divided(x, y, epochs=8, batch_size=32, params={"size": 32})


def what_where() -> Task:
    x = tasks.digits()[0][..., None]

    def kept(model: Any, given: Any, wanted: Any) -> float:
        error = np.mean(np.square(model.predict(given, verbose=0) - wanted))
        return 1.0 - float(error / np.mean(np.square(wanted - wanted.mean(0))))

    return divided(x, x, epochs=5, score=kept, told="variance rebuilt")
