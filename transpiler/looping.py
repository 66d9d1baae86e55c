"""From a loop over time to the calls of one step, and the buffers they are given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kgen.access import product_text
from kgen.body import identifier
from kgen.diagnostics import fail
from kgen.dims import divide_exactly, product
from kgen.fuse import Group, root
from kgen.graph import BATCH, Node, Value
from kgen.ops.scan import Loop, next_of, stack_key, steps_lie_together
from kgen.program import Buffer, Call, CarryBuffer, LoopCall, StepBuffer

if TYPE_CHECKING:
    from kgen.schedule import Scheduler


class LoopScheduler:
    """Schedules the body of a loop of the graph that `outer` schedules."""

    def __init__(self, outer: Scheduler, group: Group) -> None:
        self.outer = outer
        self.node: Node = group.anchor
        self.loop: Loop = self.node.attrs["loop"]
        self.projections = {
            (n.attrs["kind"], n.attrs["key"], n.attrs["flipped"]): n.output
            for n in group.members[1:]
        }
        self.strides: dict[Value, str] = {}
        self.fixed: dict[Value, Buffer] = {}
        self.writes: dict[Buffer, None] = {}
        self.touched: dict[Buffer, None] = {}

    def call(self) -> LoopCall:
        """The loop as one entry of the program."""
        loop, body = self.loop, self.loop.body
        for position, name in enumerate(loop.names[: len(loop.sequences)]):
            self._step(body.inputs[name], self.node.inputs[position], loop.sequences[position])
        for position, name in enumerate(loop.carried, len(loop.sequences)):
            self._carry(name, self.outer.buffer(self.node.inputs[position]))
        for name, value in zip(loop.names[::-1], self.node.inputs[::-1], strict=False):
            if name in loop.invariants:
                self.fixed[body.inputs[name]] = self.outer.buffer(value)
                self.touched[self.outer.buffer(value)] = None
        for key, flipped in loop.stacks or ():
            value = body.outputs[stack_key(key, flipped)]
            whole = self.projections["stack", key, flipped]
            self._step(root(value), whole, flipped)
            self.writes[self.outer.buffer(whole)] = None
        entries = self.outer.inside(body, self.fixed, self.strides).calls()
        calls = [call for call in entries if isinstance(call, Call)]
        if len(calls) < len(entries):
            fail(
                "K0701",
                "a loop over time inside another is not supported yet",
                self.node.span,
                help="a recurrent layer cannot be a cell of another, nor part of one",
            )
        by_batch = all(call.by_batch for call in calls)
        if not by_batch:
            calls[0].sync = True
        self._count(calls)
        name = self.node.stem or self.node.output.name
        return LoopCall(
            f"{identifier(name)}_step",
            loop.length,
            tuple(calls),
            tuple(self.touched | self.writes),
            tuple(self.writes),
            by_batch,
        )

    def _step(self, value: Value, sequence: Value, flipped: bool) -> None:
        """Put a value of the body in its place in a sequence."""
        fusion = self.outer.fusion
        whole = self.outer.buffer(sequence)
        together = steps_lie_together(sequence, fusion.users, fusion.results)
        rows = divide_exactly(value.shape[0], BATCH) if together else 1
        assert rows is not None, f"%{value.name} has not a row, or several, for each of the batch"
        floats = product((rows, *value.shape[1:]))
        self.fixed[value] = StepBuffer(
            value.name,
            "step",
            0,
            value.dtype,
            of=whole,
            flipped=flipped,
            floats_a_step=floats,
            length=self.loop.length,
            together=together,
        )
        if not together:
            self.strides[value] = product_text((self.loop.length, *value.shape[1:]))
        self.touched[whole] = None

    def _carry(self, name: str, start: Buffer) -> None:
        """Two buffers that hold a carry in turns, the last value being in the first."""
        before = self.loop.body.inputs[name]
        after = root(self.loop.body.outputs[next_of(name)])
        last = self.projections.get(("last", name, False))
        slots = (
            self.outer.new_buffer(name, before) if last is None else self.outer.buffer(last),
            self.outer.new_buffer(name, before),
        )
        for value, is_new in ((before, False), (after, True)):
            self.fixed[value] = CarryBuffer(
                value.name,
                "step",
                0,
                value.dtype,
                slots=slots,
                start=start,
                is_new=is_new,
                length=self.loop.length,
            )
        self.touched[start] = None
        self.writes |= dict.fromkeys(slots)

    def _count(self, calls: Sequence[Call]) -> None:
        """Note the buffers that only live within a step."""
        for call in calls:
            for buffer in call.arguments:
                if buffer.is_arena and buffer not in self.touched:
                    self.writes[buffer] = None
