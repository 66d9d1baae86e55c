"""An LSTM over words and a sigmoid (05)."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

WORDS, WIDTH, UNITS, RATE = 1024, 256, 128, 0.5


def keras_net(task: Task, scale: int) -> Any:
    """With the sigmoid; dropout rates times `scale`."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(task.inputs[0].shape, dtype="int32"),
            layers.Embedding(WORDS, WIDTH),
            layers.LSTM(UNITS),
            layers.Dropout(scale * RATE),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def torch_net(task: Task) -> Any:
    """Without the sigmoid."""
    from torch import nn

    from benchmarks.peers.torch_net import Lstm

    return nn.Sequential(
        nn.Embedding(WORDS, WIDTH), Lstm(WIDTH, UNITS), nn.Dropout(RATE), nn.Linear(UNITS, 1)
    )


def jax_net(task: Task) -> Any:
    """Without the sigmoid."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, kernel, lstm

    def forward(run: Run, words: Any) -> Any:
        last, _ = run.lstm(run.take()[words])
        return run.dense(run.drop(last, RATE))

    return JaxNet([*kernel(WORDS, WIDTH), *lstm(WIDTH, UNITS), *affine(UNITS, 1)], forward)
