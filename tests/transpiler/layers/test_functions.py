"""Tensor functions against `keras.ops`."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from function_cases import CASES
from harness import CallFailure, PlainScope, assert_close, i32, open_batch
from kgen.graph import Builder
from kgen.interpret import interpret
from kgen.layers import registry

rng = np.random.default_rng(11)
A = rng.uniform(0.1, 2, (3, 4)).astype(np.float32)
B = rng.uniform(0.1, 2, (3, 4)).astype(np.float32)
C = rng.uniform(-2, 2, (2, 3, 4)).astype(np.float32)
D = rng.uniform(-2, 2, (2, 4, 5)).astype(np.float32)
W = rng.uniform(-2, 2, (4, 5)).astype(np.float32)


def evaluate(name: str, *args: Any, **kwargs: Any) -> np.ndarray:
    """Arrays among the arguments become inputs of a graph."""
    definition = registry.find("function", name)
    assert definition is not None, name
    feeds: dict[str, np.ndarray] = {}

    def tensor(value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            return [tensor(one) for one in value]
        if isinstance(value, np.ndarray):
            feeds[f"x{len(feeds)}"] = value
            fixed = value.ndim and value is not W
            kind = open_batch(value)
            kind = kind if fixed else type(kind)(kind.dtype, value.shape)
            return builder.input(f"x{len(feeds) - 1}", kind)
        return value

    with Builder() as builder:
        bound = registry.bound(definition, [tensor(a) for a in args], kwargs)
        y = definition.apply(PlainScope(builder), **bound.arguments)
        graph = builder.graph("f", {"y": y})
    return np.asarray(interpret(graph, feeds)[y])


SAME: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    *((name, (A,), {}) for name in (
        "absolute", "erf", "exp", "expm1", "floor", "log", "log1p", "negative", "rsqrt", "sign",
        "sqrt", "square", "reciprocal", "relu", "sigmoid", "tanh", "softmax", "gelu", "silu",
        "leaky_relu", "softplus", "zeros_like", "ones_like", "normalize", "transpose",
        "stop_gradient", "log_softmax")),
    *((name, (A, B), {}) for name in (
        "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "equal",
        "not_equal", "less", "less_equal", "greater", "greater_equal")),
    ("maximum", (A, 0.5), {}),
    ("subtract", (1.0, A), {}),
    *((name, (C,), kwargs) for name in ("sum", "mean", "max", "min", "var", "std", "logsumexp")
      for kwargs in ({}, {"axis": -1}, {"axis": [1, 2], "keepdims": True})),
    ("argmax", (C,), {"axis": 1}),
    ("argmax", (C,), {"axis": -1, "keepdims": True}),
    ("matmul", (A, W), {}),
    ("matmul", (C, W), {}),
    ("matmul", (C, D), {}),
    ("clip", (C, -0.5, 1.0), {}),
    ("where", (A > 1.0, A, B), {}),
    ("logical_and", (A > 1.0, B > 1.0), {}),
    ("logical_or", (A > 1.0, B > 1.0), {}),
    ("logical_not", (A > 1.0,), {}),
    ("concatenate", ([A, B],), {"axis": -1}),
    ("stack", ([A, B],), {"axis": 1}),
    ("stack", ([A, B],), {"axis": -1}),
    ("expand_dims", (A,), {"axis": 1}),
    ("expand_dims", (A,), {"axis": -1}),
    ("squeeze", (A[:, None],), {"axis": 1}),
    ("moveaxis", (C, 1, 2), {}),
    ("transpose", (C,), {"axes": [0, 2, 1]}),
    ("one_hot", (i32([[0, 2], [1, 1]]), 3), {}),
]  # fmt: skip
BOOLEAN = ("where", "logical_and", "logical_or", "logical_not")


@pytest.mark.parametrize(("name", "args", "kwargs"), SAME)
def test_like_keras(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Sums of at most 24 numbers up to 2, powers up to 4: 64 roundings of the result."""
    found = with_conditions(name, args) if name in BOOLEAN else evaluate(name, *args, **kwargs)
    expected = np.asarray(getattr(keras.ops, name)(*args, **kwargs))
    assert_close(found.astype(np.float64), expected.astype(np.float64), 64)


def with_conditions(name: str, args: tuple[Any, ...]) -> np.ndarray:
    """Truth values are no inputs: they are made by comparing with 0."""
    definition = registry.find("function", name)
    assert definition is not None
    with Builder() as builder:
        feeds = {f"x{i}": a.astype(np.float32) for i, a in enumerate(args)}
        values = [builder.input(key, open_batch(a)) for key, a in feeds.items()]
        ready = [v > 0.0 if args[i].dtype == bool else v for i, v in enumerate(values)]
        y = definition.apply(PlainScope(builder), **registry.bound(definition, ready).arguments)
        graph = builder.graph("f", {"y": y})
    return np.asarray(interpret(graph, feeds)[y])


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum", "average"])
def test_merges_in_lower_case(name: str) -> None:
    expected = np.asarray(getattr(keras.layers, name)([A, B]))
    assert_close(evaluate(name, [A, B]), expected, 4)


def test_dot_and_concatenate_are_the_layers() -> None:
    expected = np.asarray(keras.layers.dot([A, B], axes=-1, normalize=True))
    assert_close(evaluate("dot", [A, B], axes=-1, normalize=True), expected, 32)
    assert_close(evaluate("concatenate", [A, B]), np.concatenate([A, B], -1), 0)
    assert_close(evaluate("l2_normalize", A), A / np.linalg.norm(A, axis=-1, keepdims=True), 8)


def test_unit_of_zero_is_zero_with_a_finite_derivative() -> None:
    from kgen import ops
    from kgen.graph import TensorType
    from kgen.layers.merging import unit
    from kgen.passes.differentiate import gradients

    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (2, 3)))
        y = unit(x, -1)
        (grad,) = gradients(ops.sum(y), [x])
        graph = builder.graph("u", {"y": y, "grad": grad})
    done = interpret(graph, {"x": np.zeros((2, 3), np.float32)})
    assert np.all(done[y] == 0)
    assert np.all(np.isfinite(done[grad]))


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "message"),
    [
        ("matmul", (A, D), {}, "cannot multiply"),
        ("matmul", (A, B), {}, "cannot multiply"),
        ("add", (A,), {}, "second tensor"),
        ("add", ([A, B], A), {}, "not both"),
        ("add", ([A, W],), {}, "cannot merge"),
        ("squeeze", (A, 1), {}, "not of size 1"),
        ("expand_dims", (A, 5), {}, "out of range"),
        ("sum", (A,), {"axis": 3}, "out of range"),
    ],
)
def test_refuses(name: str, args: Any, kwargs: Any, message: str) -> None:
    with pytest.raises(CallFailure, match=message):
        evaluate(name, *args, **kwargs)


def test_every_function_is_compared() -> None:
    tested = {case[0] for case in SAME} | {case.name for case in CASES}
    tested |= {"bincount", "rearrange", "stop_gradient"}  # below, or without a value of their own
    activations = {d.name for d in registry.definitions("activation")} | {"argpartition"}
    # These have tests of their own: test_window_functions and test_ctc.
    elsewhere = {"kgen.layers.functions_windows", "kgen.layers.ctc"}
    declared = registry.definitions("function")
    own = {d.name for d in declared if d.function.__module__ not in elsewhere}
    assert own <= tested | activations


def test_bincount_counts_along_the_last_axis() -> None:
    found = evaluate("bincount", i32([[0, 2, 2], [1, 0, 3]]), 4)
    assert found.tolist() == [[1, 0, 2, 0], [1, 1, 0, 1]]


def test_rearrange_splits_orders_and_joins() -> None:
    found = evaluate("rearrange", C, "b t (h c) -> b h (c t)", [2, -1])
    expected = C.reshape(2, 3, 2, 2).transpose(0, 2, 3, 1).reshape(2, 2, 6)
    np.testing.assert_array_equal(found, expected)
