"""The threads that help with quick calls: they start, sleep and wake."""

from __future__ import annotations

import ctypes
import functools
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.sharing import CALL, GATE, PATIENCE, SHARED_WORDS, native_few

# Pauses that helpers wait for the next call: about 1 ms.
PATIENT_PAUSES = 20_000
# How soon calls must follow one another for helpers to wake, in seconds.
SOON = 1e-3


def share_out(
    wake: threading.Semaphore, end: threading.Event, job: npt.NDArray[np.int64], arrays: Any
) -> None:
    """A helper's life: sleep, take part for as long as predictions come, sleep. Keeps `arrays`."""
    while wake.acquire() and not end.is_set():
        native_few()(job.ctypes.data)


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
        self._last = 0.0
        self._process = -1
        self._wakes: list[threading.Semaphore] = []
        self._threads: list[threading.Thread] = []
        _all_helpers.add(self)

    def job(self, thread: int, threads: int) -> npt.NDArray[np.int64]:
        """What tells a thread of so many to take part; the block and this must outlive it."""
        places = self.block.ctypes.data, self.shared.ctypes.data
        return np.array([*places, thread, threads], np.int64)

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
            job = self.job(number, self.threads)
            thread = threading.Thread(
                target=share_out,
                args=(wake, end, job, (self.block, self.shared)),
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
