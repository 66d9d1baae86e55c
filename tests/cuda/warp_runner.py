"""One kernel over tiles on one warp: its PTX interpreted, beside the emulation of its tiles."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from unittest import mock

import numpy as np
from interpreted import load_kernel
from kgen.runtime.cuda.kernels import Kernel
from kgen.runtime.cuda.warp import LANES
from native import load

HEADER = """
import numpy as np
from kgen.runtime.cuda.kernels import kernel
from kgen.runtime.tiles import *
from kgen.runtime.cuda.tiles import *
"""
# The emulation takes its width from here.
WIDE = ("tile_math", "tile_memory", "tile_random", "tile_reduce")
CLOCK = (0,) * 16


@cache
def build_kernel(body: str) -> Kernel:
    """A kernel of a module of its own, from the lines of its body."""
    lines = "\n".join("    " + line for line in body.strip("\n").splitlines())
    found = load(f"{HEADER}\n@kernel\ndef case(batch, clock, args):\n{lines}\n", "warp_case").case
    assert isinstance(found, Kernel)
    return found


@contextlib.contextmanager
def wide_emulation() -> Iterator[None]:
    """Within, emulated tiles are as wide as a warp."""
    with contextlib.ExitStack() as stack:
        for name in WIDE:
            stack.enter_context(mock.patch(f"kgen.runtime.{name}.LANES", LANES))
        yield


def emulate(kernel: Kernel, arrays: Sequence[Any], batch: int, clock: Sequence[int]) -> None:
    """Call the Python function on flat arrays."""
    with wide_emulation(), np.errstate(all="ignore"):
        kernel.function(batch, np.array(clock, np.int64), list(arrays))


def interpret(
    kernel: Kernel,
    arrays: Sequence[Any],
    batch: int = 1,
    clock: Sequence[int] = CLOCK,
    grid: int = 1,
    block: int = LANES,
) -> None:
    """Run the PTX on flat arrays, which have no padding: reading past their ends is an error."""
    module = load_kernel(kernel)
    (entry,) = module.entries
    table = np.array([module.address(array) for array in arrays], np.int64)
    words = batch, np.array(clock, np.int64), table
    module.launch(entry, grid, block, words, races=True)


def compare(
    body: str, arrays: Sequence[Any], batch: int = 1, clock: Sequence[int] = CLOCK
) -> list[Any]:
    """Both leave the same bits in all arrays (NaN is NaN); gives the arrays."""
    kernel = build_kernel(body)
    expected = [np.array(array).reshape(-1) for array in arrays]
    found = [np.array(array).reshape(-1) for array in arrays]
    emulate(kernel, expected, batch, clock)
    interpret(kernel, found, batch, clock)
    for n, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_array_equal(ours, theirs, f"array {n} of\n{body}")
        if ours.dtype == np.float32:
            kept = ~np.isnan(ours)
            np.testing.assert_array_equal(ours[kept].view(np.int32), theirs[kept].view(np.int32))
    return found
