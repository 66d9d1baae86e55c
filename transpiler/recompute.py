"""Compute values again where the backward pass reads them, instead of keeping them.

before                                  after
%a = first(x)                           %a = first(x)
%b = second(a)                          %b = second(a)
...                                     ...
%d_a = gradient(a, d_b)                 %a_again = first(x)
                                        %d_a = gradient(a_again, d_b)

The same kernel runs on the same numbers, so that results stay the same, bit for bit: random
numbers depend on the step and the element alone. What changes weights, states or totals, or reads
what is overwritten, never runs twice. In a chain of which some values are dropped, those of a part
are made again from the part's start, in turn.

Chen, Xu, Zhang, Guestrin: Training Deep Nets with Sublinear Memory Cost, 2016.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TypeAlias

from kgen.ordering import Sizes
from kgen.program import Buffer, Call, CarryBuffer, Entry, StepBuffer

# For each dropped buffer the place in the order from which on it is read as made again.
Dropped: TypeAlias = dict[Buffer, int]
Costs: TypeAlias = Callable[[Entry], float]
# Memory that a plan which just fits is to save further, where the arena turns out larger.
_FURTHER = 0.98
_DEEPER = 4
_NEVER = 1 << 60


@dataclass(frozen=True, slots=True)
class Run:
    """What an order takes: memory in use at each call, their places in the plain order, time."""

    profile: list[int]
    places: list[int]
    cost: float

    @property
    def peak(self) -> int:
        """The most memory in use."""
        return max(self.profile)

    def excess(self, room: int) -> int:
        """What lies above the room, over all calls."""
        return sum(used - room for used in self.profile if used > room)


class Recomputer:
    """Finds what to compute again in a program whose calls stand in an order.

    Args:
        size: what a buffer takes.
        cost: the time of a call, in whatever unit.
        fed: buffers that the runtime fills before all calls.
        kept: those it reads after them.
        overwritten: buffers whose values a call replaces.
    """

    def __init__(
        self,
        order: Sequence[Entry],
        size: Sizes,
        cost: Costs,
        fed: Collection[Buffer],
        kept: Collection[Buffer],
        overwritten: Collection[Buffer],
    ) -> None:
        self.order = order
        self.costs = [cost(call) for call in order]
        self.fed = fed
        self.kept = set(kept)
        self.reads = [[b for b in call.reads if b.is_arena] for call in order]
        self.writes = [[b for b in call.writes if b.is_arena] for call in order]
        buffers = {b for both in (self.reads, self.writes) for found in both for b in found}
        self.sizes = {buffer: size(buffer) for buffer in (*buffers, *fed)}
        self.makers = {
            buffer: place
            for place, call in enumerate(order)
            if _is_repeatable(call, overwritten)
            for buffer in call.writes
        }
        self.readers: dict[Buffer, list[int]] = {}
        for place, found in enumerate(self.reads):
            for buffer in found:
                self.readers.setdefault(buffer, []).append(place)

    def orders(self, room: int) -> Iterator[list[Entry]]:
        """Orders that fit into the room, then into less and less; at the end the leanest found.

        What leads furthest down is not always what leads into the room, and is tried after it.
        """
        for aim in (room, room // _DEEPER):
            dropped: Dropped = {}
            now = self.run(dropped)
            while True:
                if now.peak <= room:
                    dropped = self._needed(dropped, room)
                    yield self.unfold(dropped)
                    now = self.run(dropped)
                    room = int(_FURTHER * now.peak)
                better = self._better(dropped, now, min(room, aim))
                if better is None:
                    break
                dropped, now = better
            yield self.unfold(dropped)

    def _better(self, dropped: Dropped, now: Run, room: int) -> tuple[Dropped, Run] | None:
        """More dropped where most memory is in use: what saves most for its cost comes first."""
        place = now.places[now.profile.index(now.peak)]
        found: list[tuple[float, Dropped]] = []
        for trial in self._trials(dropped, place):
            worth = self._worth(dropped | trial, now, room)[0]
            if worth > 0:
                found.append((worth, trial))
        before = dropped
        for hoped, trial in sorted(found, key=lambda pair: -pair[0]):
            together = dropped | trial
            worth, after = self._worth(together, now, room)
            if worth >= hoped / 2:
                dropped, now = together, after
                if after.excess(room) == 0:
                    break
        return (dropped, now) if dropped is not before else None

    def _worth(self, dropped: Dropped, now: Run, room: int) -> tuple[float, Run]:
        """How much less lies above the room, for the further time; 0 where the peak grows."""
        after = self.run(dropped)
        saved = now.excess(room) - after.excess(room)
        if saved <= 0 or after.peak > now.peak:
            return 0.0, after
        return saved / max(after.cost - now.cost, 1e-12), after

    def _needed(self, dropped: Dropped, room: int) -> Dropped:
        """What is dropped without what need not be."""
        for buffer in sorted(dropped, key=lambda b: -self.costs[self.makers[b]]):
            fewer = {other: place for other, place in dropped.items() if other is not buffer}
            if self.run(fewer).peak <= room:
                dropped = fewer
        return dropped

    def _trials(self, dropped: Dropped, place: int) -> Iterator[Dropped]:
        """Each buffer dropped that lies idle at a place of the order, to be read after it.

        Once alone, and once with all that it is made of and that nobody else keeps.
        """
        for buffer, made in self.makers.items():
            readers = self.readers.get(buffer, [])
            later = next((reader for reader in readers if reader > place), _NEVER)
            if made >= place or place in readers or later == _NEVER or buffer in self.kept:
                continue
            if dropped.get(buffer, _NEVER) <= later or not self.sizes[buffer]:
                continue
            alone = {buffer: later}
            yield alone
            chain = self._chain(buffer, later, dict(alone), dropped)
            if len(chain) > 1:
                yield {b: min(at, dropped.get(b, at)) for b, at in chain.items()}

    def _chain(self, buffer: Buffer, later: int, chain: Dropped, dropped: Dropped) -> Dropped:
        """A dropped buffer, with those it is made of that are not there any more so late."""
        for source in self.reads[self.makers[buffer]]:
            if source in chain or source in self.kept or source not in self.makers:
                continue
            gone = dropped.get(source, max(self.readers[source]) + 1)
            if gone > later if source in dropped else gone <= later:
                chain[source] = later
                self._chain(source, later, chain, dropped)
        return chain

    def run(self, dropped: Dropped) -> Run:
        """What `unfold` gives, without making it."""
        sizes: dict[object, int] = dict(self.sizes.items())
        costs = 0.0
        first: dict[object, int] = dict.fromkeys(self.fed, 0)
        last: dict[object, int] = dict.fromkeys(self.fed, 0)
        again: dict[Buffer, object] = {}
        places: list[int] = []

        def call(at: int, place: int, *, repeated: bool) -> None:
            nonlocal costs
            touched: list[object] = []
            for buffer in self.reads[at]:
                if dropped.get(buffer, _NEVER) > place:
                    touched.append(buffer)
                    continue
                if buffer not in again:
                    call(self.makers[buffer], place, repeated=True)
                touched.append(again[buffer])
            for buffer in self.writes[at]:
                name: object = buffer
                if repeated:
                    name = (buffer, len(places))
                    sizes[name] = self.sizes[buffer]
                    if dropped.get(buffer, _NEVER) <= place:
                        again[buffer] = name
                touched.append(name)
            for name in touched:
                first.setdefault(name, len(places))
                last[name] = len(places)
            places.append(place)
            costs += self.costs[at]

        for place in range(len(self.order)):
            call(place, place, repeated=False)
        changes = [0] * (len(places) + 1)
        for name, start in first.items():
            changes[start] += sizes[name]
            changes[len(places) if name in self.kept else last[name] + 1] -= sizes[name]
        return Run(list(accumulate(changes[:-1])), places, costs)

    def unfold(self, dropped: Dropped) -> list[Entry]:
        """The order with the makers of what is dropped once more, where it is read again."""
        entries: list[Entry] = []
        again: dict[Buffer, Buffer] = {}

        def read(call: Entry, place: int) -> dict[Buffer, Buffer]:
            gone = [buffer for buffer in call.reads if dropped.get(buffer, _NEVER) <= place]
            for buffer in gone:
                if buffer not in again:
                    make(self.order[self.makers[buffer]], place)
            return {buffer: again[buffer] for buffer in gone}

        def make(call: Entry, place: int) -> None:
            given = read(call, place)
            made = {b: replace(b, name=f"{b.name}_again") for b in call.writes}
            for buffer, copy in made.items():
                if dropped.get(buffer, _NEVER) <= place:
                    again[buffer] = copy
            entries.append(_moved(call, given | made, again=True))

        for place, call in enumerate(self.order):
            given = read(call, place)
            entries.append(_moved(call, given) if given else call)
        return entries


def _is_repeatable(call: Entry, overwritten: Collection[Buffer]) -> bool:
    """Whether a call may run twice in a step: it changes the arena alone, and reads what stays."""
    return (
        not call.fresh
        and all(buffer.is_arena for buffer in call.writes)
        and not any(buffer in overwritten for buffer in call.reads)
    )


def _moved(call: Entry, places: Mapping[Buffer, Buffer], *, again: bool = False) -> Entry:
    """A call on other buffers."""
    moved = dict(places)

    def place(buffer: Buffer) -> Buffer:
        if buffer not in moved:
            moved[buffer] = buffer
            if isinstance(buffer, StepBuffer):
                moved[buffer] = replace(buffer, of=place(buffer.of))
            elif isinstance(buffer, CarryBuffer):
                slots = place(buffer.slots[0]), place(buffer.slots[1])
                moved[buffer] = replace(buffer, slots=slots, start=place(buffer.start))
        return moved[buffer]

    def on(buffers: tuple[Buffer, ...]) -> tuple[Buffer, ...]:
        return tuple(place(buffer) for buffer in buffers)

    if isinstance(call, Call):
        return replace(
            call, arguments=on(call.arguments), writes=on(call.writes), again=again or call.again
        )
    inner = tuple(
        replace(one, arguments=on(one.arguments), writes=on(one.writes)) for one in call.calls
    )
    return replace(
        call,
        calls=inner,
        arguments=on(call.arguments),
        writes=on(call.writes),
        again=again or call.again,
    )
