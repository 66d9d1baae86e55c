"""Compiles many kernels: with a process on each further core to help, where that is safe.

A helper is a fork that works through the list from the far end, or from a place of
its own, and leaves what it compiles in the cache on disk; this process works from the
near end and finds the rest there. Nothing waits for a helper, so that nothing hangs if
it fails; whole entries appear at once, so that it may be stopped at any time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence

from kgen.runtime.hardware import thread_count
from kgen.runtime.kernels import Kernel

FEWEST = 4
# Libraries whose threads do not survive a fork.
UNSAFE = ("jax", "torch", "tensorflow")

Progress = Callable[[int, int, str], None]


def compile_kernels(kernels: Sequence[Kernel], progress: Progress | None = None) -> None:
    """Compile all kernels, telling (done, total, name) before each and at the end."""
    helpers = start_helpers(kernels)
    try:
        for done, kernel in enumerate(kernels):
            if progress is not None:
                progress(done, len(kernels), kernel.__name__)
            kernel.compile()
    finally:
        for helper in helpers:
            stop_helper(helper)
    if progress is not None and kernels:
        progress(len(kernels), len(kernels), "")


def start_helpers(kernels: Sequence[Kernel]) -> list[int]:
    """Fork helpers for these kernels and return their process ids: none where none would help."""
    if len(kernels) < FEWEST or not hasattr(os, "fork"):
        return []
    if threading.active_count() > 1 or any(name in sys.modules for name in UNSAFE):
        return []
    children: list[int] = []
    helpers = min(thread_count() - 1, len(kernels) // 2)
    with contextlib.suppress(OSError), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for number in range(helpers):
            place = len(kernels) * (helpers - number) // helpers
            child = os.fork()
            if child == 0:
                help_out([*kernels[place:], *kernels[:place]])
            children.append(child)
    return children


def help_out(kernels: Sequence[Kernel]) -> None:
    """The helper's life: compile from the end what nobody has, and leave without a word."""
    try:
        warnings.simplefilter("ignore")
        for kernel in reversed(kernels):
            if not kernel.is_cached():
                kernel.compile()
    finally:
        os._exit(0)


def stop_helper(child: int) -> None:
    """End the helper, whatever it does, and let the system forget it."""
    with contextlib.suppress(OSError):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
