"""Compiled forms of reductions and edge masks."""

from __future__ import annotations

from typing import Any

from kgen.runtime.ir_vectors import INT32
from kgen.runtime.lowering import INDEX, Code, Description, TileType, implements, literal_int
from kgen.runtime.lowering_math import Combine, build_maximum, build_minimum
from kgen.runtime.tile_reduce import (
    col_max,
    col_min,
    col_sum,
    keep_columns,
    keep_rows,
    lane_index,
    lane_sums,
    row_max,
    row_min,
    row_sum,
    scalar,
)
from numba.core import types


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
            distance = code.unit.lanes // 2
            while distance:
                row = combine(code.builder, row, code.unit.swapped(code.builder, row, distance))
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


@implements(lane_sums)
def describe_lane_sums(tile: Any) -> Description:
    """As many rows as lanes, halved in number by each step of a transposition."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        parts = code.vectors(tile, value)
        rows = []
        for r in range(tile.rows):
            row = parts[r * tile.vectors]
            for v in range(1, tile.vectors):
                row = build_sum(code.builder, row, parts[r * tile.vectors + v])
            rows.append(row)
        assert len(rows) == code.unit.lanes
        distance = 1
        while len(rows) > 1:
            pairs = zip(rows[::2], rows[1::2], strict=True)
            halves = [code.unit.exchanged(code.builder, a, b, distance) for a, b in pairs]
            rows = [build_sum(code.builder, low, high) for low, high in halves]
            distance *= 2
        return code.tile(rows)

    return TileType(1, 1), (tile,), generate


register_fold(row_max, col_max, build_maximum)


register_fold(row_min, col_min, build_minimum)


@implements(scalar)
def describe_scalar(tile: Any) -> Description:
    """Lane 0 of row 0."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        return code.unit.first(code.builder, code.builder.extract_value(value, 0))

    return types.float32, (tile,), generate


def column_numbers(code: Code, j: Any, vector: int) -> Any:
    """Column numbers of one vector of a tile at column `j`, as int32 lanes."""
    first = code.splat(code.builder.trunc(j, INT32))
    lanes = code.unit.lane_numbers(code.builder, vector * code.unit.lanes)
    return code.builder.add(first, lanes)


@implements(lane_index)
def describe_lane_index(j: Any, vectors: Any) -> Description:
    """Column numbers as float32."""
    count = literal_int(vectors)
    if count is None:
        return None

    def generate(code: Code, j: Any, _vectors: Any) -> Any:
        numbers = [column_numbers(code, j, v) for v in range(count)]
        return code.tile([code.builder.sitofp(number, code.unit.floats) for number in numbers])

    return TileType(1, count), (INDEX, vectors), generate


@implements(keep_columns)
def describe_keep_columns(tile: Any, j: Any, cols: Any, fill: Any) -> Description:
    """Columns from `cols` on replaced."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any, j: Any, cols: Any, fill: Any) -> Any:
        limit = code.splat(code.builder.trunc(cols, INT32))
        edge = code.splat(fill)
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
        edge = code.splat(fill)
        inside = [code.builder.icmp_signed("<", code.plus(i, r), rows) for r in range(tile.rows)]
        parts = code.vectors(tile, value)
        return code.tile(
            [
                code.builder.select(inside[n // tile.vectors], part, edge)
                for n, part in enumerate(parts)
            ]
        )

    return tile, (tile, INDEX, INDEX, types.float32), generate
