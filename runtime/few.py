"""Prediction for a few rows at a time, with as little Python as possible around the kernels.

Where the arithmetic is worth it, the threads share the columns of each product: one that reads
its part of the weights over and over finds them in its own cache. Threads that help spin for a
moment after each prediction, ready for the next, and sleep when none comes.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.driver import (
    CLOCK_WORDS,
    COLUMNS,
    DIMS_START,
    TABLE_WORDS,
    WORDS,
    atomic_add,
    atomic_load,
    atomic_store,
    atomic_swap_if,
    call_kernel,
    flush_subnormals,
    pause_briefly,
    restore_mode,
    yield_processor,
)
from kgen.runtime.isa import ROWS
from kgen.runtime.kernels import Kernel, aligned
from kgen.runtime.spec import Input
from numba.core import types

FEW = 256
# Rows up to which the program of that name is quicker than `predict`.
SINGLE = 4
# The block that the calls are read from: a clock at rest, the rows, the number of calls, the pauses
# that helpers are waited for, whether threads share parts of rows, the calls.
ROWS_WORD, CALLS_WORD, WAIT_WORD = CLOCK_WORDS, CLOCK_WORDS + 1, CLOCK_WORDS + 2
PARTS_WORD = CLOCK_WORDS + 3
TABLE_START = CLOCK_WORDS + 4
# What a call's second word says: threads share the parts of a row; they meet after the call where
# they share the parts of rows, or rows.
PARTED, MEET_BY_PARTS, MEET_BY_ROWS = 1, 2, 4
# Words that the threads share, each on a cache line of its own. GATE counts how often helpers were
# called, times CALL, and those that spin there; START is the call that they begin with, LEADING
# tells that the leader is at work, PATIENCE the pauses after which they sleep.
GATE, START, LEADING, HERE, ROUND, PATIENCE, SHARED_WORDS = 0, 8, 16, 24, 32, 40, 48
CALL = 1 << 16
# About 0.2 ms that a leader waits for helpers, and 1 ms that they wait for the next run.
PAUSES, PATIENT_PAUSES = 4000, 20_000
LATE = 4000
# Arithmetic of a row from which help pays, and of its kernels on average; how soon calls must
# follow for helpers to wake.
WORTH_SHARING, WORTH_MEETING = 400_000, 50_000
SOON = 1e-3
# Arithmetic of a call from which helpers are woken and waited for.
WORTH_WAITING = 8_000_000
# Seconds without help once cores were not free for it, and at most if that happens again and again.
REST, LONGEST_REST = 0.001, 0.02


def take_part(block: Any, shared: Any, thread: int, threads: int) -> int:
    """Run the calls of a block one after another; gives the number of threads that did.

    Thread 0 leads: it runs them once, alone until all helpers are at the gate, for which it waits a
    while, then with them. A helper takes part in every run until none has come for a while. The
    number is negative if the leader waited so long that other work must have had a helper's core.
    """
    mode = flush_subnormals()
    crowded = 1
    working = threads
    start = 0
    called = 0
    if thread > 0:
        called = atomic_add(shared, GATE, 1) // CALL
    else:
        block[COLUMNS] = 0
        working = 1
        atomic_store(shared, LEADING, 1)
        wait = block[WAIT_WORD]
        while wait > 0 and atomic_load(shared, GATE) % CALL != threads - 1:
            pause_briefly()
            wait -= 1
    waited = 0
    while True:
        if thread > 0:
            gate = atomic_load(shared, GATE)
            if gate // CALL == called:
                pause_briefly()
                waited += 1
                if waited > atomic_load(shared, PATIENCE):
                    if atomic_load(shared, LEADING) != 0:
                        waited = 0
                    elif atomic_swap_if(shared, GATE, gate, gate - 1) == gate:
                        restore_mode(mode)
                        return 1
                continue
            called += 1
            waited = 0
            start = atomic_load(shared, START)
        rows = block[ROWS_WORD]
        parts = block[PARTS_WORD]
        for k in range(start, block[CALLS_WORD]):
            at = TABLE_START + TABLE_WORDS * k
            flags = block[at + 1]
            # Helpers are called where they have work, after which all meet: none is left behind.
            if working < threads and (parts == 0 or flags & PARTED != 0):
                gate = atomic_load(shared, GATE)
                if gate % CALL == threads - 1:
                    block[COLUMNS] = parts
                    atomic_store(shared, START, k)
                    if atomic_swap_if(shared, GATE, gate, gate + CALL - threads + 1) == gate:
                        working = threads
                    else:  # one has just left
                        block[COLUMNS] = 0
            if working == 1 or (parts == 1 and flags & PARTED == 0):
                if thread == 0:
                    call_kernel(block[at], 0, 1, rows, block, block[at + 2])
            else:
                call_kernel(block[at], thread, working, rows, block, block[at + 2])
            if working > 1 and flags & (MEET_BY_PARTS if parts == 1 else MEET_BY_ROWS) != 0:
                turn = atomic_load(shared, ROUND)
                if atomic_add(shared, HERE, 1) == working - 1:
                    atomic_store(shared, HERE, 0)
                    atomic_add(shared, ROUND, 1)
                else:
                    spins = 0
                    while atomic_load(shared, ROUND) == turn:
                        spins += 1
                        if spins < LATE:
                            pause_briefly()
                        else:
                            crowded = -1
                            yield_processor()
        if thread == 0:
            atomic_store(shared, LEADING, 0)
            restore_mode(mode)
            return crowded * working
        atomic_add(shared, GATE, 1)


run_few = Kernel(take_part, types.int64(WORDS, WORDS, types.int64, types.int64))


@functools.cache
def native_few() -> Any:
    """The compiled `take_part` as a C function; the GIL is free while it runs."""
    integer, pointer = ctypes.c_int64, ctypes.c_void_p
    return ctypes.CFUNCTYPE(integer, pointer, pointer, integer, integer)(run_few.address)


def share_out(
    wake: threading.Semaphore, end: threading.Event, work: tuple[Any, ...], arrays: Any
) -> None:
    """A helper's life: sleep, take part for as long as predictions come, sleep. Keeps `arrays`."""
    while wake.acquire() and not end.is_set():
        native_few()(*work)


@functools.cache
def _processor_of_caller() -> Any:
    """The system's function that tells where the calling thread runs; None where it has none."""
    return getattr(ctypes.CDLL(None), "sched_getcpu", None) if os.name == "posix" else None


def leave_core_to_caller(threads: Sequence[threading.Thread]) -> None:
    """Keep threads that are about to wake off the core that the calling thread runs on.

    Linux likes to wake a thread there, where it would wait until the caller sleeps, which one that
    predicts row after row never does.
    """
    where = _processor_of_caller()
    if where is None or not hasattr(os, "sched_setaffinity"):
        return
    others = os.sched_getaffinity(0) - {where()}
    for thread in threads:
        if others and thread.native_id is not None:
            os.sched_setaffinity(thread.native_id, others)


_all_helpers: weakref.WeakSet[Helpers] = weakref.WeakSet()


def _forget_helpers() -> None:
    """In a forked child: it has no threads, whatever was ready in the parent."""
    for helpers in _all_helpers:
        helpers.shared[:PATIENCE] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_helpers)


class Helpers:
    """The threads that take part in a `Few`; they start when first wanted."""

    def __init__(self, block: npt.NDArray[np.int64], threads: int) -> None:
        self.threads = threads
        self.block = block
        self.shared = np.zeros(SHARED_WORDS, np.int64)
        self.shared[PATIENCE] = PATIENT_PAUSES
        self.shared_place = self.shared.ctypes.data
        self._last = 0.0
        self._process = -1
        self._wakes: list[threading.Semaphore] = []
        self._threads: list[threading.Thread] = []
        _all_helpers.add(self)

    @property
    def ready(self) -> int:
        """How many spin."""
        return int(self.shared[GATE]) % CALL

    def wanted(self, now: float) -> None:
        """Wake the helpers if predictions follow one another quickly."""
        if now - self._last < SOON:
            self.wake()
            now = 0.0
        self._last = now

    def wake(self) -> None:
        """Wake the helpers."""
        if self._process != os.getpid():
            self._start()
        leave_core_to_caller(self._threads)
        for wake in self._wakes:
            wake.release()

    def _start(self) -> None:
        """New threads: the first, or those of a forked child, which has none."""
        self._process = os.getpid()
        end = threading.Event()
        self._wakes = [threading.Semaphore(0) for _ in range(self.threads - 1)]
        self._threads = []
        for number, wake in enumerate(self._wakes, 1):
            work = self.block.ctypes.data, self.shared_place, number, self.threads
            thread = threading.Thread(
                target=share_out,
                args=(wake, end, work, (self.block, self.shared)),
                name=f"kgen-few-{number}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)
        weakref.finalize(self, _dismiss, end, self._wakes)


def _dismiss(end: threading.Event, wakes: list[threading.Semaphore]) -> None:
    end.set()
    for wake in wakes:
        wake.release()


def _flags(plan: Any) -> npt.NDArray[np.int64]:
    """For each call, which threads take part in it and whether they meet after it.

    Where threads share the parts of rows, thread 0 alone runs the kernels that cannot be parted.
    """
    parted = np.array([call.kernel.is_parted for call in plan.calls])
    following = np.append(parted[1:], False)
    by_rows = plan.table[:, 1] != 0
    by_rows[-1] = True
    flags = PARTED * parted + MEET_BY_PARTS * (parted | following) + MEET_BY_ROWS * by_rows
    return np.asarray(flags, np.int64)


class Few:
    """Runs a program on `least` to `most` rows through buffers of its own.

    `given` are the inputs with the shapes of their rows, `made` the shapes of the outputs' rows.
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
        given: Sequence[tuple[Input, tuple[int, ...]]],
        made: Sequence[tuple[int, ...]],
        threads: int,
    ) -> None:
        self.turn = turn
        self.least, self.most = least, most
        self.row_shapes = [shape for _, shape in given]
        self.kinds = [(np.dtype(one.dtype), one.limit) for one, _ in given]
        worth = max(WORTH_SHARING, WORTH_MEETING * len(prepared.plan.calls))
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
        table[:, 1] = _flags(plan)
        self.block[TABLE_START:] = table.reshape(-1)
        self.threads = threads
        self.helpers = Helpers(self.block, self.threads)
        self.run = native_few()
        work = self.block.ctypes.data, self.helpers.shared_place, 0
        self.alone, self.together = (*work, 1), (*work, self.threads)
        self.how = self.together if self.shares else self.alone
        self.rest, self.length = 0.0, REST
        self._expect(least)

    def __call__(
        self, inputs: Sequence[npt.NDArray[Any]], rows: int
    ) -> list[npt.NDArray[np.float32]]:
        """The outputs for `inputs`, which have `rows` rows, `least` to `most`."""
        with self.turn:
            if rows != self.rows:
                self._expect(rows)
            if rows >= self.large:
                return self._much(inputs)
            for given, x in zip(self.given, inputs, strict=True):
                given[...] = x
            threads = self.run(*self.how)
            if self.shares and threads != self.threads:
                self._without_help(crowded=threads < 0)
            return [found.copy() for found in self.found]

    def _expect(self, rows: int) -> None:
        """So many rows from now on."""
        self.rows = rows
        self.block[ROWS_WORD] = rows
        self.block[PARTS_WORD] = rows < ROWS * self.threads
        self.given = [source[:rows] for source in self.sources]
        self.found = [target[:rows] for target in self.targets]

    def keys(self) -> list[tuple[Any, ...]]:
        """What `key` says of all that a call takes."""
        return [
            key([(rows, *shape) for shape in self.row_shapes])
            for rows in range(self.least, self.most + 1)
        ]

    def holds(self, inputs: Sequence[npt.NDArray[Any]]) -> bool:
        """Whether numbers are of the inputs' dtypes, and indices from 0 to below the limits."""
        for x, (dtype, limit) in zip(inputs, self.kinds, strict=True):
            if x.dtype is not dtype:
                return False
            if limit is not None and not x.view(np.uint32).max() < limit:
                return False
        return True

    def _much(self, inputs: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
        """A call that is much work: helpers are waited for, and rows are not copied."""
        held = [np.ascontiguousarray(x) for x in inputs]
        if self.threads > 1 and self.helpers.ready < self.threads - 1:
            self.helpers.wake()
        self.block[WAIT_WORD] = PAUSES
        for index, arguments, _ in self.feeds:
            arguments[0] = held[index].ctypes.data
        self.run(*self.together)
        self.block[WAIT_WORD] = 0
        for _, arguments, place in self.feeds:
            arguments[0] = place
        return [found.copy() for found in self.found]

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
