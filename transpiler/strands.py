"""Loops over time that do not need one another, put next to each other.

The steps of a loop follow one another, so that a single row keeps one core busy. Two loops that
read neither what the other makes can run on two cores: the two directions of a bidirectional
layer, or a layer that reads two texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from kgen.ordering import share_memory
from kgen.program import Entry, LoopCall


def side_by_side(calls: Sequence[Entry]) -> list[Entry]:
    """The calls in an order in which such loops are neighbours, numbered as strands.

    All stay in their phase, and behind what they need.
    """
    found: list[Entry] = []
    for _, phase in groupby(calls, key=lambda call: call.phase):
        found += _phase(list(phase))
    return found


def strands_of(calls: Sequence[Entry]) -> Iterator[tuple[Entry, ...]]:
    """The calls one by one, but strands that run side by side together."""
    together: list[Entry] = []
    for call in calls:
        strand = call.strand if isinstance(call, LoopCall) else -1
        if together and strand <= 0:
            yield tuple(together)
            together = []
        if strand < 0:
            yield (call,)
        else:
            together.append(call)
    if together:
        yield tuple(together)


def has_strands(calls: Sequence[Entry]) -> bool:
    """Whether any run side by side."""
    return any(isinstance(call, LoopCall) and call.strand >= 0 for call in calls)


def _phase(calls: Sequence[Entry]) -> list[Entry]:
    """The calls of a phase in such an order."""
    loops = [call for call in calls if isinstance(call, LoopCall) and call.by_batch]
    for loop in loops:
        loop.strand = -1
    if len(loops) < 2:
        return list(calls)
    needs: dict[Entry, set[Entry]] = {}
    for place, call in enumerate(calls):
        needs[call] = set()
        for other in calls[:place]:
            if share_memory(call, other):
                needs[call] |= {other, *needs[other]}
    order: list[Entry] = []
    for strands in _levels(loops, needs):
        wanted = set().union(*(needs[loop] for loop in strands))
        order += [call for call in calls if call in wanted and call not in order]
        order += strands
        for number, loop in enumerate(strands if len(strands) > 1 else ()):
            loop.strand = number
    order += [call for call in calls if call not in order]
    _mark_barrier(calls, order)
    return order


def _levels(loops: Sequence[LoopCall], needs: dict[Entry, set[Entry]]) -> list[list[LoopCall]]:
    """Loops by how many others must run before them, one after another."""
    depth: dict[Entry, int] = {}
    levels: list[list[LoopCall]] = []
    for loop in loops:
        depth[loop] = max((depth[other] + 1 for other in needs[loop] if other in depth), default=0)
        levels += [[]] if depth[loop] == len(levels) else []
        levels[depth[loop]].append(loop)
    return levels


def _mark_barrier(before: Sequence[Entry], after: Sequence[Entry]) -> None:
    """Where a barrier stands in front of a phase, it is marked on its first call."""
    before[0].sync, after[0].sync = False, before[0].sync
