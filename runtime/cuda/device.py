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
from kgen.runtime.cuda.grid import BLOCKS, SIMULATED_BLOCKS
from kgen.runtime.cuda.kernels import add_figures, gather_rows, pick_scalars, scatter_rows
from kgen.runtime.cuda.plan import LaunchPlan
from kgen.runtime.cuda.probe import check_device
from kgen.runtime.cuda.store import CHUNK, Pool, Store, endless_store, store
from kgen.runtime.cuda.stream import Stream
from kgen.runtime.cuda.warp import LANES, WARPS
from kgen.runtime.device import OTHERS, Device
from kgen.runtime.kernels import SLACK, Command, Sync
from numba import cuda

# Data sets whose copies on the device are kept: of training and of validation, with their orders.
KEPT = 6
# A run of so many steps is worth recording.
MANY = 3


class Grid(Device):
    """Blocks of warps that work through launches, one after another.

    Attributes:
        takes_arrays: whether kernels are given their buffers as arrays, not as addresses.
        grid, one_warp: blocks, and threads of each, of all that there is and of a single warp.
        stream: what launches are put on.
    """

    gather_rows = gather_rows
    scatter_rows = scatter_rows
    add_figures = add_figures
    pick_scalars = pick_scalars
    has_quick_calls = False
    retraces = False
    takes_arrays = False

    def __init__(
        self,
        memory: Store,
        blocks: int,
        warps: int,
        stream: Any = 0,
        *,
        lanes: int = LANES,
        chunk: int = CHUNK,
    ) -> None:
        self.store = memory
        self.pool = Pool(memory, chunk)
        self.grid, self.one_warp = (blocks, warps * lanes), (1, lanes)
        self.warps = blocks * warps
        self.stream = stream
        self.kept: dict[int, tuple[object, list[npt.NDArray[Any]]]] = {}

    def allocate(self, count: int, name: str = OTHERS) -> npt.NDArray[Any]:
        """Memory that kernels reach, padding behind."""
        return self.store.take(count + SLACK, np.float32, name)[:count]

    def keep(self, array: npt.NDArray[Any], name: str = OTHERS) -> npt.NDArray[Any]:
        """A copy there; small ones lie together."""
        kept = self.pool.take(array.size + SLACK, array.dtype, name)[: array.size]
        kept = kept.reshape(array.shape)
        kept[...] = array
        return kept

    def resident(
        self, arrays: Sequence[npt.NDArray[Any]], owner: object, name: str = OTHERS
    ) -> Sequence[npt.NDArray[Any]]:
        """Copies there, made once for each owner."""
        found = self.kept.pop(id(owner), None)
        if found is None:
            found = owner, [self.keep(array, name) for array in arrays]
            self.send(found[1])
            while len(self.kept) >= KEPT:
                del self.kept[next(iter(self.kept))]
        self.kept[id(owner)] = found
        return found[1]

    def send(self, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Nothing: memory is where it is."""

    def bring_back(self, arrays: Sequence[npt.NDArray[Any]], first: int, last: int) -> None:
        """Rows copied to the caller's arrays."""
        for array, copy in zip(arrays, self.kept[id(arrays)][1], strict=True):
            array[first:last] = copy[first:last]

    def workers(self, threads: int | None) -> int:
        """The grid's warps; `threads` says nothing about a GPU."""
        return self.warps

    def plan(self, commands: Sequence[Command | Sync], grain: int) -> Any:
        """Launches; warps share all that there is."""
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
        """Within, launches are made; at the end, their work is done and the host may look."""
        yield

    def launch(
        self, kernel: Any, place: Any, rows: int, clock: npt.NDArray[np.int64], arguments: Any
    ) -> None:
        """Put a kernel on a stream; `place` is (blocks, threads of a block, stream).

        `arguments` is the table of its buffers' addresses.
        """
        kernel.launcher[place](rows, clock.ctypes.data, arguments.ctypes.data)

    def step(self, team: Stream, plan: LaunchPlan, rows: int, repeats: int) -> None:
        """One step of a run of so many, launch by launch."""
        team.launch(plan, self.stream, rows)


class Cuda(Grid):
    """The current CUDA device (`CUDA_VISIBLE_DEVICES` chooses), its memory managed.

    Raises:
        DeviceError: there is none that could be used.
    """

    def __init__(self) -> None:
        check_device()
        units = cuda.get_current_device().MULTIPROCESSOR_COUNT
        super().__init__(store(), units * BLOCKS, WARPS, cuda.stream())
        self.ahead: Any = None

    def send(self, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Begin to move data to the device, which works meanwhile."""
        if self.ahead is None:
            from kgen.runtime.cuda.ahead import Ahead

            self.ahead = Ahead()
        self.ahead.send(arrays)

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Within, the device works; at the end, its work is done and the host may look."""
        try:
            yield
        finally:
            self.stream.synchronize()

    def step(self, team: Stream, plan: LaunchPlan, rows: int, repeats: int) -> None:
        """One step: recorded where it will be repeated, else launch by launch."""
        if repeats < MANY:
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


class Simulated(Grid):
    """Numba-cuda's simulator: a thread for each warp, which works on whole arrays."""

    takes_arrays = True

    def __init__(self) -> None:
        super().__init__(endless_store(), SIMULATED_BLOCKS, 1, lanes=1)

    def launch(
        self, kernel: Any, place: Any, rows: int, clock: npt.NDArray[np.int64], arguments: Any
    ) -> None:
        """Run the kernel; `arguments` are the views of its buffers."""
        kernel.launcher[place](rows, clock.tolist(), arguments)
