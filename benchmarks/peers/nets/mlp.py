"""A multilayer perceptron with dropout after each hidden layer (02, 32)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from benchmarks.peers.tasks import Task


def keras_net(task: Task, scale: int) -> Any:
    """With softmax at the end; dropout rates times `scale`."""
    from keras import Input, Sequential, layers

    first, *hidden, last = task.sizes["widths"]
    net: list[Any] = [Input((first,))]
    for width in hidden:
        net.append(layers.Dense(width, activation="relu"))
        net.append(layers.Dropout(scale * task.sizes["rate"]))
    return Sequential([*net, layers.Dense(last, activation="softmax")])


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    *widths, last = task.sizes["widths"]
    net: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        net += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(task.sizes["rate"])]
    return nn.Sequential(*net, nn.Linear(widths[-1], last))


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, relu

    pairs = list(pairwise(task.sizes["widths"]))

    def forward(run: Run, x: Any) -> Any:
        for _ in pairs[:-1]:
            x = run.drop(relu(run.dense(x)), task.sizes["rate"])
        return run.dense(x)

    return JaxNet([one for pair in pairs for one in affine(*pair)], forward)
