"""Where buffers lie in the arena: two regions, one that grows with the batch and one that does not.

Offsets are in floats, for a row of the batch in the first region. A buffer's
place is free again in the phase after its last use, never within the same, so
that reuse needs no barrier of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kgen.program import Buffer

ALIGNMENT = 16


def lifetimes(uses: Iterable[tuple[Buffer, int]]) -> dict[Buffer, tuple[int, int]]:
    """The first and last phase in which each buffer is used."""
    found: dict[Buffer, tuple[int, int]] = {}
    for buffer, phase in uses:
        first, last = found.get(buffer, (phase, phase))
        found[buffer] = (min(first, phase), max(last, phase))
    return found


def pack(lives: Mapping[Buffer, tuple[int, int]]) -> int:
    """Give every buffer an offset, the largest first, and return the region's size.

    Greedy first fit: each goes to the lowest place that no buffer alive at the
    same time overlaps.
    """
    placed: list[Buffer] = []
    size = 0
    for buffer in sorted(lives, key=lambda b: -b.size):
        taken = sorted(
            (other.offset, other.offset + padded(other))
            for other in placed
            if _overlap(lives[other], lives[buffer])
        )
        offset = 0
        for start, end in taken:
            if start - offset >= padded(buffer):
                break
            offset = max(offset, end)
        buffer.offset = offset
        placed.append(buffer)
        size = max(size, offset + padded(buffer))
    return size


def padded(buffer: Buffer) -> int:
    """Floats taken: whole cache lines where the region is not multiplied by the batch."""
    if buffer.space == "batch":
        return buffer.size
    return -(-buffer.size // ALIGNMENT) * ALIGNMENT


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]
