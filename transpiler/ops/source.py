"""Where values come from: inputs, weights, constants, indices, random numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import Attrs, OpDef, Sample, Shape, TensorType, Value, apply, constant, register

__all__ = [
    "batch_size",
    "constant",
    "index",
    "random_normal",
    "random_uniform",
    "scalar_input",
]


def _declared(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType(attrs.get("dtype", "float32"), tuple(attrs["shape"]))


def _scalar(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("float32", ())


def _fed(**attrs: Any) -> Any:
    raise AssertionError("inputs and weights are fed, not computed")


INPUT = register(OpDef("input", _declared, _fed, doc="A tensor the caller supplies."))
WEIGHT = register(OpDef("weight", _declared, _fed, doc="A weight of the model."))
CONSTANT = register(
    OpDef(
        "constant",
        _scalar,
        lambda value: np.float32(value),
        scalar="{value}",
        doc="A float32 scalar known at build time.",
    )
)
BATCH_SIZE = register(
    OpDef(
        "batch_size",
        _scalar,
        lambda rows, **_: np.float32(len(rows)),
        lambda node, grad: [None],
        scalar="batch_rows",
        samples=(Sample(((3, 2),), grad=()),),
        doc="The number of rows of the batch, as a float32 scalar; its input tells which batch.",
    )
)
INDEX = register(
    OpDef(
        "index",
        _declared,
        lambda shape: np.broadcast_to(np.arange(shape[-1], dtype=np.float32), shape).copy(),
        scalar="lane_index",
        samples=(Sample((), {"shape": (3, 5)}),),
        doc="The position along the last axis, as float32.",
    )
)


def _uniform(shape: tuple[int, ...], stream: int) -> np.ndarray:
    return np.random.default_rng(stream).random(shape, dtype=np.float32)


def _normal(shape: tuple[int, ...], stream: int) -> np.ndarray:
    return np.random.default_rng(stream).standard_normal(shape, dtype=np.float32)


RANDOM_UNIFORM = register(
    OpDef(
        "random_uniform",
        _declared,
        _uniform,
        scalar="uniform",
        cost=20,
        doc="Uniform in [0, 1), a function of (seed, step, stream, element) alone.",
    )
)
RANDOM_NORMAL = register(
    OpDef(
        "random_normal",
        _declared,
        _normal,
        scalar="normal",
        cost=60,
        doc="Standard normal, a function of (seed, step, stream, element) alone.",
    )
)
SCALAR_INPUT = register(
    OpDef(
        "scalar_input",
        _scalar,
        _fed,
        scalar="scalar",
        doc="A float32 that the runtime supplies for each step, such as the learning rate.",
    )
)


def index(shape: Shape) -> Value:
    """The position along the last axis, as float32, in the given shape."""
    return apply("index", shape=shape)


def batch_size(rows: Value) -> Value:
    """The number of rows in the batch that `rows` belongs to, as a float32 scalar."""
    return apply("batch_size", rows)


def random_uniform(shape: Shape, stream: int) -> Value:
    """Uniform in [0, 1); `stream` tells one random node of a model from another."""
    return apply("random_uniform", shape=shape, stream=stream)


def random_normal(shape: Shape, stream: int) -> Value:
    """Standard normal; `stream` tells one random node of a model from another."""
    return apply("random_normal", shape=shape, stream=stream)


def scalar_input(name: str) -> Value:
    """A float32 that the runtime supplies for each step."""
    return apply("scalar_input", hint=name, key=name)
