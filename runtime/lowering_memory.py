"""Compiled forms of access to memory: kernel arguments, loads and stores of tiles."""

from __future__ import annotations

import contextlib
from typing import Any

from kgen.runtime.ir_vectors import FLOAT, INT32, INT64
from kgen.runtime.lowering import (
    ELEMENT_TYPES,
    INDEX,
    Code,
    Description,
    MatrixType,
    TileType,
    implements,
    literal_int,
)
from kgen.runtime.tile_memory import (
    add_to,
    f64vector,
    i64vector,
    imatrix,
    load,
    load_column,
    load_scalar,
    matrix,
    prefetch,
    prefetch_write,
    store,
    store_column,
    store_rows,
)
from llvmlite import ir
from numba.core import types


def describe_argument(
    element: str, index: Any, rows: Any, cols: Any, step: Any = None
) -> Description:
    """A kernel argument as a matrix of `element`."""
    position = literal_int(index)
    if position is None:
        return None
    kind = MatrixType(
        element, literal_int(rows), literal_int(cols), literal_int(cols if step is None else step)
    )

    def generate(code: Code, args: Any, _index: Any, *shape: Any) -> Any:
        slot = code.builder.gep(args, [code.integer(position)])
        address = code.builder.load(code.builder.bitcast(slot, INT64.as_pointer()))
        pointer = code.builder.inttoptr(address, ELEMENT_TYPES[element][0].as_pointer())
        if kind.is_static:
            return pointer
        whole = ir.Constant(ir.LiteralStructType([pointer.type, INT64, INT64]), ir.Undefined)
        for place, part in enumerate((pointer, shape[1], shape[-1])):
            whole = code.builder.insert_value(whole, part, place)
        return whole

    sizes = [size if literal_int(size) is not None else INDEX for size in (rows, cols)]
    if step is not None:
        sizes.append(step if literal_int(step) is not None else INDEX)
    return kind, (types.CPointer(types.voidptr), index, *sizes), generate


@implements(matrix)
def describe_matrix(args: Any, index: Any, rows: Any, cols: Any, step: Any = None) -> Description:
    """float32 matrix."""
    return describe_argument("float32", index, rows, cols, step)


@implements(imatrix)
def describe_imatrix(args: Any, index: Any, rows: Any, cols: Any, step: Any = None) -> Description:
    """int32 matrix."""
    return describe_argument("int32", index, rows, cols, step)


def describe_vector(element: str, index: Any) -> Description:
    """A kernel argument as numbers at row 0."""
    found = describe_argument(element, index, types.literal(1), types.literal(1))
    if found is None:
        return None
    return found[0], found[1][:2], found[2]


@implements(i64vector)
def describe_i64vector(args: Any, index: Any) -> Description:
    """int64 numbers."""
    return describe_vector("int64", index)


@implements(f64vector)
def describe_f64vector(args: Any, index: Any) -> Description:
    """float64 numbers."""
    return describe_vector("float64", index)


def address(code: Code, m: MatrixType, value: Any, i: Any, j: Any) -> Any:
    """Pointer to the element at row `i`, column `j`."""
    place = code.builder.add(code.builder.mul(i, code.step(m, value)), j)
    return code.builder.gep(code.pointer(m, value), [place])


def rows_below(code: Code, m: MatrixType, value: Any, rows: int) -> Any:
    """How many elements further `rows` rows down are."""
    return code.builder.mul(code.step(m, value), code.integer(rows))


def edge_row(m: MatrixType, rows: int) -> int | None:
    """The row count, where a tile of `rows` rows can overhang it; else None."""
    return None if m.rows is None or m.rows % rows == 0 else m.rows


def row_addresses(code: Code, m: MatrixType, value: Any, i: Any, j: Any, rows: int) -> list[Any]:
    """Pointers to column `j` of `rows` rows; rows beyond a literal edge repeat the last."""
    limit = edge_row(m, rows)
    if limit is None:
        first = address(code, m, value, i, j)
        return [code.builder.gep(first, [rows_below(code, m, value, r)]) for r in range(rows)]
    last = code.integer(limit - 1)
    result = []
    for r in range(rows):
        line = code.plus(i, r)
        inside = code.builder.icmp_signed("<", line, last)
        result.append(address(code, m, value, code.builder.select(inside, line, last), j))
    return result


def column_masks(code: Code, m: MatrixType, value: Any, j: Any, vectors: int) -> list[Any] | None:
    """Masks of the lanes within the matrix's columns; None if a tile cannot overhang."""
    if m.cols is not None and m.cols % (vectors * code.unit.lanes) == 0:
        return None
    left = code.builder.trunc(code.builder.sub(code.cols(m, value), j), INT32)
    count = code.splat(left)
    numbers = (code.unit.lane_numbers(code.builder, v * code.unit.lanes) for v in range(vectors))
    return [code.builder.icmp_signed("<", number, count) for number in numbers]


def load_block(
    code: Code, m: MatrixType, value: Any, i: Any, j: Any, shape: tuple[int, int], fill: Any
) -> list[Any]:
    """The vectors of a block, row by row."""
    rows, vectors = shape
    masks = column_masks(code, m, value, j, vectors)
    return [
        code.unit.load(
            code.builder,
            m.element,
            code.builder.gep(line, [code.integer(v * code.unit.lanes)]),
            masks and masks[v],
            fill,
        )
        for line in row_addresses(code, m, value, i, j, rows)
        for v in range(vectors)
    ]


@implements(load)
def describe_load(m: Any, i: Any, j: Any, rows: Any, vectors: Any, fill: Any = None) -> Description:
    """A block of a matrix as a tile."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    block = shape[0], shape[1]

    def generate(code: Code, pointer: Any, i: Any, j: Any, _r: Any, _v: Any, *fill: Any) -> Any:
        edge = code.splat(fill[0]) if fill else code.unit.zero
        return code.tile(load_block(code, m, pointer, i, j, block, edge))

    extra = () if fill is None else (types.float32,)
    return TileType(*block), (m, INDEX, INDEX, rows, vectors, *extra), generate


def describe_hint(m: Any, rows: Any, vectors: Any, *, writing: bool) -> Description:
    """A hint for each vector of a block: nothing is touched, and no address is wrong."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    height, across = shape[0], shape[1]

    def generate(code: Code, value: Any, i: Any, j: Any, _r: Any, _v: Any) -> None:
        first = address(code, m, value, i, j)
        for r in range(height):
            line = code.builder.gep(first, [rows_below(code, m, value, r)])
            for v in range(across):
                place = code.builder.gep(line, [code.integer(v * code.unit.lanes)])
                code.unit.prefetch(code.builder, place, writing=writing)

    return types.void, (m, INDEX, INDEX, rows, vectors), generate


@implements(prefetch)
def describe_prefetch(m: Any, i: Any, j: Any, rows: Any, vectors: Any) -> Description:
    """For a block that will be read."""
    return describe_hint(m, rows, vectors, writing=False)


@implements(prefetch_write)
def describe_prefetch_write(m: Any, i: Any, j: Any, rows: Any, vectors: Any) -> Description:
    """For a block that will be written."""
    return describe_hint(m, rows, vectors, writing=True)


def store_block(
    code: Code,
    m: MatrixType,
    value: Any,
    i: Any,
    j: Any,
    kind: TileType,
    parts: list[Any],
    count: Any = None,
) -> None:
    """Write vectors row by row, leaving out what lies beyond the edge, and all but `count` rows."""
    masks = column_masks(code, m, value, j, kind.vectors)
    limit = edge_row(m, kind.rows)
    first = address(code, m, value, i, j)
    with code.unit.writing(code.builder), contextlib.ExitStack() as rows:
        for r in range(kind.rows):
            line = code.builder.gep(first, [rows_below(code, m, value, r)])
            inside = []
            if limit is not None:
                inside.append(code.builder.icmp_signed("<", code.plus(i, r), code.integer(limit)))
            if count is not None:
                counts = code.builder.icmp_signed("<", code.integer(r), count)
                rows.enter_context(code.builder.if_then(counts, likely=True))
            for v in range(kind.vectors):
                mask = masks and masks[v]
                for one in map(code.splat, inside):
                    mask = code.builder.and_(mask, one) if mask else one
                place = code.builder.gep(line, [code.integer(v * code.unit.lanes)])
                part = parts[r * kind.vectors + v]
                code.unit.store(code.builder, m.element, place, mask, part)


def describe_write(m: Any, tile: Any, add: bool) -> Description:
    """A tile written or added to a block."""
    if not isinstance(m, MatrixType) or not isinstance(tile, TileType):
        return None

    def generate(code: Code, pointer: Any, i: Any, j: Any, value: Any) -> None:
        parts = code.vectors(tile, value)
        if add:
            shape = tile.rows, tile.vectors
            old = load_block(code, m, pointer, i, j, shape, code.unit.zero)
            parts = [code.builder.fadd(a, b) for a, b in zip(old, parts, strict=True)]
        store_block(code, m, pointer, i, j, tile, parts)

    return types.void, (m, INDEX, INDEX, tile), generate


@implements(store)
def describe_store(m: Any, i: Any, j: Any, tile: Any) -> Description:
    """A tile written to a block."""
    return describe_write(m, tile, add=False)


@implements(store_rows)
def describe_store_rows(m: Any, i: Any, j: Any, tile: Any, count: Any) -> Description:
    """The first rows of a tile written to a block."""
    if not isinstance(m, MatrixType) or not isinstance(tile, TileType):
        return None

    def generate(code: Code, pointer: Any, i: Any, j: Any, value: Any, count: Any) -> None:
        store_block(code, m, pointer, i, j, tile, code.vectors(tile, value), count)

    return types.void, (m, INDEX, INDEX, tile, INDEX), generate


@implements(add_to)
def describe_add_to(m: Any, i: Any, j: Any, tile: Any) -> Description:
    """A tile added to a block."""
    return describe_write(m, tile, add=True)


def load_number(code: Code, m: MatrixType, place: Any) -> Any:
    """One element as float32."""
    value = code.builder.load(place)
    if m.element == "float64":
        return code.builder.fptrunc(value, FLOAT)
    return value if m.element == "float32" else code.builder.sitofp(value, FLOAT)


@implements(load_column)
def describe_load_column(m: Any, i: Any, rows: Any, j: Any = None) -> Description:
    """A column, each number in all lanes of its row."""
    count = literal_int(rows)
    if not isinstance(m, MatrixType) or count is None:
        return None

    def generate(code: Code, pointer: Any, i: Any, _rows: Any, *j: Any) -> Any:
        column = j[0] if j else code.integer(0)
        lines = row_addresses(code, m, pointer, i, column, count)
        return code.tile([code.splat(load_number(code, m, line)) for line in lines])

    extra = () if j is None else (INDEX,)
    return TileType(count, 1), (m, INDEX, rows, *extra), generate


@implements(store_column)
def describe_store_column(
    m: Any, i: Any, tile: Any, j: Any = None, count: Any = None
) -> Description:
    """Lane 0 of each row, or of the first ones, written to a column."""
    if not isinstance(m, MatrixType) or not isinstance(tile, TileType):
        return None

    def generate(code: Code, pointer: Any, i: Any, value: Any, *more: Any) -> None:
        column = more[0] if more else code.integer(0)
        first = address(code, m, pointer, i, column)
        limit = edge_row(m, tile.rows)
        vectors = code.vectors(tile, value)[:: tile.vectors]
        if m.element == "int32":
            vectors = [code.unit.whole(code.builder, vector) for vector in vectors]
        # A warp's lanes exchange numbers while all are there, not where one of them writes.
        numbers = [code.unit.first(code.builder, vector) for vector in vectors]
        with code.unit.writing_once(code.builder), contextlib.ExitStack() as rows:
            for r, number in enumerate(numbers):
                place = code.builder.gep(first, [rows_below(code, m, pointer, r)])
                if len(more) > 1:
                    counts = code.builder.icmp_signed("<", code.integer(r), more[1])
                    rows.enter_context(code.builder.if_then(counts, likely=True))
                if limit is not None:
                    inside = code.builder.icmp_signed("<", code.plus(i, r), code.integer(limit))
                    with code.builder.if_then(inside):
                        code.builder.store(number, place)
                else:
                    code.builder.store(number, place)

    extra = (INDEX,) * ((j is not None) + (count is not None))
    return types.void, (m, INDEX, tile, *extra), generate


@implements(load_scalar)
def describe_load_scalar(m: Any, i: Any, j: Any) -> Description:
    """One number in all lanes."""
    if not isinstance(m, MatrixType):
        return None

    def generate(code: Code, pointer: Any, i: Any, j: Any) -> Any:
        number = load_number(code, m, address(code, m, pointer, i, j))
        return code.tile([code.splat(number)])

    return TileType(1, 1), (m, INDEX, INDEX), generate
