"""What each kernel call of a program computes and touches, as the transpiler counts it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kgen.dims import evaluate
from kgen.graph import BATCH
from kgen.program import Buffer, Call, CarryBuffer, Entry, LoopCall, StepBuffer
from kgen.texts import BatchedText, MatmulText, NestText, OuterText, PackedOuterText

PRODUCTS = (MatmulText, OuterText, PackedOuterText, BatchedText)
REUSE = 16  # arithmetic for each float touched, from which on a nest of loops is a convolution


@dataclass
class Cost:
    """A kernel call of the step: what it computes and touches, and seconds a sample.

    A call of a loop stands for all `times` of its steps together. `bytes` are those `read` and
    `written`, each argument once. `dense` tells products and
    convolutions, with what is fused into them, from the rest.
    """

    name: str
    lines: tuple[int, ...]
    flops: int
    bytes: int
    dense: bool
    times: int = 1
    read: int = 0
    written: int = 0
    seconds: list[float] = field(default_factory=list)


def unrolled(entries: Iterable[Entry], dims: Mapping[str, int]) -> Iterator[tuple[Call, int, int]]:
    """All calls in order, with their step and the steps there are: 0 and 1 outside of loops."""
    for entry in entries:
        if isinstance(entry, LoopCall):
            length = evaluate(entry.length, dims)
            for step in range(length):
                for call in entry.calls:
                    yield call, step, length
        else:
            yield entry, 0, 1


def call_cost(call: Call, times: int, batch: int, dims: Mapping[str, int]) -> Cost:
    """A call's cost for a batch; each argument's bytes count once."""
    row, fixed = call.kernel.flops
    if times == 1 and any(buffer.space == "open" for buffer in call.arguments):
        row *= max(dims.values(), default=1)  # counted for one step of an open length
    flops = row * batch + fixed
    read = sum(buffer_floats(buffer, batch, dims) for buffer in call.reads)
    written = sum(buffer_floats(buffer, batch, dims) for buffer in call.writes)
    floats = read + written
    text = call.kernel.text
    dense = isinstance(text, PRODUCTS) or (isinstance(text, NestText) and flops >= REUSE * floats)
    lines = tuple(call.kernel.lines)
    return Cost(
        call.kernel.name,
        lines,
        times * flops,
        times * 4 * floats,
        dense,
        times,
        times * 4 * read,
        times * 4 * written,
    )


def buffer_floats(buffer: Buffer, batch: int, dims: Mapping[str, int]) -> int:
    """The floats of an argument for a batch, one step of it in a loop."""
    if isinstance(buffer, CarryBuffer):
        return buffer_floats(buffer.slots[0], batch, dims)
    if isinstance(buffer, StepBuffer):
        return batch * evaluate(buffer.floats_a_step, dims)
    if buffer.space == "open":
        return evaluate(buffer.floats, {**dims, BATCH.name: batch})
    return buffer.size * (batch if buffer.space in ("batch", "state") else 1)
