"""Memory bandwidth: copy and triad over arrays of growing size, by tiles and threads as models are.

Traffic is counted as McCalpin's STREAM counts it: two floats an element for the copy, three for
the triad, no extra read of the line written.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from kgen.runtime.kernels import Buffer, Kernel, aligned, kernel
from kgen.runtime.team import Plan, Team
from kgen.runtime.tiles import LANES, element, i64vector, load, matrix, share, store

MOVED = 1 << 28  # bytes a sample moves, about
LARGEST = 1 << 28


@kernel
def copy_stream(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """target = source."""
    source = matrix(args, 0, 1, 1 << 30)
    target = matrix(args, 1, 1, 1 << 30)
    count = element(i64vector(args, 2), 0, 0)
    first, last = share(count, 8 * LANES, thread, threads)
    for j in range(first, last, 8 * LANES):
        store(target, 0, j, load(source, 0, j, 1, 8))


@kernel
def triad_stream(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """target = source + 3 * other."""
    source = matrix(args, 0, 1, 1 << 30)
    other = matrix(args, 1, 1, 1 << 30)
    target = matrix(args, 2, 1, 1 << 30)
    count = element(i64vector(args, 3), 0, 0)
    first, last = share(count, 4 * LANES, thread, threads)
    for j in range(first, last, 4 * LANES):
        store(target, 0, j, load(source, 0, j, 1, 4) + load(other, 0, j, 1, 4) * 3.0)


@dataclass(frozen=True)
class Stream:
    """A measured bandwidth: working set in bytes (all arrays), bytes a second."""

    place: str
    bytes: int
    copy: float
    triad: float


def places(caches: Mapping[str, int], memory: int, threads: int) -> list[tuple[str, int]]:
    """Names and sizes of working sets: half of each cache, and far more than the last one.

    A core's own caches count once a thread. The last level may belong to a larger machine than
    this process sees, so at most a quarter of it, and no more than 32 MiB, is asked for.
    """
    found: list[tuple[str, int]] = []
    for name in ("L1", "L2"):
        if name in caches:
            found.append((name, caches[name] // 2 * threads))
    last = max(caches.values(), default=32 << 20)
    if "L3" in caches:
        found.append(("L3", max(min(caches["L3"] // 4, 32 << 20), 4 * caches.get("L2", 1 << 20))))
    beyond = min(4 * last, 3 * LARGEST, max(memory // 8, 1 << 26))
    found.append(("DRAM" if beyond > 2 * last else "largest", beyond))
    return found


def measure_streams(
    caches: Mapping[str, int], memory: int, threads: int, repeats: int
) -> list[Stream]:
    """Copy and triad at each size, the best of some repeats; caches and memory in bytes."""
    team = Team(threads)
    try:
        return [
            Stream(name, size, *(stream_rate(team, size, count, repeats) for count in (2, 3)))
            for name, size in places(caches, memory, threads)
        ]
    finally:
        team.close()


def stream_rate(team: Team, size: int, arrays: int, repeats: int) -> float:
    """Bytes a second over a working set of `size` bytes in two (copy) or three (triad) arrays."""
    chunk = 8 * LANES
    floats = max(size // 4 // arrays // chunk, 1) * chunk
    held = [aligned(floats) for _ in range(arrays)]
    for array in held:
        array[:] = 1.0
    count = np.array([floats], np.int64)
    which: Kernel = copy_stream if arrays == 2 else triad_stream
    command = which(*(Buffer(array) for array in held), Buffer(count, 0, "int64"))
    plan = Plan([command])
    moved = 4 * floats * arrays
    turns = max(MOVED // moved, 1)
    seconds: list[float] = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        team.run(plan, batch_size=1, first_row=0, last_row=turns)
        seconds.append((time.perf_counter() - start) / turns)
    return moved / min(seconds[1:])


def bandwidth_for(streams: Sequence[Stream], size: int) -> float:
    """Bytes a second for a working set of `size` bytes: the best triad of those that hold it.

    The last one where none does.
    """
    holding = [stream.triad for stream in streams if size <= stream.bytes]
    return max(holding, default=streams[-1].triad)
