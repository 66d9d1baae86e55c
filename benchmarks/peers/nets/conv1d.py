"""Convolutions over time, their mean, and a sigmoid (06)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks.peers.tasks import Task

FILTERS, RATE = 64, 0.5


def keras_net(task: Task, scale: int) -> Any:
    """With the sigmoid; dropout rates times `scale`."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(task.inputs[0].shape),
            layers.Conv1D(FILTERS, 3, activation="relu"),
            layers.Conv1D(FILTERS, 3, activation="relu"),
            layers.MaxPooling1D(3),
            layers.Conv1D(2 * FILTERS, 3, activation="relu"),
            layers.Conv1D(2 * FILTERS, 3, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dropout(scale * RATE),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def torch_net(task: Task) -> Any:
    """Without the sigmoid."""
    from torch import nn

    from benchmarks.peers.torch_net import ChannelsFirst, Mean

    return nn.Sequential(
        ChannelsFirst(),
        nn.Conv1d(task.inputs[0].shape[-1], FILTERS, 3),
        nn.ReLU(),
        nn.Conv1d(FILTERS, FILTERS, 3),
        nn.ReLU(),
        nn.MaxPool1d(3),
        nn.Conv1d(FILTERS, 2 * FILTERS, 3),
        nn.ReLU(),
        nn.Conv1d(2 * FILTERS, 2 * FILTERS, 3),
        nn.ReLU(),
        Mean(),
        nn.Dropout(RATE),
        nn.Linear(2 * FILTERS, 1),
    )


def jax_net(task: Task) -> Any:
    """Without the sigmoid."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, pool, relu

    def forward(run: Run, x: Any) -> Any:
        x = pool(relu(run.conv(relu(run.conv(x)))), 3)
        x = relu(run.conv(relu(run.conv(x))))
        return run.dense(run.drop(x.mean(1), RATE))

    widths = (task.inputs[0].shape[-1], FILTERS, FILTERS, 2 * FILTERS, 2 * FILTERS)
    weights = [one for i, o in pairwise(widths) for one in affine(3, i, o)]
    return JaxNet([*weights, *affine(2 * FILTERS, 1)], forward)
