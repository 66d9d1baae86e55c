"""In which order a program's calls run, and where barriers stand.

The plain order has few barriers: work that every thread does on its own rows of the batch comes
first, and the sums over all rows after it. What one row flows through then stays in memory until
all is done. The lean order computes a weight's gradient as soon as it can, frees what nobody reads
any more, and puts a barrier where others are to take its place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from kgen.program import Buffer, Entry

Sizes = Callable[[Buffer], int]
# A buffer is worth a barrier if it is such a part of all.
_WORTH = 1 / 128


def plain_order(calls: Sequence[Entry], overwritten: Collection[Buffer]) -> list[Entry]:
    """List scheduling: what needs no barrier first, work by batch rows before the rest."""
    waiting = list(calls)
    makers, readers = _links(calls)
    done: set[Entry] = set()
    ready: set[Entry] = set()
    order: list[Entry] = []
    recent: list[Entry] = []
    seen: dict[Entry, int] = {}  # how many of `recent` a call was compared with
    blocked: set[Entry] = set()
    phase = 0

    def is_free(call: Entry) -> bool:
        if call not in ready or call in blocked:
            return False
        if any(_conflict(call, other) for other in recent[seen.get(call, 0) :]):
            blocked.add(call)
        seen[call] = len(recent)
        return call not in blocked

    while waiting:
        ready |= {
            c
            for c in waiting
            if c not in ready and _is_ready(c, makers, readers, done, overwritten)
        }
        free = [c for c in waiting if is_free(c)]
        if free:
            chosen = next((c for c in free if c.by_batch), free[0])
        else:
            chosen, recent, phase = next(c for c in waiting if c in ready), [], phase + 1
            seen, blocked = {}, set()
        chosen.sync = not recent and phase > 0
        chosen.phase = phase
        waiting.remove(chosen)
        done.add(chosen)
        order.append(chosen)
        recent.append(chosen)
    return order


def lean_order(
    calls: Sequence[Entry],
    overwritten: Collection[Buffer],
    size: Sizes,
    kept: Collection[Buffer],
) -> list[Entry]:
    """List scheduling: what frees memory first, then as the graph has it.

    Args:
        size: what a buffer takes, in whatever unit.
        kept: buffers that are read after all calls.
    """
    waiting = list(calls)
    makers, readers = _links(calls)
    left: dict[Buffer, int] = {}
    for call in calls:
        for buffer in _touched(call):
            left[buffer] = left.get(buffer, 0) + 1
    done: set[Entry] = set()
    ready: set[Entry] = set()
    held: set[Buffer] = set()
    order: list[Entry] = []

    def growth(call: Entry) -> int:
        made = sum(size(b) for b in _touched(call) if b in call.writes and b not in held)
        freed = sum(size(b) for b in _touched(call) if left[b] == 1 and b not in kept)
        return made - freed

    while waiting:
        ready |= {
            c
            for c in waiting
            if c not in ready and _is_ready(c, makers, readers, done, overwritten)
        }
        open_to = [c for c in waiting if c in ready]
        chosen = min(open_to, key=lambda call: min(growth(call), 0))
        waiting.remove(chosen)
        done.add(chosen)
        order.append(chosen)
        for buffer in _touched(chosen):
            left[buffer] -= 1
            held.add(buffer)
    return order


def put_barriers(order: Sequence[Entry], size: Sizes) -> None:
    """Mark barriers of a given order: where threads need each other's rows, or room."""
    last: dict[Buffer, int] = {}
    first: dict[Buffer, int] = {}
    for place, call in enumerate(order):
        for buffer in _touched(call):
            first.setdefault(buffer, place)
            last[buffer] = place
    worth = sum(map(size, last)) * _WORTH
    recent: list[Entry] = []
    phase = freed = 0
    for place, call in enumerate(order):
        wanted = sum(size(b) for b in _touched(call) if first[b] == place)
        call.sync = any(_conflict(call, other) for other in recent)
        call.sync |= wanted > worth and freed > worth
        if call.sync:
            recent, phase, freed = [], phase + 1, 0
        call.phase = phase
        recent.append(call)
        freed += sum(size(b) for b in _touched(call) if last[b] == place)


def _touched(call: Entry) -> list[Buffer]:
    """The buffers of the arena that a call is given, each once."""
    return list(dict.fromkeys(b for b in call.arguments if b.is_arena))


def _links(calls: Iterable[Entry]) -> tuple[dict[Buffer, Entry], dict[Buffer, list[Entry]]]:
    """Who makes and who reads each buffer."""
    makers = {buffer: call for call in calls for buffer in call.writes}
    readers: dict[Buffer, list[Entry]] = {}
    for call in calls:
        for buffer in call.reads:
            readers.setdefault(buffer, []).append(call)
    return makers, readers


def _is_ready(
    call: Entry,
    makers: Mapping[Buffer, Entry],
    readers: Mapping[Buffer, Sequence[Entry]],
    done: set[Entry],
    overwritten: Collection[Buffer],
) -> bool:
    """Whether what it reads is made, and what it overwrites was read by all who need the old."""
    for buffer in call.reads:
        maker = makers.get(buffer)
        if maker is not None and maker not in done and maker is not call:
            if buffer in overwritten and buffer not in call.fresh:
                continue
            return False
    return all(
        other in done or other is call or buffer in other.fresh
        for buffer in call.writes
        if buffer in overwritten
        for other in readers.get(buffer, ())
    )


def _conflict(later: Entry, earlier: Entry) -> bool:
    """Whether a barrier must stand between: another thread's part is read or overwritten."""
    return not (later.by_batch and earlier.by_batch) and share_memory(later, earlier)


def share_memory(later: Entry, earlier: Entry) -> bool:
    """Whether they must stay in this order: one writes what the other reads or writes."""
    touched = set(later.arguments) | set(later.writes)
    return any(buffer in touched for buffer in earlier.writes) or any(
        buffer in later.writes for buffer in earlier.arguments
    )
