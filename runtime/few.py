"""Prediction for a few rows at a time, with as little Python as possible around the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.driver import CLOCK_WORDS, CONTROL_WORDS
from kgen.runtime.kernels import aligned
from kgen.runtime.team import native_drive

FEW = 64


class Few:
    """Runs `predict` on up to `FEW` rows through buffers of its own, on the calling thread.

    Buffers that stay where they are need no addresses worked out for a call: what
    remains is a copy in, one native call, and a copy out.
    """

    def __init__(
        self, prepared: Any, most: int, row_shape: tuple[int, ...], output_shape: tuple[int, ...]
    ) -> None:
        self.most = most
        floats, results = int(np.prod(row_shape)), int(np.prod(output_shape))
        self.source = aligned(FEW * floats).reshape(FEW, *row_shape)
        self.target = aligned(FEW * results).reshape(FEW, *output_shape)
        self.order = np.arange(FEW)
        self.prepared = prepared
        (_, feed), (result,) = prepared.feeds[0], prepared.results
        prepared.point(feed, 0, self.source)
        prepared.point(feed, 1, self.order)
        prepared.point(result, 1, self.target)
        self.clock = np.zeros(CLOCK_WORDS, np.int64)
        self.control = np.zeros(CONTROL_WORDS, np.int64)
        self.drive = native_drive()
        self.table = prepared.plan.address
        self.calls = len(prepared.plan.calls)
        self.places = self.clock.ctypes.data, self.control.ctypes.data

    def __call__(self, x: npt.NDArray[np.float32], rows: int) -> npt.NDArray[np.float32]:
        """The outputs for `x`, which has `rows` rows, at most `most`."""
        self.source[:rows] = x
        self.drive(0, 1, self.table, self.calls, 1, rows, 0, rows, *self.places)
        return self.target[:rows].copy()
