"""Convolutional LSTMs against Keras, evaluated by the NumPy references."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import CallFailure, PlainScope, assert_close, build, f32, make, open_batch
from kgen.graph import Builder
from kgen.interpret import interpret

SHAPES = {1: (2, 3, 7, 2), 2: (2, 3, 5, 4, 3), 3: (2, 2, 3, 4, 3, 1)}
FEW: list[tuple[int, dict[str, Any]]] = [
    (1, {"kernel_size": 3, "strides": 2, "padding": "same", "return_sequences": True}),
]
MANY: list[tuple[int, dict[str, Any]]] = [
    (2, {"kernel_size": (2, 3), "go_backwards": True, "return_state": True}),
    (1, {"kernel_size": 9, "padding": "same", "use_bias": False}),
    (1, {"kernel_size": 3, "dilation_rate": 2, "activation": "relu"}),
    (1, {"kernel_size": 2, "strides": 3, "unit_forget_bias": False}),
    (2, {"kernel_size": 1, "return_sequences": True, "recurrent_activation": "hard_sigmoid"}),
    (2, {"kernel_size": 3, "strides": (2, 1), "padding": "same", "return_sequences": True}),
    (2, {"kernel_size": (3, 1), "data_format": "channels_first", "return_state": True}),
    (2, {"kernel_size": 2, "data_format": "channels_first", "return_sequences": True}),
    (3, {"kernel_size": (1, 2, 3), "return_sequences": True, "go_backwards": True}),
    (3, {"kernel_size": 2, "padding": "same", "strides": 2}),
]


def check(rank: int, options: dict[str, Any]) -> None:
    """The same weights give the same outputs and states."""
    name, options = f"ConvLSTM{rank}D", {"filters": 3, **options}
    rng = np.random.default_rng(rank)
    x = f32(rng.normal(size=SHAPES[rank]))
    twin = getattr(keras.layers, name)(**options)
    twin.build(x.shape)
    weights = {}
    for variable in twin.weights:
        value = f32(rng.normal(size=variable.shape) * 0.4)
        variable.assign(value)
        weights["/".join(variable.path.split("/")[-2:])] = value
    found = twin(x)
    expected = found if isinstance(found, list | tuple) else [found]
    bound = make("layer", name, **options)
    with Builder() as builder:
        given = builder.input("x", open_batch(x))
        result = bound.definition.apply(PlainScope(builder), given, None, None, **bound.arguments)
        values = result if isinstance(result, list) else [result]
        graph = builder.graph("test", {f"y{k}": value for k, value in enumerate(values)})
    done = interpret(graph, {"x": x, **weights})
    assert len(values) == len(expected)
    for value, exact in zip(values, expected, strict=True):
        assert_close(np.asarray(done[value]), np.asarray(exact), roundings=64)


@pytest.mark.parametrize(("rank", "options"), FEW)
def test_sequences_of_images(rank: int, options: dict[str, Any]) -> None:
    check(rank, options)


@pytest.mark.slow
@pytest.mark.parametrize(("rank", "options"), MANY)
def test_many_sequences_of_images(rank: int, options: dict[str, Any]) -> None:
    check(rank, options)


def test_dropout_of_each_gate() -> None:
    """A factor for each cell and gate serves all steps, 0 or 1 / (1 - rate) in training."""
    options = {"filters": 2, "kernel_size": 2, "dropout": 0.25, "recurrent_dropout": 0.5}
    x = np.zeros(SHAPES[2], np.float32)
    still = build(make("layer", "ConvLSTM2D", **options), [x])
    assert not [n for n in still.graph.nodes if n.op.name == "random_uniform"]
    built = build(make("layer", "ConvLSTM2D", **options), [x], training=True)
    drawn = [n for n in built.graph.nodes if n.op.name == "random_uniform"]
    shapes = sorted(n.output.shape[1:] for n in drawn)
    assert shapes == [(4, 3, 2)] * 4 + [(5, 4, 3)] * 4
    assert len({n.attrs["stream"] for n in drawn}) == 8
    factors = {n.attrs["value"] for n in built.graph.nodes if n.op.name == "constant"}
    assert {2.0, 1.0 / 0.75} <= factors


@pytest.mark.parametrize(
    ("shape", "options", "part"),
    [
        ((2, 5, 4, 3), {}, "[batch, time, height, width, channels] is needed, found"),
        (SHAPES[2], {"strides": 2, "dilation_rate": 2}, "cannot be combined"),
        (SHAPES[2], {"kernel_size": 6}, "does not fit"),
    ],
)
def test_refusals(shape: tuple[int, ...], options: dict[str, Any], part: str) -> None:
    bound = make("layer", "ConvLSTM2D", **{"filters": 2, "kernel_size": 2, **options})
    with pytest.raises(CallFailure) as caught:
        build(bound, [np.zeros(shape, np.float32)])
    assert part in str(caught.value)


def test_softmax_of_channels_in_front() -> None:
    """Keras takes it along the last axis, of positions; here the cell has channels there."""
    options = {"filters": 2, "kernel_size": 1, "data_format": "channels_first"}
    bound = make("layer", "ConvLSTM1D", **options, recurrent_activation="softmax")
    with Builder() as builder, pytest.raises(CallFailure, match="recurrent_activation goes along"):
        x = builder.input("x", open_batch(np.zeros((2, 3, 4, 5), np.float32)))
        bound.definition.apply(PlainScope(builder), x, None, None, **bound.arguments)
