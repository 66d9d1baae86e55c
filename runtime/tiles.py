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

from kgen.runtime.isa import (
    HALF_ROWS,
    LANES,
    ROWS,
)
from kgen.runtime.tile_math import (
    absolute,
    ceil,
    cos,
    erf,
    exp,
    expm1,
    floor,
    full,
    log,
    log1p,
    maximum,
    minimum,
    power,
    reciprocal,
    rint,
    rsqrt,
    select,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    tanh,
    zeros,
)
from kgen.runtime.tile_memory import (
    add_to,
    copy_words,
    element,
    f64vector,
    i64vector,
    imatrix,
    load,
    load_column,
    load_scalar,
    matrix,
    outer,
    outer_t,
    pack,
    set_element,
    store,
    store_column,
    transpose_block,
)
from kgen.runtime.tile_random import (
    first_row,
    normal,
    random_key,
    share,
    share_block,
    step_in_call,
    step_index,
    uniform,
)
from kgen.runtime.tile_reduce import (
    col_max,
    col_min,
    col_sum,
    keep_columns,
    keep_rows,
    lane_index,
    row_max,
    row_min,
    row_sum,
    scalar,
)

__all__ = [
    "HALF_ROWS",
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
    "pack",
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
    "share_block",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "square",
    "step_in_call",
    "step_index",
    "store",
    "store_column",
    "tanh",
    "transpose_block",
    "uniform",
    "zeros",
]
