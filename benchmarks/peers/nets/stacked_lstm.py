"""Three layers of LSTM and a softmax (07)."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

UNITS = 32


def keras_net(task: Task, scale: int) -> Any:
    """With the softmax; there is no dropout to scale."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(task.inputs[0].shape),
            layers.LSTM(UNITS, return_sequences=True),
            layers.LSTM(UNITS, return_sequences=True),
            layers.LSTM(UNITS),
            layers.Dense(task.classes, activation="softmax"),
        ]
    )


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    from benchmarks.peers.torch_net import Lstm

    return nn.Sequential(
        Lstm(task.inputs[0].shape[-1], UNITS, sequences=True),
        Lstm(UNITS, UNITS, sequences=True),
        Lstm(UNITS, UNITS),
        nn.Linear(UNITS, task.classes),
    )


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, lstm

    def forward(run: Run, x: Any) -> Any:
        for _ in range(2):
            _, x = run.lstm(x)
        return run.dense(run.lstm(x)[0])

    first = lstm(task.inputs[0].shape[-1], UNITS)
    return JaxNet(
        [*first, *lstm(UNITS, UNITS), *lstm(UNITS, UNITS), *affine(UNITS, task.classes)], forward
    )
