"""What executes a model: where its memory is, and what runs its lists of commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from kgen.runtime.compiling import Progress, compile_kernels
from kgen.runtime.hardware import thread_count
from kgen.runtime.kernels import Command, Sync, aligned, gather_rows, scatter_rows
from kgen.runtime.pacing import Pace
from kgen.runtime.service import add_figures, pick_scalars
from kgen.runtime.team import Plan, Team, missing_kernels

# What buffers are called that are too small to have a name.
OTHERS = "small buffers"


class Device:
    """This processor: teams of threads over NumPy's memory. Others override what differs.

    Where memory is asked for, `name` says what for, to messages.

    Attributes:
        gather_rows, scatter_rows, add_figures, pick_scalars: the kernels that serve programs.
        has_quick_calls: whether a call for few rows may go past the engine (`few`).
        retraces: whether a small model's state is soon copied, and a second model made of it.
    """

    gather_rows: Any = gather_rows
    scatter_rows: Any = scatter_rows
    add_figures: Any = add_figures
    pick_scalars: Any = pick_scalars
    has_quick_calls = True
    retraces = True

    def allocate(self, count: int, name: str = OTHERS) -> npt.NDArray[Any]:
        """`count` zeroed float32 that kernels and the caller read and write, padding behind."""
        return aligned(count)

    def keep(self, array: npt.NDArray[Any], name: str = OTHERS) -> npt.NDArray[Any]:
        """The array where kernels can read it, and the caller write it."""
        return array

    def resident(
        self, arrays: Sequence[npt.NDArray[Any]], owner: object, name: str = OTHERS
    ) -> Sequence[npt.NDArray[Any]]:
        """Data where kernels can reach them; the same owner is taken for the same data."""
        return arrays

    def bring_back(self, arrays: Sequence[npt.NDArray[Any]], first: int, last: int) -> None:
        """Rows that kernels wrote to what is `resident` of these arrays, to the arrays."""

    def workers(self, threads: int | None) -> int:
        """How many slices work is cut into, if the caller wants so many threads."""
        return thread_count() if threads is None else threads

    def plan(self, commands: Sequence[Command | Sync], grain: int) -> Plan:
        """The commands made ready to run; threads keep `grain` rows of the batch together."""
        return Plan(commands, grain, Pace())

    def team(self, workers: int) -> Team:
        """What runs plans with so many workers."""
        return Team(workers)

    def missing(self, commands: Sequence[Command | Sync]) -> list[Any]:
        """The kernels of a list that would have to be compiled now."""
        return missing_kernels(commands)

    def compile(self, kernels: Sequence[Any], progress: Progress | None) -> None:
        """Compile kernels, telling (done, total, name) before each and at the end."""
        compile_kernels(kernels, progress)
