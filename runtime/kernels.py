"""Kernels: functions compiled one by one to a single C signature, called from a plain list.

A kernel is `void(int64 thread, int64 threads, int64 batch, int64* clock, void** args)`. Calling a
`Kernel` with buffers does not run it: it gives a `Command`, an entry of the list that a `Team`
runs. `sync` in the list makes all threads wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.errors import KernelError
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.kernel_cache import KernelCache
from kgen.runtime.lowering_math import register_arithmetic  # noqa: F401 (compiled forms)
from kgen.runtime.lowering_memory import describe_argument  # noqa: F401 (compiled forms)
from kgen.runtime.lowering_products import accumulate  # noqa: F401 (compiled forms)
from kgen.runtime.lowering_random import build_split_mix  # noqa: F401 (compiled forms)
from kgen.runtime.lowering_reduce import register_fold  # noqa: F401 (compiled forms)
from kgen.runtime.pipeline import KernelCompiler, scheduled, without_collector
from kgen.runtime.tiles import (
    copy_words,
    element,
    first_row,
    i64vector,
    imatrix,
    last_row,
    prefetch,
    share_batch,
)
from numba.core import config, types
from numba.core.ccallback import CFunc
from numba.core.compiler_lock import global_compiler_lock

SLACK = 64
KERNEL_SIGNATURE = types.void(
    types.int64,
    types.int64,
    types.int64,
    types.CPointer(types.int64),
    types.CPointer(types.voidptr),
)
# Tile functions whose callers can be parted.
PARTING = {"share_rows", "share_block", "transpose_block"}
# Tile functions that products are made of, and what the heights of tiles are called that take as
# many registers as there are (`memory.rows_for`).
PRODUCTS, TALL_TILES = {"outer", "outer_t"}, "ROWS_"
COMPILE_OPTIONS = {"nogil": True, "error_model": "numpy", "boundscheck": False}


# Linux has pages of 2 MB for those who ask, as numpy does for arrays of 4 MB and more. With 4 KB
# pages the processor's first table of addresses reaches as far as `FAR`.
HUGE_PAGE, ASKED_FOR, FAR = 1 << 21, 1 << 22, 3 << 17


def aligned(count: int) -> npt.NDArray[np.float32]:
    """`count` zeroed float32 on a 64-byte boundary, with `SLACK` more behind them in memory.

    Many are put where huge pages start, in whole ones, and given room enough for numpy to ask for
    these; pages that are not used take no memory.
    """
    size = (count + SLACK) * 4
    room, boundary = size, 64
    if size >= FAR:
        boundary = HUGE_PAGE
        room = max(-(-size // HUGE_PAGE) * HUGE_PAGE, ASKED_FOR)
    raw = np.zeros(room + boundary, np.uint8)
    start = -raw.ctypes.data % boundary
    return raw[start : start + size].view(np.float32)[:count]


@dataclass(frozen=True)
class Buffer:
    """Memory that kernels work on: an array, and where in it this buffer starts.

    `offset` counts 4-byte words from the start of `base`; `dtype` is what the kernel reads.
    """

    base: npt.NDArray[Any]
    offset: int = 0
    dtype: str = "float32"

    @property
    def address(self) -> int:
        """Where the buffer starts in memory."""
        return int(self.base.ctypes.data) + 4 * self.offset

    def at(self, floats: int) -> Buffer:
        """The buffer from some floats on."""
        return Part(self, floats) if floats else self

    def view(self) -> npt.NDArray[Any]:
        """The buffer to the end of its base as a flat array of its dtype."""
        flat = self.base.reshape(-1).view(np.uint8)[4 * self.offset :]
        size = np.dtype(self.dtype).itemsize
        return flat[: flat.size // size * size].view(self.dtype)


class Part(Buffer):
    """Another buffer from some floats on, wherever that may come to lie."""

    whole: Buffer
    floats: int

    def __init__(self, whole: Buffer, floats: int) -> None:
        object.__setattr__(self, "whole", whole)
        object.__setattr__(self, "floats", floats)

    @property
    def base(self) -> npt.NDArray[Any]:
        """The array of the whole."""
        return self.whole.base

    @property
    def offset(self) -> int:
        """Where the part starts in it."""
        return self.whole.offset + self.floats

    @property
    def dtype(self) -> str:
        """What the kernel reads."""
        return self.whole.dtype


class Kernel:
    """A function that compiles on first need, from disk where it was compiled before."""

    def __init__(self, function: Callable[..., Any], signature: Any = KERNEL_SIGNATURE) -> None:
        self.function = function
        self.signature = signature
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__module__ = function.__module__
        self.__wrapped__ = function
        self._compiled: Any = None

    @property
    def is_parted(self) -> bool:
        """Whether threads can share the parts of a single row of the batch."""
        return bool(PARTING.intersection(self.function.__code__.co_names))

    @property
    def is_tall(self) -> bool:
        """Whether the tiles of its products take nearly all registers."""
        names = self.function.__code__.co_names
        has_products = not PRODUCTS.isdisjoint(names)
        return has_products and any(name.startswith(TALL_TILES) for name in names)

    def compile(self) -> None:
        """Compile or load the machine code; raises KernelError naming the kernel."""
        if self._compiled is not None:
            return
        try:
            # Of two threads that want it at once, one compiles: code in use must not be replaced.
            # An interrupt within LLVM's calls back to Python would be lost, or taken for a failure.
            with global_compiler_lock, DeferredInterrupt():
                self._compiled = self._compiled or self._translate()
        except Exception as error:
            raise KernelError(
                f"kernel {self.__name__} of {self.function.__code__.co_filename} "
                f"could not be compiled: {error}"
            ) from error

    def _translate(self) -> Any:
        """The function compiled."""
        kinds = (self.signature.args, self.signature.return_type)
        compiled = CFunc(
            self.function, kinds, {}, dict(COMPILE_OPTIONS), pipeline_class=KernelCompiler
        )
        compiled._cache = KernelCache(self.function, str(self.signature))
        with without_collector(), scheduled(for_registers=self.is_tall):
            compiled.compile()
        return compiled

    def is_cached(self) -> bool:
        """Whether the machine code is in memory or on disk."""
        if self._compiled is not None:
            return True
        return KernelCache(self.function, str(self.signature)).read() is not None

    @property
    def address(self) -> int:
        """Where the machine code starts; compiles first if need be."""
        self.compile()
        return int(self._compiled.address)

    def __call__(self, *buffers: Buffer) -> Command:
        """An entry of a step's list: this kernel on these buffers."""
        return Command(self, buffers)

    def __repr__(self) -> str:
        return f"<kernel {self.__name__}>"


@dataclass(frozen=True, eq=False)
class Command:
    """A kernel and the buffers it works on.

    `strand` numbers lists of commands of which few rows are work for one thread each; -1 is none.
    """

    kernel: Kernel
    buffers: tuple[Buffer, ...]
    strand: int = -1

    def addresses(self) -> npt.NDArray[np.int64]:
        """The table of buffer addresses that the machine code reads."""
        return np.array([buffer.address for buffer in self.buffers] or [0], np.int64)


class Sync:
    """Between two commands: threads wait for each other."""

    def __repr__(self) -> str:
        return "sync"


sync = Sync()


def side_by_side(*strands: Iterable[Command]) -> list[Command]:
    """One after another, commands that do not need those of another strand."""
    return [
        replace(command, strand=number)
        for number, strand in enumerate(strands)
        for command in strand
    ]


def kernel(function: Callable[..., Any]) -> Kernel:
    """Make a function over tiles a `Kernel`."""
    return Kernel(function)


# Words of a row from which it is long, and of what the memory gives at a time. Rows of the next
# batch are asked for ahead, but for long ones, which are met in order, as processors foresee.
LONG_ROW, CACHE_LINE = 256, 16


@kernel
def gather_rows(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """target[r] = source[order[first_row + r]] for rows of cols[0] 4-byte elements.

    Arguments: source, order (int64), target, cols (one int64).
    """
    source = imatrix(args, 0, 1, 1)
    order = i64vector(args, 1)
    target = imatrix(args, 2, 1, 1)
    cols = element(i64vector(args, 3), 0, 0)
    start = first_row(clock)
    first, last = share_batch(clock, batch, thread, threads)
    for r in range(first, last):
        copy_words(target, r * cols, source, element(order, 0, start + r) * cols, cols)
    if cols < LONG_ROW:
        for r in range(start + batch + first, min(start + batch + last, last_row(clock))):
            place = element(order, 0, r) * cols
            for j in range(0, cols, CACHE_LINE):
                prefetch(source, 0, place + j, 1, 1)


@kernel
def scatter_rows(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """target[first_row + r] = source[r] for rows of cols[0] 4-byte elements.

    Arguments: source, target, cols (one int64).
    """
    source = imatrix(args, 0, 1, 1)
    target = imatrix(args, 1, 1, 1)
    cols = element(i64vector(args, 2), 0, 0)
    start = first_row(clock)
    first, last = share_batch(clock, batch, thread, threads)
    for r in range(first, last):
        copy_words(target, (start + r) * cols, source, r * cols, cols)


def jit_is_disabled() -> bool:
    """Whether `NUMBA_DISABLE_JIT` asks for the emulation in Python."""
    return bool(config.DISABLE_JIT)
