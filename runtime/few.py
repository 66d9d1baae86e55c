"""Prediction for a few rows at a time, with as little Python as possible around the kernels."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.driver import CLOCK_WORDS, TABLE_WORDS, WORDS, call_kernel
from kgen.runtime.kernels import Kernel, aligned
from numba.core import types

FEW = 64
# The block that `run_few` reads: a clock at rest, the rows, the number of calls, the calls.
ROWS_WORD, CALLS_WORD, TABLE_START = CLOCK_WORDS, CLOCK_WORDS + 1, CLOCK_WORDS + 2


def few_calls(block: Any) -> None:
    """Run the calls of a block, one after another, on this thread."""
    rows = block[ROWS_WORD]
    for k in range(block[CALLS_WORD]):
        at = TABLE_START + TABLE_WORDS * k
        call_kernel(block[at], 0, 1, rows, block, block[at + 2])


run_few = Kernel(few_calls, types.void(WORDS))


@functools.cache
def native_few() -> Any:
    """The compiled `few_calls` as a C function."""
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p)(run_few.address)


class Few:
    """Runs `predict` on up to `most` rows through buffers of its own, on the calling thread.

    Buffers that stay where they are need no addresses worked out for a call: what
    remains is a copy in, one native call of one argument, and a copy out.
    """

    def __init__(
        self, prepared: Any, most: int, row_shape: tuple[int, ...], output_shape: tuple[int, ...]
    ) -> None:
        self.most, self.row_shape = most, row_shape
        floats, results = int(np.prod(row_shape)), int(np.prod(output_shape))
        self.source = aligned(FEW * floats).reshape(FEW, *row_shape)
        self.target = aligned(FEW * results).reshape(FEW, *output_shape)
        self.order = np.arange(FEW)
        self.prepared = prepared
        (_, feed), (result,) = prepared.feeds[0], prepared.results
        prepared.point(feed, 0, self.source)
        prepared.point(feed, 1, self.order)
        prepared.point(result, 1, self.target)
        plan = prepared.plan
        self.block = np.zeros(TABLE_START + plan.table.size, np.int64)
        self.block[CALLS_WORD] = len(plan.calls)
        self.block[TABLE_START:] = plan.table.reshape(-1)
        self.run = native_few()
        self.place = self.block.ctypes.data

    def __call__(self, x: npt.NDArray[np.float32], rows: int) -> npt.NDArray[np.float32]:
        """The outputs for `x`, which has `rows` rows, at most `most`."""
        self.source[:rows] = x
        self.block[ROWS_WORD] = rows
        self.run(self.place)
        return self.target[:rows].copy()
