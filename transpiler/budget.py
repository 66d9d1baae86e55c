"""The memory a program may take, and what is said where it takes more."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from kgen.costs import buffer_floats, call_cost
from kgen.diagnostics import Span, fail
from kgen.dims import declared, evaluate, requirements
from kgen.graph import Graph
from kgen.model import Model
from kgen.program import OVERHANG, Buffer, Entry, LoopCall, Program
from kgen.runtime.hardware import thread_count
from kgen.runtime.messages import byte_text

# A plan does not depend on the machine that makes it. What counts is the balance: arithmetic
# for each byte moved.
_FLOPS, _BYTES = 100e9, 10e9
USUAL_ROWS = 32
# Steps of an open dimension for which plans and figures are made.
_STEPS = 64
# Bytes of an arena that no cache holds: going through them takes far longer than some barriers.
_UNLIMITED = 1 << 60
_MUCH = 32 << 20
_SHOWN = 4
ROLES = {
    "train": "training of",
    "evaluate": "evaluation of",
    "predict": "prediction of",
    "view": "a view of",
}


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes that a model may take in a batch of some rows, and sizes of open dimensions.

    `besides` are those of weights, gradients and optimizer. Each of the `threads` has its own parts
    of sums.
    """

    limit: int
    rows: int
    dims: Mapping[str, int] = field(default_factory=dict)
    besides: int = 0
    threads: int = 1

    @property
    def room(self) -> int:
        """What is left for the arena."""
        return self.limit - self.besides

    def arena(self, program: Program, rows: int | None = None) -> int:
        """Bytes of a program's arena, and of the threads' parts of sums."""
        return program.peak_bytes(rows or self.rows, self.dims) + self.parts(program)

    def parts(self, program: Program) -> int:
        """Bytes of the threads' parts of sums."""
        floats = sum(buffer.size for buffer in program.buffers if buffer.space == "parts")
        return 4 * self.threads * floats

    def is_wasteful(self, program: Program) -> bool:
        """Whether it takes so much that barriers, to use memory again, cost nothing beside."""
        return self.arena(program) >= _MUCH

    def holds(self, program: Program) -> bool:
        """Whether it fits."""
        return self.arena(program) <= self.room

    def size(self, buffer: Buffer) -> int:
        """Bytes of a buffer of the arena that others may take the place of."""
        if buffer.space == "parts":
            return 0
        rows = -(-self.rows // OVERHANG) * OVERHANG
        return 4 * buffer_floats(buffer, rows, self.dims)

    def cost(self, entry: Entry) -> float:
        """About how long a call takes, in seconds of a machine of common balance."""
        if isinstance(entry, LoopCall):
            return evaluate(entry.length, self.dims) * sum(map(self.cost, entry.calls))
        cost = call_cost(entry, 1, self.rows, self.dims)
        return max(cost.flops / _FLOPS, cost.bytes / _BYTES)

    def most_rows(self, program: Program) -> int:
        """The rows of the largest batch that fits, 0 if there is none."""
        fits, fails = 0, self.rows
        while fails - fits > 1:
            middle = (fits + fails) // 2
            if self.arena(program, middle) <= self.room:
                fits = middle
            else:
                fails = middle
        return fits


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Bytes that a model may take, in batches of `rows`: what the model fixes or 32, if None.

    There is no limit if that is None. So many `threads` will share the work. Programs whose role is
    not among the `roles` may take more: they are not to be run.
    """

    limit: int | None = None
    rows: int | None = None
    roles: Collection[str] = tuple(ROLES)
    threads: int = 1

    def budget(self, model: Model, graph: Graph, besides: int, states: int) -> Budget:
        """The budget of a program; `graph` has the model's inputs.

        Weights and the like are `besides`, and `states` counts floats of a row.
        """
        fixed = next((i.batch for i in model.inputs if i.batch is not None), None)
        rows = self.rows or fixed or USUAL_ROWS
        besides += 4 * states * (fixed or 0)
        return Budget(self.limit or _UNLIMITED, rows, usual_sizes(graph), besides, self.threads)


def ceiling_of(
    max_memory: int | str | None, batch_size: int | None, roles: Collection[str] = tuple(ROLES)
) -> Ceiling:
    """The ceiling that a user asks for, for the threads that this machine would use.

    Raises:
        ValueError: that is no size of memory.
        EnvironmentVariableError: `KGEN_NUM_THREADS` is no number of threads.
    """
    if max_memory is None:
        return Ceiling()
    return Ceiling(byte_count(max_memory), batch_size, roles, thread_count())


def byte_count(size: int | str) -> int:
    """Bytes in a size such as `200MB`, `1.5GiB` or `1000000`.

    Raises:
        ValueError: that is none, or no memory at all.
    """
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,18})?) *([kKMGT]i?)?[bB]?", str(size).strip())
    if isinstance(size, bool) or match is None:
        raise ValueError(f"{size!r} is no size of memory; write one such as 200MB or 1.5GiB")
    prefix = match[2] or ""
    power = " KMGT".index(prefix[:1].upper() or " ")
    count = int(float(match[1]) * (1024 if prefix.endswith("i") else 1000) ** power)
    if count < 1:
        raise ValueError(f"{size!r} is no memory at all; write a size such as 200MB or 1.5GiB")
    return count


def usual_sizes(graph: Graph) -> dict[str, int]:
    """Sizes of the open dimensions that plans are made for: 64, where the bounds allow it."""
    least, _ = requirements([graph])
    return {
        dim.name: min(max(_STEPS, least.get(dim, 1), dim.minimum), dim.maximum or _STEPS)
        for dim in declared(graph.inputs.values())
    }


def refuse(what: str, program: Program, budget: Budget, span: Span) -> None:
    """Say what a program needs, of what most, and what would fit.

    Raises:
        KgenError: always.
    """
    needed = budget.besides + budget.arena(program)
    rows = budget.most_rows(program)
    notes = [f"weights, gradients and the optimizer's buffers take {byte_text(budget.besides)}"]
    notes += [
        f"`{buffer.name}` takes {byte_text(budget.size(buffer))}"
        + (f", for line {buffer.span.line} of {buffer.span.source.path}" if buffer.span else "")
        for buffer in largest(program, budget)
    ]
    if parts := budget.parts(program):
        notes.append(f"parts of sums of {budget.threads} threads take {byte_text(parts)}")
    notes.append("what can be computed again in the backward pass is not kept already")
    most = f"a batch of {rows} fits" if rows else "not even a batch of one row fits"
    fail(
        "K0801",
        f"{what} with a batch of {budget.rows} needs {byte_text(needed)}, "
        f"more than the {byte_text(budget.limit)} of --max-memory",
        span,
        notes=notes,
        help=f"{most}; give --batch-size {rows} or raise the limit"
        if rows
        else f"{most}; raise the limit, or make the model smaller",
    )


def largest(program: Program, budget: Budget) -> list[Buffer]:
    """The largest buffers of a program, of those in use where most is."""
    sizes = {buffer: budget.size(buffer) for buffer in program.buffers}
    phases = {phase for buffer in sizes for phase in buffer.life}
    together = [[b for b in sizes if b.life[0] <= at <= b.life[1]] for at in phases]
    most = max(together, key=lambda found: sum(sizes[b] for b in found), default=[])
    return sorted(most, key=lambda buffer: -sizes[buffer])[:_SHOWN]
