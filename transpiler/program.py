"""The program: kernels in order, what each is given, and where every buffer lives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from kgen.diagnostics import Span
from kgen.dims import ceil_divide, evaluate, plus, product, times
from kgen.graph import BATCH, Shape, Size
from kgen.runtime.packing import pack_lives
from kgen.texts import KernelText

ALIGNMENT = 16
# Rows by which the last tile of a matrix may overhang it.
OVERHANG = 8
Space = Literal[
    "batch",
    "fixed",
    "open",
    "parts",
    "constant",
    "weight",
    "state",
    "gradient",
    "slot",
    "weights",
    "gradients",
    "scalar",
    "totals",
    "step",
]


@dataclass(eq=False)
class Buffer:
    """Memory that kernels share.

    `batch` buffers hold `size` floats for every row of the batch and `fixed`
    ones `size` floats in all, both at `offset` in the arena; `open` ones have a
    `shape` with further open dimensions, and `life` is their first and last phase; `parts` are
    `size` floats for every thread;
    `constant` ones are `values` of the module called `key`; the others are parts of
    the model's flat buffers, by `key` (a weight's path, a slot's name); a `state` has `size`
    floats for every row of the batch. Rows of a matrix lie `step` floats apart where that is not 0.
    `span` is the place in the `.k` file of what is first written there.
    """

    name: str
    space: Space
    size: int
    dtype: str = "float32"
    key: str = ""
    offset: int = -1
    values: Any = None
    shape: Shape = ()
    life: tuple[int, int] = (0, 0)
    step: int = 0
    span: Span | None = None

    @property
    def is_arena(self) -> bool:
        """Whether it lasts for a step only."""
        return self.space in ("batch", "fixed", "open", "parts")

    @property
    def floats(self) -> Size:
        """The floats of an arena buffer, with room for the last tile where rows are open."""
        size = product(self.shape)
        leading = next((size for size in self.shape if size != 1), 1)
        if isinstance(size, int) or (leading == BATCH and self.shape.count(BATCH) == 1):
            return size
        return plus(size, times(OVERHANG, self.shape[-1]))

    @property
    def row_floats(self) -> Size:
        """The floats of each row of the batch."""
        return product(self.shape[1:])


@dataclass(eq=False)
class Kernel:
    """The text of one kernel function, which calls of equal text share.

    `flops` counts for a row of the batch, and besides; `lines` are `.k` lines of the
    module's own file, `elsewhere` files and lines of what it takes from others.
    """

    name: str
    text: KernelText
    flops: tuple[int, int]
    lines: list[int]
    elsewhere: list[tuple[str, int]]


@dataclass(eq=False)
class Call:
    """One kernel applied to buffers.

    `by_batch` tells that each thread keeps to its own rows of the batch; `fresh` are
    overwritten buffers that it reads after they are; `sync` puts a barrier in front;
    `phase` counts the barriers before it. One of `again` makes a value that was not kept.
    """

    kernel: Kernel
    arguments: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    by_batch: bool
    fresh: frozenset[Buffer] = frozenset()
    sync: bool = False
    phase: int = 0
    starts: tuple[int, ...] = ()
    again: bool = False

    @property
    def reads(self) -> tuple[Buffer, ...]:
        return tuple(b for b in self.arguments if b not in self.writes)


@dataclass(eq=False, kw_only=True)
class StepBuffer(Buffer):
    """One step of a sequence, of `floats_a_step` floats a row, in a loop of `length` steps.

    The steps of a `together` sequence lie one after another, each with all rows of the batch;
    otherwise the rows do, each with all its steps.
    """

    of: Buffer
    flipped: bool
    floats_a_step: Size
    length: Size
    together: bool


@dataclass(eq=False, kw_only=True)
class CarryBuffer(Buffer):
    """What a loop hands from step to step: two buffers take turns, and the first has the last.

    `is_new` tells the value that a step makes from the one it is given, which is `start` at first.
    """

    slots: tuple[Buffer, Buffer]
    start: Buffer
    is_new: bool
    length: Size


@dataclass(eq=False)
class LoopCall:
    """The calls of one step, applied for every step in turn; otherwise as a `Call`.

    Neighbours whose `strand` counts up from 0 do not need one another.
    """

    name: str
    length: Size
    calls: tuple[Call, ...]
    arguments: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    by_batch: bool
    fresh: frozenset[Buffer] = frozenset()
    sync: bool = False
    phase: int = 0
    again: bool = False
    strand: int = -1

    @property
    def reads(self) -> tuple[Buffer, ...]:
        return tuple(b for b in self.arguments if b not in self.writes)


Entry: TypeAlias = Call | LoopCall


def single(entries: Iterable[Entry]) -> Iterator[Call]:
    """All calls, those of a loop once."""
    for entry in entries:
        yield from entry.calls if isinstance(entry, LoopCall) else (entry,)


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of a data set, copied into a batch buffer before the step."""

    name: str
    buffer: Buffer


@dataclass(eq=False)
class Program:
    """One step of training, evaluation or prediction, as a list of calls.

    `update` follows `calls` where the weights are to change. `totals` are the
    figures a step adds to the epoch's, in order. `widths` are the floats of each
    output for a row of the batch. `lot` is how many rows a thread had best take at a time, if any;
    `by_tiles` tells that threads share whole tiles of rows.
    """

    name: str
    feeds: tuple[Feed, ...]
    calls: tuple[Entry, ...]
    update: tuple[Entry, ...]
    totals: tuple[Buffer, ...]
    outputs: dict[str, Buffer]
    widths: dict[str, Size]
    buffers: tuple[Buffer, ...]
    batch_floats: int
    fixed_floats: int
    lot: int = 0
    by_tiles: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the runtime lays out the arena, once it knows the open dimensions."""
        return any(buffer.space == "open" for buffer in self.buffers)

    def peak_bytes(self, batch: int, dims: Mapping[str, int]) -> int:
        """Arena bytes for a batch, padded to whole tiles, and sizes of open dimensions."""
        rows = -(-batch // OVERHANG) * OVERHANG
        if not self.is_open:
            return 4 * (self.batch_floats * rows + self.fixed_floats)
        values = {**dims, BATCH.name: rows}
        buffers = [buffer for buffer in self.buffers if buffer.space != "parts"]
        sizes = [evaluate(ceil_divide(b.floats, ALIGNMENT), values) for b in buffers]
        return 4 * ALIGNMENT * pack_lives(sizes, [buffer.life for buffer in buffers])[1]

    def kernels(self) -> list[Kernel]:
        """Its kernels, each once, in the order of their first call."""
        return list(dict.fromkeys(call.kernel for call in single((*self.calls, *self.update))))
