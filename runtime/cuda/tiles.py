"""Sizes of tiles on a GPU, and the grid that its kernels share their work over.

The tile functions are those of `kgen.runtime.tiles`; the lanes of a warp execute them.
"""

from __future__ import annotations

from functools import partial

from kgen.runtime import memory
from kgen.runtime.cuda.grid import (
    block_max,
    block_min,
    block_outer_bfloat16,
    block_outer_tf32,
    block_pack,
    block_product,
    block_product_bfloat16,
    block_product_t,
    block_product_t_bfloat16,
    block_product_t_tf32,
    block_product_tf32,
    block_sum,
    blocks_of_warps,
    part_of,
    tensor_tile,
    tensor_zeros,
    warps,
)
from kgen.runtime.cuda.warp import ACCUMULATORS, LANES, ROWS, TALL_ROWS

HALF_ROWS = ROWS // 2
vectors_for = partial(memory.vectors_for, lanes=LANES)
rows_for = partial(memory.rows_for, accumulators=ACCUMULATORS)

__all__ = [
    "HALF_ROWS",
    "LANES",
    "ROWS",
    "TALL_ROWS",
    "block_max",
    "block_min",
    "block_outer_bfloat16",
    "block_outer_tf32",
    "block_pack",
    "block_product",
    "block_product_bfloat16",
    "block_product_t",
    "block_product_t_bfloat16",
    "block_product_t_tf32",
    "block_product_tf32",
    "block_sum",
    "blocks_of_warps",
    "part_of",
    "rows_for",
    "tensor_tile",
    "tensor_zeros",
    "vectors_for",
    "warps",
]
