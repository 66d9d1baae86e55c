"""Runs one kernel on NumPy arrays, compiled and emulated, for the runtime's tests."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kgen.runtime.driver import CLOCK_WORDS
from kgen.runtime.kernels import SLACK, Kernel

SIGNATURE = ctypes.CFUNCTYPE(
    None, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p
)
HEADER = "from kgen.runtime.kernels import kernel\nfrom kgen.runtime.tiles import *\n"
COUNTER = itertools.count()


def build_kernel(folder: Path, body: str) -> Kernel:
    """A kernel of a new module in `folder`, from the lines of its body."""
    name = f"kernel_case_{next(COUNTER)}"
    path = folder / f"{name}.py"
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    head = "@kernel\ndef case(thread, threads, batch, clock, args):"
    path.write_text(f"{HEADER}\n{head}\n{lines}\n")
    found = load_module(path).case
    assert isinstance(found, Kernel)
    return found


def load_module(path: Path) -> Any:
    """The module in a file, under its stem as name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def padded(array: Any, dtype: str = "float32") -> Any:
    """A flat copy of an array with slack behind it, as buffers have."""
    flat = np.ascontiguousarray(array, dtype).reshape(-1)
    return np.concatenate([flat, np.full(SLACK * 40, 77, dtype)])


def clock_of(words: Sequence[int]) -> Any:
    """A whole clock that starts with these words."""
    clock = np.zeros(CLOCK_WORDS, np.int64)
    clock[: len(words)] = words
    return clock


def run_kernel(
    kernel: Kernel,
    arrays: Sequence[Any],
    batch: int = 1,
    clock: Sequence[int] = (0, 0, 0, 0),
    thread: int = 0,
    threads: int = 1,
) -> None:
    """Call the machine code directly on flat arrays."""
    table = np.array([array.ctypes.data for array in arrays], np.int64)
    times = clock_of(clock)
    function = SIGNATURE(kernel.address)
    function(thread, threads, batch, times.ctypes.data, table.ctypes.data)


def emulate_kernel(
    kernel: Kernel,
    arrays: Sequence[Any],
    batch: int = 1,
    clock: Sequence[int] = (0, 0, 0, 0),
    thread: int = 0,
    threads: int = 1,
) -> None:
    """Call the Python function on flat arrays."""
    kernel.function(thread, threads, batch, clock_of(clock), list(arrays))
