"""What runs plans on a GPU, batch after batch, without a word from the host in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.runtime.cuda.kernels import advance
from kgen.runtime.cuda.plan import LaunchPlan
from kgen.runtime.driver import CLOCK_WORDS, DIMS_START
from kgen.runtime.kernels import Buffer


class Stream:
    """A stream of launches and the clock they read, with the interface of a `Team`."""

    def __init__(self, device: Any, workers: int) -> None:
        self.device = device
        self.threads = workers
        self.clock = device.keep(np.zeros(CLOCK_WORDS, np.int64))
        self.size = device.keep(np.zeros(1, np.int64))
        buffers = (Buffer(a, 0, "int64") for a in (self.clock, self.size))
        self.tick = LaunchPlan([advance(*buffers)], device)
        self.wish_to_stop = False

    def stop(self) -> None:
        """Wish for the current run to end after the step it is in; from any thread."""
        self.wish_to_stop = True

    def close(self) -> None:
        """Nothing is kept waiting."""

    def run(
        self,
        plan: LaunchPlan,
        *,
        batch_size: int,
        first_row: int,
        last_row: int,
        step: int = 0,
        seed: int = 0,
        dims: Sequence[int] = (),
    ) -> int:
        """Run the plan on batches of rows first_row..last_row - 1; gives the steps done.

        The last batch may be short. `dims` are the sizes of open dimensions. `step` is the global
        number of the first step.
        """
        steps = max(0, -(-(last_row - first_row) // batch_size))
        self.wish_to_stop = False
        self.clock[:4] = first_row, step, seed, 0
        self.clock[DIMS_START : DIMS_START + len(dims)] = dims
        self.size[0] = batch_size
        done = 0
        with self.device.working():
            for done in range(1, steps + 1):
                rows = min(batch_size, last_row - first_row - (done - 1) * batch_size)
                self.device.step(self, plan, rows, repeats=steps)
                if self.wish_to_stop:
                    break
        return done

    def launch(self, plan: LaunchPlan, stream: Any, rows: int) -> None:
        """One step's kernels, and the clock's."""
        plan.launch(self.device.grid, stream, rows, self.clock)
        self.tick.launch(self.device.one_warp, stream, rows, self.clock)
