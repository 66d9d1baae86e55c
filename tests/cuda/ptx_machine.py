"""Runs PTX on the processor, as a test of what is compiled for GPUs.

    module = load_ptx(text)
    module.launch("kernel", grid=4, block=128, args=[n, 2.0, array])

Arrays are used in place. Addresses (`module.address(array)`) are plain integers that kernels may
find in tables. Loads and stores out of bounds or misaligned raise MemoryFault; with
`races=True`, unordered accesses to one place raise DataRace; whatever the interpreter does not
know raises PtxError, each with the line of the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from ptx_errors import PtxError
from ptx_frame import WARP, Extent, Frame
from ptx_linker import Program, link
from ptx_memory import Array, Memory
from ptx_parser import parse_ptx
from ptx_races import Races
from ptx_scheduler import Scheduler
from ptx_syntax import TYPES, Text, Variable

_LANES = 1024

Argument = int | float | np.generic | Array


def _extent(value: int | Sequence[int]) -> Extent:
    numbers = [value] if isinstance(value, int) else list(value)
    x, y, z = (*numbers, 1, 1)[:3]
    if min(x, y, z) < 1:
        raise PtxError(f"cannot launch an extent of {value}")
    return x, y, z


class PtxModule:
    """A loaded module: its variables bound, its entries ready to launch."""

    def __init__(self, text: Text, memory: Memory | None = None) -> None:
        self.text = text
        self.memory = memory or Memory()
        self.addresses: dict[str, int] = {}
        self._programs: dict[str, Program] = {}
        self._bound: dict[tuple[Any, ...], Scheduler] = {}
        self.shared: dict[str, Variable] = {}
        for variable in text.variables.values():
            if variable.space in ("global", "const"):
                data = np.zeros(variable.size or 0, np.uint8)
                if variable.initial is not None:
                    data[:] = np.frombuffer(variable.initial, np.uint8)
                data.flags.writeable = variable.space == "global"
                self.addresses[variable.name] = self.memory.address(data, variable.name)
            else:
                self.shared[variable.name] = variable

    @property
    def entries(self) -> list[str]:
        """The names that can be launched."""
        return [function.name for function in self.text.functions.values() if function.entry]

    def address(self, array: Array) -> int:
        """The integer by which kernels reach a contiguous array."""
        return self.memory.address(array)

    def launch(
        self,
        name: str,
        grid: int | Sequence[int],
        block: int | Sequence[int],
        args: Sequence[Argument],
        shared_bytes: int = 0,
        races: bool = False,
        limit: int = 10_000_000,
    ) -> int:
        """Run `name`; arrays among `args` pass their addresses. Returns the blocks of code run.

        Raises PtxError for wrong arguments, deadlocks, traps, or after `limit` blocks of code.
        """
        extents = _extent(grid), _extent(block)
        blocks = extents[0][0] * extents[0][1] * extents[0][2]
        threads = extents[1][0] * extents[1][1] * extents[1][2]
        if threads > 1024:
            raise PtxError(f"{threads} threads in a block; hardware takes 1024")
        padded = -(-threads // WARP) * WARP
        together = min(max(_LANES // padded, 1), blocks)
        key = (name, *extents, together, shared_bytes, races)
        if key not in self._bound:
            if name not in self._programs:
                self._programs[name] = link(self.text, name)
            frame = Frame(
                self._programs[name],
                self.shared,
                self.memory,
                self.addresses,
                *extents,
                together,
                shared_bytes,
                Races(self.memory) if races else None,
            )
            self._bound[key] = Scheduler(frame)
        scheduler = self._bound[key]
        frame = scheduler.frame
        self._pass(frame, args)
        self.memory.launches += races
        scheduler.executed = 0
        with np.errstate(all="ignore"):
            for first in range(0, blocks, together):
                mask = frame.begin(first)
                if frame.races is not None:
                    frame.races.begin(frame, first)
                scheduler.run(mask, limit)
        return scheduler.executed

    def _pass(self, frame: Frame, args: Sequence[Argument]) -> None:
        parameters = frame.program.parameters
        if len(args) != len(parameters):
            raise PtxError(f"{frame.program.name} takes {len(parameters)} args, not {len(args)}")
        for variable, value in zip(parameters, args, strict=True):
            start, size = frame.parameters[variable.name], variable.size or 0
            kind = TYPES[variable.kind]
            if isinstance(value, np.ndarray):
                given: np.generic = np.uint64(self.address(value))
            elif isinstance(value, np.generic):
                given = value
            elif kind.kind == "f":
                given = kind.type(value)
            else:
                given = np.dtype(f"u{size}").type(int(value) % (1 << 8 * size))
            if given.nbytes != size:
                raise PtxError(f"{variable.name} takes {size} bytes, not {given!r}")
            data = np.frombuffer(given.tobytes(), np.uint8)
            frame.parameter_bytes[start : start + size] = data


def load_ptx(text: str, memory: Memory | None = None) -> PtxModule:
    """The module in a PTX text; modules that share `memory` share the addresses of arrays."""
    return PtxModule(parse_ptx(text), memory)
