"""Every operation in the table, at every sample: shape rule, reference, derivatives, expansion.

Derivatives are compared with central differences in float64: while a test runs, the
references round to float64 instead of float32 (`wide`). A step h then leaves an error of
h^2 / 6 times the third derivative, and rounding one of about 1e-16 / h times the value.
With h = 1e-5, third derivatives up to 1e4 (1 / sqrt(x) at 0.1) and sums of up to a hundred
terms, both stay below 1e-6 of the larger of 1 and the derivative.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import pytest
from kgen import ops
from kgen.graph import OPS, Builder, Graph, Sample, TensorType, Value
from kgen.interpret import interpret
from kgen.passes.differentiate import gradients
from kgen.rewrite import verify

STEP = 1e-5
TOLERANCE = 1e-6
REFERENCES = [
    module
    for name, module in sorted(sys.modules.items())
    if name.startswith("kgen.ops.") and hasattr(module, "np")
]
CASES = [(name, i) for name, op in OPS.items() for i in range(len(op.samples))]
DIFFERENTIABLE = [
    (name, i)
    for name, i in CASES
    if OPS[name].samples[i].shapes and OPS[name].samples[i].grad != ()
]
# Made and used by the operations that are sampled, or fed.
WITHOUT_SAMPLES = {
    "array", "as_float", "constant", "distinct_places", "distinct_ranks", "distinct_rows",
    "dot_panels", "dot_parts", "dot_turned", "filter_parts", "input", "logical_and", "logical_not",
    "logical_or", "random_normal", "random_uniform", "scalar_input", "scan", "scan_output",
    "sum_parts", "weight", "where", "winograd", "winograd_filter",
    "winograd_kernel",
}  # fmt: skip


class Wide:
    """NumPy, but float32 means float64."""

    float32 = np.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in REFERENCES:
        monkeypatch.setattr(module, "np", Wide())
    yield


def inputs_of(sample: Sample, dtype: type = np.float32) -> list[np.ndarray]:
    rng = np.random.default_rng(17)
    return [
        s
        if isinstance(s, np.ndarray)
        else np.asarray(rng.uniform(sample.low, sample.high, s), dtype)
        for s in sample.shapes
    ]


def declare(builder: Builder, arrays: Sequence[np.ndarray]) -> list[Value]:
    return [
        builder.input(f"x{i}", TensorType(element_type(array), array.shape))
        for i, array in enumerate(arrays)
    ]


def element_type(array: np.ndarray) -> str:
    return "int32" if array.dtype == np.int32 else "float32"


def widened(array: np.ndarray) -> np.ndarray:
    """In float64, unless it holds integers."""
    return array if array.dtype == np.int32 else array.astype(np.float64)


def feed(arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"x{i}": array for i, array in enumerate(arrays)}


@pytest.mark.parametrize(("name", "index"), CASES)
def test_shape_rule_and_rounding(name: str, index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rule gives the reference's type; the reference is the float64 one, rounded once."""
    op, sample = OPS[name], OPS[name].samples[index]
    arrays = inputs_of(sample)
    with Builder() as builder:
        y = builder.add(op, declare(builder, arrays), sample.attrs)
        graph = builder.graph(name, {"y": y})
    verify(graph)
    found = interpret(graph, feed(arrays))[y]
    assert found.shape == y.shape
    assert str(found.dtype) == y.dtype
    for module in REFERENCES:
        monkeypatch.setattr(module, "np", Wide())
    exact = interpret(graph, feed([widened(a) for a in arrays]))[y]
    assert np.array_equal(found, exact.astype(found.dtype))


def keras_function(name: str) -> Any:
    for module in (keras.ops, keras.activations):
        if hasattr(module, name):
            return getattr(module, name)
    return None


ATTRIBUTES: dict[str, Callable[..., dict[str, Any]]] = {
    "sum": lambda axes, keepdims: {"axis": axes, "keepdims": keepdims},
    "max": lambda axes, keepdims: {"axis": axes, "keepdims": keepdims},
    "min": lambda axes, keepdims: {"axis": axes, "keepdims": keepdims},
    "reshape": lambda shape: {"newshape": shape},
}
# Same name, another meaning or signature.
NOT_KERAS = {
    "dot", "index", "batch_size", "slice_axis", "concatenate", "conv", "conv_transpose", "pad",
    "slice", "repeat", "argsort", "cumsum",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "index"),
    [(n, i) for n, i in CASES if n not in NOT_KERAS and keras_function(n) is not None],
)
def test_reference_like_keras(name: str, index: int) -> None:
    """Keras on JAX computes in float32: some 16 roundings of the result or its exponent."""
    sample = OPS[name].samples[index]
    arrays = inputs_of(sample)
    attrs = ATTRIBUTES[name](**sample.attrs) if name in ATTRIBUTES else sample.attrs
    expected = np.asarray(keras_function(name)(*arrays, **attrs), np.float64)
    found = np.asarray(OPS[name].reference(*arrays, **sample.attrs), np.float64)
    assert found.shape == expected.shape
    size = np.maximum(1.0, np.abs(expected)) * max(1.0, sample.high)
    assert np.all(np.abs(found - expected) <= 16 * np.finfo(np.float32).eps * size)


class Harness:
    """A graph of sum(y * c) and its gradients for the inputs, evaluated in float64."""

    def __init__(self, name: str, sample: Sample, order: int) -> None:
        self.arrays = inputs_of(sample, np.float64)
        rng = np.random.default_rng(23)
        count = range(len(self.arrays))
        self.checked = list(count if sample.grad is None else sample.grad)
        with Builder() as builder:
            xs = declare(builder, self.arrays)
            y = builder.add(OPS[name], xs, sample.attrs)
            self.feeds: dict[str, np.ndarray] = {}
            self.total = self._weighed(builder, y, "c", rng)
            found = gradients(self.total, [xs[i] for i in self.checked])
            if order == 2:
                # The gradient of a weighted sum of the gradients.
                parts = [self._weighed(builder, g, f"v{i}", rng) for i, g in enumerate(found)]
                self.total = parts[0]
                for part in parts[1:]:
                    self.total = self.total + part
                found = gradients(self.total, [xs[i] for i in self.checked])
            self.found = found
            outputs = {"total": self.total, **{f"g{i}": g for i, g in enumerate(found)}}
            self.graph: Graph = builder.graph(name, outputs)
        verify(self.graph)

    def _weighed(self, builder: Builder, y: Value, name: str, rng: np.random.Generator) -> Value:
        shape = tuple(size for size in y.shape if isinstance(size, int))
        self.feeds[name] = rng.uniform(-1, 1, shape)
        return ops.sum(ops.as_float(y) * builder.input(name, TensorType("float32", shape)))

    def evaluate(self, arrays: Sequence[np.ndarray]) -> dict[Value, np.ndarray]:
        return interpret(self.graph, {**feed(arrays), **self.feeds})

    def differences(self, index: int) -> np.ndarray:
        """Central differences of the total for one input."""
        slope = np.empty(self.arrays[index].shape)
        for place in np.ndindex(slope.shape):
            sides = []
            for step in (STEP, -STEP):
                arrays = [array.copy() for array in self.arrays]
                arrays[index][place] += step
                sides.append(float(self.evaluate(arrays)[self.total]))
            slope[place] = (sides[0] - sides[1]) / (2 * STEP)
        return slope

    def check(self) -> None:
        values = self.evaluate(self.arrays)
        for index, grad in zip(self.checked, self.found, strict=True):
            expected = self.differences(index)
            assert grad.shape == expected.shape
            size = np.maximum(1.0, np.abs(expected))
            assert np.all(np.abs(values[grad] - expected) <= TOLERANCE * size), index


@pytest.mark.parametrize(("name", "index"), DIFFERENTIABLE)
def test_gradient(name: str, index: int, wide: None) -> None:
    Harness(name, OPS[name].samples[index], 1).check()


@pytest.mark.parametrize(
    ("name", "index"),
    [
        pytest.param(*case, marks=pytest.mark.slow if case[0] == "attention" else ())
        for case in DIFFERENTIABLE
    ],
)
def test_gradient_of_gradient(name: str, index: int, wide: None) -> None:
    Harness(name, OPS[name].samples[index], 2).check()


def test_gradient_of_where(wide: None) -> None:
    """`where` takes a truth value, which no sample can hold."""
    arrays = [np.random.default_rng(5).uniform(-2, 2, s) for s in ((3, 4), (3, 4), (4,))]
    with Builder() as builder:
        c, a, b = declare(builder, arrays)
        y = ops.where(c > 0.0, a, b)
        found = gradients(ops.sum(y), [a, b, c])
        graph = builder.graph("where", {"y": y})
    done = interpret(graph, feed(arrays))
    assert np.array_equal(done[found[0]], arrays[0] > 0)
    assert np.array_equal(done[found[1]], (arrays[0] <= 0).sum(0))
    assert not done[found[2]].any()


@pytest.mark.parametrize(("name", "index"), [(n, i) for n, i in CASES if OPS[n].expand is not None])
def test_expansion(name: str, index: int, wide: None) -> None:
    """An operation written in simpler ones has the same value; in float64, to 1e-13.

    Exponents up to 200 lose 200 eps, and log1p(exp(-x)) of a small exponential nothing.
    """
    op, sample = OPS[name], OPS[name].samples[index]
    arrays = inputs_of(sample, np.float64)
    assert op.expand is not None
    with Builder() as builder:
        xs = declare(builder, arrays)
        whole = builder.add(op, xs, sample.attrs)
        simpler = op.expand(whole.node, tuple(xs))
        graph = builder.graph(name, {"whole": whole, "simpler": simpler})
    assert whole.type == simpler.type
    done = interpret(graph, feed(arrays))
    np.testing.assert_allclose(done[simpler], done[whole], rtol=1e-13, atol=1e-13)


def test_ties_share_the_gradient() -> None:
    with Builder() as builder:
        a, b = declare(builder, [np.zeros(3)] * 2)
        largest = gradients(ops.sum(ops.maximum(a, b)), [a, b])
        peak = gradients(ops.max(a), [a])
        graph = builder.graph("ties", {"a": largest[0], "b": largest[1], "p": peak[0]})
    arrays = [np.array([1, 2, 2], np.float32), np.array([1, 0, 3], np.float32)]
    done = interpret(graph, feed(arrays))
    assert done[largest[0]].tolist() == [0.5, 1.0, 0.0]
    assert done[largest[1]].tolist() == [0.5, 0.0, 1.0]
    assert done[peak[0]].tolist() == [0.0, 0.5, 0.5]


def test_every_operation_is_sampled() -> None:
    assert {name for name, op in OPS.items() if not op.samples} == WITHOUT_SAMPLES


def test_every_operation_is_described() -> None:
    for name, op in OPS.items():
        assert op.doc, name
        assert isinstance(op.samples, tuple)


def test_elementwise_expressions_use_every_input() -> None:
    for name, op in OPS.items():
        for sample in op.samples:
            if op.scalar is not None and name not in ("batch_size", "size_of"):
                for i in range(len(sample.shapes)):
                    assert f"{{{i}}}" in op.scalar, name
