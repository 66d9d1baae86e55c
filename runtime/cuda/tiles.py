"""Sizes of tiles on a GPU, and the grid that its kernels share their work over.

The tile functions are those of `kgen.runtime.tiles`; the lanes of a warp execute them.
"""

from __future__ import annotations

from kgen.runtime.cuda.grid import block_max, block_min, block_sum, blocks_of_warps, warps
from kgen.runtime.cuda.warp import ACCUMULATORS, LANES, ROWS

HALF_ROWS = ROWS // 2


def vectors_for(cols: int) -> int:
    """Vectors that hold `cols` columns."""
    return -(-cols // LANES)


def rows_for(n: int, vectors: int = 2) -> int:
    """Rows of a tile of `vectors` vectors that cover n rows evenly; see `memory.rows_for`."""
    tallest = max(1, min(n, ACCUMULATORS // vectors))
    return min(range(tallest, 0, -1), key=lambda rows: -(-n // rows) * (rows + 1.5))


__all__ = [
    "HALF_ROWS",
    "LANES",
    "ROWS",
    "block_max",
    "block_min",
    "block_sum",
    "blocks_of_warps",
    "rows_for",
    "vectors_for",
    "warps",
]
