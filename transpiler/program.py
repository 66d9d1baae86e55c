"""The program: kernels in order, what each is given, and where every buffer lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kgen.texts import KernelText

Space = Literal[
    "batch", "fixed", "weight", "gradient", "slot", "weights", "gradients", "scalar", "totals"
]


@dataclass(eq=False)
class Buffer:
    """Memory that kernels share.

    `batch` buffers hold `size` floats for every row of the batch and `fixed`
    ones `size` floats in all, both at `offset` in the arena; the others are
    parts of the model's flat buffers, by `key` (a weight's path, a slot's name).
    """

    name: str
    space: Space
    size: int
    dtype: str = "float32"
    key: str = ""
    offset: int = -1


@dataclass(eq=False)
class Kernel:
    """The text of one kernel function, which calls of equal text share.

    `flops` counts for a row of the batch, and besides; `lines` are `.k` lines.
    """

    name: str
    text: KernelText
    flops: tuple[int, int]
    lines: list[int]


@dataclass(eq=False)
class Call:
    """One kernel applied to buffers.

    `by_batch` tells that each thread keeps to its own rows of the batch;
    `sync` puts a barrier in front; `phase` counts the barriers before it.
    """

    kernel: Kernel
    arguments: tuple[Buffer, ...]
    writes: tuple[Buffer, ...]
    by_batch: bool
    sync: bool = False
    phase: int = 0

    @property
    def reads(self) -> tuple[Buffer, ...]:
        return tuple(b for b in self.arguments if b not in self.writes)


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of a data set, copied into a batch buffer before the step."""

    name: str
    buffer: Buffer


@dataclass(eq=False)
class Program:
    """One step of training, evaluation or prediction, as a list of calls.

    `update` follows `calls` where the weights are to change. `totals` are the
    figures a step adds to the epoch's, in order.
    """

    name: str
    feeds: tuple[Feed, ...]
    calls: tuple[Call, ...]
    update: tuple[Call, ...]
    totals: tuple[Buffer, ...]
    outputs: dict[str, Buffer]
    batch_floats: int
    fixed_floats: int

    def peak_bytes(self, batch: int) -> int:
        """Arena bytes for a batch, padded to whole tiles."""
        rows = -(-batch // 8) * 8
        return 4 * (self.batch_floats * rows + self.fixed_floats)

    def kernels(self) -> list[Kernel]:
        """Its kernels, each once, in the order of their first call."""
        return list(dict.fromkeys(call.kernel for call in (*self.calls, *self.update)))

    def __str__(self) -> str:
        lines = [
            f"program {self.name}: arena {self.batch_floats} floats a row of the batch "
            f"and {self.fixed_floats} besides"
        ]
        lines += [f"    feed {feed.name} -> {feed.buffer.name}" for feed in self.feeds]
        for call in (*self.calls, *self.update):
            if call.sync:
                lines.append("    sync")
            arguments = ", ".join(buffer.name for buffer in call.arguments)
            split = "batch rows" if call.by_batch else "its output"
            row, fixed = call.kernel.flops
            cost = f"{row} FLOPs a row" if row else f"{fixed} FLOPs"
            lines.append(f"    {call.kernel.name}({arguments})    # split by {split}, {cost}")
        return "\n".join(lines) + "\n"
