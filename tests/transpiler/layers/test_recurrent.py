"""Recurrent layers against Keras, evaluated by the NumPy references."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import PlainScope, assert_close, build, f32, make, open_batch
from kgen import ops
from kgen.graph import Builder
from kgen.interpret import interpret

RNG = np.random.default_rng(5)
X = RNG.normal(size=(3, 6, 4)).astype(np.float32)
MASK = np.array([[1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0], [0, 0, 0, 0, 0, 0]], bool)
FEW: list[tuple[str, dict[str, Any]]] = [
    ("SimpleRNN", {"units": 5}),
    ("LSTM", {"units": 4, "go_backwards": True, "return_sequences": True, "use_bias": False}),
    ("GRU", {"units": 5, "return_sequences": True}),
    ("GRU", {"units": 3, "reset_after": False, "return_sequences": True}),
]
MANY: list[tuple[str, dict[str, Any]]] = [
    ("SimpleRNN", {"units": 1, "activation": "relu", "use_bias": False, "go_backwards": True}),
    ("LSTM", {"units": 5, "return_sequences": True}),
    ("LSTM", {"units": 3, "recurrent_activation": "hard_sigmoid", "activation": "softsign"}),
    ("GRU", {"units": 2, "use_bias": False, "go_backwards": True}),
    ("GRU", {"units": 2, "reset_after": False, "use_bias": False}),
]


def weights_of(layer: Any, x: np.ndarray) -> dict[str, np.ndarray]:
    """Random weights, put into a Keras layer, by their paths within it."""
    layer.build(x.shape)
    found = {}
    for variable in layer.weights:
        value = f32(np.random.default_rng(len(found)).normal(size=variable.shape) * 0.6)
        variable.assign(value)
        found["/".join(variable.path.split("/")[-2:])] = value
    return found


def evaluate(
    name: str, options: dict[str, Any], weights: dict[str, np.ndarray], mask: np.ndarray | None
) -> np.ndarray:
    """The layer's output in NumPy."""
    bound = make("layer", name, **options)
    feeds = {"x": X, **weights}
    with Builder() as builder:
        x, kept = builder.input("x", open_batch(X)), None
        if mask is not None:
            feeds["mask"] = f32(mask)
            kept = ops.greater(builder.input("mask", open_batch(feeds["mask"])), 0.5)
        y = bound.definition.apply(PlainScope(builder), x, None, kept, **bound.arguments)
        graph = builder.graph("test", {"y": y})
    return np.asarray(interpret(graph, feeds)[y])


@pytest.mark.parametrize(("name", "options"), FEW)
def test_masked_sequences(name: str, options: dict[str, Any]) -> None:
    """Masked steps keep the states, and repeat the output before; rows without any keep zeros."""
    check(name, options, masked=True)


@pytest.mark.slow
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("name", "options"), MANY)
def test_sequences(name: str, options: dict[str, Any], masked: bool) -> None:
    check(name, options, masked=masked)


def check(name: str, options: dict[str, Any], *, masked: bool) -> None:
    """The same weights give the same output."""
    twin = getattr(keras.layers, name)(**options)
    weights = weights_of(twin, X)
    mask = MASK if masked else None
    expected = np.asarray(twin(X, mask=None if mask is None else keras.ops.array(mask)))
    assert_close(evaluate(name, options, weights, mask), expected, roundings=64)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_zero_output_for_masked_steps(name: str) -> None:
    options = {"units": 3, "return_sequences": True, "zero_output_for_mask": True}
    twin = getattr(keras.layers, name)(**options)
    weights = weights_of(twin, X)
    expected = np.asarray(twin(X, mask=keras.ops.array(MASK)))
    assert not np.any(expected[~MASK])
    assert_close(evaluate(name, options, weights, MASK), expected, roundings=64)


@pytest.mark.parametrize(("name", "count"), [("SimpleRNN", 1), ("LSTM", 4), ("GRU", 3)])
def test_dropout_of_inputs_and_states(name: str, count: int) -> None:
    """One factor for a feature or unit serves all steps, 0 or 1 / (1 - rate) in training."""
    options = {"units": 5, "dropout": 0.25, "recurrent_dropout": 0.5}
    still = build(make("layer", name, **options), [X])
    assert not [n for n in still.graph.nodes if n.op.name == "random_uniform"]
    built = build(make("layer", name, **options), [X], training=True)
    shapes = [n.output.shape[1:] for n in built.graph.nodes if n.op.name == "random_uniform"]
    assert sorted(shapes) == sorted([(4,)] * count + [(5,)] * count)
    streams = {n.attrs["stream"] for n in built.graph.nodes if n.op.name == "random_uniform"}
    assert len(streams) == 2 * count
    factors = {n.attrs["value"] for n in built.graph.nodes if n.op.name == "constant"}
    assert {2.0, 1.0 / 0.75} <= factors
