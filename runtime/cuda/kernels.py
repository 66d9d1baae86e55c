"""Kernels of a GPU: functions over tiles that whole grids of warps run.

A kernel is `void(int64 batch, int64 clock, int64 args)`, the last two being addresses: of the
clock's numbers, and of a table of the addresses of its buffers. As on the processor, calling a
`Kernel` with buffers does not run it but gives an entry of a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgen.runtime.cuda.grid import IS_SIMULATED, warps
from kgen.runtime.errors import KernelError
from kgen.runtime.kernels import Buffer, Command
from kgen.runtime.tiles import (
    copy_words,
    element,
    f64vector,
    first_row,
    i64vector,
    imatrix,
    matrix,
    set_element,
    share,
    step_in_call,
)
from numba import cuda, types

SIGNATURE = types.void(types.int64, types.int64, types.int64)


class Kernel:
    """A function that numba-cuda compiles on first need, from disk where it did before."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self._compiled: Any = None

    def compile(self) -> Any:
        """What can be launched on the current device; raises KernelError naming the kernel."""
        if self._compiled is None:
            try:
                jit = cuda.jit if IS_SIMULATED else cuda.jit(SIGNATURE, cache=True)
                self._compiled = jit(self.function)
            except Exception as error:
                raise KernelError(
                    f"kernel {self.__name__} of {self.function.__code__.co_filename} "
                    f"could not be compiled: {error}"
                ) from error
        return self._compiled

    def is_cached(self) -> bool:
        """Whether the machine code is in memory."""
        return self._compiled is not None

    def ptx(self, capability: tuple[int, int]) -> str:
        """The PTX text for devices of a compute capability, which need not be here."""
        text, _ = cuda.compile_ptx(self.function, SIGNATURE, cc=capability)
        return str(text)

    def __call__(self, *buffers: Buffer) -> Command:
        """An entry of a step's list: this kernel on these buffers."""
        return Command(self, buffers)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<CUDA kernel {self.__name__}>"


def kernel(function: Callable[..., Any]) -> Kernel:
    """Make a function over tiles a `Kernel`."""
    return Kernel(function)


@kernel
def gather_rows(batch: int, clock: Any, args: Any) -> None:
    """target[r] = source[order[first_row + r]] for rows of cols[0] 4-byte elements.

    Arguments: source, order (int64), target, cols (one int64).
    """
    thread, threads = warps()
    source = imatrix(args, 0, 1, 1)
    order = i64vector(args, 1)
    target = imatrix(args, 2, 1, 1)
    cols = element(i64vector(args, 3), 0, 0)
    start = first_row(clock)
    first, last = share(batch, 1, thread, threads)
    for r in range(first, last):
        copy_words(target, r * cols, source, element(order, 0, start + r) * cols, cols)


@kernel
def scatter_rows(batch: int, clock: Any, args: Any) -> None:
    """target[first_row + r] = source[r] for rows of cols[0] 4-byte elements.

    Arguments: source, target, cols (one int64).
    """
    thread, threads = warps()
    source = imatrix(args, 0, 1, 1)
    target = imatrix(args, 1, 1, 1)
    cols = element(i64vector(args, 2), 0, 0)
    start = first_row(clock)
    first, last = share(batch, 1, thread, threads)
    for r in range(first, last):
        copy_words(target, (start + r) * cols, source, r * cols, cols)


@kernel
def add_figures(batch: int, clock: Any, args: Any) -> None:
    """totals += figures, for count[0] of them: what a step reports, kept in float64."""
    thread, _ = warps()
    figures = matrix(args, 0, 1, 1)
    totals = f64vector(args, 1)
    count = element(i64vector(args, 2), 0, 0)
    if thread == 0:
        for k in range(count):
            set_element(totals, 0, k, element(totals, 0, k) + element(figures, 0, k))


@kernel
def pick_scalars(batch: int, clock: Any, args: Any) -> None:
    """current = table[step]: the step's learning rate and the like."""
    thread, _ = warps()
    table = matrix(args, 0, 1, 1)
    current = matrix(args, 1, 1, 1)
    count = element(i64vector(args, 2), 0, 0)
    if thread == 0:
        for k in range(count):
            set_element(current, 0, k, element(table, 0, step_in_call(clock) * count + k))


@kernel
def advance(batch: int, clock: Any, args: Any) -> None:
    """The clock goes on to the next batch of size[0] rows."""
    thread, _ = warps()
    now = i64vector(args, 0)
    size = element(i64vector(args, 1), 0, 0)
    if thread == 0:
        set_element(now, 0, 0, element(now, 0, 0) + size)
        set_element(now, 0, 1, element(now, 0, 1) + 1)
        set_element(now, 0, 3, element(now, 0, 3) + 1)
