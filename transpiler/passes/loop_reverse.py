"""The loop that the gradient of a loop runs in: the other way, over what the forward loop kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kgen import ops
from kgen.graph import Builder, Value, constant
from kgen.ops.scan import Loop, declare, last_of, make, next_of, stack_of
from kgen.rewrite import reachable

if TYPE_CHECKING:
    from kgen.passes.loop_gradient import LoopGradient


class Reverse:
    """Builds the reverse loop from the differentiated body."""

    def __init__(
        self,
        gradient: LoopGradient,
        steps: Sequence[Value],
        stacks: Sequence[Value],
        carries: Mapping[str, Value],
        totals: Mapping[str, tuple[Value, Value]],
    ) -> None:
        self.gradient = gradient
        self.steps = steps
        self.stacks = stacks
        self.after = {gradient.carried[name]: value for name, value in carries.items()}
        self.after |= dict(totals.values())
        self.starts = self._starts(carries, totals)
        self.kept: dict[Value, None] = {}
        self.builder = Builder()
        self.made: dict[Value, Value] = {}

    def _starts(
        self, carries: Mapping[str, Value], totals: Mapping[str, tuple[Value, Value]]
    ) -> list[Value]:
        """What the carries start from: the gradients of the last ones, and zeros."""
        found = []
        for name in carries:
            last = [
                grad
                for output, grad in self.gradient.projections
                if output.node.attrs["kind"] == "last" and output.node.attrs["key"] == name
            ]
            shape = self.gradient.loop.body.inputs[name].shape
            found.append(last[0] if last else ops.broadcast_to(constant(0.0), shape))
        found += [ops.broadcast_to(constant(0.0), old.shape) for old, _ in totals.values()]
        return found

    def make(self) -> Value:
        """The node of the reverse loop, in the current builder."""
        g = self.gradient
        self._keep([*self.steps, *self.stacks, *self.after.values()])
        stacked = [value for value in self.stacks if self._known_stack(value) is None]
        live = self._live([*self.steps, *stacked, *self.after.values()])
        names = [name for name in g.sequences if g.inside.inputs[name] in live]
        kept = [value for value in self.kept if value in live]
        if not names and not kept:
            names = list(g.sequences)[:1]  # a loop goes along a sequence, though none is read
        inputs: list[Value] = []
        flipped: list[bool] = []
        for name in names:
            self._declare(g.inside.inputs[name])
            inputs.append(g.given[name] if name in g.given else g.outer[name])
            flipped.append(not g.sequences[name])
        for value in kept:
            self._declare(value)
            inputs.append(self._kept_stack(value))
            flipped.append(not g.turned)
        for before in self.after:
            self._declare(before)
        inputs += self.starts
        for name in g.loop.invariants:
            value = g.inside.inputs[name]
            if value in live:
                self._declare(value)
                inputs.append(g.outer[name])
        for node in g.inside.nodes:
            if node.output in live and node.output not in self.made:
                sources = tuple(self.made[value] for value in node.inputs)
                self.made[node.output] = self.builder.add(
                    node.op, sources, node.attrs, name=node.output.name, span=node.span
                )
        outputs = {
            next_of(self.made[before].node.attrs["name"]): self.made[value]
            for before, value in self.after.items()
        }
        body = replace(self.builder.graph("step", outputs), weights={})
        return make(Loop(body, tuple(flipped), len(self.after), g.loop.length), inputs)

    def stack(self, scan: Value, value: Value, *, flipped: bool) -> Value:
        """A value of the body at every step."""
        return stack_of(scan, self.made[value], flipped=flipped)

    def in_order(self, scan: Value, value: Value) -> Value:
        """As `stack`, in the order of what the forward loop keeps, which may have it already."""
        known = self._known_stack(value)
        turned = self.gradient.turned
        return self.stack(scan, value, flipped=not turned) if known is None else known

    def _kept_stack(self, value: Value) -> Value:
        g = self.gradient
        return stack_of(g.node.output, g.origin[value], flipped=g.turned)

    def _known_stack(self, value: Value) -> Value | None:
        """All steps of a value of the forward body in their order, if they are stored."""
        g, name = self.gradient, value.node.attrs.get("name")
        if value in self.kept:
            return self._kept_stack(value)
        is_step = value.node.op.name == "input" and name in g.sequences
        if is_step and g.sequences[str(name)] == g.turned:
            return g.given[name] if name in g.given else g.outer[name]
        return None

    def last(self, scan: Value, before: Value) -> Value:
        return last_of(scan, self.made[before].node.attrs["name"])

    def _declare(self, value: Value) -> None:
        self.made[value] = declare(self.builder, value.name, value.type)

    # --- what is kept of the forward loop ---------------------------------------

    def _keep(self, results: Sequence[Value]) -> None:
        """Choose what the forward loop stores: costly values, first ones first."""
        g = self.gradient
        needed = reachable(results)
        wanted = {value for value in results if value in g.origin}
        for node in g.inside.nodes:
            if node.output in needed and node.output not in g.origin:
                wanted |= {value for value in node.inputs if value in g.origin}
        for node in g.inside.nodes:
            if node.output in wanted:
                self._require(node.output)

    def _require(self, value: Value) -> None:
        if self._is_free(value):
            return
        if value.dtype == "bool":
            for source in value.node.inputs:
                self._require(source)
        else:
            self.kept[value] = None

    def _is_free(self, value: Value) -> bool:
        """Whether a value of the forward body is at hand, or cheaply computed from such."""
        g, node = self.gradient, value.node
        if value in self.kept:
            return True
        if node.op.name == "input":
            return node.attrs["name"] not in g.loop.carried
        cheap = node.op.elementwise and node.op.cost <= 1
        cheap = cheap or node.op.name in ("reshape", "slice_axis")
        return cheap and all(self._is_free(source) for source in node.inputs)

    def _live(self, results: Sequence[Value]) -> set[Value]:
        """What the results need, computed from what is kept."""
        live: set[Value] = set()
        stack = list(results)
        while stack:
            value = stack.pop()
            if value not in live:
                live.add(value)
                if value not in self.kept:
                    stack += value.node.inputs
        return live
