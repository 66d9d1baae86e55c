"""A program as text: its calls with what they cost, barriers, and the arena by batch size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kgen.budget import Budget, largest
from kgen.costs import call_cost
from kgen.dims import evaluate
from kgen.program import Entry, LoopCall, Program
from kgen.runtime.messages import byte_text


def listing(program: Program, rows: int, dims: Mapping[str, int]) -> str:
    """The program in order; figures are for a batch of `rows`, and such open dimensions.

    Bytes count each argument of a call once, FLOPs and bytes of a loop all its steps.
    """
    sizes = "".join(f", {name} {size}" for name, size in dims.items())
    where = (
        "laid out at run time"
        if program.is_open
        else f"{program.batch_floats} floats a row of the batch and {program.fixed_floats} besides"
    )
    lines = [f"program {program.name}, for a batch of {rows}{sizes}"]
    peaks = [
        f"{byte_text(program.peak_bytes(size, dims))} for {size}"
        for size in sorted({1, 8, rows, 4 * rows})
    ]
    lines.append(f"    arena {where}: {', '.join(peaks)}")
    budget = Budget(0, rows, dims)
    most = [
        f"{buffer.name} {byte_text(budget.size(buffer))}" for buffer in largest(program, budget)
    ]
    if most:
        lines.append(f"    most of it where it is fullest: {', '.join(most)}")
    if program.lot:
        lines.append(f"    each thread takes {program.lot} rows of the batch at a time")
    lines += [f"    feed {feed.name} -> {feed.buffer.name}" for feed in program.feeds]
    lines += _calls((*program.calls, *program.update), "    ", 1, rows, dims)
    return "\n".join(lines) + "\n"


def _calls(
    entries: Iterable[Entry], indent: str, times: int, rows: int, dims: Mapping[str, int]
) -> Iterator[str]:
    """A line for each call, those of a loop indented below it."""
    for call in entries:
        if call.sync:
            yield f"{indent}sync"
        again = ", computed again" if call.again else ""
        if isinstance(call, LoopCall):
            steps = evaluate(call.length, dims)
            beside = ", side by side with the loop above" if call.strand > 0 else ""
            yield f"{indent}{call.name} for {call.length} steps{again}{beside}:"
            yield from _calls(call.calls, f"{indent}    ", steps, rows, dims)
            continue
        cost = call_cost(call, times, rows, dims)
        arguments = ", ".join(buffer.name for buffer in call.arguments)
        split = "batch rows" if call.by_batch else "its output"
        figures = f"{cost.flops:,} FLOPs, {cost.bytes:,} bytes"
        yield f"{indent}{call.kernel.name}({arguments})    # split by {split}, {figures}{again}"
