"""Where a warp is in the grid, and whether there is a GPU at all.

Under numba-cuda's simulator (`NUMBA_ENABLE_CUDASIM=1`) a simulated thread stands for a whole
warp: kernels then run as Python over the emulated tiles, whose rows are 32 lanes wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kgen.runtime.cuda.rounding import to_bfloat16, to_tf32
from kgen.runtime.cuda.warp import ROWS
from kgen.runtime.tile_math import zeros
from kgen.runtime.tile_memory import Matrix, Tile, outer, outer_t, pack
from numba.core import config

IS_SIMULATED = bool(config.ENABLE_CUDASIM)
# Blocks for each multiprocessor of the device.
BLOCKS = 4
# The grid in the simulator: few warps, whose slices of the work are uneven.
SIMULATED_BLOCKS = 3
Product = Callable[[Tile, Matrix, int, Matrix, int, int, int], Tile]
Rounding = Callable[[Any], Any]


if IS_SIMULATED:
    from numba import cuda

    @cuda.jit(device=True)  # type: ignore[untyped-decorator]
    def warps() -> tuple[int, int]:
        """This warp's number in the grid, and how many there are."""
        return cuda.grid(1), cuda.gridsize(1)

    @cuda.jit(device=True)  # type: ignore[untyped-decorator]
    def blocks_of_warps() -> tuple[int, int, int, int]:
        """This block's number, how many there are, the warp's number in it, how many it has."""
        return cuda.blockIdx.x, cuda.gridDim.x, cuda.threadIdx.x, cuda.blockDim.x

    def alone(tile: Tile) -> Tile:
        """A simulated block has one warp."""
        return tile

    def block_product(
        acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
    ) -> Tile:
        """The warp's own part of a product."""
        for k in range(inner if i < last else 0):
            acc = outer(acc, a, i, k, b, k, j)
        return acc

    def block_product_t(
        acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
    ) -> Tile:
        """The warp's own part of a product with the transpose of `a`."""
        for k in range(inner if i < last else 0):
            acc = outer_t(acc, a, k, i, b, k, j)
        return acc

    def block_pack(m: Matrix, i: int, j: int, rows: int, vectors: int, count: int) -> Matrix:
        """The warp's own copy."""
        return pack(m, i, j, rows, vectors, count)

    def rounding(product: Product, rounded: Rounding) -> Product:
        """A product whose operands are rounded first."""

        def round_and_add(
            acc: Tile, a: Matrix, i: int, b: Matrix, j: int, inner: int, last: int
        ) -> Tile:
            """The warp's own part of the product."""
            left, right = (replace(m, data=rounded(m.data)) for m in (a, b))
            return product(acc, left, i, right, j, inner, last)

        return round_and_add

    block_product_tf32 = rounding(block_product, to_tf32)
    block_product_t_tf32 = rounding(block_product_t, to_tf32)
    block_product_bfloat16 = rounding(block_product, to_bfloat16)
    block_product_t_bfloat16 = rounding(block_product_t, to_bfloat16)

    def block_outer(rounded: Rounding) -> Callable[..., Tile]:
        """Outer products of rounded operands."""

        def round_and_add(
            sums: Tile, a: Matrix, i: int, k: int, b: Matrix, kk: int, j: int, count: int, rows: int
        ) -> Tile:
            """The warp's own part of the products."""
            left, right = (replace(m, data=rounded(m.data)) for m in (a, b))
            for n in range(count):
                sums = outer(sums, left, i, k + n, right, kk + n, j)
            return sums

        return round_and_add

    block_outer_tf32 = block_outer(to_tf32)
    block_outer_bfloat16 = block_outer(to_bfloat16)

    def tensor_zeros(rows: int, vectors: int) -> Tile:
        """No sums yet."""
        return zeros(rows, vectors)

    def tensor_tile(sums: Tile, rows: int) -> Tile:
        """They are in order."""
        return sums

    def part_of(tile: Tile, first: int) -> Tile:
        """`ROWS` rows of a tile."""
        return tile[first : first + ROWS]

    block_sum = block_max = block_min = alone
else:
    from kgen.runtime.cuda.blocks import (  # noqa: F401
        block_max,
        block_min,
        block_sum,
        blocks_of_warps,
    )
    from kgen.runtime.cuda.lowering import warps  # noqa: F401
    from kgen.runtime.cuda.panels import block_pack, block_product, block_product_t  # noqa: F401
    from kgen.runtime.cuda.taps import (  # noqa: F401
        block_outer_bfloat16,
        block_outer_tf32,
        tensor_tile,
        tensor_zeros,
    )
    from kgen.runtime.cuda.tensors import (  # noqa: F401
        block_product_bfloat16,
        block_product_t_bfloat16,
        block_product_t_tf32,
        block_product_tf32,
        part_of,
    )
