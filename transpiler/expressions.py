"""Expressions in a model: what names, operators, indices and attributes mean for tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kgen import parts, syntax, tensors
from kgen.builtins import BUILTINS
from kgen.diagnostics import Report, Span, fail
from kgen.graph import Value
from kgen.limits import Budget
from kgen.names import SPECIAL_NAMES, Names, registered
from kgen.run import Frame, Run
from kgen.scopes import reporting
from kgen.statements import Executor
from kgen.values import BuildValue, Layer, LayerChain, LayerOutput, ModelLayer, Special


class Expressions(Executor):
    """Evaluates expressions on tensors, adding nodes to the graph of the current run."""

    def __init__(self, budget: Budget, report: Report) -> None:
        super().__init__(budget, report)
        self.run: Run | None = None
        self.frame: Frame | None = None

    def inside(self, span: Span) -> tuple[Run, Frame]:
        """The current run and frame; layers and tensors live only in a model."""
        if self.run is None or self.frame is None:
            fail(
                "K0505",
                "layers and tensors belong into a model",
                span,
                help="move the line into the block of a `model`",
            )
        return self.run, self.frame

    @contextmanager
    def at(self, span: Span, *operands: BuildValue) -> Iterator[None]:
        """Make nodes for an operator or index at this place."""
        run, _ = self.inside(span)
        with reporting(run, [v for v in operands if isinstance(v, Value)], span):
            yield

    # --- names and operators ---------------------------------------------------

    def lookup(self, name: str, names: Names, span: Span) -> BuildValue:
        found, _ = names.find(name)
        if not found and name not in BUILTINS:
            if name == "training" and self.run is not None:
                return self.run.training
            if name in SPECIAL_NAMES:
                return Special(name)
            known = registered(name)
            if known is not None:
                return known
        return super().lookup(name, names, span)

    def tensor_binary(self, op: str, a: BuildValue, b: BuildValue, span: Span) -> BuildValue:
        with self.at(span, a, b):
            return tensors.binary(op, a, b, span)

    def tensor_negative(self, value: Value, span: Span) -> BuildValue:
        with self.at(span, value):
            return tensors.negative(value)

    def tensor_compare(self, op: str, a: BuildValue, b: BuildValue, span: Span) -> BuildValue:
        with self.at(span, a, b):
            return tensors.compare(op, a, b, span)

    def tensor_subscript(self, value: Value, node: syntax.Subscript, names: Names) -> BuildValue:
        indices: list[BuildValue] = [
            slice(*self.bounds(index, names))
            if isinstance(index, syntax.Slice)
            else self.evaluate(index, names)
            for index in node.indices
        ]
        with self.at(node.span, value):
            return tensors.subscript(value, indices, node.span)

    def attribute(self, value: BuildValue, node: syntax.Attribute) -> BuildValue:
        if isinstance(value, Value):
            return tensors.attribute(value, node.name, node.span)
        if isinstance(value, Layer | LayerChain | ModelLayer | LayerOutput):
            return parts.attribute(value, node.name, node.span)
        return super().attribute(value, node)
