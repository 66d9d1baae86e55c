"""One LSTM reads two texts, and a sigmoid decides (12)."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

UNITS = 64


def keras_net(task: Task, scale: int) -> Any:
    """With the sigmoid; there is no dropout to scale."""
    from keras import Input, Model, layers

    texts = [Input(one.shape) for one in task.inputs]
    read = layers.LSTM(UNITS)
    both = layers.Concatenate()([read(text) for text in texts])
    return Model(texts, layers.Dense(1, activation="sigmoid")(both))


def torch_net(task: Task) -> Any:
    """Without the sigmoid."""
    import torch
    from torch import nn

    from benchmarks.peers.torch_net import Lstm

    class SameAuthor(nn.Module):
        """The shared reader, and the decision."""

        def __init__(self) -> None:
            super().__init__()
            self.read = Lstm(task.inputs[0].shape[-1], UNITS)
            self.decide = nn.Linear(2 * UNITS, 1)

        def forward(self, a: Any, b: Any) -> Any:
            """On two texts."""
            return self.decide(torch.cat([self.read(a), self.read(b)], -1))

    return SameAuthor()


def jax_net(task: Task) -> Any:
    """Without the sigmoid; both texts are read at once, as rows of one batch."""
    import jax.numpy as jnp

    from benchmarks.peers.jax_net import JaxNet, Run, affine, lstm

    def forward(run: Run, a: Any, b: Any) -> Any:
        last, _ = run.lstm(jnp.concatenate([a, b]))
        return run.dense(jnp.concatenate(jnp.split(last, 2), -1))

    return JaxNet([*lstm(task.inputs[0].shape[-1], UNITS), *affine(2 * UNITS, 1)], forward)
