"""The part of an emitted program that lists the calls of a loop, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from kgen import pycode
from kgen.body import Names
from kgen.dims import expression, minus
from kgen.graph import Size
from kgen.kernels import typical
from kgen.program import Buffer, Call, CarryBuffer, Entry, LoopCall, StepBuffer


class LoopText:
    """Writes a loop as a function of the step that returns its calls.

    `local` gives the expression of a buffer that is the same at every step.
    """

    def __init__(self, loop: LoopCall, names: Names, local: Callable[[Buffer], str]) -> None:
        self.loop = loop
        self.local = local
        self.name = names.new(loop.name)
        inner = Names(names.reserved | names.taken)
        self.t = inner.new("t")
        carries = dict.fromkeys(
            buffer
            for call in loop.calls
            for buffer in call.arguments
            if isinstance(buffer, CarryBuffer)
        )
        slots = dict.fromkeys(buffer.slots for buffer in carries)
        self.turns = {pair: names.new(f"{pair[0].name}_turns") for pair in slots}
        self.carries = {buffer: inner.new(buffer.name) for buffer in carries}

    def definition(self) -> Iterator[str]:
        """The lines of the function."""
        for slots, name in self.turns.items():
            yield pycode.sequence([self.local(slot) for slot in slots], "()", 4, f"    {name} = ")
        yield ""
        yield f"    def {self.name}({self.t}):"
        for buffer, name in self.carries.items():
            yield from self._carry(buffer, name)
        yield "        return ["
        for call in self.loop.calls:
            if call.sync:
                yield "            sync,"
            yield f"            {call_text(call, self.argument, 12)},"
        yield "        ]"

    def calls(self, indent: int, prefix: str = "") -> str:
        """The calls of all steps, as an expression."""
        steps = expression(self.loop.length)
        parts = "call", f"for {self.t} in range({steps})", f"for call in {self.name}({self.t})"
        return pycode.generator(parts, indent, prefix)

    def argument(self, buffer: Buffer) -> str:
        """A buffer at step `t`, as an expression."""
        if isinstance(buffer, CarryBuffer):
            return self.carries[buffer]
        if isinstance(buffer, StepBuffer):
            place = self._behind(minus(buffer.length, 1)) if buffer.flipped else self.t
            floats = expression(buffer.floats_a_step)
            factors = [place, *([floats] if floats != "1" else [])]
            factors += ["m.capacity"] if buffer.together else []
            place = " * ".join(map(_factor, factors)) if len(factors) > 1 else place
            return f"{self.local(buffer.of)}.at({place})"
        return self.local(buffer)

    def _behind(self, size: Size) -> str:
        return f"{expression(size)} - {self.t}"

    def _carry(self, buffer: CarryBuffer, name: str) -> Iterator[str]:
        """The slots take turns such that the last step writes the first of them."""
        last = minus(buffer.length, 1 if buffer.is_new else 0)
        turns = f"{self.turns[buffer.slots]}[({self._behind(last)}) % 2]"
        parts = [turns] if buffer.is_new else [turns, f"if {self.t}", self._start(buffer)]
        yield from pycode.wrap(f"        {name} = {' '.join(parts)}").split("\n")

    def _start(self, buffer: CarryBuffer) -> str:
        return f"else {self.local(buffer.start)}"


def call_text(call: Call, argument: Callable[[Buffer], str], indent: int) -> str:
    """A call of a kernel as an expression."""
    starts = call.starts or (0,) * len(call.arguments)
    texts = [
        argument(buffer) + (f".at({start})" if start else "")
        for buffer, start in zip(call.arguments, starts, strict=True)
    ]
    return pycode.call(call.kernel.name, texts, indent)


def flops_a_row(calls: Iterable[Entry]) -> int:
    """Arithmetic for a row of the batch."""
    return sum(
        typical(call.length) * flops_a_row(call.calls)
        if isinstance(call, LoopCall)
        else call.kernel.flops[0]
        for call in calls
    )


def _factor(text: str) -> str:
    return f"({text})" if " " in text else text
