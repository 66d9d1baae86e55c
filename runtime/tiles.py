"""Matrices in memory and register tiles: what the loops of an emitted kernel are written in.

A tile is a block of `rows` x `vectors` machine vectors of `LANES` float32, held in registers; a
mask is the same of booleans. In a compiled kernel the functions here become LLVM vector
instructions (`lowering_memory`, `lowering_math`). Their Python bodies are the emulation that runs
with `NUMBA_DISABLE_JIT=1`: there a tile is a float32 array of shape (rows, vectors, LANES).

Tiles are values and combine with `+ - * /`, comparisons and `& | ~`; a dimension of one
broadcasts, and a Python number stands for a tile of it. Use `x = x + y`, not `x += y`.

Rows: where a matrix has a literal row count, rows beyond it are never written, and reads beyond
it repeat the last row. Where the row count is a variable (the batch), buffers are padded to whole
tiles, and the caller keeps the padding out of sums (`keep_rows`). Columns beyond a matrix's edge
read as `fill` and are never written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kgen.runtime.isa import LANES, ROWS
from kgen.runtime.random import (
    MASK_64,
    bits_to_normal,
    bits_to_uniform,
    random_bits,
    signed_32,
    split_mix,
)
from kgen.runtime.vecmath import ONE_ARGUMENT, vector_log, vector_power
from kgen.runtime.vectors import NumpyVector

Tile = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

__all__ = [
    "LANES",
    "ROWS",
    "absolute",
    "add_to",
    "ceil",
    "col_max",
    "col_min",
    "col_sum",
    "copy_words",
    "cos",
    "element",
    "erf",
    "exp",
    "expm1",
    "f64vector",
    "first_row",
    "floor",
    "full",
    "i64vector",
    "imatrix",
    "keep_columns",
    "keep_rows",
    "lane_index",
    "load",
    "load_column",
    "load_scalar",
    "log",
    "log1p",
    "matrix",
    "maximum",
    "minimum",
    "normal",
    "outer",
    "outer_t",
    "power",
    "random_key",
    "reciprocal",
    "rint",
    "row_max",
    "row_min",
    "row_sum",
    "rsqrt",
    "scalar",
    "select",
    "set_element",
    "share",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "square",
    "step_index",
    "store",
    "store_column",
    "tanh",
    "transpose_block",
    "uniform",
    "zeros",
]


@dataclass(frozen=True)
class Matrix:
    """Emulated matrix: the flat array its buffer starts at, and its shape; row-major."""

    data: npt.NDArray[Any]
    rows: int
    cols: int


def matrix(args: Any, index: int, rows: int, cols: int) -> Matrix:
    """Argument `index` of a kernel as a float32 matrix; `cols` is a literal, `rows` may be."""
    return Matrix(args[index], rows, cols)


def imatrix(args: Any, index: int, rows: int, cols: int) -> Matrix:
    """Argument `index` as an int32 matrix; loads give its values as float32."""
    return Matrix(args[index], rows, cols)


def i64vector(args: Any, index: int) -> Matrix:
    """Argument `index` as int64 numbers, read and set one at a time at row 0."""
    return Matrix(args[index], 1, 1)


def f64vector(args: Any, index: int) -> Matrix:
    """Argument `index` as float64 numbers, read and set one at a time at row 0."""
    return Matrix(args[index], 1, 1)


def copy_words(target: Matrix, place: int, source: Matrix, start: int, count: int) -> None:
    """Copy `count` 4-byte elements between flat positions of two matrices of one dtype."""
    target.data[place : place + count] = source.data[start : start + count]


def element(m: Matrix, i: int, j: int) -> Any:
    """One number of any matrix or vector, as a plain float or int."""
    return m.data[i * m.cols + j].item()


def set_element(m: Matrix, i: int, j: int, value: float) -> None:
    """Set one number of any matrix or vector."""
    m.data[i * m.cols + j] = value


def emulated_places(m: Matrix, i: int, j: int, rows: int, vectors: int) -> tuple[Any, Any]:
    """Flat indices of a block (last row repeated beyond the edge) and its valid columns."""
    lines = np.minimum(i + np.arange(rows), max(m.rows - 1, i))[:, None, None]
    columns = j + np.arange(vectors * LANES).reshape(vectors, LANES)
    inside = np.broadcast_to(columns < m.cols, (rows, vectors, LANES))
    return lines * m.cols + columns, inside


def load(m: Matrix, i: int, j: int, rows: int, vectors: int, fill: float = 0.0) -> Tile:
    """The block at row `i`, column `j`; columns beyond the edge are `fill`."""
    places, inside = emulated_places(m, i, j, rows, vectors)
    values = m.data[np.minimum(places, m.data.size - 1)]
    return np.where(inside, values, fill).astype(np.float32)


def store(m: Matrix, i: int, j: int, tile: Tile) -> None:
    """Write a tile at row `i`, column `j`, leaving out what lies beyond the edge."""
    places, inside = emulated_places(m, i, j, tile.shape[0], tile.shape[1])
    inside = inside & ((i + np.arange(tile.shape[0])) < max(m.rows, i + 1))[:, None, None]
    m.data[places[inside]] = tile[inside]


def add_to(m: Matrix, i: int, j: int, tile: Tile) -> None:
    """Add a tile to the block at row `i`, column `j`."""
    store(m, i, j, load(m, i, j, tile.shape[0], tile.shape[1]) + tile)


def load_column(m: Matrix, i: int, rows: int, j: int = 0) -> Tile:
    """Column `j` of `rows` rows, each number in all lanes of its row."""
    lines = np.minimum(i + np.arange(rows), max(m.rows - 1, i))
    column = m.data[np.minimum(lines * m.cols + j, m.data.size - 1)].astype(np.float32)
    return np.broadcast_to(column[:, None, None], (rows, 1, LANES))


def store_column(m: Matrix, i: int, tile: Tile, j: int = 0) -> None:
    """Write lane 0 of each row of a one-vector tile to column `j`."""
    for r in range(tile.shape[0]):
        if i + r < max(m.rows, i + 1):
            m.data[(i + r) * m.cols + j] = tile[r, 0, 0]


def load_scalar(m: Matrix, i: int, j: int) -> Tile:
    """One number in all lanes of a 1 x 1 tile."""
    return np.full((1, 1, LANES), m.data[i * m.cols + j], np.float32)


def outer(acc: Tile, a: Matrix, i: int, k: int, b: Matrix, kk: int, j: int) -> Tile:
    """`acc[r, :] + a[i + r, k] * b[kk, j:]` with fused multiply-add."""
    left = load_column(a, i, acc.shape[0], k)
    return acc + left * load(b, kk, j, 1, acc.shape[1])


def outer_t(acc: Tile, a: Matrix, k: int, i: int, b: Matrix, kk: int, j: int) -> Tile:
    """`acc[r, :] + a[k, i + r] * b[kk, j:]` with fused multiply-add."""
    places = np.minimum(k * a.cols + i + np.arange(acc.shape[0]), a.data.size - 1)
    return acc + a.data[places][:, None, None] * load(b, kk, j, 1, acc.shape[1])


def transpose_block(src: Matrix, i: int, j: int, dst: Matrix) -> None:
    """`dst[j:, i:] = src[i:, j:].T` for a block of LANES x LANES, cut at both edges."""
    block = load(src, i, j, LANES, 1)[:, 0, :]
    store(dst, j, i, np.ascontiguousarray(block.T)[:, None, :])


def zeros(rows: int, vectors: int) -> Tile:
    """A tile of zeros."""
    return np.zeros((rows, vectors, LANES), np.float32)


def full(rows: int, vectors: int, value: float) -> Tile:
    """A tile with one value in all lanes."""
    return np.full((rows, vectors, LANES), value, np.float32)


def select(mask: Mask, a: Any, b: Any) -> Tile:
    """`a` where the mask is set, else `b`; either may be a number."""
    return np.asarray(np.where(mask, a, b), np.float32)


def maximum(a: Any, b: Any) -> Tile:
    """The larger, lane by lane; NaN if either is."""
    return np.asarray(np.maximum(a, b), np.float32)


def minimum(a: Any, b: Any) -> Tile:
    """The smaller, lane by lane; NaN if either is."""
    return np.asarray(np.minimum(a, b), np.float32)


def apply_emulated(name: str, tile: Tile) -> Tile:
    """One of the functions of `vecmath` on an emulated tile."""
    with np.errstate(all="ignore"):
        return np.asarray(ONE_ARGUMENT[name](NumpyVector(tile)).data, np.float32)


def power(x: Any, y: Any) -> Tile:
    """`x ** y`, lane by lane, with NumPy's special cases."""
    a, b = np.broadcast_arrays(np.asarray(x, np.float32), np.asarray(y, np.float32))
    with np.errstate(all="ignore"):
        return np.asarray(vector_power(NumpyVector(a), NumpyVector(b)).data, np.float32)


def exp(tile: Tile) -> Tile:
    """e ** x (`vecmath.vector_exp`)."""
    return apply_emulated("exp", tile)


def expm1(tile: Tile) -> Tile:
    """e ** x - 1 (`vecmath.vector_expm1`)."""
    return apply_emulated("expm1", tile)


def log(tile: Tile) -> Tile:
    """Natural logarithm (`vecmath.vector_log`)."""
    return apply_emulated("log", tile)


def log1p(tile: Tile) -> Tile:
    """log(1 + x) (`vecmath.vector_log1p`)."""
    return apply_emulated("log1p", tile)


def tanh(tile: Tile) -> Tile:
    """Hyperbolic tangent (`vecmath.vector_tanh`)."""
    return apply_emulated("tanh", tile)


def sigmoid(tile: Tile) -> Tile:
    """1 / (1 + e ** -x) (`vecmath.vector_sigmoid`)."""
    return apply_emulated("sigmoid", tile)


def erf(tile: Tile) -> Tile:
    """Error function (`vecmath.vector_erf`)."""
    return apply_emulated("erf", tile)


def sin(tile: Tile) -> Tile:
    """Sine (`vecmath.vector_sin`)."""
    return apply_emulated("sin", tile)


def cos(tile: Tile) -> Tile:
    """Cosine (`vecmath.vector_cos`)."""
    return apply_emulated("cos", tile)


def sign(tile: Tile) -> Tile:
    """-1, 0 or 1; NaN stays."""
    return apply_emulated("sign", tile)


def square(tile: Tile) -> Tile:
    """x * x."""
    return apply_emulated("square", tile)


def reciprocal(tile: Tile) -> Tile:
    """1 / x, correctly rounded."""
    return apply_emulated("reciprocal", tile)


def sqrt(tile: Tile) -> Tile:
    """Square root, correctly rounded."""
    return apply_emulated("sqrt", tile)


def rsqrt(tile: Tile) -> Tile:
    """1 / sqrt(x), at most 1 ulp."""
    return apply_emulated("rsqrt", tile)


def floor(tile: Tile) -> Tile:
    """Largest whole number not above."""
    return apply_emulated("floor", tile)


def ceil(tile: Tile) -> Tile:
    """Smallest whole number not below."""
    return apply_emulated("ceil", tile)


def rint(tile: Tile) -> Tile:
    """Nearest whole number, ties to even."""
    return apply_emulated("rint", tile)


def absolute(tile: Tile) -> Tile:
    """Magnitude."""
    return apply_emulated("absolute", tile)


TILE_FUNCTIONS = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "sin": sin,
    "cos": cos,
    "sign": sign,
    "square": square,
    "reciprocal": reciprocal,
    "sqrt": sqrt,
    "rsqrt": rsqrt,
    "floor": floor,
    "ceil": ceil,
    "rint": rint,
    "absolute": absolute,
}


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


def share(n: int, grain: int, thread: int, threads: int) -> tuple[int, int]:
    """This thread's contiguous slice of `range(n)`, in whole grains but for the end."""
    grains = (n + grain - 1) // grain
    first = grains * thread // threads * grain
    last = grains * (thread + 1) // threads * grain
    return min(first, n), min(last, n)


def first_row(clock: Any) -> int:
    """Where the batch starts in the epoch's row order."""
    return int(clock[0])


def step_index(clock: Any) -> int:
    """Steps done since training began, before this one."""
    return int(clock[1])


def random_key(clock: Any, stream: int) -> tuple[int, int]:
    """Two 32-bit keys from the clock's seed and step and the number of a random stream."""
    state = split_mix(int(clock[2]) & MASK_64)
    state = split_mix(state ^ (stream & MASK_64))
    state = split_mix(state ^ (int(clock[1]) & MASK_64))
    return signed_32(state), signed_32(state >> 32)


def emulated_bits(
    key0: int, key1: int, i: int, j: int, cols: int, rows: int, vectors: int
) -> NumpyVector:
    """Random bits of a block of a (.., cols) array, one word an element."""
    lines = (i + np.arange(rows, dtype=np.int64))[:, None, None] * cols
    index = lines + j + np.arange(vectors * LANES, dtype=np.int64).reshape(vectors, LANES)
    low = NumpyVector(index.astype(np.int32))
    high = NumpyVector((index >> 32).astype(np.int32))
    return random_bits(low, high, np.int32(key0), np.int32(key1))


def uniform(key0: int, key1: int, i: int, j: int, cols: int, rows: int, vectors: int) -> Tile:
    """Uniform numbers in [0, 1) for the block at (i, j) of an array with `cols` columns.

    Each depends on the keys and the element's index `row * cols + column` alone.
    """
    return np.asarray(bits_to_uniform(emulated_bits(key0, key1, i, j, cols, rows, vectors)).data)


def normal(key0: int, key1: int, i: int, j: int, cols: int, rows: int, vectors: int) -> Tile:
    """Standard normal numbers, as `uniform` gives uniform ones."""
    with np.errstate(all="ignore"):
        bits = emulated_bits(key0, key1, i, j, cols, rows, vectors)
        return np.asarray(bits_to_normal(bits, vector_log).data)
