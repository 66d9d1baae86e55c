"""A residual network of twenty layers with batch normalisation."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.peers.tasks import Task

MIRRORED = True
STAGES = (16, 32, 64)
BLOCKS = 3


def keras_net(task: Task, scale: int) -> Any:
    """With the softmax; there is no dropout to scale."""
    from keras import Input, Model, layers

    number = itertools.count()

    def normalized(x: Any, filters: int, side: int = 3, strides: int = 1) -> Any:
        x = layers.Conv2D(
            filters,
            side,
            strides=strides,
            padding="same",
            use_bias=False,
            name=f"conv_{next(number)}",
        )(x)
        return layers.BatchNormalization(name=f"norm_{next(number)}")(x)

    relu = layers.Activation("relu")
    image = Input(task.inputs[0].shape)
    x = relu(normalized(image, STAGES[0]))
    for filters in STAGES:
        for block in range(BLOCKS):
            halve = filters > STAGES[0] and block == 0
            shortcut = normalized(layers.AveragePooling2D(2)(x), filters, 1) if halve else x
            y = relu(normalized(x, filters, strides=2 if halve else 1))
            x = relu(layers.Add()([normalized(y, filters), shortcut]))
    x = layers.GlobalAveragePooling2D()(x)
    decide = layers.Dense(task.classes, activation="softmax", name=f"dense_{next(number)}")
    return Model(image, decide(x))


def keras_layers(net: Any) -> list[Any]:
    """The layers with weights in the order they were made: Keras sorts them by depth."""
    return sorted(
        (layer for layer in net.layers if layer.weights),
        key=lambda layer: int(layer.name.rpartition("_")[2]),
    )


def torch_net(task: Task) -> Any:
    """Without the softmax."""
    from torch import nn

    from benchmarks.peers.torch_net import ChannelsFirst, Mean

    def normalized(inputs: int, filters: int, side: int = 3, strides: int = 1) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, filters, side, strides, side // 2, bias=False)
        return [conv, nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)]

    class Block(nn.Module):
        """Two convolutions added to their input, or to a projection of it."""

        def __init__(self, inputs: int, filters: int) -> None:
            super().__init__()
            halve = inputs != filters
            shortcut = [nn.AvgPool2d(2), *normalized(inputs, filters, 1)] if halve else []
            self.shortcut = nn.Sequential(*shortcut)
            self.change = nn.Sequential(
                *normalized(inputs, filters, strides=2 if halve else 1),
                nn.ReLU(),
                *normalized(filters, filters),
            )

        def forward(self, x: Any) -> Any:
            """The sum."""
            return nn.functional.relu(self.change(x) + self.shortcut(x))

    net: list[nn.Module] = [ChannelsFirst(), *normalized(3, STAGES[0]), nn.ReLU()]
    before = STAGES[0]
    for filters in STAGES:
        for _ in range(BLOCKS):
            net.append(Block(before, filters))
            before = filters
    return nn.Sequential(*net, Mean(), nn.Linear(before, task.classes))


def jax_net(task: Task) -> Any:
    """Without the softmax."""
    from benchmarks.peers.jax_net import (
        JaxNet,
        Run,
        Weight,
        affine,
        average,
        batch_norm,
        kernel,
        relu,
    )

    def normalized(run: Run, x: Any, strides: int = 1) -> Any:
        return run.batch_norm(run.conv(x, strides, "SAME", bias=False))

    def forward(run: Run, x: Any) -> Any:
        x = relu(normalized(run, x))
        for filters in STAGES:
            for number in range(BLOCKS):
                halve = filters > STAGES[0] and number == 0
                shortcut = normalized(run, average(x, 2)) if halve else x
                y = relu(normalized(run, x, 2 if halve else 1))
                x = relu(normalized(run, y) + shortcut)
        return run.dense(x.mean((1, 2)))

    def weights(side: int, inputs: int, filters: int) -> list[Weight]:
        return [*kernel(side, side, inputs, filters), *batch_norm(filters)]

    found = weights(3, 3, STAGES[0])
    before = STAGES[0]
    for filters in STAGES:
        for _ in range(BLOCKS):
            found += weights(1, before, filters) if before != filters else []
            found += [*weights(3, before, filters), *weights(3, filters, filters)]
            before = filters
    return JaxNet([*found, *affine(before, task.classes)], forward)
