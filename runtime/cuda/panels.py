"""Products of which the warps of a block share one operand: panels of it wait in shared memory.

A warp that reads its operands where they are asks for two or three numbers for each that it
multiplies. Here the block copies some rows of the right operand, which all its warps then meet with
rows of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgen.runtime.cuda.blocks import SHARED, wait_for_block
from kgen.runtime.cuda.lowering import register, special
from kgen.runtime.cuda.warp import LANES, ROWS, WARP, WARPS
from kgen.runtime.ir_vectors import FLOAT, INT64
from kgen.runtime.lowering import (
    INDEX,
    Code,
    Description,
    MatrixType,
    TileType,
    implements,
    literal_int,
)
from kgen.runtime.lowering_memory import address, load_block, load_number, row_addresses
from kgen.runtime.lowering_products import accumulate
from kgen.runtime.tile_memory import Matrix, Tile
from llvmlite import ir
from numba.cuda import cgutils

# Rows of a panel: a number for each lane of a column of the left operand.
DEPTH = LANES
# Floats from one column of the left operand to the next: lanes that write their columns, four
# numbers at a time, then meet different banks.
STRIDE = ROWS + 4
FOUR = 4
# Steps of the sum that are written out.
UNROLLED = 4


def block_pack(m: Matrix, i: int, j: int, rows: int, vectors: int, count: int) -> Matrix:
    """`pack` by all warps of a block together, who all see the copy until the next is made."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def block_product(acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int) -> Tile:
    """The tile plus rows `i` and following of `a` times columns `j` and following of `b`.

    All warps of a block call it with the same `j`, `inner` (the terms of a sum) and `last`, each
    with rows of its own. Those from `last` on do not count: warps that have no others only help.
    """
    raise NotImplementedError("only a kernel on a GPU has blocks")


def block_product_t(acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int) -> Tile:
    """As `block_product`, of columns `i` and following of `a` in place of rows."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def shared_memory(builder: Any, name: str, count: int) -> Any:
    """So many floats that a block has in common; the same for all who ask by this name."""
    kind = ir.ArrayType(FLOAT, count)
    name = f"kgen_block_{name}_{count}"
    memory = builder.module.globals.get(name)
    if memory is None:
        memory = ir.GlobalVariable(builder.module, kind, name, SHARED)
        memory.align = 128
        memory.initializer = ir.Constant(kind, ir.Undefined)
    generic = builder.addrspacecast(memory, kind.as_pointer(), "generic")
    return builder.bitcast(generic, FLOAT.as_pointer())


class Block:
    """Where a thread is in its block, to generators."""

    def __init__(self, code: Code) -> None:
        self.code = code
        builder = code.builder
        self.lane = builder.zext(WARP.lane(builder), INT64)
        self.warp, self.warps = (
            builder.udiv(special(builder, name), code.integer(LANES))
            for name in ("tid.x", "ntid.x")
        )

    def stage(
        self, m: MatrixType, value: Any, row: Any, j: Any, vectors: int, count: Any, target: Any
    ) -> None:
        """Copy `count` rows of some vectors to `target`, each row by one warp."""
        code, builder = self.code, self.code.builder
        width = code.integer(vectors * LANES)
        mine = builder.sub(count, self.warp)
        ahead = builder.add(mine, builder.sub(self.warps, code.integer(1)))
        with cgutils.for_range(builder, builder.sdiv(ahead, self.warps)) as loop:
            line = builder.add(self.warp, builder.mul(loop.index, self.warps))
            found = load_block(
                code, m, value, builder.add(row, line), j, (1, vectors), code.unit.zero
            )
            first = builder.gep(target, [builder.add(builder.mul(line, width), self.lane)])
            for n, vector in enumerate(found):
                builder.store(vector, builder.gep(first, [code.integer(n * LANES)]))


def describe_block_pack(m: Any, i: Any, j: Any, rows: Any, vectors: Any, count: Any) -> Description:
    """The panel lies in shared memory, row after row."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    across, size = shape[1], shape[0] * shape[1] * LANES
    panel = MatrixType("float32", None, across * LANES, across * LANES)

    def generate(code: Code, value: Any, i: Any, j: Any, _r: Any, _v: Any, count: Any) -> Any:
        memory = shared_memory(code.builder, "panel", size)
        wait_for_block(code.builder)
        Block(code).stage(m, value, i, j, across, count, memory)
        wait_for_block(code.builder)
        return memory

    return panel, (m, INDEX, INDEX, rows, vectors, INDEX), generate


def describe_block_product(acc: Any, a: Any, b: Any, transposed: bool) -> Description:
    """Both operands through shared memory: `b` for all warps, and each warp's part of `a`."""
    if not (isinstance(acc, TileType) and isinstance(a, MatrixType) and isinstance(b, MatrixType)):
        return None
    if acc.rows != ROWS:
        return None

    def generate(
        code: Code, value: Any, left: Any, i: Any, right: Any, j: Any, inner: Any, last: Any
    ) -> Any:
        builder = code.builder
        block = Block(code)
        panel = shared_memory(builder, "panel", DEPTH * acc.vectors * LANES)
        columns = shared_memory(builder, "columns", WARPS * DEPTH * STRIDE)
        columns = builder.gep(columns, [builder.mul(block.warp, code.integer(DEPTH * STRIDE))])
        totals = [cgutils.alloca_once(builder, FLOAT) for _ in range(acc.rows * acc.vectors)]
        for total, part in zip(totals, code.vectors(acc, value), strict=True):
            builder.store(part, total)
        is_busy = builder.icmp_signed("<", i, last)
        rounds = builder.sdiv(builder.add(inner, code.integer(DEPTH - 1)), code.integer(DEPTH))
        with cgutils.for_range(builder, rounds) as loop:
            start = builder.mul(loop.index, code.integer(DEPTH))
            rest = builder.sub(inner, start)
            is_whole = builder.icmp_signed("<", code.integer(DEPTH), rest)
            count = builder.select(is_whole, code.integer(DEPTH), rest)
            wait_for_block(builder)
            block.stage(b, right, start, j, acc.vectors, count, panel)
            own = builder.and_(is_busy, builder.icmp_signed("<", block.lane, count))
            with builder.if_then(own):
                term = builder.add(start, block.lane)
                write_column(block, read_column(code, a, left, i, term, transposed), columns)
            wait_for_block(builder)
            with builder.if_then(is_busy):
                add_terms(block, acc, totals, columns, panel, count)
        return code.tile([builder.load(total) for total in totals])

    wanted = (acc, a, INDEX, b, INDEX, INDEX, INDEX)
    return acc, wanted, generate


def read_column(code: Code, m: MatrixType, value: Any, i: Any, k: Any, transposed: bool) -> Any:
    """A lane's term of the sums: the numbers of the warp's rows in column k; or of a row."""
    if transposed:
        first = address(code, m, value, k, i)
        places = [code.builder.gep(first, [code.integer(r)]) for r in range(ROWS)]
    else:
        places = row_addresses(code, m, value, i, k, ROWS)
    return [load_number(code, m, place) for place in places]


def fours(block: Block, columns: Any, k: Any) -> list[Any]:
    """Where the numbers of a term lie in shared memory, four at a time."""
    builder = block.code.builder
    first = builder.gep(columns, [builder.mul(k, block.code.integer(STRIDE))])
    kind = ir.VectorType(FLOAT, FOUR).as_pointer()
    return [
        builder.bitcast(builder.gep(first, [block.code.integer(r)]), kind)
        for r in range(0, ROWS, FOUR)
    ]


def write_column(block: Block, numbers: list[Any], columns: Any) -> None:
    """A lane's term to shared memory."""
    builder = block.code.builder
    for n, place in enumerate(fours(block, columns, block.lane)):
        four = ir.Constant(ir.VectorType(FLOAT, FOUR), ir.Undefined)
        for r, number in enumerate(numbers[n * FOUR : (n + 1) * FOUR]):
            four = builder.insert_element(four, number, ir.Constant(ir.IntType(32), r))
        builder.store(four, place, align=16)


def add_terms(
    block: Block, acc: TileType, totals: list[Any], columns: Any, panel: Any, count: Any
) -> None:
    """The terms that lie in shared memory added, in their order."""
    code, builder = block.code, block.code.builder

    def add(k: Any) -> None:
        left = []
        for place in fours(block, columns, k):
            four = builder.load(place, align=16)
            left += [
                builder.extract_element(four, ir.Constant(ir.IntType(32), r)) for r in range(FOUR)
            ]
        start = builder.add(builder.mul(k, code.integer(acc.vectors * LANES)), block.lane)
        first = builder.gep(panel, [start])
        right = [
            builder.load(builder.gep(first, [code.integer(v * LANES)])) for v in range(acc.vectors)
        ]
        value = code.tile([builder.load(total) for total in totals])
        for part, total in zip(
            code.vectors(acc, accumulate(code, acc, value, left, right)), totals, strict=True
        ):
            builder.store(part, total)

    whole = builder.sdiv(count, code.integer(UNROLLED))
    with cgutils.for_range(builder, whole) as loop:
        first = builder.mul(loop.index, code.integer(UNROLLED))
        for n in range(UNROLLED):
            add(code.plus(first, n))
    done = builder.mul(whole, code.integer(UNROLLED))
    with cgutils.for_range(builder, builder.sub(count, done)) as loop:
        add(builder.add(done, loop.index))


def describe_product(
    acc: Any, a: Any, i: Any, b: Any, j: Any, inner: Any, last: Any
) -> Description:
    """Of rows of `a`."""
    return describe_block_product(acc, a, b, transposed=False)


def describe_product_t(
    acc: Any, a: Any, i: Any, b: Any, j: Any, inner: Any, last: Any
) -> Description:
    """Of columns of `a`."""
    return describe_block_product(acc, a, b, transposed=True)


OWN: dict[Any, Callable[..., Description]] = {
    block_pack: describe_block_pack,
    block_product: describe_product,
    block_product_t: describe_product_t,
}
for function_, describe_ in OWN.items():
    implements(function_)(describe_)
    register(function_, describe_)
