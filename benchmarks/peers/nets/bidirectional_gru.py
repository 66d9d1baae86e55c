"""Gated recurrent units from both ends, and a softmax."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

UNITS = 64


def keras_net(task: Task, scale: int) -> Any:
    """With the softmax; there is no dropout to scale."""
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input(task.inputs[0].shape),
            layers.Bidirectional(layers.GRU(UNITS)),
            layers.Dense(task.classes, activation="softmax"),
        ]
    )


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    class BothEnds(nn.Module):
        """The last outputs of both directions."""

        def __init__(self) -> None:
            super().__init__()
            width = task.inputs[0].shape[-1]
            self.read = nn.GRU(width, UNITS, batch_first=True, bidirectional=True)
            self.decide = nn.Linear(2 * UNITS, task.classes)

        def forward(self, x: Any) -> Any:
            """Side by side."""
            _, last = self.read(x)
            return self.decide(last.transpose(0, 1).flatten(1))

    return BothEnds()


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    import jax.numpy as jnp

    from benchmarks.peers.jax_net import JaxNet, Run, affine, gru

    def forward(run: Run, x: Any) -> Any:
        ends = [run.gru(x), run.gru(x, backwards=True)]
        return run.dense(jnp.concatenate(ends, -1))

    width = task.inputs[0].shape[-1]
    weights = [*gru(width, UNITS), *gru(width, UNITS), *affine(2 * UNITS, task.classes)]
    return JaxNet(weights, forward)
