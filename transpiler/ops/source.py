"""Where values come from: inputs, weights, constants, indices, random numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.graph import (
    Attrs,
    OpDef,
    Sample,
    Shape,
    ShapeError,
    TensorType,
    Value,
    apply,
    constant,
    register,
)

__all__ = [
    "array",
    "batch_size",
    "constant",
    "index",
    "random_normal",
    "random_uniform",
    "scalar_input",
    "size_of",
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
# Numbers that a module may hold for one tensor: 4 MiB of them.
_MAX_ARRAY = 1 << 20


@dataclass(frozen=True, eq=False)
class Numbers:
    """A NumPy array known at build time; told from others by its content."""

    values: npt.NDArray[Any]
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        self.values.setflags(write=False)
        digest = hashlib.sha256(self.values.tobytes()).hexdigest()
        object.__setattr__(self, "digest", digest)

    def __repr__(self) -> str:
        return f"{self.values.dtype}{list(self.values.shape)}#{self.digest[:12]}"


ARRAY = register(
    OpDef(
        "array",
        _declared,
        lambda numbers, dtype, shape: numbers.values,
        doc="Numbers known at build time, float32 or int32; the module holds them.",
    )
)


def array(values: Any, name: str = "table") -> Value:
    """Numbers known at build time as a tensor without a batch: int32 if they are integers.

    Raises:
        ShapeError: there are none, or more than a module should hold.
    """
    found = np.asarray(values)
    whole = found.dtype.kind in "iub"
    if not 0 < found.size <= _MAX_ARRAY:
        raise ShapeError(
            f"a constant tensor of {found.size:,} numbers cannot be part of a module",
            help=f"it may hold 1 to {_MAX_ARRAY:,}; data that large is a weight or an input",
        )
    numbers = Numbers(np.ascontiguousarray(found, np.int32 if whole else np.float32))
    dtype = str(numbers.values.dtype)
    return apply("array", hint=name, numbers=numbers, dtype=dtype, shape=numbers.values.shape)


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
SIZE_OF = register(
    OpDef(
        "size_of",
        _scalar,
        lambda x, axis: np.float32(np.shape(x)[axis]),
        lambda node, grad: [None],
        scalar="size",
        samples=(Sample(((3, 2),), {"axis": 1}, grad=()),),
        doc="The size of one axis, as a float32 scalar.",
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
    if shape and shape[-1] == 1:
        return apply("broadcast_to", constant(0.0), shape=tuple(shape))
    return apply("index", shape=shape)


def batch_size(rows: Value) -> Value:
    """The number of rows in the batch that `rows` belongs to, as a float32 scalar."""
    return apply("batch_size", rows)


def size_of(x: Value, axis: int) -> Value:
    """The size of one axis, as a float32 scalar."""
    size = x.shape[axis]
    return constant(float(size)) if isinstance(size, int) else apply("size_of", x, axis=axis)


def random_uniform(shape: Shape, stream: int) -> Value:
    """Uniform in [0, 1); `stream` tells one random node of a model from another."""
    return apply("random_uniform", shape=shape, stream=stream)


def random_normal(shape: Shape, stream: int) -> Value:
    """Standard normal; `stream` tells one random node of a model from another."""
    return apply("random_normal", shape=shape, stream=stream)


def scalar_input(name: str) -> Value:
    """A float32 that the runtime supplies for each step."""
    return apply("scalar_input", hint=name, key=name)
