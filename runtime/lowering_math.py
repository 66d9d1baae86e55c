"""Compiled forms of `tiles`' arithmetic: operators, functions, reductions, random numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types

from kgen.runtime.ir_vectors import (
    FLOATS,
    INT32,
    INT64,
    INTS,
    IrVector,
    inline_function,
    splat,
)
from kgen.runtime.isa import LANES
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
from kgen.runtime.random import MASK_64, bits_to_normal, bits_to_uniform, random_bits
from kgen.runtime.vecmath import ONE_ARGUMENT, vector_log, vector_power
from kgen.runtime.tiles import (
    TILE_FUNCTIONS,
    col_max,
    col_min,
    col_sum,
    first_row,
    full,
    keep_columns,
    keep_rows,
    lane_index,
    maximum,
    minimum,
    normal,
    power,
    random_key,
    row_max,
    row_min,
    row_sum,
    scalar,
    select,
    share,
    step_index,
    uniform,
    zeros,
)

INDEX = types.intp
CONTRACT = ("contract",)
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
    return describe_elementwise(TileType, (a,), lambda builder, x: builder.fneg(x))


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
    """A function of one tile from `vecmath`."""
    body = ONE_ARGUMENT[name]

    def build(builder: Any, x: Any) -> Any:
        return inline_function(builder, f"kgen_{name}", FLOATS, body, x)

    @implements(TILE_FUNCTIONS[name])
    def describe_function(a: Any) -> Description:
        if not isinstance(a, TileType):
            return None
        return describe_elementwise(TileType, (a,), build)


for function_name_ in ONE_ARGUMENT:
    register_function(function_name_)


@implements(power)
def describe_power(a: Any, b: Any) -> Description:
    """x ** y."""
    if isinstance(a, MaskType) or isinstance(b, MaskType):
        return None
    return describe_elementwise(
        TileType,
        (a, b),
        lambda builder, x, y: inline_function(builder, "kgen_power", FLOATS, vector_power, x, y),
    )


@implements(zeros)
def describe_zeros(rows: Any, vectors: Any) -> Description:
    """A tile of zeros."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    kind = TileType(shape[0], shape[1])
    zero = ir.Constant(ir.ArrayType(FLOATS, shape[0] * shape[1]), None)
    return kind, (rows, vectors), lambda code, *_: zero


@implements(full)
def describe_full(rows: Any, vectors: Any, value: Any) -> Description:
    """A tile of one value."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    count = shape[0] * shape[1]

    def generate(code: Code, _rows: Any, _vectors: Any, value: Any) -> Any:
        return code.tile([splat(code.builder, value)] * count)

    return TileType(shape[0], shape[1]), (rows, vectors, types.float32), generate


def build_sum(builder: Any, a: Any, b: Any) -> Any:
    """Sum of two vectors, not to be contracted: the tree's order stays."""
    return builder.fadd(a, b)


def describe_row_fold(tile: Any, combine: Combine) -> Description:
    """Each row combined: its vectors in order, then its lanes in a butterfly."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        parts = code.vectors(tile, value)
        result = []
        for r in range(tile.rows):
            row = parts[r * tile.vectors]
            for v in range(1, tile.vectors):
                row = combine(code.builder, row, parts[r * tile.vectors + v])
            distance = LANES // 2
            while distance:
                order = ir.Constant(INTS, [n ^ distance for n in range(LANES)])
                other = code.builder.shuffle_vector(row, row, order)
                row = combine(code.builder, row, other)
                distance //= 2
            result.append(row)
        return code.tile(result)

    return TileType(tile.rows, 1), (tile,), generate


def describe_column_fold(tile: Any, combine: Combine) -> Description:
    """The rows combined in a tree."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        parts = code.vectors(tile, value)
        rows = [parts[r * tile.vectors : (r + 1) * tile.vectors] for r in range(tile.rows)]
        while len(rows) > 1:
            half = (len(rows) + 1) // 2
            rows = [
                [combine(code.builder, a, b) for a, b in zip(rows[r], rows[r + half], strict=True)]
                if r + half < len(rows)
                else rows[r]
                for r in range(half)
            ]
        return code.tile(rows[0])

    return TileType(1, tile.vectors), (tile,), generate


def register_fold(row_function: Any, column_function: Any, combine: Combine) -> None:
    """A reduction over rows and one over columns."""

    @implements(row_function)
    def describe_rows(tile: Any) -> Description:
        return describe_row_fold(tile, combine)

    @implements(column_function)
    def describe_columns(tile: Any) -> Description:
        return describe_column_fold(tile, combine)


register_fold(row_sum, col_sum, build_sum)
register_fold(row_max, col_max, build_maximum)
register_fold(row_min, col_min, build_minimum)


@implements(scalar)
def describe_scalar(tile: Any) -> Description:
    """Lane 0 of row 0."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        vector = code.builder.extract_value(value, 0)
        return code.builder.extract_element(vector, ir.Constant(INT32, 0))

    return types.float32, (tile,), generate


def column_numbers(code: Code, j: Any, vector: int) -> Any:
    """Column numbers of one vector of a tile at column `j`, as int32 lanes."""
    first = splat(code.builder, code.builder.trunc(j, INT32))
    lanes = [vector * LANES + n for n in range(LANES)]
    return code.builder.add(first, ir.Constant(INTS, lanes))


@implements(lane_index)
def describe_lane_index(j: Any, vectors: Any) -> Description:
    """Column numbers as float32."""
    count = literal_int(vectors)
    if count is None:
        return None

    def generate(code: Code, j: Any, _vectors: Any) -> Any:
        numbers = [column_numbers(code, j, v) for v in range(count)]
        return code.tile([code.builder.sitofp(number, FLOATS) for number in numbers])

    return TileType(1, count), (INDEX, vectors), generate


@implements(keep_columns)
def describe_keep_columns(tile: Any, j: Any, cols: Any, fill: Any) -> Description:
    """Columns from `cols` on replaced."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any, j: Any, cols: Any, fill: Any) -> Any:
        limit = splat(code.builder, code.builder.trunc(cols, INT32))
        edge = splat(code.builder, fill)
        masks = [
            code.builder.icmp_signed("<", column_numbers(code, j, v), limit)
            for v in range(tile.vectors)
        ]
        parts = code.vectors(tile, value)
        return code.tile(
            [
                code.builder.select(masks[n % tile.vectors], part, edge)
                for n, part in enumerate(parts)
            ]
        )

    return tile, (tile, INDEX, INDEX, types.float32), generate


@implements(keep_rows)
def describe_keep_rows(tile: Any, i: Any, rows: Any, fill: Any) -> Description:
    """Rows from `rows` on replaced."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any, i: Any, rows: Any, fill: Any) -> Any:
        edge = splat(code.builder, fill)
        inside = [code.builder.icmp_signed("<", code.plus(i, r), rows) for r in range(tile.rows)]
        parts = code.vectors(tile, value)
        return code.tile(
            [
                code.builder.select(inside[n // tile.vectors], part, edge)
                for n, part in enumerate(parts)
            ]
        )

    return tile, (tile, INDEX, INDEX, types.float32), generate


@implements(share)
def describe_share(n: Any, grain: Any, thread: Any, threads: Any) -> Description:
    """This thread's slice."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code, n: Any, grain: Any, thread: Any, threads: Any) -> Any:
        builder = code.builder
        padded = builder.add(n, builder.sub(grain, code.integer(1)))
        grains = builder.sdiv(padded, grain)
        bounds = []
        for part in (thread, builder.add(thread, code.integer(1))):
            bound = builder.mul(builder.sdiv(builder.mul(grains, part), threads), grain)
            bounds.append(builder.select(builder.icmp_signed("<", bound, n), bound, n))
        return code.context.make_tuple(builder, pair, bounds)

    return pair, (INDEX,) * 4, generate


CLOCK = types.CPointer(types.int64)


def read_clock(code: Code, clock: Any, place: int) -> Any:
    """One of the clock's numbers."""
    return code.builder.load(code.builder.gep(clock, [code.integer(place)]))


@implements(first_row)
def describe_first_row(clock: Any) -> Description:
    """The clock's first row."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 0)


@implements(step_index)
def describe_step_index(clock: Any) -> Description:
    """The clock's step."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 1)


def build_split_mix(code: Code, state: Any) -> Any:
    """`random.split_mix` as int64 instructions."""
    builder = code.builder
    z = builder.add(state, code.integer(0x9E3779B97F4A7C15 - (MASK_64 + 1)))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = builder.xor(z, builder.lshr(z, code.integer(shift)))
        z = builder.mul(mixed, code.integer(factor - (MASK_64 + 1)))
    return builder.xor(z, builder.lshr(z, code.integer(31)))


@implements(random_key)
def describe_random_key(clock: Any, stream: Any) -> Description:
    """Two keys from seed, stream and step."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code, clock: Any, stream: Any) -> Any:
        builder = code.builder
        state = build_split_mix(code, read_clock(code, clock, 2))
        state = build_split_mix(code, builder.xor(state, stream))
        state = build_split_mix(code, builder.xor(state, read_clock(code, clock, 1)))
        words = (state, builder.lshr(state, code.integer(32)))
        keys = [builder.sext(builder.trunc(word, INT32), INT64) for word in words]
        return code.context.make_tuple(builder, pair, keys)

    return pair, (CLOCK, INDEX), generate


def build_uniform(low: Any, high: Any, key0: Any, key1: Any) -> Any:
    """Uniform numbers from counters and keys."""
    return bits_to_uniform(random_bits(low, high, key0, key1))


def build_normal(low: Any, high: Any, key0: Any, key1: Any) -> Any:
    """Normal numbers from counters and keys."""
    return bits_to_normal(random_bits(low, high, key0, key1), vector_log)


def describe_random(name: str, body: Any, rows: Any, vectors: Any) -> Description:
    """Random numbers for a block: 64-bit counters, split in words with the carry between lanes."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    kind = TileType(shape[0], shape[1])
    lanes = ir.Constant(INTS, list(range(LANES)))

    def generate(code: Code, key0: Any, key1: Any, i: Any, j: Any, cols: Any, *_: Any) -> Any:
        builder = code.builder
        keys = [splat(builder, builder.trunc(key, INT32)) for key in (key0, key1)]
        result = []
        for r in range(kind.rows):
            start = builder.add(builder.mul(code.plus(i, r), cols), j)
            for v in range(kind.vectors):
                index = code.plus(start, v * LANES)
                base = IrVector(builder, splat(builder, builder.trunc(index, INT32)))
                upper = builder.trunc(builder.lshr(index, code.integer(32)), INT32)
                low = base + IrVector(builder, lanes)
                carry = builder.zext(low.unsigned_less(base).value, INTS)
                high = builder.add(splat(builder, upper), carry)
                result.append(inline_function(builder, name, FLOATS, body, low.value, high, *keys))
        return code.tile(result)

    return kind, (INDEX,) * 5 + (rows, vectors), generate


@implements(uniform)
def describe_uniform(
    key0: Any, key1: Any, i: Any, j: Any, cols: Any, rows: Any, vectors: Any
) -> Description:
    """Uniform numbers."""
    return describe_random("kgen_uniform", build_uniform, rows, vectors)


@implements(normal)
def describe_normal(
    key0: Any, key1: Any, i: Any, j: Any, cols: Any, rows: Any, vectors: Any
) -> Description:
    """Normal numbers."""
    return describe_random("kgen_normal", build_normal, rows, vectors)
