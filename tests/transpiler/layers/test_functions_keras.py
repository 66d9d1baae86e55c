"""Every tensor function that Keras has too: values, element types and derivatives.

Both compute in float32: sums of up to a hundred terms near 2, and functions with condition
numbers up to ten, stay within 64 roundings of the largest magnitude.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from function_cases import CASES, Case
from harness import EPS, PlainScope, open_batch
from kgen import ops
from kgen.graph import BATCH, Builder, TensorType, Value
from kgen.interpret import interpret
from kgen.layers import registry
from kgen.passes.differentiate import gradients
from kgen.rewrite import verify

ROUNDINGS = 64


def arrays_of(case: Case) -> list[np.ndarray]:
    """The tensors among the arguments, those of lists too."""
    found: list[np.ndarray] = []
    for value in case.tensors:
        given = value if isinstance(value, list) else [value]
        found += [array for array in given if isinstance(array, np.ndarray)]
    return found


def with_tensors(case: Case, tensors: list[Any]) -> list[Any]:
    """The arguments with other tensors in the places of the arrays."""
    rest = iter(tensors)

    def put(value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            return [next(rest) for _ in value]
        return next(rest) if isinstance(value, np.ndarray) else value

    return [put(value) for value in case.tensors]


def declared(case: Case, array: np.ndarray) -> TensorType:
    kind = open_batch(array)
    return TensorType(kind.dtype, array.shape) if case.fixed else kind


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def keras_call(case: Case, arrays: list[Any]) -> list[Any]:
    function = getattr(keras.ops, case.name, None)
    return listed(function(*with_tensors(case, arrays), **case.options))


def apply_function(builder: Builder, case: Case, values: list[Value]) -> list[Value]:
    definition = registry.find("function", case.name)
    assert definition is not None
    options = dict(case.options)
    if case.name in ("broadcast_to", "slice"):
        options["shape"] = (BATCH, *options["shape"][1:])
    if isinstance(options.get("repeats"), np.ndarray):
        options["repeats"] = options["repeats"].tolist()
    bound = registry.bound(definition, with_tensors(case, values), options)
    return listed(definition.apply(PlainScope(builder), **bound.arguments))


def near(found: Any, expected: Any, scale: float = 1.0) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    finite = np.abs(expected[np.isfinite(expected)].astype(np.float64))
    size = max(1.0, scale, float(np.max(finite, initial=0.0)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=ROUNDINGS * EPS * size)


@pytest.mark.parametrize("case", CASES[::9], ids=lambda c: f"{c.name}")
def test_like_keras(case: Case) -> None:
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.name}")
def test_all_like_keras(case: Case) -> None:
    check(case)


def check(case: Case) -> None:
    """Values, element types, and the derivative of a weighted sum for every tensor."""
    arrays = arrays_of(case)
    expected = keras_call(case, [jnp.asarray(a) for a in arrays])
    with Builder() as builder:
        values = [builder.input(f"x{n}", declared(case, a)) for n, a in enumerate(arrays)]
        ys = apply_function(builder, case, values)
        rng = np.random.default_rng(3)
        factors = [rng.uniform(-1, 1, np.shape(e)).astype(np.float32) for e in expected]
        slopes: list[Value] = []
        checked = [n for n, a in enumerate(arrays) if a.dtype == np.float32]
        if case.grad:
            total: Value | None = None
            for n, y in enumerate(ys):
                if y.dtype == "float32":
                    part = ops.sum(y * builder.input(f"c{n}", y.type))
                    total = part if total is None else total + part
            assert total is not None
            slopes = gradients(total, [values[n] for n in checked])
        outputs = {f"y{n}": v for n, v in enumerate([*ys, *slopes])}
        graph = builder.graph(case.name, outputs)
    verify(graph)
    feeds = {f"x{n}": a for n, a in enumerate(arrays)}
    done = interpret(graph, {**feeds, **{f"c{n}": c for n, c in enumerate(factors)}})
    assert len(ys) == len(expected)
    for y, e in zip(ys, expected, strict=True):
        assert y.dtype == str(np.asarray(e).dtype)
        assert str(done[y].dtype) == y.dtype
        near(done[y], e)
    if not case.grad:
        return

    def weighed(*given: Any) -> Any:
        every: list[Any] = [jnp.asarray(a) for a in arrays]
        for n, a in zip(checked, given, strict=True):
            every[n] = a
        found = keras_call(case, every)
        parts = zip(found, factors, strict=True)
        return sum(jnp.sum(y * c) for y, c in parts if y.dtype == jnp.float32)

    exact = jax.grad(weighed, tuple(range(len(checked))))(*(arrays[n] for n in checked))
    for slope, e in zip(slopes, exact, strict=True):
        near(done[slope], e)
