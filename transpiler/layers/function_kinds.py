"""Kinds of argument that tensor functions have: element types, shapes, lists of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from kgen import ops
from kgen.graph import Dim, Shape, ShapeError, Size, Value
from kgen.layers.kinds import Choice, Integer, Maybe, Several
from kgen.layers.registry import Kind

_NOT_YET = ("float16", "bfloat16", "float64", "int8", "int16", "int64", "uint8", "uint32")
_DTYPE = Choice('"float32", "int32" or "bool"', ("float32", "int32", "bool"), _NOT_YET)


@dataclass(frozen=True)
class Sizes(Kind):
    """A shape: sizes, the batch or another open dimension among them; -1 where a rest may stand."""

    def check(self, value: Any) -> tuple[Size, ...]:
        given = value if isinstance(value, list | tuple) else (value,)
        for size in given:
            if isinstance(size, Dim):
                continue
            if isinstance(size, bool) or not isinstance(size, int) or size < -1 or size == 0:
                self.refuse(value, "sizes are positive integers, or the dimensions of a tensor")
        return tuple(given)


@dataclass(frozen=True)
class NumberArray(Kind):
    """Numbers, or lists of them, as an array; `tensors` admits a tensor."""

    tensors: bool = False

    def check(self, value: Any) -> Any:
        if isinstance(value, Value):
            if self.tensors:
                return value
            self.refuse(value)
        try:
            found = np.asarray(value)
        except ValueError:
            self.refuse(value, "lists inside a list have the same length")
        if found.dtype.kind not in "iufb":
            self.refuse(value)
        return found


Dtype: TypeAlias = Annotated[str, _DTYPE]
OptionalDtype: TypeAlias = Annotated[str | None, Maybe("an element type, or None", _DTYPE)]
SizesArg: TypeAlias = Annotated[Shape, Sizes("a shape")]
Numbers: TypeAlias = Annotated[npt.NDArray[Any], NumberArray("numbers")]
TOrNumbers: TypeAlias = Annotated[Any, NumberArray("a tensor or a list of numbers", tensors=True)]
OptionalTOrNumbers: TypeAlias = Annotated[
    Any, Maybe("a tensor or a list of numbers", NumberArray("a tensor or numbers", tensors=True))
]
OptionalInt: TypeAlias = Annotated[int | None, Maybe("an integer or None", Integer("an integer"))]
OptionalPositiveInt: TypeAlias = Annotated[
    int | None, Maybe("a positive integer or None", Integer("a positive integer", low=1))
]
IntOrInts: TypeAlias = Annotated[
    int | Sequence[int], Several("an integer or a list of them", Integer("an integer"), or_one=True)
]


def tensor(value: Value | npt.NDArray[Any]) -> Value:
    """A tensor; numbers become a constant one."""
    return value if isinstance(value, Value) else ops.array(value)


def cast(x: Value, dtype: str | None) -> Value:
    """x in another element type: fractions are cut off, what is not 0 is true."""
    if dtype is None or x.dtype == dtype:
        return x
    if dtype == "float32":
        return ops.as_float(x)
    if dtype == "bool":
        return ops.not_equal(x, 0.0)
    return ops.as_int(ops.trunc(x) if x.dtype == "float32" else x)


def is_whole(value: Any) -> bool:
    """Whether a tensor or number holds integers."""
    if isinstance(value, Value):
        return value.dtype == "int32"
    return isinstance(value, int) and not isinstance(value, bool)


def like(result: Value, *operands: Any) -> Value:
    """Integers if all operands are: a computation in float32, exact to 2**24."""
    tensors = any(isinstance(value, Value) for value in operands)
    return ops.as_int(result) if tensors and all(map(is_whole, operands)) else result


def known(size: Size, what: str) -> int:
    """A size that must be a number."""
    if not isinstance(size, int):
        raise ShapeError(f"{what} has the open size {size}, which must be known here")
    return size


def count_elements(x: Value) -> int:
    """How many elements a tensor without open sizes has."""
    return prod(known(size, str(x.type)) for size in x.shape)
