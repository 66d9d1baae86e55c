"""A list of commands as launches of kernels on a GPU, one after another on a stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.cuda.kernels import Kernel
from kgen.runtime.kernels import Command, Sync

WIDTH = 8


class LaunchPlan:
    """Commands with their kernels compiled and the addresses of their buffers in tables.

    A launch sees all that the launches before it wrote, so `sync` asks for nothing.
    `emulated` says that buffers are passed as arrays, for the simulator.
    """

    def __init__(self, commands: Sequence[Command | Sync], device: Any) -> None:
        self.calls = [entry for entry in commands if isinstance(entry, Command)]
        self.device = device
        self.emulated: bool = device.takes_arrays
        self.graphs: dict[tuple[int, ...], Any] = {}
        if self.emulated:
            return
        widths = [-(-max(len(call.buffers), 1) // WIDTH) * WIDTH for call in self.calls]
        starts = np.cumsum([0, *widths])
        self.tables = device.keep(np.zeros(max(int(starts[-1]), 1), np.int64))
        self.arguments_of: dict[Command, npt.NDArray[np.int64]] = {}
        for call, start in zip(self.calls, starts, strict=False):
            table = self.tables[start : start + max(len(call.buffers), 1)]
            table[:] = call.addresses()
            self.arguments_of[call] = table

    def kernels(self) -> list[Kernel]:
        """The kernels, in the order of their calls."""
        return [call.kernel for call in self.calls]  # type: ignore[misc]

    def launch(self, grid: Any, stream: Any, rows: int, clock: npt.NDArray[np.int64]) -> None:
        """Put all calls on the stream, for a batch of so many rows."""
        for call in self.calls:
            if self.emulated:
                arguments: Any = [buffer.view() for buffer in call.buffers]
            else:
                arguments = self.arguments_of[call]
            self.device.launch(call.kernel, (*grid, stream), rows, clock, arguments)
