"""From graphs to a program: kernels, their order, barriers, and where buffers live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kgen.access import count
from kgen.body import Rows, identifier
from kgen.budget import Budget
from kgen.dims import product, symbol
from kgen.fuse import FREE, Fusion, Group, root
from kgen.graph import BATCH, THREADS, Graph, Value
from kgen.kernels import Draft, draft, flops, spilled
from kgen.looping import LoopScheduler
from kgen.ordering import lean_order, plain_order, put_barriers
from kgen.plan import lifetimes, pack
from kgen.precision import FLOAT32
from kgen.program import Buffer, Call, Entry, Feed, Kernel, Program
from kgen.recompute import Recomputer
from kgen.reserved import RESERVED
from kgen.strands import side_by_side

# A plan with more barriers is worth them if it takes such a part of the memory.
_LEANER = 0.8


class KernelTable:
    """Every kernel of a module; calls of the same text share one.

    `taken` are names of the module that no kernel may have, `source` is its `.k` file's path,
    `lanes` the most that a vector of the target has, `precision` what large products round to;
    with `has_blocks`, warps come in blocks with memory in common.
    """

    def __init__(
        self,
        taken: Iterable[str] = (),
        source: str | None = None,
        lanes: int = 16,
        precision: str = FLOAT32,
        has_blocks: bool = False,
    ) -> None:
        self.source = source
        self.lanes = lanes
        self.precision = precision
        self.has_blocks = has_blocks
        self.kernels: dict[object, Kernel] = {}
        self.names = set(taken) | RESERVED
        self.arrays: dict[str, Buffer] = {}

    def array(self, value: Value) -> Buffer:
        """The module's own numbers that a value stands for; equal ones are one."""
        numbers, dtype = value.node.attrs["numbers"], value.dtype
        key = f"{dtype} {numbers.digest}"
        if key not in self.arrays:
            name = self._unique(identifier(value.name).upper())
            size = count(value.shape)[1]
            self.arrays[key] = Buffer(name, "constant", size, dtype, name, values=numbers.values)
        return self.arrays[key]

    def kernel(self, written: Draft, key: Draft, group: Group, name: str) -> Kernel:
        """The kernel with this text but for names (as `key` has it), made if it is new."""
        places = {(n.span.source.path, n.span.line) for n in group.members if n.span is not None}
        lines = {line for path, line in places if path == self.source or self.source is None}
        found = self.kernels.get(key.text)
        if found is None:
            unique = self._unique(name)
            found = Kernel(unique, replace(written.text, name=unique), flops(group), [], [])
            self.kernels[key.text] = found
        found.lines[:] = sorted({*found.lines, *lines})
        if self.source is not None:
            others = {place for place in places if place[0] != self.source}
            found.elsewhere[:] = sorted({*found.elsewhere, *others})
        return found

    def _unique(self, name: str) -> str:
        number, unique = 1, name
        while unique in self.names:
            number += 1
            unique = f"{name}_{number}"
        self.names.add(unique)
        return unique


@dataclass(frozen=True, slots=True)
class Storage:
    """The module's flat buffers: what graph values live there."""

    values: Mapping[Value, Buffer]


class Scheduler:
    """Schedules one graph.

    `fixed` says where some values live; `in_place` which ones overwrite which.
    """

    def __init__(
        self,
        graph: Graph,
        table: KernelTable,
        fixed: Mapping[Value, Buffer],
        in_place: Mapping[Value, Value],
        *,
        around: Graph | None = None,
        strides: Mapping[Value, str] | None = None,
        rows: Rows = "training",
        by_tiles: bool = True,
    ) -> None:
        self.graph = graph
        self.rows = rows
        self.table = table
        self.in_place = in_place
        apart = {value: str(buffer.step) for value, buffer in fixed.items() if buffer.step}
        steps = {**apart, **(strides or {})}
        target = table.lanes, table.precision, table.has_blocks
        self.fusion = Fusion(graph, around, steps, *target, by_tiles)
        self.stored = self._stored()
        self.buffers: dict[Value, Buffer] = dict(fixed)

    def _stored(self) -> frozenset[Value]:
        """Members that another kernel, or the runtime, reads."""
        fusion = self.fusion
        found = {root(value) for value in self.graph.results()}
        for group in fusion.groups:
            for node in group.members:
                for value in self._reads(node.inputs):
                    if fusion.group_of.get(value) is not group:
                        found.add(value)
                if not group.is_open:
                    found.add(node.output)
            found.update(spilled(fusion, group))
        return frozenset(value for value in found if value in fusion.group_of)

    def _reads(self, values: Sequence[Value]) -> set[Value]:
        """The group members that values are computed from, through inline nodes."""
        found: set[Value] = set()
        for value in values:
            if value in self.fusion.group_of:
                found.add(value)
            elif value in self.fusion.inline and value.node.op.name not in FREE:
                found |= self._reads(value.node.inputs)
        return found

    def buffer(self, value: Value) -> Buffer:
        """The memory of a stored value."""
        base = root(value)
        found = self.buffers.get(base)
        if found is None:
            if base.node.op.name == "scalar_input":
                found = Buffer(base.name, "scalar", 1, key=base.node.attrs["key"])
            elif base.node.op.name == "array":
                found = self.table.array(base)
            else:
                found = self.new_buffer(base.name, base)
            self.buffers[base] = found
        return found

    def new_buffer(self, name: str, value: Value) -> Buffer:
        """Memory of the arena that a value fits in."""
        names, size = count(value.shape)
        spaces = {(): "fixed", (BATCH.name,): "batch", (symbol(THREADS),): "parts"}
        space = spaces.get(names, "open")
        span = value.node.span
        return Buffer(name, space, size, value.dtype, shape=value.shape, span=span)  # type: ignore[arg-type]

    def inside(
        self, body: Graph, fixed: Mapping[Value, Buffer], strides: Mapping[Value, str]
    ) -> Scheduler:
        """The scheduler of a loop's body."""
        return Scheduler(
            body,
            self.table,
            fixed,
            {},
            around=self.fusion.around,
            strides=strides,
            rows=self.rows,
            by_tiles=self.fusion.by_tiles,
        )

    def calls(self) -> list[Entry]:
        """The kernels applied, in an order with few barriers, barriers marked."""
        return plain_order(self.unordered(), self.overwritten)

    def unordered(self) -> list[Entry]:
        """The kernels applied, as the graph has them."""
        return [self._call(group) for group in self.fusion.groups]

    @property
    def overwritten(self) -> set[Buffer]:
        """Buffers whose values a call replaces."""
        return {self.buffer(old) for old in self.in_place.values()}

    def _call(self, group: Group) -> Entry:
        if group.kind == "scan":
            return LoopScheduler(self, group).call()
        name = self._kernel_name(group)
        place = self.fusion, group, self.stored, self.in_place
        written = draft(*place, name, rows=self.rows)
        key = draft(*place, "", rows=self.rows, anonymous=True)
        kernel = self.table.kernel(written, key, group, name)
        return Call(
            kernel,
            tuple(self.buffer(value) for value in written.arguments),
            tuple(self.buffer(value) for value in written.written),
            written.by_batch,
            self._fresh(group),
            starts=written.starts,
        )

    def _kernel_name(self, group: Group) -> str:
        """What a kernel is called: after the last value it makes, or what that is for."""
        made = [node.output for node in group.members if node.output in self.stored]
        if any(value in self.in_place and self.in_place[value].name == "weights" for value in made):
            return "update_weights"
        if made and all(self._is_figure(value) for value in made):
            return "compute_figures"
        name = identifier(group.members[-1].output.name)
        if group.kind == "transpose":
            return f"transpose_{identifier(group.anchor.inputs[0].name)}"
        if name.startswith("d_"):
            return f"gradient_of_{name.removeprefix('d_')}"
        return f"compute_{name}_few" if self.rows == "few" else f"compute_{name}"

    def _is_figure(self, value: Value) -> bool:
        """Whether it goes into the totals of the loss and the metrics."""
        buffer = self.buffers.get(value)
        return buffer is not None and buffer.space == "totals"

    def _fresh(self, group: Group) -> frozenset[Buffer]:
        """The overwritten buffers of which a group reads the new value, made by another."""
        read = {v for node in group.members for v in self._reads(node.inputs)}
        return frozenset(
            self.buffer(v)
            for v in read
            if v in self.in_place and self.fusion.group_of[v] is not group
        )


def schedule(
    graph: Graph,
    table: KernelTable,
    *,
    weights: Mapping[str, Buffer],
    gradients: Mapping[str, Buffer],
    updates: Sequence[Graph] = (),
    flat: Mapping[str, Buffer] | None = None,
    few: bool = False,
    by_tiles: bool = True,
    budget: Budget,
) -> Program:
    """Lay out a phase of the model.

    Args:
        graph: the phase, after all passes.
        table: the module's kernels so far; new ones are added.
        weights: the buffer of each weight, by path.
        gradients: the buffer of each trainable weight's gradient.
        updates: the optimizer's graphs, one after another, over the buffers that `flat` names.
        few: for one row of the batch, or a few.
        by_tiles: threads share the rows of the batch in whole tiles.
        budget: the memory there is; a plan that needs more gives way to leaner ones, of which the
            leanest is taken if none fits.
    """
    fixed: dict[Value, Buffer] = {w.value: weights[path] for path, w in graph.weights.items()}
    fixed |= {root(value): gradients[path] for path, value in graph.gradients.items()}
    fixed |= {root(value): weights[path] for path, value in graph.updates.items()}
    totals: dict[Value, Buffer] = {}
    place = 0
    for metric in graph.metrics:
        for value in metric.totals:
            size = count(value.shape)[1]
            totals[root(value)] = Buffer(value.name, "totals", size, offset=place)
            place += size
    moved = {root(value): graph.weights[path].value for path, value in graph.updates.items()}
    rows: Rows = "training" if graph.gradients else "few" if few else "many"
    places = {**fixed, **totals}
    scheduler = Scheduler(graph, table, places, moved, rows=rows, by_tiles=by_tiles)
    entries = scheduler.unordered()
    stages: list[list[Entry]] = []
    for update in updates:
        assert flat is not None
        values = {value: flat[name] for name, value in update.inputs.items()}
        values |= {
            node.output: flat[node.attrs["key"]]
            for node in update.nodes
            if node.op.name == "scalar_input"
        }
        values |= {root(value): flat[name] for name, value in update.outputs.items()}
        moved = {root(value): update.inputs[name] for name, value in update.outputs.items()}
        stages.append(Scheduler(update, table, values, moved).calls())
    used = {buffer for call in entries for buffer in call.arguments}
    feeds = [
        Feed(name, scheduler.buffer(value))
        for name, value in graph.inputs.items()
        if scheduler.buffer(value) in used
    ]
    outputs = {name: scheduler.buffer(value) for name, value in graph.outputs.items()}

    def program(calls: Sequence[Entry]) -> Program:
        calls = side_by_side(calls) if few else calls
        changes = _following(calls, stages)
        buffers, batch, fixed_size = _place(calls, changes, feeds, outputs)
        return Program(
            graph.name,
            tuple(feeds),
            tuple(calls),
            tuple(changes),
            tuple(totals.values()),
            outputs,
            {name: product(value.shape[1:]) for name, value in graph.outputs.items()},
            buffers,
            batch,
            fixed_size,
            by_tiles=by_tiles,
        )

    plan = program(plain_order(entries, scheduler.overwritten))
    if budget.holds(plan) and not budget.is_wasteful(plan):
        return plan
    kept = {*outputs.values()}
    lean = lean_order(entries, scheduler.overwritten, budget.size, kept)
    put_barriers(lean, budget.size)
    second = program(lean)
    if budget.holds(second) and budget.arena(second) < _LEANER * budget.arena(plan):
        return second
    plan = program(plain_order(entries, scheduler.overwritten))
    if budget.holds(plan):
        return plan
    fed = [feed.buffer for feed in feeds]
    repeats = Recomputer(lean, budget.size, budget.cost, fed, kept, scheduler.overwritten)
    least, leanest = budget.arena(second), lean
    for order in repeats.orders(budget.room - budget.parts(plan)):
        put_barriers(order, budget.size)
        plan = program(order)
        if budget.holds(plan):
            return plan
        if budget.arena(plan) < least:
            least, leanest = budget.arena(plan), order
    put_barriers(leanest, budget.size)
    return program(leanest)


def _following(calls: Sequence[Entry], stages: Sequence[Sequence[Entry]]) -> list[Entry]:
    """The optimizer's calls, stage by stage after all others."""
    changes: list[Entry] = []
    last = max((call.phase for call in calls), default=0)
    for stage in stages:
        start = last + 1 - stage[0].phase
        stage[0].sync = True
        for call in stage:
            call.phase += start
        last = max(call.phase for call in stage)
        changes += stage
    return changes


def _place(
    calls: Sequence[Entry],
    changes: Sequence[Entry],
    feeds: Sequence[Feed],
    outputs: Mapping[str, Buffer],
) -> tuple[tuple[Buffer, ...], int, int]:
    """All arena buffers, given their lives and offsets; the sizes of the two regions."""
    last = calls[-1].phase if calls else 0
    uses = [(feed.buffer, 0) for feed in feeds]
    uses += [(buffer, call.phase) for call in (*calls, *changes) for buffer in call.arguments]
    uses += [(buffer, last) for buffer in outputs.values()]
    for buffer, life in lifetimes(uses).items():
        buffer.life = life
    buffers = tuple(dict.fromkeys(buffer for buffer, _ in uses if buffer.is_arena))
    regions = [pack([b for b in buffers if b.space == space]) for space in ("batch", "fixed")]
    return buffers, regions[0], regions[1]
