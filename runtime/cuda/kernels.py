"""Kernels of a GPU: functions over tiles that whole grids of warps run.

A kernel is `void(int64 batch, int64 clock, int64 args)`, the last two being addresses: of the
clock's numbers, and of a table of the addresses of its buffers. As on the processor, calling a
`Kernel` with buffers does not run it but gives an entry of a list.

Rows are gathered and scattered by a warp each, where a thread of the processor takes whole tiles.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgen.runtime import service
from kgen.runtime.cuda.grid import IS_SIMULATED, warps
from kgen.runtime.kernels import Kernel as HostKernel
from kgen.runtime.tiles import (
    copy_words,
    element,
    first_row,
    i64vector,
    imatrix,
    set_element,
    share,
)
from numba import cuda, types

SIGNATURE = types.void(types.int64, types.int64, types.int64)


class Kernel(HostKernel):
    """A function that numba-cuda compiles on first need, from disk where it did before."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, SIGNATURE)

    def _translate(self) -> Any:
        return (cuda.jit if IS_SIMULATED else cuda.jit(SIGNATURE, cache=True))(self.function)

    @property
    def launcher(self) -> Any:
        """What can be launched on the current device; compiles first if need be."""
        self.compile()
        return self._compiled

    def is_cached(self) -> bool:
        """Whether the machine code is in memory."""
        return self._compiled is not None

    def ptx(self, capability: tuple[int, int]) -> str:
        """The PTX text for devices of a compute capability, which need not be here."""
        text, _ = cuda.compile_ptx(self.function, SIGNATURE, cc=capability)
        return str(text)


def kernel(function: Callable[..., Any]) -> Kernel:
    """Make a function over tiles a `Kernel`."""
    return Kernel(function)


def inlined(host: HostKernel) -> Any:
    """What a kernel of the processor does, for one thread of many, to become part of another."""
    return cuda.jit(device=True, inline="always")(host.function)


_add_figures = inlined(service.add_figures)
_pick_scalars = inlined(service.pick_scalars)


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
    thread, threads = warps()
    _add_figures(thread, threads, batch, clock, args)


@kernel
def pick_scalars(batch: int, clock: Any, args: Any) -> None:
    """current = table[step]: the step's learning rate and the like."""
    thread, threads = warps()
    _pick_scalars(thread, threads, batch, clock, args)


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
