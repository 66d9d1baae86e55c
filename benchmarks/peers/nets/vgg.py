"""A convolutional net in the manner of VGG (04)."""

from __future__ import annotations

from typing import Any

from benchmarks.peers.tasks import Task

FILTERS, WIDTH, RATE = 32, 256, 0.25
PICTURE = (22, 22, 2 * FILTERS)


def keras_net(task: Task, scale: int) -> Any:
    """With the softmax; dropout rates times `scale`."""
    from keras import Input, Sequential, layers

    net: list[Any] = [Input(task.inputs[0].shape)]
    for filters in (FILTERS, 2 * FILTERS):
        net += [layers.Conv2D(filters, 3, activation="relu") for _ in range(2)]
        net += [layers.MaxPooling2D(2), layers.Dropout(scale * RATE)]
    net += [layers.Flatten(), layers.Dense(WIDTH, activation="relu")]
    net += [layers.Dropout(2 * scale * RATE), layers.Dense(task.classes, activation="softmax")]
    return Sequential(net)


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    from benchmarks.peers.torch_net import ChannelsFirst, FromPicture

    net: list[nn.Module] = [ChannelsFirst()]
    for inputs, filters in ((3, FILTERS), (FILTERS, 2 * FILTERS)):
        net += [nn.Conv2d(inputs, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3)]
        net += [nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(RATE)]
    net += [nn.Flatten(), FromPicture(PICTURE, WIDTH), nn.ReLU(), nn.Dropout(2 * RATE)]
    return nn.Sequential(*net, nn.Linear(WIDTH, task.classes))


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    from benchmarks.peers.jax_net import JaxNet, Run, affine, flatten, pool, relu

    def forward(run: Run, x: Any) -> Any:
        for _ in range(2):
            x = run.drop(pool(relu(run.conv(relu(run.conv(x)))), 2), RATE)
        return run.dense(run.drop(relu(run.dense(flatten(x))), 2 * RATE))

    weights = [
        *affine(3, 3, 3, FILTERS),
        *affine(3, 3, FILTERS, FILTERS),
        *affine(3, 3, FILTERS, 2 * FILTERS),
        *affine(3, 3, 2 * FILTERS, 2 * FILTERS),
        *affine(PICTURE[0] * PICTURE[1] * PICTURE[2], WIDTH),
        *affine(WIDTH, task.classes),
    ]
    return JaxNet(weights, forward)
