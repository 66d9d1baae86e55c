"""Compiled forms of outer products, transposition and single elements."""

from __future__ import annotations

from typing import Any

from kgen.runtime.ir_vectors import (
    FLOAT,
    INT32,
    INT64,
    IrVector,
    call_intrinsic,
)
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
from kgen.runtime.lowering_memory import (
    address,
    load_block,
    load_number,
    row_addresses,
    store_block,
)
from kgen.runtime.tile_memory import (
    WORKSPACE_GUARD,
    copy_words,
    element,
    fill_words,
    outer,
    outer_t,
    pack,
    pack_t,
    scratch,
    set_element,
    transpose_block,
    workspace,
)
from kgen.runtime.vector_unit import SIMD
from llvmlite import ir
from numba.core import cgutils, types


@implements(element)
def describe_element(m: Any, i: Any, j: Any) -> Description:
    """One number of any matrix."""
    if not isinstance(m, MatrixType):
        return None

    def generate(code: Code, pointer: Any, i: Any, j: Any) -> Any:
        value = code.builder.load(address(code, m, pointer, i, j))
        return code.builder.sext(value, INT64) if m.element == "int32" else value

    return ELEMENT_TYPES[m.element][1], (m, INDEX, INDEX), generate


@implements(set_element)
def describe_set_element(m: Any, i: Any, j: Any, value: Any) -> Description:
    """One number of any matrix set."""
    if not isinstance(m, MatrixType):
        return None

    def generate(code: Code, pointer: Any, i: Any, j: Any, value: Any) -> None:
        if m.element == "int32":
            value = code.builder.trunc(value, INT32)
        with code.unit.writing_once(code.builder):
            code.builder.store(value, address(code, m, pointer, i, j))

    return types.void, (m, INDEX, INDEX, ELEMENT_TYPES[m.element][1]), generate


def accumulate(code: Code, acc: TileType, value: Any, left: list[Any], right: list[Any]) -> Any:
    """The tile plus the product of a column of vectors and a row of vectors."""
    parts = code.vectors(acc, value)
    return code.tile(
        [
            IrVector(code.builder, left[r])
            .fma(IrVector(code.builder, right[v]), IrVector(code.builder, parts[n]))
            .value
            for n, (r, v) in enumerate((r, v) for r in range(acc.rows) for v in range(acc.vectors))
        ]
    )


def describe_outer_product(acc: Any, a: Any, b: Any, transposed: bool) -> Description:
    """An outer product added to a tile."""
    if not (isinstance(acc, TileType) and isinstance(a, MatrixType) and isinstance(b, MatrixType)):
        return None

    def generate(
        code: Code, value: Any, a_pointer: Any, i: Any, j: Any, b_pointer: Any, kk: Any, jj: Any
    ) -> Any:
        if transposed:
            first = address(code, a, a_pointer, i, j)
            places = [code.builder.gep(first, [code.integer(r)]) for r in range(acc.rows)]
        else:
            places = row_addresses(code, a, a_pointer, i, j, acc.rows)
        edge = code.unit.zero
        right = load_block(code, b, b_pointer, kk, jj, (1, acc.vectors), edge)
        left = [code.splat(load_number(code, a, place)) for place in places]
        return accumulate(code, acc, value, left, right)

    return acc, (acc, a, INDEX, INDEX, b, INDEX, INDEX), generate


@implements(outer)
def describe_outer(acc: Any, a: Any, i: Any, k: Any, b: Any, kk: Any, j: Any) -> Description:
    """Outer product of a column of `a` and a row of `b`."""
    return describe_outer_product(acc, a, b, transposed=False)


@implements(outer_t)
def describe_outer_t(acc: Any, a: Any, k: Any, i: Any, b: Any, kk: Any, j: Any) -> Description:
    """Outer product of a row of `a`, read as a column, and a row of `b`."""
    return describe_outer_product(acc, a, b, transposed=True)


LARGEST_PANEL = 1 << 18  # floats: 1 MiB, an eighth of a thread's stack


def on_stack(builder: Any, floats: int) -> Any:
    """Memory of the thread, for as long as the function runs."""
    with builder.goto_entry_block():
        memory = builder.alloca(ir.ArrayType(FLOAT, floats))
    memory.align = 64
    return builder.bitcast(memory, FLOAT.as_pointer())


@implements(scratch)
def describe_scratch(rows: Any, vectors: Any) -> Description:
    """A matrix on the thread's stack."""
    shape = literal_int(rows), literal_int(vectors)
    if shape[0] is None or shape[1] is None:
        return None
    width = shape[1] * SIMD.lanes
    floats = shape[0] * width
    if floats > LARGEST_PANEL:
        return None

    def generate(code: Code, _rows: Any, _vectors: Any) -> Any:
        return on_stack(code.builder, floats)

    return MatrixType("float32", None, width, width), (rows, vectors), generate


@implements(workspace)
def describe_workspace(count: Any, cols: Any, step: Any) -> Description:
    """Floats on the thread's stack."""
    sizes = [literal_int(size) for size in (count, cols, step)]
    floats = sizes[0]
    if floats is None or None in sizes or floats + WORKSPACE_GUARD > LARGEST_PANEL:
        return None
    capacity = floats + WORKSPACE_GUARD

    def generate(code: Code, *_: Any) -> Any:
        return on_stack(code.builder, capacity)

    return MatrixType("float32", None, sizes[1], sizes[2]), (count, cols, step), generate


@implements(pack)
def describe_pack(
    m: Any, i: Any, j: Any, rows: Any, vectors: Any, count: Any = None
) -> Description:
    """A column block copied to the thread's stack."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    capacity, width, across = shape[0], shape[1] * SIMD.lanes, shape[1]
    if capacity * width > LARGEST_PANEL:
        return None
    panel = MatrixType("float32", None, width, width)

    def generate(code: Code, pointer: Any, i: Any, j: Any, rows: Any, _v: Any, *count: Any) -> Any:
        builder = code.builder
        first = on_stack(builder, capacity * width)
        total = count[0] if count else code.integer(capacity)
        edge = code.unit.zero
        kind = TileType(1, across)
        with cgutils.for_range(builder, total) as loop:
            row = load_block(code, m, pointer, builder.add(i, loop.index), j, (1, across), edge)
            store_block(code, panel, first, loop.index, code.integer(0), kind, row)
        return first

    extra = () if count is None else (INDEX,)
    return panel, (m, INDEX, INDEX, rows, vectors, *extra), generate


def turned(code: Code, rows: list[Any]) -> list[Any]:
    """A square block transposed in registers: exchange halves, quarters, ... of row pairs."""
    distance = 1
    while distance < len(rows):
        for r in range(len(rows)):
            if not r & distance:
                pair = rows[r], rows[r | distance]
                pair = code.unit.exchanged(code.builder, *pair, distance)
                rows[r], rows[r | distance] = pair
        distance *= 2
    return rows


@implements(pack_t)
def describe_pack_t(m: Any, i: Any, j: Any, rows: Any, vectors: Any, count: Any) -> Description:
    """Square blocks, one below the other in each vector of columns; the last may go too far."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    lanes, across = SIMD.lanes, shape[1]
    capacity, width = -(-shape[0] // lanes) * lanes, across * SIMD.lanes
    if capacity * width > LARGEST_PANEL:
        return None
    panel = MatrixType("float32", None, width, width)

    def generate(code: Code, pointer: Any, i: Any, j: Any, _r: Any, _v: Any, count: Any) -> Any:
        builder, edge = code.builder, code.unit.zero
        first = on_stack(builder, capacity * width)
        total = builder.udiv(builder.add(count, code.integer(lanes - 1)), code.integer(lanes))
        with cgutils.for_range(builder, total) as loop:
            down = builder.mul(loop.index, code.integer(lanes))
            for vector in range(across):
                line = builder.add(i, code.integer(vector * lanes))
                block = load_block(code, m, pointer, line, builder.add(j, down), (lanes, 1), edge)
                column, kind = code.integer(vector * lanes), TileType(lanes, 1)
                store_block(code, panel, first, down, column, kind, turned(code, block))
        return first

    return panel, (m, INDEX, INDEX, rows, vectors, INDEX), generate


@implements(transpose_block)
def describe_transpose_block(
    src: Any, i: Any, j: Any, dst: Any, ii: Any = None, jj: Any = None
) -> Description:
    """A square block transposed in registers."""
    if not (isinstance(src, MatrixType) and isinstance(dst, MatrixType)):
        return None

    def generate(code: Code, source: Any, i: Any, j: Any, target: Any, *place: Any) -> None:
        lanes = code.unit.lanes
        rows = load_block(code, src, source, i, j, (lanes, 1), code.unit.zero)
        row, column = place or (j, i)
        store_block(code, dst, target, row, column, TileType(lanes, 1), turned(code, rows))

    places = () if ii is None else (INDEX, INDEX)
    return types.void, (src, INDEX, INDEX, dst, *places), generate


@implements(copy_words)
def describe_copy_words(target: Any, place: Any, source: Any, start: Any, n: Any) -> Description:
    """A run of 4-byte elements copied."""
    if not (isinstance(target, MatrixType) and isinstance(source, MatrixType)):
        return None

    def generate(code: Code, to: Any, place: Any, origin: Any, start: Any, count: Any) -> None:
        builder = code.builder
        data = ir.IntType(8).as_pointer()
        operands = (
            builder.bitcast(builder.gep(code.pointer(target, to), [place]), data),
            builder.bitcast(builder.gep(code.pointer(source, origin), [start]), data),
            builder.mul(count, code.integer(4)),
            ir.Constant(ir.IntType(1), 0),
        )
        call_intrinsic(builder, "llvm.memcpy.p0.p0.i64", ir.VoidType(), *operands)

    return types.void, (target, INDEX, source, INDEX, INDEX), generate


@implements(fill_words)
def describe_fill_words(target: Any, place: Any, n: Any, value: Any) -> Description:
    """A run of elements set to one value; the optimiser makes it vectors, or a memset."""
    if not isinstance(target, MatrixType):
        return None
    kind, number = ELEMENT_TYPES[target.element]
    number = types.float32 if target.element == "float32" else number

    def generate(code: Code, to: Any, place: Any, count: Any, value: Any) -> None:
        builder = code.builder
        if target.element == "int32":
            value = builder.trunc(value, kind)
        first = builder.gep(code.pointer(target, to), [place])
        with cgutils.for_range(builder, count) as loop:
            builder.store(value, builder.gep(first, [loop.index]))

    return types.void, (target, INDEX, INDEX, number), generate
