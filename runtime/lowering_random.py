"""Compiled forms of slices of work, the clock and random numbers."""

from __future__ import annotations

from typing import Any

from kgen.runtime.ir_vectors import INT32, INT64, IrVector, inline_function
from kgen.runtime.lowering import INDEX, Code, Description, TileType, implements, literal_int
from kgen.runtime.random import MASK_64, bits_to_normal, bits_to_uniform, random_bits
from kgen.runtime.tile_random import (
    dimension,
    first_row,
    last_row,
    normal,
    random_key,
    set_dimension,
    share,
    share_batch,
    share_block,
    share_rows,
    step_in_call,
    step_index,
    uniform,
)
from kgen.runtime.vecmath import vector_log
from numba.core import types


def slice_of(code: Code, n: Any, grain: Any, thread: Any, threads: Any) -> list[Any]:
    """Where a thread's slice of range(n) starts and ends."""
    builder = code.builder
    padded = builder.add(n, builder.sub(grain, code.integer(1)))
    grains = builder.sdiv(padded, grain)
    bounds = []
    for part in (thread, builder.add(thread, code.integer(1))):
        bound = builder.mul(builder.sdiv(builder.mul(grains, part), threads), grain)
        bounds.append(builder.select(builder.icmp_signed("<", bound, n), bound, n))
    return bounds


@implements(share)
def describe_share(n: Any, grain: Any, thread: Any, threads: Any) -> Description:
    """This thread's slice."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code, *values: Any) -> Any:
        return code.context.make_tuple(code.builder, pair, slice_of(code, *values))

    return pair, (INDEX,) * 4, generate


CLOCK = types.CPointer(types.int64)


def read_clock(code: Code, clock: Any, place: int) -> Any:
    """One of the clock's numbers."""
    return code.builder.load(code.builder.gep(clock, [code.integer(place)]))


def chosen(code: Code, clock: Any, parts: Any, whole: Any) -> list[Any]:
    """The one list of numbers if the parts of the batch's rows are shared, else the other."""
    is_shared = code.builder.icmp_signed("!=", read_clock(code, clock, 4), code.integer(0))
    return [code.builder.select(is_shared, a, b) for a, b in zip(parts, whole, strict=True)]


def rows_of(code: Code, clock: Any, n: Any, thread: Any, threads: Any) -> list[Any]:
    """Where a thread's rows of a batch start and end."""
    grain = read_clock(code, clock, 6)
    is_told = code.builder.icmp_signed("!=", grain, code.integer(0))
    grain = code.builder.select(is_told, grain, code.integer(code.unit.rows))
    return slice_of(code, n, grain, thread, threads)


@implements(share_batch)
def describe_share_batch(clock: Any, n: Any, thread: Any, threads: Any) -> Description:
    """This thread's rows of the batch."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code, *values: Any) -> Any:
        return code.context.make_tuple(code.builder, pair, rows_of(code, *values))

    return pair, (CLOCK, *(INDEX,) * 3), generate


@implements(share_rows)
def describe_share_rows(clock: Any, n: Any, each: Any, grain: Any, *team: Any) -> Description:
    """This thread's slice of the rows that the batch's have."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code, clock: Any, n: Any, each: Any, grain: Any, *team: Any) -> Any:
        parts = slice_of(code, code.builder.mul(n, each), grain, *team)
        rows = rows_of(code, clock, n, *team)
        whole = [code.builder.mul(row, each) for row in rows]
        return code.context.make_tuple(code.builder, pair, chosen(code, clock, parts, whole))

    return pair, (CLOCK, *(INDEX,) * 5), generate


@implements(share_block)
def describe_share_block(clock: Any, n: Any, each: Any, grain: Any, *team: Any) -> Description:
    """This thread's rows of the batch, and their parts."""
    four = types.UniTuple(INDEX, 4)

    def generate(code: Code, clock: Any, n: Any, each: Any, grain: Any, *team: Any) -> Any:
        zero = code.integer(0)
        parts = [zero, n, *slice_of(code, each, grain, *team)]
        whole = [*rows_of(code, clock, n, *team), zero, each]
        return code.context.make_tuple(code.builder, four, chosen(code, clock, parts, whole))

    return four, (CLOCK, *(INDEX,) * 5), generate


@implements(first_row)
def describe_first_row(clock: Any) -> Description:
    """The clock's first row."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 0)


@implements(last_row)
def describe_last_row(clock: Any) -> Description:
    """The end of the clock's rows."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 5)


@implements(step_index)
def describe_step_index(clock: Any) -> Description:
    """The clock's step."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 1)


@implements(step_in_call)
def describe_step_in_call(clock: Any) -> Description:
    """The clock's step within the run."""
    return INDEX, (CLOCK,), lambda code, clock: read_clock(code, clock, 3)


@implements(dimension)
def describe_dimension(clock: Any, position: Any) -> Description:
    """One of the clock's sizes of open dimensions."""
    place = literal_int(position)
    if place is None:
        return None
    return INDEX, (CLOCK, position), lambda code, clock, _: read_clock(code, clock, 8 + place)


@implements(set_dimension)
def describe_set_dimension(clock: Any, position: Any, size: Any) -> Description:
    """One of the clock's sizes set."""
    place = literal_int(position)
    if place is None:
        return None

    def generate(code: Code, clock: Any, _: Any, size: Any) -> None:
        code.builder.store(size, code.builder.gep(clock, [code.integer(8 + place)]))

    return types.void, (CLOCK, position, INDEX), generate


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

    def generate(code: Code, key0: Any, key1: Any, i: Any, j: Any, cols: Any, *_: Any) -> Any:
        builder = code.builder
        unit = code.unit
        keys = [code.splat(builder.trunc(key, INT32)) for key in (key0, key1)]
        lanes = IrVector(builder, unit.lane_numbers(builder))
        result = []
        for r in range(kind.rows):
            start = builder.add(builder.mul(code.plus(i, r), cols), j)
            for v in range(kind.vectors):
                index = code.plus(start, v * unit.lanes)
                base = IrVector(builder, code.splat(builder.trunc(index, INT32)))
                upper = builder.trunc(builder.lshr(index, code.integer(32)), INT32)
                low = base + lanes
                carry = builder.zext(low.unsigned_less(base).value, unit.ints)
                high = builder.add(code.splat(upper), carry)
                result.append(inline_function(builder, name, body, low.value, high, *keys))
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
