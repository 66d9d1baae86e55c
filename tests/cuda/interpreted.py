"""A device whose kernels the PTX interpreter runs: whole models in GPU code, without a GPU.

    with interpreted():
        net = module.Model(seed=0)  # of a module built for the target "cuda"
        net.fit(x, y)

Each array of the device's memory is bound by itself, small ones too, and so is each buffer of the
arena: what a kernel reads or writes outside all of them, or in two threads without an order, is an
error. Buffers have some floats to spare behind them, as arrays have.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_right, insort
from collections.abc import Iterator, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from kgen.runtime.compiling import Progress
from kgen.runtime.cuda.device import Grid
from kgen.runtime.cuda.kernels import Kernel
from kgen.runtime.cuda.model import Model
from kgen.runtime.cuda.store import endless_store
from kgen.runtime.kernels import Command, Sync
from kgen.runtime.memory import OPEN_GUARD
from kgen.runtime.memory import Memory as HostMemory
from ptx_machine import PtxModule, load_ptx
from ptx_memory import Memory

CAPABILITY = 8, 0
BLOCKS = 2
WARPS = 2
MEMORY = Memory()


@cache
def load_kernel(kernel: Kernel) -> PtxModule:
    """A kernel's PTX, as the interpreter has it."""
    device = SimpleNamespace(compute_capability=CAPABILITY)
    with mock.patch("numba.cuda.dispatcher.get_current_device", lambda: device):
        return load_ptx(kernel.ptx(CAPABILITY), MEMORY)


class Addresses:
    """Where arrays are, to the interpreter, by where they are to the host."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.arrays: dict[int, npt.NDArray[Any]] = {}

    def add(self, array: npt.NDArray[Any]) -> None:
        """An array that kernels may reach; it stays alive."""
        start = int(array.ctypes.data)
        insort(self.starts, start)
        self.arrays[start] = array

    def find(self, address: int) -> int:
        """The interpreter's address for one of the host's, 0 for none."""
        if address == 0:
            return 0
        start = self.starts[bisect_right(self.starts, address) - 1]
        array = self.arrays[start]
        assert address - start < array.nbytes, "a buffer outside the device's memory"
        return MEMORY.address(array) + address - start


ADDRESSES = Addresses()


def _make(shape: Any, dtype: Any) -> npt.NDArray[Any]:
    array = np.zeros(shape, dtype)
    if array.size:
        ADDRESSES.add(array)
    return array


class Interpreted(Grid):
    """A GPU of a few warps that the interpreter plays."""

    blocks = BLOCKS
    warps_of_block = WARPS
    races = True

    def __init__(self) -> None:
        super().__init__(endless_store(_make), self.blocks, self.warps_of_block, chunk=0)
        self.tables: dict[int, npt.NDArray[np.int64]] = {}
        self.guards: list[npt.NDArray[Any]] = []

    def missing(self, commands: Sequence[Command | Sync]) -> list[Any]:
        """Nothing: what is not here yet is compiled at its first launch."""
        return []

    def compile(self, kernels: Sequence[Any], progress: Progress | None) -> None:
        """Nothing."""

    def launch(
        self, kernel: Any, place: Any, rows: int, clock: npt.NDArray[np.int64], arguments: Any
    ) -> None:
        """Run the kernel's PTX."""
        module = load_kernel(kernel)
        (entry,) = module.entries
        grid, block, _ = place
        table = self.tables.setdefault(arguments.ctypes.data, np.zeros_like(arguments))
        table[:] = [ADDRESSES.find(address) for address in arguments.tolist()]
        words = rows, ADDRESSES.find(clock.ctypes.data), table
        try:
            module.launch(entry, grid, block, words, races=self.races)
            assert not any(guard.any() for guard in self.guards), "written beyond a buffer"
        except Exception as error:
            error.add_note(f"in {kernel.__name__} of {kernel.__module__}")
            raise


_settle = HostMemory.settle


def settle(memory: HostMemory, shared: Any, *spare: Any) -> None:
    """Buffers of an interpreted arena are arrays of their own, that none may be left for another.

    What is in use at other times than something else has its place no longer. Windows may reach
    beyond an input of open length; but nothing is written there.
    """
    device = memory.device
    if not isinstance(device, Interpreted):
        _settle(memory, shared, *spare)
        return
    reach = OPEN_GUARD if memory.places else 0
    for place, floats in memory.sizes():
        array = device.allocate(floats + reach)
        device.guards.append(array[floats:])
        object.__setattr__(place, "base", array)
        object.__setattr__(place, "offset", 0)


HostMemory.settle = settle  # type: ignore[assignment]


@contextlib.contextmanager
def interpreted(device: type[Interpreted] = Interpreted) -> Iterator[None]:
    """Within, models of modules for GPUs are made for the interpreter."""
    with mock.patch.object(Model, "device_class", device):
        yield
