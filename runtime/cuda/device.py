"""A GPU as a device: memory that both sides see, and streams of launches.

All memory is managed: weights, gradients and states are NumPy arrays to the host, and the same
addresses to kernels; pages move to where they are used. The host touches them only between runs,
each of which ends with a wait for its stream.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.compiling import Progress
from kgen.runtime.cuda.grid import BLOCKS, IS_SIMULATED, SIMULATED_BLOCKS
from kgen.runtime.cuda.kernels import add_figures, gather_rows, pick_scalars, scatter_rows
from kgen.runtime.cuda.plan import LaunchPlan
from kgen.runtime.cuda.probe import check_device
from kgen.runtime.cuda.store import store
from kgen.runtime.cuda.stream import Stream
from kgen.runtime.cuda.warp import LANES, WARPS
from kgen.runtime.device import OTHERS, Device
from kgen.runtime.kernels import SLACK, Command, Sync
from numba import cuda

# Data sets whose copies on the device are kept: of training and of validation, with their orders.
KEPT = 6
# A run of so many steps is worth recording.
MANY = 3


class Cuda(Device):
    """The current CUDA device (`CUDA_VISIBLE_DEVICES` chooses), or numba-cuda's simulator."""

    gather_rows = gather_rows
    scatter_rows = scatter_rows
    add_figures = add_figures
    pick_scalars = pick_scalars
    has_quick_calls = False
    is_simulated = IS_SIMULATED

    def __init__(self) -> None:
        self.kept: dict[int, tuple[object, list[npt.NDArray[Any]]]] = {}
        if not IS_SIMULATED:
            check_device()
        self.store = store()
        if IS_SIMULATED:
            self.grid, self.one_warp = (SIMULATED_BLOCKS, 1), (1, 1)
            self.stream: Any = 0
            return
        units = cuda.get_current_device().MULTIPROCESSOR_COUNT
        self.grid, self.one_warp = (units * BLOCKS, WARPS * LANES), (1, LANES)
        self.stream = cuda.stream()

    def allocate(self, count: int, name: str = OTHERS) -> npt.NDArray[Any]:
        """Managed memory, padding behind."""
        return self.store.take(count + SLACK, np.float32, name)[:count]

    def keep(self, array: npt.NDArray[Any], name: str = OTHERS) -> npt.NDArray[Any]:
        """A copy in managed memory."""
        kept = self.store.take(array.size + SLACK, array.dtype, name)[: array.size]
        kept = kept.reshape(array.shape)
        kept[...] = array
        return kept

    def resident(
        self, arrays: Sequence[npt.NDArray[Any]], owner: object, name: str = OTHERS
    ) -> Sequence[npt.NDArray[Any]]:
        """Copies in managed memory, made once for each owner."""
        found = self.kept.pop(id(owner), None)
        if found is None:
            found = owner, [self.keep(array, name) for array in arrays]
            while len(self.kept) >= KEPT:
                del self.kept[next(iter(self.kept))]
        self.kept[id(owner)] = found
        return found[1]

    def bring_back(self, arrays: Sequence[npt.NDArray[Any]], first: int, last: int) -> None:
        """Rows copied to the caller's arrays."""
        for array, copy in zip(arrays, self.kept[id(arrays)][1], strict=True):
            array[first:last] = copy[first:last]

    def workers(self, threads: int | None) -> int:
        """The grid's warps; `threads` says nothing about a GPU."""
        return self.grid[0] * (1 if IS_SIMULATED else WARPS)

    def plan(self, commands: Sequence[Command | Sync]) -> Any:
        """Launches."""
        return LaunchPlan(commands, self)

    def team(self, workers: int) -> Any:
        """A stream with a clock of its own."""
        return Stream(self, workers)

    def missing(self, commands: Sequence[Command | Sync]) -> list[Any]:
        """The kernels that are not in memory."""
        unique = dict.fromkeys(entry.kernel for entry in commands if isinstance(entry, Command))
        return [kernel for kernel in unique if not kernel.is_cached()]

    def compile(self, kernels: Sequence[Any], progress: Progress | None) -> None:
        """One after another: a process that has a GPU must not be forked."""
        for done, kernel in enumerate(kernels):
            if progress is not None:
                progress(done, len(kernels), kernel.__name__)
            kernel.compile()
        if progress is not None and kernels:
            progress(len(kernels), len(kernels), "")

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Within, the device works; at the end, its work is done and the host may look."""
        try:
            yield
        finally:
            if not IS_SIMULATED:
                self.stream.synchronize()

    def launch(
        self, kernel: Any, place: Any, rows: int, clock: npt.NDArray[np.int64], arguments: Any
    ) -> None:
        """Put a kernel on a stream; `place` is (blocks, threads of a block, stream).

        `arguments` is the table of its buffers' addresses, or the buffers' views to the simulator.
        """
        if IS_SIMULATED:
            kernel.compile()[place](rows, clock.tolist(), arguments)
        else:
            kernel.compile()[place](rows, clock.ctypes.data, arguments.ctypes.data)

    def step(self, team: Stream, plan: LaunchPlan, rows: int, repeats: int) -> None:
        """One step: recorded where it will be repeated, else launch by launch."""
        if IS_SIMULATED or repeats < MANY:
            team.launch(plan, self.stream, rows)
            return
        from kgen.runtime.cuda.graphs import Recording

        key = rows, id(team)
        if key not in plan.graphs:
            plan.graphs[key] = None  # the first step goes as usual, which loads the kernels
            team.launch(plan, self.stream, rows)
            return
        if plan.graphs[key] is None:
            plan.graphs[key] = Recording(self.stream, lambda: team.launch(plan, self.stream, rows))
        plan.graphs[key].replay()
