"""A scope without elaboration: builds one layer, loss or function and evaluates it in NumPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
from kgen.graph import BATCH, Builder, Graph, TensorType, Value
from kgen.interpret import interpret
from kgen.layers import registry
from kgen.layers.initializers import describe_initializer
from kgen.layers.losses import Masked
from kgen.layers.registry import Bound

EPS = float(np.finfo(np.float32).eps)


def f32(values: Any) -> np.ndarray:
    return np.asarray(values, np.float32)


def i32(values: Any) -> np.ndarray:
    return np.asarray(values, np.int32)


class CallFailure(Exception):
    """What `Scope.fail` raises here."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


@dataclass
class PlainScope:
    builder: Builder
    training: bool = False
    weights: dict[str, Value] = field(default_factory=dict)
    initializers: dict[str, Bound] = field(default_factory=dict)
    regularizers: dict[str, Bound] = field(default_factory=dict)
    constraints: dict[str, Bound] = field(default_factory=dict)
    updates: dict[str, Value] = field(default_factory=dict)
    losses: list[Value] = field(default_factory=list)
    masks: dict[Value, Value] = field(default_factory=dict)
    streams: int = 0

    def weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Bound,
        *,
        regularizer: Bound | None = None,
        constraint: Bound | None = None,
        trainable: bool = True,
    ) -> Value:
        if name not in self.weights:
            start = describe_initializer(initializer, shape)
            self.weights[name] = self.builder.weight(name, shape, start, trainable=trainable)
            self.initializers[name] = initializer
            if regularizer is not None:
                self.regularizers[name] = regularizer
            if constraint is not None:
                self.constraints[name] = constraint
        return self.weights[name]

    def assign(self, weight: Value, new: Value) -> None:
        assert self.training
        path = next(path for path, value in self.weights.items() if value is weight)
        self.updates[path] = new

    def stream(self) -> int:
        self.streams += 1
        return self.streams

    def add_loss(self, value: Value) -> None:
        self.losses.append(value)

    def mask_of(self, value: Value) -> Value | None:
        return self.masks.get(value)

    def set_mask(self, value: Value, mask: Value) -> None:
        self.masks[value] = mask

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        raise CallFailure(message, help)


@dataclass
class Built:
    graph: Graph
    scope: PlainScope
    output: Value

    def __call__(self, arrays: Sequence[np.ndarray], weights: Mapping[str, np.ndarray]) -> Any:
        feeds = {f"x{i}": array for i, array in enumerate(arrays)}
        return interpret(self.graph, {**feeds, **weights})


def open_batch(array: np.ndarray) -> TensorType:
    dtype = "int32" if array.dtype.kind in "iu" else "float32"
    return TensorType(dtype, (BATCH, *array.shape[1:]))


def build(
    bound: Bound, arrays: Sequence[np.ndarray], *, many: bool = False, training: bool = False
) -> Built:
    """Apply a layer (or activation, loss, metric) to inputs of these arrays' shapes."""
    with Builder() as builder:
        scope = PlainScope(builder, training)
        values = [builder.input(f"x{i}", open_batch(a)) for i, a in enumerate(arrays)]
        tensors: list[Any] = [values] if many else list(values)
        y = bound.definition.apply(scope, *tensors, **bound.arguments)
        y = y.values if isinstance(y, Masked) else y
        outputs = {"y": y, **{f"loss{i}": loss for i, loss in enumerate(scope.losses)}}
        graph = builder.graph("test", outputs, updates=scope.updates)
    return Built(graph, scope, y)


def make(family: str, name: str, *args: Any, **kwargs: Any) -> Bound:
    definition = registry.find(family, name)
    assert definition is not None, name
    return registry.bound(definition, args, kwargs)


def call(family: str, name: str, *arrays: np.ndarray, **kwargs: Any) -> np.ndarray:
    """The value of an activation, loss or metric."""
    built = build(make(family, name, **kwargs), arrays)
    return np.asarray(built(arrays, {})[built.output])


def assert_close(found: Any, expected: Any, roundings: float, scale: float | None = None) -> None:
    """Equal but for `roundings` float32 roundings of numbers of a size `scale`.

    Without `scale` it is the largest magnitude expected, at least 1.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    size = max(1.0, float(np.max(np.abs(expected), initial=0.0))) if scale is None else scale
    np.testing.assert_allclose(found, expected, rtol=0, atol=roundings * EPS * size)
