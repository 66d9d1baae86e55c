"""Pictures through a short code and back (29)."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

MIRRORED = True
CODE, PICTURE = 16, (7, 7, 64)


def keras_net(task: Task, scale: int) -> Any:
    """With the sigmoid; there is no dropout to scale."""
    from keras import Input, Sequential, layers

    def halve(filters: int) -> Any:
        return layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")

    def double(filters: int) -> Any:
        return layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")

    return Sequential(
        [
            Input(task.inputs[0].shape),
            halve(32),
            halve(64),
            layers.Flatten(),
            layers.Dense(CODE),
            layers.Dense(7 * 7 * 64),
            layers.Reshape(PICTURE),
            double(64),
            double(32),
            layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid"),
        ]
    )


def torch_net(task: Task) -> Any:
    """Without the sigmoid."""
    from torch import nn

    from benchmarks.peers.torch_net import ChannelsFirst, ChannelsLast, FromPicture, ToPicture

    return nn.Sequential(
        ChannelsFirst(),
        nn.Conv2d(1, 32, 3, 2, 1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, 2, 1),
        nn.ReLU(),
        nn.Flatten(),
        FromPicture(PICTURE, CODE),
        ToPicture(CODE, PICTURE),
        nn.ConvTranspose2d(64, 64, 3, 2, 1, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, 2, 1, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 3, 1, 1),
        ChannelsLast(),
    )


def jax_net(task: Task) -> Any:
    """Without the sigmoid."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, flatten, relu

    def forward(run: Run, x: Any) -> Any:
        for _ in range(2):
            x = relu(run.conv(x, 2, "SAME"))
        x = run.dense(run.dense(flatten(x))).reshape(-1, *PICTURE)
        for _ in range(2):
            x = relu(run.conv_transpose(x, 2))
        return run.conv_transpose(x, 1)

    weights = [
        *affine(3, 3, 1, 32),
        *affine(3, 3, 32, 64),
        *affine(7 * 7 * 64, CODE),
        *affine(CODE, 7 * 7 * 64),
        *affine(3, 3, 64, 64),
        *affine(3, 3, 64, 32),
        *affine(3, 3, 32, 1),
    ]
    return JaxNet(weights, forward, mirrored=frozenset((8, 10, 12)))
