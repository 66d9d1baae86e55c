"""Convolutions on tensor cores: outer products of rounded operands, some terms at a time.

Sums stay in the order in which the tensor cores leave them, over all taps: a tile of 8, 16 or 32
rows, which `tensor_tile` turns into the usual one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kgen.runtime.cuda.blocks import wait_for_block
from kgen.runtime.cuda.fragments import BFLOAT16, EIGHT, TF32, Format, Tensors
from kgen.runtime.cuda.lowering import register
from kgen.runtime.cuda.warp import ROWS, TALL_ROWS
from kgen.runtime.lowering import (
    INDEX,
    Code,
    Description,
    MatrixType,
    TileType,
    implements,
    literal_int,
)
from kgen.runtime.tile_memory import Matrix, Tile


def tensor_zeros(rows: int, vectors: int) -> Tile:
    """No sums yet, of a tile of so many rows: at most `TALL_ROWS`."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def block_outer_tf32(
    sums: Tile, a: Matrix, i: int, k: int, b: Matrix, kk: int, j: int, count: int, rows: int
) -> Tile:
    """The sums plus `rows` rows of `a` times columns `j` and following of `b`, rounded to tf32.

    The `count` terms, at most 32, begin in column `k` of `a` and row `kk` of `b`. All warps of a
    block call it with the same `kk`, `j` and `count`, each with rows of its own, from `i` on.
    """
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def block_outer_bfloat16(
    sums: Tile, a: Matrix, i: int, k: int, b: Matrix, kk: int, j: int, count: int, rows: int
) -> Tile:
    """As `block_outer_tf32`, rounded to bfloat16 and of at most 64 terms."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def tensor_tile(sums: Tile, rows: int) -> Tile:
    """The sums as a tile of so many rows."""
    raise NotImplementedError("only a kernel on a GPU has tensor cores")


def sums_of(rows: int | None, vectors: int) -> TileType | None:
    """The tile of the sums of so many rows: lanes have one, two or four for each 8."""
    fitting = [height for height in (EIGHT, 2 * EIGHT, TALL_ROWS) if rows and rows <= height]
    return TileType(fitting[0], vectors) if fitting else None


def describe_tensor_zeros(rows: Any, vectors: Any) -> Description:
    """Zeros are the same in any order."""
    across = literal_int(vectors)
    kind = sums_of(literal_int(rows), across) if across is not None else None
    if kind is None:
        return None
    size = kind.rows * kind.vectors

    def generate(code: Code, _rows: Any, _vectors: Any) -> Any:
        return code.tile([code.unit.zero] * size)

    return kind, (rows, vectors), generate


def describe_block_outer(
    kind: Format,
    sums: Any,
    a: Any,
    i: Any,
    k: Any,
    b: Any,
    kk: Any,
    j: Any,
    count: Any,
    rows: Any,
) -> Description:
    """Both operands through shared memory."""
    height = literal_int(rows)
    if not (isinstance(sums, TileType) and isinstance(a, MatrixType) and isinstance(b, MatrixType)):
        return None
    if height is None or sums_of(height, sums.vectors) != sums:
        return None

    def generate(
        code: Code, value: Any, left: Any, i: Any, k: Any, right: Any, kk: Any, j: Any, *rest: Any
    ) -> Any:
        count = rest[0]
        tensors = Tensors(code, kind, sums)
        totals = tensors.placed(code.vectors(sums, value))
        wait_for_block(code.builder)
        tensors.write_panel(b, right, kk, count, j)
        for r in range(0, height, ROWS):
            some = range(r, min(r + ROWS, height))
            tensors.write_some(a, left, i, some, k, code.integer(0), count)
        wait_for_block(code.builder)
        tensors.multiply_all(totals, count)
        return code.tile(tensors.values(totals))

    wanted = (sums, a, INDEX, INDEX, b, INDEX, INDEX, INDEX, rows)
    return sums, wanted, generate


def describe_tensor_tile(sums: Any, rows: Any) -> Description:
    """Exchanged among lanes; rows that there are only to fill up are left out."""
    height = literal_int(rows)
    if not isinstance(sums, TileType) or height is None or sums_of(height, sums.vectors) != sums:
        return None

    def generate(code: Code, value: Any, _rows: Any) -> Any:
        # The instruction is of no matter here.
        tensors = Tensors(code, TF32, sums)
        found = tensors.in_rows(tensors.placed(code.vectors(sums, value)))
        return code.tile(found[: height * sums.vectors])

    return TileType(height, sums.vectors), (sums, rows), generate


OWN: dict[Any, Callable[..., Description]] = {
    tensor_zeros: describe_tensor_zeros,
    block_outer_tf32: partial(describe_block_outer, TF32),
    block_outer_bfloat16: partial(describe_block_outer, BFLOAT16),
    tensor_tile: describe_tensor_tile,
}
for function_, describe_ in OWN.items():
    implements(function_)(describe_)
    register(function_, describe_)
