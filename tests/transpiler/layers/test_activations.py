"""Activations against Keras on JAX."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import EPS, call, f32, make
from kgen import ops
from kgen.graph import Builder, TensorType
from kgen.interpret import interpret
from kgen.layers import registry
from kgen.passes.differentiate import gradients

GRID = np.concatenate(
    [
        np.linspace(-8, 8, 129),
        [-100.0, -30.0, 30.0, 80.0, 1e-4, -1e-4, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 6.0],
    ]
).astype(np.float32)
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "relu": [
        {"negative_slope": 0.1},
        {"max_value": 2.0},
        {"max_value": 6.0},
        {"threshold": 1.0},
        {"negative_slope": 0.2, "max_value": 3.0, "threshold": 0.5},
    ],
    "leaky_relu": [{"negative_slope": 0.01}],
    "elu": [{"alpha": 0.5}],
    "celu": [{"alpha": 2.0}],
    "gelu": [{"approximate": True}],
    "hard_shrink": [{"threshold": 1.0}],
    "soft_shrink": [{"threshold": 1.0}],
    "squareplus": [{"b": 1.0}],
    "threshold": [{"threshold": 0.5, "default_value": -2.0}],
    "softmax": [{"axis": 1}],
    "log_softmax": [{"axis": 1}],
    "glu": [{"axis": 1}],
    "sparsemax": [{"axis": 1}],
}
NEEDS_ARGUMENTS = {"threshold"}
PLAIN: dict[bool, list[dict[str, Any]]] = {True: [], False: [{}]}
CASES = [
    (definition.name, kwargs)
    for definition in registry.definitions("activation")
    for kwargs in PLAIN[definition.name in NEEDS_ARGUMENTS] + ARGUMENTS.get(definition.name, [])
]


def projection(x: np.ndarray, axis: int = -1) -> np.ndarray:
    """The nearest point whose elements are not negative and sum to 1, by sorting."""
    rows = np.moveaxis(x.astype(np.float64), axis, -1)
    falling = -np.sort(-rows, -1)
    bounds = (falling.cumsum(-1) - 1) / np.arange(1, rows.shape[-1] + 1)
    size = (falling > bounds).sum(-1, keepdims=True)
    nearest = np.maximum(rows - np.take_along_axis(bounds, size - 1, -1), 0.0)
    return np.moveaxis(nearest, -1, axis)


@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_like_keras(name: str, kwargs: dict[str, float]) -> None:
    """A dozen roundings at most, and as many again in Keras, of numbers as large as result or x.

    Softmax's exponent loses eps * |x| of relative accuracy, hence the scale.
    """
    x = np.tile(GRID, 2)[: 2 * 12 * 11].reshape(2, 12, 11).copy()
    if name in ("glu",):
        x = x[:, :, :10]
    # Keras's sparsemax differs from its definition.
    function: Any = projection if name == "sparsemax" else getattr(keras.activations, name)
    expected = np.asarray(function(x, **kwargs))
    found = call("activation", name, x, **kwargs)
    finite = np.isfinite(expected)
    # exp overflows where Keras does.
    assert np.array_equal(np.isfinite(found), finite)
    tolerance = 24 * EPS * np.maximum(1.0, np.abs(x) if x.shape == found.shape else 8.0)
    tolerance = np.broadcast_to(tolerance * np.maximum(1.0, np.abs(expected)), found.shape)
    assert np.all(np.abs(found - expected)[finite] <= tolerance[finite])


def test_sparsemax_is_a_distribution() -> None:
    """Ties share, sums are 1, and the derivative is that of a mean over the support."""
    x = f32([[1.0, 1.0, 0.9, -3.0], [5.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    with Builder() as builder:
        value = builder.input("x", TensorType("float32", x.shape))
        y = make("activation", "sparsemax").definition.function(value)
        weights = builder.input("w", TensorType("float32", x.shape))
        (grad,) = gradients(ops.sum(y * weights), [value])
        graph = builder.graph("s", {"y": y, "grad": grad})
    w = np.arange(12, dtype=np.float32).reshape(3, 4)
    done = interpret(graph, {"x": x, "w": w})
    expected = [[1.1 / 3, 1.1 / 3, 0.8 / 3, 0.0], [1.0, 0.0, 0.0, 0.0], [0.25] * 4]
    np.testing.assert_allclose(done[y], expected, atol=4 * EPS)
    held = done[y] > 0
    mean = (w * held).sum(-1, keepdims=True) / held.sum(-1, keepdims=True)
    np.testing.assert_allclose(done[grad], (w - mean) * held, atol=32 * EPS)


@pytest.mark.parametrize("name", ["elu", "selu", "celu", "softplus", "mish", "silu", "gelu"])
def test_finite_far_out(name: str) -> None:
    x = np.array([[-1e4, 1e4, -3e38, 3e18]], np.float32)
    assert np.all(np.isfinite(call("activation", name, x)))


def test_glu_refuses_odd_sizes() -> None:
    from harness import CallFailure

    with pytest.raises(CallFailure, match="splits axis 1"):
        call("activation", "glu", np.zeros((2, 3), np.float32))
