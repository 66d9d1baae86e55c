"""Emulated slices of work, clock and random numbers (see `tiles`)."""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.runtime.isa import LANES, ROWS
from kgen.runtime.random import (
    MASK_64,
    bits_to_normal,
    bits_to_uniform,
    random_bits,
    signed_32,
    split_mix,
)
from kgen.runtime.tile_memory import Tile
from kgen.runtime.vecmath import vector_log
from kgen.runtime.vectors import NumpyVector


def share(n: int, grain: int, thread: int, threads: int) -> tuple[int, int]:
    """This thread's contiguous slice of `range(n)`, in whole grains but for the end."""
    grains = (n + grain - 1) // grain
    first = grains * thread // threads * grain
    last = grains * (thread + 1) // threads * grain
    return min(first, n), min(last, n)


def share_batch(clock: Any, n: int, thread: int, threads: int) -> tuple[int, int]:
    """This thread's rows of a batch of `n`.

    All kernels that work by rows of the batch have the same ones, hence need not wait for each
    other. They come in grains of as many as the clock says, of ROWS if it does not.
    """
    return share(n, int(clock[6]) or ROWS, thread, threads)


def share_rows(
    clock: Any, n: int, each: int, grain: int, thread: int, threads: int
) -> tuple[int, int]:
    """This thread's slice of `range(n * each)`, where each row of the batch has so many rows.

    Rows of the batch stay whole, as in `share_batch`, unless the clock says that their parts are
    shared, in grains of `grain`; then a barrier stands after each kernel.
    """
    if clock[4]:
        return share(n * each, grain, thread, threads)
    first, last = share_batch(clock, n, thread, threads)
    return first * each, last * each


def share_block(
    clock: Any, n: int, each: int, grain: int, thread: int, threads: int
) -> tuple[int, int, int, int]:
    """This thread's slices of `range(n)`, rows of the batch, and of `range(each)`, parts of a row.

    All of one: of the second, in grains of `grain`, if the clock says so, as in `share_rows`.
    """
    if clock[4]:
        return 0, n, *share(each, grain, thread, threads)
    return *share_batch(clock, n, thread, threads), 0, each


def first_row(clock: Any) -> int:
    """Where the batch starts in the epoch's row order."""
    return int(clock[0])


def last_row(clock: Any) -> int:
    """Where the rows of the present run end in that order; 0 if one batch is all there is."""
    return int(clock[5])


def step_index(clock: Any) -> int:
    """Steps done since training began, before this one."""
    return int(clock[1])


def step_in_call(clock: Any) -> int:
    """Steps done in the present run, before this one."""
    return int(clock[3])


def dimension(clock: Any, position: int) -> int:
    """The size of an open dimension, by its position among the model's."""
    return int(clock[8 + position])


def set_dimension(clock: Any, position: int, size: int) -> None:
    """Note the size of a dimension that a kernel has measured, for kernels that follow."""
    clock[8 + position] = size


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
    bits: NumpyVector = random_bits(low, high, np.int32(key0), np.int32(key1))
    return bits


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
