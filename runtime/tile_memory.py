"""Emulated matrices: loads, stores and outer products of tiles (see `tiles`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.isa import LANES

Tile = npt.NDArray[np.float32]
# Floats that may be read behind a workspace.
WORKSPACE_GUARD = 1 << 10
INT32_RANGE = (-(1 << 31), (1 << 31) - 1)


@dataclass(frozen=True)
class Matrix:
    """Emulated matrix: the flat array its buffer starts at, and its shape; row-major.

    Row `i` starts at `i * step`, which is `cols` unless rows lie apart or overlap.
    """

    data: npt.NDArray[Any]
    rows: int
    cols: int
    step: int


def matrix(args: Any, index: int, rows: int, cols: int, step: int | None = None) -> Matrix:
    """Argument `index` of a kernel as a float32 matrix.

    Literals among `rows`, `cols` and `step` become part of the machine code. Rows start `step`
    elements apart: more than `cols` skips (one time step of a sequence), less overlaps (windows).
    """
    return Matrix(args[index], rows, cols, cols if step is None else step)


def imatrix(args: Any, index: int, rows: int, cols: int, step: int | None = None) -> Matrix:
    """Argument `index` as an int32 matrix; loads give float32, stores cut to int32."""
    return Matrix(args[index].view(np.int32), rows, cols, cols if step is None else step)


def i64vector(args: Any, index: int) -> Matrix:
    """Argument `index` as int64 numbers, read and set one at a time at row 0."""
    return Matrix(args[index], 1, 1, 1)


def f64vector(args: Any, index: int) -> Matrix:
    """Argument `index` as float64 numbers, read and set one at a time at row 0."""
    return Matrix(args[index], 1, 1, 1)


def copy_words(target: Matrix, place: int, source: Matrix, start: int, count: int) -> None:
    """Copy `count` 4-byte elements between flat positions of two matrices of one dtype."""
    target.data[place : place + count] = source.data[start : start + count]


def fill_words(target: Matrix, place: int, count: int, value: float) -> None:
    """Set `count` elements from a flat position on to one value."""
    target.data[place : place + count] = value


def element(m: Matrix, i: int, j: int) -> Any:
    """One number of any matrix or vector, as a plain float or int."""
    return m.data[i * m.step + j].item()


def set_element(m: Matrix, i: int, j: int, value: float) -> None:
    """Set one number of any matrix or vector."""
    m.data[i * m.step + j] = value


def emulated_places(m: Matrix, i: int, j: int, rows: int, vectors: int) -> tuple[Any, Any]:
    """Flat indices of a block (last row repeated beyond the edge) and its valid columns."""
    lines = np.minimum(i + np.arange(rows), max(m.rows - 1, i))[:, None, None]
    columns = j + np.arange(vectors * LANES).reshape(vectors, LANES)
    inside = np.broadcast_to(columns < m.cols, (rows, vectors, LANES))
    return lines * m.step + columns, inside


def as_elements(m: Matrix, values: Any) -> Any:
    """float32 values as a matrix holds them: int32 cuts towards zero; NaN is 0 there."""
    if m.data.dtype != np.int32:
        return values
    held = np.clip(
        np.nan_to_num(np.asarray(values, np.float64), posinf=2e10, neginf=-2e10), *INT32_RANGE
    )
    return held.astype(np.int32)


def load(m: Matrix, i: int, j: int, rows: int, vectors: int, fill: float = 0.0) -> Tile:
    """The block at row `i`, column `j`; columns beyond the edge are `fill`."""
    places, inside = emulated_places(m, i, j, rows, vectors)
    values = m.data[np.minimum(places, m.data.size - 1)]
    return np.where(inside, values, fill).astype(np.float32)


def prefetch(m: Matrix, i: int, j: int, rows: int, vectors: int) -> None:
    """Ask for the block at row `i`, column `j`, which will be loaded after other work."""


def prefetch_write(m: Matrix, i: int, j: int, rows: int, vectors: int) -> None:
    """As `prefetch`, for a block that will be written: no other core's cache may keep it."""


def store(m: Matrix, i: int, j: int, tile: Tile) -> None:
    """Write a tile at row `i`, column `j`, leaving out what lies beyond the edge."""
    places, inside = emulated_places(m, i, j, tile.shape[0], tile.shape[1])
    inside = inside & ((i + np.arange(tile.shape[0])) < max(m.rows, i + 1))[:, None, None]
    m.data[places[inside]] = as_elements(m, tile[inside])


def store_rows(m: Matrix, i: int, j: int, tile: Tile, count: int) -> None:
    """As `store`, but only the first `count` rows of the tile, if it has more."""
    store(m, i, j, tile[: max(count, 0)])


def add_to(m: Matrix, i: int, j: int, tile: Tile) -> None:
    """Add a tile to the block at row `i`, column `j`."""
    store(m, i, j, load(m, i, j, tile.shape[0], tile.shape[1]) + tile)


def load_column(m: Matrix, i: int, rows: int, j: int = 0) -> Tile:
    """Column `j` of `rows` rows, each number in all lanes of its row."""
    lines = np.minimum(i + np.arange(rows), max(m.rows - 1, i))
    column = m.data[np.minimum(lines * m.step + j, m.data.size - 1)].astype(np.float32)
    return np.broadcast_to(column[:, None, None], (rows, 1, LANES))


def store_column(m: Matrix, i: int, tile: Tile, j: int = 0, count: int | None = None) -> None:
    """Write lane 0 of each row of a one-vector tile, or of the first `count`, to column `j`."""
    for r in range(tile.shape[0] if count is None else min(max(count, 0), tile.shape[0])):
        if i + r < max(m.rows, i + 1):
            m.data[(i + r) * m.step + j] = as_elements(m, tile[r, 0, 0])


def load_scalar(m: Matrix, i: int, j: int) -> Tile:
    """One number in all lanes of a 1 x 1 tile."""
    return np.full((1, 1, LANES), m.data[i * m.step + j], np.float32)


def outer(acc: Tile, a: Matrix, i: int, k: int, b: Matrix, kk: int, j: int) -> Tile:
    """`acc[r, :] + a[i + r, k] * b[kk, j:]` with fused multiply-add."""
    left = load_column(a, i, acc.shape[0], k)
    return acc + left * load(b, kk, j, 1, acc.shape[1])


def outer_t(acc: Tile, a: Matrix, k: int, i: int, b: Matrix, kk: int, j: int) -> Tile:
    """`acc[r, :] + a[k, i + r] * b[kk, j:]` with fused multiply-add."""
    places = np.minimum(k * a.step + i + np.arange(acc.shape[0]), a.data.size - 1)
    left = a.data[places].astype(np.float32)[:, None, None]
    return acc + left * load(b, kk, j, 1, acc.shape[1])


def pack(m: Matrix, i: int, j: int, rows: int, vectors: int, count: int | None = None) -> Matrix:
    """A contiguous copy, private to the thread, of `count` rows of `vectors` columns of vectors.

    The copy is a matrix of (rows, vectors * LANES) that starts at row `i`, column `j` of `m`; it
    lives until `pack` is called at the same place again. `rows` is a literal capacity; `count`
    says how many are copied, all if left out. A product that goes over one column block many
    times reads it faster so: a column block of a wide matrix wastes cache sets and page entries.
    """
    panel = np.zeros((rows, vectors, LANES), np.float32)
    for r in range(rows if count is None else count):
        panel[r] = load(m, i + r, j, 1, vectors)[0]
    return Matrix(panel.reshape(-1), rows, vectors * LANES, vectors * LANES)


def pack_t(m: Matrix, i: int, j: int, rows: int, vectors: int, count: int) -> Matrix:
    """As `pack`, of the transpose: `count` columns of `m` from `j` on become rows of the copy.

    Its columns are the `vectors * LANES` rows of `m` from `i` on.
    """
    panel = np.zeros((rows, vectors, LANES), np.float32)
    for vector in range(vectors):
        lines = load(m, i + vector * LANES, j, LANES, -(-count // LANES)).reshape(LANES, -1)
        panel[:count, vector] = lines[:, :count].T
    return Matrix(panel.reshape(-1), rows, vectors * LANES, vectors * LANES)


def scratch(rows: int, vectors: int) -> Matrix:
    """A matrix private to the thread, whose numbers are whatever was there before.

    `rows` is a literal; rows are `vectors * LANES` long. It lives as long as the kernel runs.
    """
    width = vectors * LANES
    return Matrix(np.full(rows * width, np.nan, np.float32), rows, width, width)


def workspace(count: int, cols: int, step: int) -> Matrix:
    """`count` floats private to the thread, as a matrix whose rows start `step` apart.

    What is in them is whatever was there before; tiles may read a little further. All three
    sizes are literals. It lives as long as the kernel runs.
    """
    floats = np.full(count + WORKSPACE_GUARD, np.nan, np.float32)
    return Matrix(floats, count // step, cols, step)


def transpose_block(
    src: Matrix, i: int, j: int, dst: Matrix, ii: int | None = None, jj: int | None = None
) -> None:
    """`dst[ii:, jj:] = src[i:, j:].T` for a block of LANES x LANES, cut at both edges.

    Without `ii` and `jj` they are j and i: a whole matrix turned over.
    """
    block = load(src, i, j, LANES, 1)[:, 0, :]
    place = (j if ii is None else ii), (i if jj is None else jj)
    store(dst, *place, np.ascontiguousarray(block.T)[:, None, :])
