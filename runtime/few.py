"""Prediction for a few rows at a time, with as little Python as possible around the kernels.

Where the arithmetic is worth it, the threads share the columns of each product: one that reads
its part of the weights over and over finds them in its own cache.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.driver import DIMS_START, GRAIN, grain_of, is_parted
from kgen.runtime.evaluation import by_output
from kgen.runtime.helpers import Helpers
from kgen.runtime.isa import ROWS
from kgen.runtime.kernels import aligned
from kgen.runtime.sharing import (
    CALLS_WORD,
    HELPED,
    MEET_BY_PARTS,
    MEET_BY_ROWS,
    PARTED,
    PARTS_WORD,
    ROWS_WORD,
    STRAND,
    TABLE_START,
    WAIT_WORD,
    native_few,
)
from kgen.runtime.spec import Spec

FEW = 256
# Rows up to which the program of that name is quicker than `predict`.
SINGLE = 4
# Pauses that a leader waits for helpers where there is much work: about 0.2 ms.
PAUSES = 4000
# Arithmetic of a row from which help pays, and between two meetings on average.
WORTH_SHARING, WORTH_MEETING = 500_000, 80_000
# Arithmetic of a call from which helpers are woken and waited for.
WORTH_WAITING = 8_000_000
# Seconds without help once cores were not free for it, and at most if that happens again and again.
REST, LONGEST_REST = 0.001, 0.02


def _flags(plan: Any) -> npt.NDArray[np.int64]:
    """For each call, which threads take part in it and whether they meet after it.

    Where threads share the parts of rows, one alone runs a kernel that cannot be parted: thread 0,
    but for strands, of which each has a thread of its own.
    """
    parted = np.array([call.kernel.is_parted for call in plan.calls])
    strands = np.array([call.strand for call in plan.calls])
    if parted[strands >= 0].any():  # all threads have work in each
        strands[:] = -1
    aside = strands >= 0
    parting = (strands == 0) & (np.append(-1, strands[:-1]) != 0)
    following = np.append((parted | parting)[1:], False)
    ending = aside & ~np.append(aside[1:], False)
    by_rows = plan.table[:, 1] != 0
    by_rows[-1] = True
    flags = PARTED * parted + HELPED * (parted | parting) + STRAND * np.maximum(strands, 0)
    flags += MEET_BY_PARTS * (parted | following | ending) + MEET_BY_ROWS * by_rows
    return np.asarray(flags, np.int64)


class Few:
    """Runs a program on `least` to `most` rows through buffers of its own.

    `given` are the shapes of the inputs' rows, `made` those of the outputs'.
    Where there are fewer rows than make a share for each thread, threads share the parts of rows.

    Buffers that stay where they are need no addresses worked out for a call: what
    remains is a copy in, one native call, and a copy out. Where a call is much work, its rows are
    read where they are, by all threads.
    """

    def __init__(
        self,
        prepared: Any,
        turn: Any,
        least: int,
        most: int,
        spec: Spec,
        given: Sequence[tuple[int, ...]],
        made: Sequence[tuple[int, ...]],
        threads: int,
    ) -> None:
        self.spec = spec
        self.turn = turn
        self.least, self.most = least, most
        self.row_shapes = given
        self.kinds = [(np.dtype(one.dtype), one.limit) for one in spec.inputs]
        self.dtype, self.limit = self.kinds[0]
        flags = _flags(prepared.plan)
        meetings = np.count_nonzero(flags & MEET_BY_PARTS)
        worth = max(WORTH_SHARING, WORTH_MEETING * meetings)
        self.shares = threads > 1 and prepared.flops >= worth
        # The least rows that are much work.
        self.large = -(-WORTH_WAITING // max(prepared.flops, 1))
        if not self.shares:
            self.large = max(self.large, ROWS + 1)
        small = min(most, self.large)
        self.sources = [
            _rows(small, shape).view(dtype)
            for shape, (dtype, _) in zip(self.row_shapes, self.kinds, strict=True)
        ]
        self.targets = [_rows(most, shape) for shape in made]
        self.order = np.arange(most)
        self.prepared = prepared
        for result, target in zip(prepared.results, self.targets, strict=True):
            prepared.point(result, 1, target)
        plan = prepared.plan
        self.feeds: list[tuple[int, Any, int]] = []
        for index, feed in prepared.feeds:
            prepared.point(feed, 0, self.sources[index])
            prepared.point(feed, 1, self.order)
            arguments = plan.arguments_of[feed]
            self.feeds.append((index, arguments, int(arguments[0])))
        self.block = np.zeros(TABLE_START + plan.table.size, np.int64)
        self.block[CALLS_WORD] = len(plan.calls)
        self.block[DIMS_START : DIMS_START + len(prepared.dims)] = prepared.dims
        table = plan.table.copy()
        table[:, 1] = flags
        self.block[TABLE_START:] = table.reshape(-1)
        self.threads = threads
        self.helpers = Helpers(self.block, self.threads)
        self.run = native_few()
        self.jobs = [self.helpers.job(0, count) for count in (1, threads)]
        self.alone, self.together = (job.ctypes.data for job in self.jobs)
        self.how = self.together if self.shares else self.alone
        self.rest, self.length = 0.0, REST
        self._expect(least)

    def one(self, x: npt.NDArray[Any]) -> Any:
        """What `several` gives for the only input, by fewer steps: most calls are of this kind."""
        if x.dtype is not self.dtype or (
            self.limit is not None and not x.view(np.uint32).max() < self.limit
        ):
            return None
        with self.turn:
            rows = len(x)
            if rows != self.rows:
                self._expect(rows)
            if rows >= self.large:
                return self._much((x,))
            self.first[...] = x
            return self._answer()

    def several(self, inputs: Sequence[npt.NDArray[Any]]) -> Any:
        """The outputs for inputs of `least` to `most` rows: an array, or a dict of several.

        None if they are not of the inputs' dtypes, or hold indices that are none.
        """
        if not self._holds(inputs):
            return None
        with self.turn:
            rows = len(inputs[0])
            if rows != self.rows:
                self._expect(rows)
            if rows >= self.large:
                return self._much(inputs)
            for given, x in zip(self.given, inputs, strict=True):
                given[...] = x
            return self._answer()

    def _answer(self) -> Any:
        threads = self.run(self.how)
        if self.shares and threads != self.threads:
            self._without_help(crowded=threads < 0)
        return by_output(self.spec, [found.copy() for found in self.found])

    def _expect(self, rows: int) -> None:
        """So many rows from now on."""
        self.rows = rows
        self.block[ROWS_WORD] = rows
        least = self.prepared.plan.grain
        self.block[GRAIN] = grain_of(rows, least, self.threads)
        uneven = is_parted(rows, least, self.threads)
        self.block[PARTS_WORD] = uneven if least == 1 else rows < ROWS * self.threads
        self.given = [source[:rows] for source in self.sources]
        self.first = self.given[0]
        self.found = [target[:rows] for target in self.targets]

    def keys(self) -> list[tuple[Any, ...]]:
        """What `key` says of all that a call takes."""
        return [
            key([(rows, *shape) for shape in self.row_shapes])
            for rows in range(self.least, self.most + 1)
        ]

    def _holds(self, inputs: Sequence[npt.NDArray[Any]]) -> bool:
        """Whether numbers are of the inputs' dtypes, and indices from 0 to below the limits."""
        for x, (dtype, limit) in zip(inputs, self.kinds, strict=True):
            if x.dtype is not dtype:
                return False
            if limit is not None and not x.view(np.uint32).max() < limit:
                return False
        return True

    def _much(self, inputs: Sequence[npt.NDArray[Any]]) -> Any:
        """A call that is much work: helpers are waited for, and rows are not copied."""
        held = [np.ascontiguousarray(x) for x in inputs]
        if self.threads > 1 and self.helpers.ready < self.threads - 1:
            self.helpers.wake()
        self.block[WAIT_WORD] = PAUSES
        for index, arguments, _ in self.feeds:
            arguments[0] = held[index].ctypes.data
        self.run(self.together)
        self.block[WAIT_WORD] = 0
        for _, arguments, place in self.feeds:
            arguments[0] = place
        return by_output(self.spec, [found.copy() for found in self.found])

    def _without_help(self, *, crowded: bool) -> None:
        """Rest where cores are not free for helpers; else see to it that they come."""
        now = time.perf_counter()
        if crowded:
            again = now < self.rest + self.length
            self.length = min(2 * self.length, LONGEST_REST) if again else REST
            self.rest, self.how = now + self.length, self.alone
        elif now > self.rest:
            self.how = self.together
            self.helpers.wanted(now)


def _rows(count: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Memory for rows of a shape."""
    return aligned(count * math.prod(shape)).reshape(count, *shape)


def key(shapes: Sequence[tuple[int, ...]]) -> tuple[Any, ...]:
    """What tells inputs of these shapes from others: the shape itself where there is one input."""
    return shapes[0] if len(shapes) == 1 else tuple(shapes)
