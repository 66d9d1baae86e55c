"""Emulated reductions and edge masks of tiles (see `tiles`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.runtime.isa import LANES
from kgen.runtime.tile_memory import Tile


def fold_lanes(tile: Tile, combine: Any) -> Tile:
    """Combine the vectors of each row in order, then its lanes in a tree; result in all lanes."""
    row = tile[:, 0]
    for v in range(1, tile.shape[1]):
        row = combine(row, tile[:, v])
    distance = LANES // 2
    while distance:
        row = combine(row, row[:, np.arange(LANES) ^ distance])
        distance //= 2
    return np.asarray(row[:, None], np.float32)


def row_sum(tile: Tile) -> Tile:
    """The sum of each row, in all lanes of a one-vector tile."""
    return fold_lanes(tile, np.add)


def row_max(tile: Tile) -> Tile:
    """The largest of each row, in all lanes of a one-vector tile; NaN if any is."""
    return fold_lanes(tile, np.maximum)


def row_min(tile: Tile) -> Tile:
    """The smallest of each row, in all lanes of a one-vector tile; NaN if any is."""
    return fold_lanes(tile, np.minimum)


def lane_sums(tile: Tile) -> Tile:
    """The sum of each of LANES rows, row n's in lane n: a tile of one row.

    As fast as a few of `row_sum`: in each step two vectors' halves are added into one.
    """
    row = tile[:, 0]
    for v in range(1, tile.shape[1]):
        row = row + tile[:, v]
    lanes, distance = np.arange(LANES), 1
    while distance < LANES:
        a, b = row[::2], row[1::2]
        upper = (lanes & distance) > 0
        kept, sent = np.where(upper, b, a), np.where(upper, a, b)
        row = kept + sent[:, lanes ^ distance]
        distance *= 2
    return np.asarray(row[None], np.float32)


def fold_rows(tile: Tile, combine: Any) -> Tile:
    """Combine the rows of a tile in a tree (halves of the row count, the odd one last)."""
    rows = [tile[r] for r in range(tile.shape[0])]
    while len(rows) > 1:
        half = (len(rows) + 1) // 2
        rows = [
            combine(rows[r], rows[r + half]) if r + half < len(rows) else rows[r]
            for r in range(half)
        ]
    return np.asarray(rows[0][None], np.float32)


def col_sum(tile: Tile) -> Tile:
    """The sum over the rows: a tile of one row."""
    return fold_rows(tile, np.add)


def col_max(tile: Tile) -> Tile:
    """The largest over the rows: a tile of one row; NaN if any is."""
    return fold_rows(tile, np.maximum)


def col_min(tile: Tile) -> Tile:
    """The smallest over the rows: a tile of one row; NaN if any is."""
    return fold_rows(tile, np.minimum)


def scalar(tile: Tile) -> float:
    """Lane 0 of row 0 as a plain float32 number."""
    return float(tile[0, 0, 0])


def lane_index(j: int, vectors: int) -> Tile:
    """The column numbers `j`, `j + 1`, ... as a tile of one row (exact below 2**24)."""
    return (j + np.arange(vectors * LANES, dtype=np.float32)).reshape(1, vectors, LANES)


def keep_columns(tile: Tile, j: int, cols: int, fill: float) -> Tile:
    """The tile at column `j` with `fill` in the columns from `cols` on."""
    columns = j + np.arange(tile.shape[1] * LANES).reshape(1, tile.shape[1], LANES)
    return np.where(columns < cols, tile, np.float32(fill))


def keep_rows(tile: Tile, i: int, rows: int, fill: float) -> Tile:
    """The tile at row `i` with `fill` in the rows from `rows` on."""
    inside = (i + np.arange(tile.shape[0]) < rows)[:, None, None]
    return np.where(inside, tile, np.float32(fill))
