"""The gradient of a loop over time: a loop in the opposite direction.

Its body is the gradient of the forward body's nodes. What that needs of the forward body is
kept by the forward loop if it is costly, and computed again if it is cheap. The gradient of a
weight that every step multiplies with is not summed up step by step: both factors are kept
and multiplied once, over batch and time together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from kgen import ops
from kgen.dims import times
from kgen.graph import Attrs, Builder, Node, OpDef, Value, apply, constant, current
from kgen.ops.scan import Loop, declare, next_of, step_type
from kgen.passes.loop_reverse import Reverse

PullBack: TypeAlias = Callable[[Mapping[Value, Value], Sequence[Value]], dict[Value, Value]]
_LINEAR = ("reshape", "transpose", "negative")


def loop_gradient(
    node: Node,
    projections: Sequence[tuple[Value, Value]],
    active: Collection[Value],
    pull_back: PullBack,
) -> list[Value | None]:
    """The gradient of a loop for each of its inputs.

    Args:
        node: the loop.
        projections: outputs of the loop, each with its gradient.
        active: what gradients are wanted for.
        pull_back: differentiates within the current builder.
    """
    return LoopGradient(node, projections, active, pull_back).parts()


@dataclass
class _Sum:
    """How the sum over all steps of a value is computed after the loop."""

    make: Callable[[], Value]


@dataclass(eq=False)
class LoopGradient:
    """One loop's gradient in the making: its body differentiated, and what goes in and out."""

    node: Node
    projections: Sequence[tuple[Value, Value]]
    active: Collection[Value]
    pull_back: PullBack
    inside: Builder = field(default_factory=Builder)
    copies: dict[Value, Value] = field(default_factory=dict)
    origin: dict[Value, Value] = field(default_factory=dict)
    given: dict[str, Value] = field(default_factory=dict)
    carried: dict[str, Value] = field(default_factory=dict)
    varying: set[Value] = field(default_factory=set)
    reverse: Reverse = field(init=False)
    scan: Value = field(init=False)

    def __post_init__(self) -> None:
        self.loop: Loop = self.node.attrs["loop"]
        self.outside = current()
        count = len(self.loop.sequences)
        names = self.loop.names
        self.outer = dict(zip(names, self.node.inputs, strict=True))
        # The order of the steps in what is kept: that of the sequences, so as to match theirs.
        self.turned = self.loop.sequences[0]
        self.sequences = dict(zip(names[:count], self.loop.sequences, strict=True))

    def parts(self) -> list[Value | None]:
        wanted = self._wanted()
        with self.inside:
            self._copy_body()
            given = self._incoming(wanted)
            inputs = {name: self.inside.inputs[name] for name in wanted}
            found = self.pull_back(given, list(inputs.values()))
            self._mark_varying()
            results = {name: found[value] for name, value in inputs.items() if value in found}
        return self._finish(wanted, results)

    def _wanted(self) -> list[str]:
        """The body's inputs that a gradient is wanted for, or passes through."""
        body = self.loop.body
        names = [n for n, value in self.outer.items() if value in self.active]
        names = [n for n in names if value_is_float(body.inputs[n])]
        while True:
            reached = {body.inputs[name] for name in names}
            for node in body.nodes:
                if any(value in reached for value in node.inputs):
                    reached.add(node.output)
            more = [
                carry
                for carry in self.loop.carried
                if carry not in names
                and body.outputs[next_of(carry)] in reached
                and value_is_float(body.inputs[carry])
            ]
            if not more:
                return [name for name in self.loop.names if name in names]
            names += more

    def _copy_body(self) -> None:
        """The forward body's nodes, to differentiate."""
        for node in self.loop.body.nodes:
            if node.op.name == "input":
                made = self.inside.input(node.attrs["name"], node.output.type)
            else:
                inputs = tuple(self.copies[value] for value in node.inputs)
                made = self.inside.add(
                    node.op, inputs, node.attrs, name=node.output.name, span=node.span
                )
            self.copies[node.output] = made
            self.origin[made] = node.output

    def _incoming(self, wanted: Sequence[str]) -> dict[Value, Value]:
        """What comes in: a step of each stack's gradient, the gradients of the carries."""
        found: dict[Value, Value] = {}
        by_name = {node.output.name: node.output for node in self.loop.body.nodes}

        def give(value: Value, grad: Value) -> None:
            found[value] = grad if value not in found else found[value] + grad

        for output, outer in self.projections:
            if output.node.attrs["kind"] == "stack":
                key = output.node.attrs["key"]
                value = self.loop.body.outputs.get(key, by_name.get(key))
                assert value is not None, key
                grad = declare(self.inside, f"d_{output.name}", step_type(outer.type))
                self.given[grad.node.attrs["name"]] = outer
                self.sequences[grad.node.attrs["name"]] = output.node.attrs["flipped"]
                give(self.copies[value], grad)
        for carry in self.loop.carried:
            if carry in wanted:
                value = self.loop.body.outputs[next_of(carry)]
                grad = declare(self.inside, f"d_{carry}", value.type)
                self.carried[carry] = grad
                give(self.copies[value], grad)
        return found

    def _mark_varying(self) -> None:
        constant_inputs = {self.inside.inputs[name] for name in self.loop.invariants}
        for node in self.inside.nodes:
            is_step = node.op.name == "input" and node.output not in constant_inputs
            if is_step or any(value in self.varying for value in node.inputs):
                self.varying.add(node.output)

    # --- the reverse loop ------------------------------------------------------

    def _finish(self, wanted: Sequence[str], results: Mapping[str, Value]) -> list[Value | None]:
        steps: list[Value] = []
        stacks: list[Value] = []
        sums: dict[str, _Sum] = {}
        carries: dict[str, Value] = {}
        with self.inside:
            for name in self.loop.carried:
                if name in wanted:
                    like = self.inside.inputs[name]
                    carries[name] = results.get(name) or ops.broadcast_to(constant(0.0), like.shape)
            totals: dict[str, tuple[Value, Value]] = {}
            for name, value in results.items():
                if name in self.sequences:
                    steps.append(value)
                elif name in self.loop.invariants:
                    found = self._summed(value, stacks)
                    if found is not None:
                        sums[name] = found
                    else:
                        before = declare(self.inside, f"total_{name}", value.type)
                        totals[name] = before, before + value
        reverse = Reverse(self, steps, stacks, carries, totals)
        scan = reverse.make()
        parts: list[Value | None] = []
        self.reverse, self.scan = reverse, scan
        for name in self.loop.names:
            if name not in results and name not in carries:
                parts.append(None)
            elif name in self.sequences:
                flipped = not self.sequences[name]
                parts.append(reverse.stack(scan, results[name], flipped=flipped))
            elif name in carries:
                parts.append(reverse.last(scan, self.carried[name]))
            elif name in sums:
                parts.append(sums[name].make())
            else:
                parts.append(reverse.last(scan, totals[name][0]))
        return parts

    def _summed(self, value: Value, stacks: list[Value]) -> _Sum | None:
        """The sum over the steps of a value that sums over the batch, taken after the loop.

        `stacks` grows by what must be kept for it. None if it must be summed up in the loop.
        """
        node = value.node
        if node.op.name in _LINEAR:
            below = self._summed(node.inputs[0], stacks)
            if below is None:
                return None
            return _Sum(lambda: self.outside.add(node.op, [below.make()], node.attrs))
        if node.op.name in ("add", "subtract") and all(v.shape == value.shape for v in node.inputs):
            parts = [self._summed(v, stacks) for v in node.inputs]
            if any(part is None for part in parts):
                return None
            return _Sum(lambda: apply(node.op.name, *(p.make() for p in parts if p is not None)))
        if any(source not in self.varying for source in node.inputs):
            return None
        if node.op.name == "dot":
            (ca, cb), (ba, bb) = node.attrs["contract"], node.attrs["batch"]
            if 0 not in ca or 0 not in cb:
                return None
            attrs = {
                "contract": (_with_time(ca), _with_time(cb)),
                "batch": (_behind_time(ba), _behind_time(bb)),
            }
            stacks += node.inputs
            a, b = node.inputs
            return _Sum(lambda: self._whole_product(node.op, (a, b), attrs))
        if node.op.name == "sum" and 0 in node.attrs["axes"]:
            stacks += node.inputs
            return _Sum(lambda: self._sum_over_time(node))
        if node.op.name == "conv_filter":
            return self._summed_filter(node, stacks)
        return None

    def _summed_filter(self, node: Node, stacks: list[Value]) -> _Sum:
        """The gradient of a convolution's kernel, all steps being rows of one large batch.

        Images are kept as they were before they were padded.
        """
        images, grad = node.inputs
        padding = images.node if images.node.op.name == "pad" else None
        source = images if padding is None else padding.inputs[0]
        stacks += [source, grad]

        def make() -> Value:
            rows = self._rows(source)
            if padding is not None:
                rows = self.outside.add(padding.op, [rows], padding.attrs)
            return self.outside.add(node.op, [rows, self._rows(grad)], node.attrs)

        return _Sum(make)

    def _rows(self, value: Value) -> Value:
        """All steps of a value, with batch and time as one axis."""
        whole = self.stacked(value)
        batch, length, *rest = whole.shape
        return ops.reshape(whole, (times(batch, length), *rest))

    def _whole_product(self, op: OpDef, factors: Sequence[Value], attrs: Attrs) -> Value:
        return self.outside.add(op, [self.stacked(factor) for factor in factors], attrs)

    def stacked(self, value: Value) -> Value:
        """All steps of a value, once the reverse loop is made."""
        return self.reverse.in_order(self.scan, value)

    def _sum_over_time(self, node: Node) -> Value:
        axes = _with_time(node.attrs["axes"])
        total = apply("sum", self.stacked(node.inputs[0]), axes=axes, keepdims=False)
        return ops.reshape(total, node.output.shape)


def value_is_float(value: Value) -> bool:
    return value.dtype == "float32"


def _with_time(axes: Sequence[int]) -> tuple[int, ...]:
    """The same axes once time stands behind the first, and time."""
    return tuple(place for axis in axes for place in ((0, 1) if axis == 0 else (axis + 1,)))


def _behind_time(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(0 if axis == 0 else axis + 1 for axis in axes)
