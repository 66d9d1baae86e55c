"""Compiled forms of operators and elementwise functions of tiles."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from kgen.runtime.ir_vectors import inline_function, negated
from kgen.runtime.lowering import (
    Code,
    Description,
    MaskType,
    TileType,
    as_operand,
    common_shape,
    implements,
    literal_int,
)
from kgen.runtime.tile_math import TILE_FUNCTIONS, full, maximum, minimum, power, select, zeros
from kgen.runtime.tile_math_more import MORE_TILE_FUNCTIONS
from kgen.runtime.vecmath import ONE_ARGUMENT, vector_power
from kgen.runtime.vecmath_more import MORE_FUNCTIONS
from numba.core import types

CONTRACT = ("contract",)
FUNCTIONS = {**ONE_ARGUMENT, **MORE_FUNCTIONS}
TILES = {**TILE_FUNCTIONS, **MORE_TILE_FUNCTIONS}


Combine = Callable[[Any, Any, Any], Any]


def describe_elementwise(result: Any, kinds: tuple[Any, ...], build: Any) -> Description:
    """An operation on tiles, masks and numbers, vector by vector: `build(builder, *vectors)`."""
    shape = common_shape(*kinds)
    operands = tuple(as_operand(kind) for kind in kinds)
    if shape is None or None in operands:
        return None
    rows, vectors = shape

    def generate(code: Code, *values: Any) -> Any:
        parts = [
            code.spread(kind, value, rows, vectors)
            for kind, value in zip(operands, values, strict=True)
        ]
        return code.tile([build(code.builder, *each) for each in zip(*parts, strict=True)])

    return result(rows, vectors), operands, generate


def register_arithmetic(function: Any, method: str) -> None:
    """`+ - * /` of tiles, allowed to contract into fused multiply-add."""

    def build(builder: Any, a: Any, b: Any) -> Any:
        return getattr(builder, method)(a, b, flags=CONTRACT)

    @implements(function)
    def describe_arithmetic(a: Any, b: Any) -> Description:
        if isinstance(a, MaskType) or isinstance(b, MaskType):
            return None
        return describe_elementwise(TileType, (a, b), build)


def register_comparison(function: Any, predicate: str) -> None:
    """A comparison of tiles: false where either is NaN, but for `!=`."""

    def build(builder: Any, a: Any, b: Any) -> Any:
        if predicate == "!=":
            return builder.fcmp_unordered(predicate, a, b)
        return builder.fcmp_ordered(predicate, a, b)

    @implements(function)
    def describe_comparison(a: Any, b: Any) -> Description:
        if isinstance(a, MaskType) or isinstance(b, MaskType):
            return None
        return describe_elementwise(MaskType, (a, b), build)


def register_mask_operator(function: Any, method: str) -> None:
    """`& |` of masks."""

    def build(builder: Any, a: Any, b: Any) -> Any:
        return getattr(builder, method)(a, b)

    @implements(function)
    def describe_mask_operator(a: Any, b: Any) -> Description:
        if not (isinstance(a, MaskType) and isinstance(b, MaskType)):
            return None
        return describe_elementwise(MaskType, (a, b), build)


for function_, method_ in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    register_arithmetic(function_, method_)


for function_, method_ in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    register_comparison(function_, method_)


register_mask_operator(operator.and_, "and_")


register_mask_operator(operator.or_, "or_")


@implements(operator.neg)
def describe_negative(a: Any) -> Description:
    """-tile."""
    if not isinstance(a, TileType):
        return None
    return describe_elementwise(TileType, (a,), negated)


@implements(operator.invert)
def describe_invert(a: Any) -> Description:
    """~mask."""
    if not isinstance(a, MaskType):
        return None
    return describe_elementwise(MaskType, (a,), lambda builder, x: builder.not_(x))


@implements(select)
def describe_select(mask: Any, a: Any, b: Any) -> Description:
    """Choice by mask."""
    if not isinstance(mask, MaskType) or isinstance(a, MaskType) or isinstance(b, MaskType):
        return None
    return describe_elementwise(
        TileType, (mask, a, b), lambda builder, m, x, y: builder.select(m, x, y)
    )


def build_extreme(predicate: str) -> Combine:
    """Maximum (`>`) or minimum (`<`) of vectors; NaN if either is."""

    def build(builder: Any, a: Any, b: Any) -> Any:
        larger = builder.select(builder.fcmp_ordered(predicate, a, b), a, b)
        return builder.select(builder.fcmp_unordered("uno", a, a), a, larger)

    return build


build_maximum = build_extreme(">")


build_minimum = build_extreme("<")


def describe_extreme(a: Any, b: Any, build: Combine) -> Description:
    """Maximum or minimum; a number goes first, where its NaN test folds away if constant."""
    if isinstance(a, MaskType) or isinstance(b, MaskType):
        return None
    if isinstance(b, TileType):
        return describe_elementwise(TileType, (a, b), build)
    return describe_elementwise(TileType, (a, b), lambda builder, x, y: build(builder, y, x))


@implements(maximum)
def describe_maximum(a: Any, b: Any) -> Description:
    """The larger."""
    return describe_extreme(a, b, build_maximum)


@implements(minimum)
def describe_minimum(a: Any, b: Any) -> Description:
    """The smaller."""
    return describe_extreme(a, b, build_minimum)


def register_function(name: str) -> None:
    """A function of one tile from `vecmath` or `vecmath_more`."""
    body = FUNCTIONS[name]

    def build(builder: Any, x: Any) -> Any:
        return inline_function(builder, f"kgen_{name}", body, x)

    @implements(TILES[name])
    def describe_function(a: Any) -> Description:
        if not isinstance(a, TileType):
            return None
        return describe_elementwise(TileType, (a,), build)


for function_name_ in FUNCTIONS:
    register_function(function_name_)


@implements(power)
def describe_power(a: Any, b: Any) -> Description:
    """x ** y."""
    if isinstance(a, MaskType) or isinstance(b, MaskType):
        return None
    return describe_elementwise(
        TileType,
        (a, b),
        lambda builder, x, y: inline_function(builder, "kgen_power", vector_power, x, y),
    )


@implements(zeros)
def describe_zeros(rows: Any, vectors: Any) -> Description:
    """A tile of zeros."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    kind = TileType(shape[0], shape[1])
    count = shape[0] * shape[1]
    return kind, (rows, vectors), lambda code, *_: code.tile([code.unit.zero] * count)


@implements(full)
def describe_full(rows: Any, vectors: Any, value: Any) -> Description:
    """A tile of one value."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    count = shape[0] * shape[1]

    def generate(code: Code, _rows: Any, _vectors: Any, value: Any) -> Any:
        return code.tile([code.splat(value)] * count)

    return TileType(shape[0], shape[1]), (rows, vectors, types.float32), generate
