"""Products on tensor cores: operands rounded on their way to shared memory, sums in float32."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kgen.runtime.cuda.blocks import wait_for_block
from kgen.runtime.cuda.fragments import BFLOAT16, TF32, WORDS, Format, Tensors
from kgen.runtime.cuda.lowering import register
from kgen.runtime.cuda.warp import ROWS, TALL_ROWS
from kgen.runtime.lowering import INDEX, Code, Description, MatrixType, TileType, implements
from kgen.runtime.tile_memory import Matrix, Tile
from numba.cuda import cgutils


def block_product_tf32(
    acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
) -> Tile:
    """As `block_product`, for `TALL_ROWS` rows, of operands rounded to tf32."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def block_product_t_tf32(
    acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
) -> Tile:
    """As `block_product_t`, for `TALL_ROWS` columns, of operands rounded to tf32."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def block_product_bfloat16(
    acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
) -> Tile:
    """As `block_product`, for `TALL_ROWS` rows, of operands rounded to bfloat16."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def block_product_t_bfloat16(
    acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
) -> Tile:
    """As `block_product_t`, for `TALL_ROWS` columns, of operands rounded to bfloat16."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def part_of(tile: Tile, first: int) -> Tile:
    """`ROWS` rows of a tile of `TALL_ROWS`, from one of their multiples on."""
    raise NotImplementedError("only a kernel on a GPU has tall tiles")


def describe_tensor_product(
    kind: Format,
    transposed: bool,
    acc: Any,
    a: Any,
    i: Any,
    b: Any,
    j: Any,
    inner: Any,
    last: Any,
) -> Description:
    """Panels of both operands in shared memory, in turn written and multiplied."""
    if not (isinstance(acc, TileType) and isinstance(a, MatrixType) and isinstance(b, MatrixType)):
        return None
    if acc.rows != TALL_ROWS:
        return None

    def generate(
        code: Code, value: Any, left: Any, i: Any, right: Any, j: Any, inner: Any, last: Any
    ) -> Any:
        builder = code.builder
        tensors = Tensors(code, kind, acc)
        totals = tensors.nothing()
        is_busy = builder.icmp_signed("<", i, last)
        depth = code.integer(kind.terms * WORDS)
        rounds = builder.sdiv(builder.add(inner, code.plus(depth, -1)), depth)
        with cgutils.for_range(builder, rounds) as loop:
            start = builder.mul(loop.index, depth)
            rest = builder.sub(inner, start)
            count = builder.select(builder.icmp_signed("<", depth, rest), depth, rest)
            wait_for_block(builder)
            tensors.write_panel(b, right, start, count, j)
            write = tensors.write_columns if transposed else tensors.write_rows
            with builder.if_then(is_busy):
                write(a, left, i, last, start, count)
            wait_for_block(builder)
            with builder.if_then(is_busy):
                tensors.multiply_all(totals, count)
        sums = tensors.in_rows(totals)
        pairs = zip(code.vectors(acc, value), sums, strict=True)
        return code.tile([builder.fadd(part, one) for part, one in pairs])

    return acc, (acc, a, INDEX, b, INDEX, INDEX, INDEX), generate


def describe_part_of(tile: Any, first: Any) -> Description:
    """Picked by comparing, since registers have no numbers at run time."""
    if not isinstance(tile, TileType) or tile.rows != TALL_ROWS:
        return None
    size = ROWS * tile.vectors

    def generate(code: Code, value: Any, first: Any) -> Any:
        builder = code.builder
        parts = code.vectors(tile, value)
        found = parts[:size]
        for row in range(ROWS, TALL_ROWS, ROWS):
            here = builder.icmp_signed("==", first, code.integer(row))
            others = parts[row * tile.vectors :][:size]
            found = [
                builder.select(here, other, one) for one, other in zip(found, others, strict=True)
            ]
        return code.tile(found)

    return TileType(ROWS, tile.vectors), (tile, INDEX), generate


OWN: dict[Any, Callable[..., Description]] = {
    block_product_tf32: partial(describe_tensor_product, TF32, False),
    block_product_t_tf32: partial(describe_tensor_product, TF32, True),
    block_product_bfloat16: partial(describe_tensor_product, BFLOAT16, False),
    block_product_t_bfloat16: partial(describe_tensor_product, BFLOAT16, True),
    part_of: describe_part_of,
}
for function_, describe_ in OWN.items():
    implements(function_)(describe_)
    register(function_, describe_)
