"""A persistent team of threads that runs the commands of a step over many batches."""

from __future__ import annotations

import ctypes
import functools
import os
import queue
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.driver import (
    ABORT,
    BY_PARTS,
    CLOCK_WORDS,
    CONTROL_WORDS,
    DIMS_START,
    GRAIN,
    STOP,
    TABLE_WORDS,
    drive,
    grain_of,
    is_parted,
)
from kgen.runtime.hardware import MAX_THREADS, thread_count
from kgen.runtime.kernels import Command, Kernel, Sync, jit_is_disabled
from kgen.runtime.pacing import Pace

STACK_BYTES = 8 << 20  # kernels keep packed panels on the stack; some systems give 128 KiB


class Plan:
    """A list of commands made ready to run: kernels compiled, addresses in a table.

    Threads share the batch in grains of `grain` rows at least. If there is a `pace`, it says when
    one thread does the shares of all.
    """

    def __init__(
        self, commands: Sequence[Command | Sync], grain: int = 1, pace: Pace | None = None
    ) -> None:
        self.commands = tuple(commands)
        self.grain = grain
        self.pace = pace
        self.calls = [entry for entry in commands if isinstance(entry, Command)]
        self.segments: list[list[Command]] = [[]]
        for entry in commands:
            if isinstance(entry, Command):
                self.segments[-1].append(entry)
            else:
                self.segments.append([])
        self.emulated = jit_is_disabled()
        if self.emulated:
            return
        self.arguments = [call.addresses() for call in self.calls]
        self.arguments_of = dict(zip(self.calls, self.arguments, strict=True))
        self.table = np.zeros((max(len(self.calls), 1), TABLE_WORDS), np.int64)
        position = -1
        for entry in commands:
            if isinstance(entry, Command):
                position += 1
                self.table[position, 0] = entry.kernel.address
                self.table[position, 2] = self.arguments[position].ctypes.data
            elif position >= 0:
                self.table[position, 1] = 1
        self.address = self.table.ctypes.data


def missing_kernels(commands: Sequence[Command | Sync]) -> list[Kernel]:
    """The kernels of a list that would have to be compiled now, the driver among them."""
    if jit_is_disabled():
        return []
    unique = dict.fromkeys(entry.kernel for entry in commands if isinstance(entry, Command))
    return [kernel for kernel in (*unique, drive) if not kernel.is_cached()]


@functools.cache
def native_drive() -> Any:
    """The compiled driver as a C function; the GIL is free while it runs."""
    integer, pointer = ctypes.c_int64, ctypes.c_void_p
    kinds = (*(integer,) * 3, pointer, *(integer,) * 6, pointer, pointer)
    return ctypes.CFUNCTYPE(integer, *kinds)(drive.address)


class Team:
    """Threads that sleep between runs; the calling thread is thread 0.

    After a fork the child makes new threads on its first run. The threads end with the team.
    """

    def __init__(self, threads: int | None = None) -> None:
        self.threads = thread_count() if threads is None else threads
        if not 1 <= self.threads <= MAX_THREADS:
            raise ValueError(f"a team needs 1 to {MAX_THREADS} threads, not {self.threads}")
        self.control = np.zeros(CONTROL_WORDS, np.int64)
        self.clocks = np.zeros((self.threads, CLOCK_WORDS), np.int64)
        self._control_address = self.control.ctypes.data
        self._clock_addresses = [clock.ctypes.data for clock in self.clocks]
        self._runs = 0
        self._process = -1
        self._inboxes: list[queue.SimpleQueue[Any]] = []
        self._finished: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._done: list[int] = []

    def _start(self) -> None:
        self._process = os.getpid()
        self._finished = queue.SimpleQueue()
        self._inboxes = [queue.SimpleQueue() for _ in range(self.threads - 1)]
        weakref.finalize(self, dismiss, self._inboxes).atexit = False
        self._done = [self._runs] * (self.threads - 1)
        usual = threading.stack_size(STACK_BYTES)
        try:
            for number in range(1, self.threads):
                box = self._inboxes[number - 1]
                threading.Thread(
                    target=work,
                    args=(number, box, self._finished, self._done, self.control),
                    name=f"kgen-{number}",
                    daemon=True,
                ).start()
        except BaseException:  # the system gives no more threads: none shall wait for the others
            self.close()
            raise
        finally:
            threading.stack_size(usual)

    def stop(self) -> None:
        """Wish for the current run to end after the step it is in; from any thread."""
        self.control[STOP] = 1

    def close(self) -> None:
        """End the threads; a later run starts new ones."""
        if self._process == os.getpid():
            dismiss(self._inboxes)
        self._process = -1

    def run(
        self,
        plan: Plan,
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
        number of the first step. If a signal
        raises in between, `clocks[0, 1]` still tells the global step reached.
        """
        steps = max(0, -(-(last_row - first_row) // batch_size))
        self.control.fill(0)
        for clock in self.clocks:
            clock[:DIMS_START] = first_row, step, seed, 0, 0, last_row, 0, plan.grain
            clock[DIMS_START : DIMS_START + len(dims)] = dims
        if plan.emulated:
            return self._emulate(plan, steps, batch_size, first_row, last_row)
        work = plan.address, len(plan.calls)
        rows = batch_size, first_row, last_row
        pace = plan.pace
        if self.threads == 1 or pace is None:
            return self._run_part(work, 0, steps, rows, single=self.threads == 1)
        done = 0
        while done < steps and not self.control[STOP]:
            single, part = pace.part(self.threads, batch_size, steps - done)
            start = time.perf_counter()
            part = self._run_part(work, done, done + part, rows, single)
            pace.note(single, part, time.perf_counter() - start)
            self.clocks[:, 1] = self.clocks[0, 1]
            done += part
        return done

    def _run_part(
        self, work: tuple[int, ...], begin: int, end: int, rows: tuple[int, ...], single: bool
    ) -> int:
        """Run the steps `begin` to `end` - 1; gives how many were done."""
        running = 1 if single else self.threads
        calls = [
            (number, running, self.threads, *work, begin, end, *rows, clock, self._control_address)
            for number, clock in enumerate(self._clock_addresses[:running])
        ]
        if single:
            return int(native_drive()(*calls[0]))
        return self._run_together(calls)

    def _run_together(self, calls: Sequence[tuple[int, ...]]) -> int:
        if self._process != os.getpid():
            self._start()
        function = native_drive()
        self._runs += 1
        try:
            for inbox, call in zip(self._inboxes, calls[1:], strict=True):
                inbox.put((self._runs, function, call))
            return int(function(*calls[0]))
        except BaseException:
            # A signal may have struck before every worker or this thread had its call: make
            # sure each gets it once (a repeated number is ignored) and leaves at once.
            self.control[ABORT] = 1
            for inbox, call in zip(self._inboxes, calls[1:], strict=True):
                inbox.put((self._runs, function, call))
            raise
        finally:
            self._wait()

    def _wait(self) -> None:
        """Until all workers have finished this run, whatever signals arrive."""
        interrupt: BaseException | None = None
        while any(done != self._runs for done in self._done):
            try:
                self._finished.get(timeout=0.05)
            except queue.Empty:
                continue
            except BaseException as error:
                interrupt = error
        if interrupt is not None:
            raise interrupt

    def _emulate(
        self, plan: Plan, steps: int, batch_size: int, first_row: int, last_row: int
    ) -> int:
        """Run the kernels' Python functions, thread after thread between barriers."""
        arguments = {id(call): [buffer.view() for buffer in call.buffers] for call in plan.calls}
        for done in range(steps):
            row = first_row + done * batch_size
            rows = min(batch_size, last_row - row)
            self.clocks[:, 0] = row
            self.clocks[:, 3] = done
            self.clocks[:, GRAIN] = grain_of(rows, plan.grain, self.threads)
            self.clocks[:, BY_PARTS] = parted = is_parted(rows, plan.grain, self.threads)
            for segment in [[call] for call in plan.calls] if parted else plan.segments:
                for thread in range(self.threads):
                    for call in segment:
                        clock = self.clocks[thread]
                        call.kernel.function(thread, self.threads, rows, clock, arguments[id(call)])
            self.clocks[:, 1] += 1
            if self.control[STOP]:
                return done + 1
        return steps


def dismiss(inboxes: Sequence[queue.SimpleQueue[Any]]) -> None:
    """Let workers end."""
    for inbox in inboxes:
        inbox.put(None)


def work(
    number: int,
    inbox: queue.SimpleQueue[Any],
    finished: queue.SimpleQueue[int],
    done: list[int],
    control: npt.NDArray[np.int64],
) -> None:
    """A worker's life: sleep, take part in a run, report."""
    while (job := inbox.get()) is not None:
        run, function, call = job
        if run == done[number - 1]:
            continue
        if not control[ABORT]:
            function(*call)
        done[number - 1] = run
        finished.put(run)


def run(
    team: Team,
    commands: Sequence[Command | Sync] | Plan,
    *,
    batch_size: int,
    first_row: int,
    last_row: int,
    step: int = 0,
    seed: int = 0,
) -> int:
    """Run commands over batches of rows first_row..last_row - 1; gives the steps done."""
    plan = commands if isinstance(commands, Plan) else Plan(commands)
    return team.run(
        plan,
        batch_size=batch_size,
        first_row=first_row,
        last_row=last_row,
        step=step,
        seed=seed,
    )
