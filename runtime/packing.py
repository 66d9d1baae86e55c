"""Where buffers lie in an arena: those alive at the same time never overlap."""

from __future__ import annotations

from collections.abc import Sequence

Life = tuple[int, int]


def pack_lives(sizes: Sequence[int], lives: Sequence[Life]) -> tuple[list[int], int]:
    """Offsets of buffers of these sizes, used from a first to a last phase, and the total size.

    Greedy first fit, the largest first: each goes to the lowest place that no buffer alive at
    the same time overlaps. A place is free again in the phase after its last use, never within
    the same, so that reuse needs no barrier of its own.
    """
    offsets = [0] * len(sizes)
    placed: list[int] = []
    total = 0
    for at in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        first, last = lives[at]
        taken = sorted(
            (offsets[other], offsets[other] + sizes[other])
            for other in placed
            if lives[other][0] <= last and first <= lives[other][1]
        )
        offset = 0
        for start, end in taken:
            if start - offset >= sizes[at]:
                break
            offset = max(offset, end)
        offsets[at] = offset
        placed.append(at)
        total = max(total, offset + sizes[at])
    return offsets, total
