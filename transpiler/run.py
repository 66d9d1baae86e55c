"""The state of elaboration: of one phase of a model, and of one execution of a body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kgen.diagnostics import KgenError, Report, Span, fail
from kgen.graph import Builder, Size, Value
from kgen.layers.registry import Bound
from kgen.model import Applied
from kgen.names import Names
from kgen.syntax import LayerDecl, ModelDef, Train
from kgen.values import AnyLayer, Layer

if TYPE_CHECKING:
    from kgen.scopes import LayerScope
    from kgen.views import View

MAX_ERRORS = 20
_LIMITS = re.compile(r"K060[1-8]")
_LAYER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class Stop(Exception):
    """Elaboration cannot go on; the report says why."""


def collect(report: Report, error: KgenError) -> None:
    """Note an error and let elaboration go on: one report for each code and place.

    Raises:
        Stop: a limit was exceeded, or there are errors enough.
    """
    places = {(d.code, d.span and (d.span.source.path, d.span.start)) for d in report.diagnostics}
    for diagnostic in error.diagnostics:
        span = diagnostic.span
        if (diagnostic.code, span and (span.source.path, span.start)) not in places:
            report.add(diagnostic)
    over = any(_LIMITS.fullmatch(d.code) for d in error.diagnostics)
    if over or len(report.diagnostics) >= MAX_ERRORS:
        raise Stop


@dataclass(frozen=True)
class Step:
    """How a value came about: what was applied, and to which value."""

    label: str
    source: Value | None


@dataclass(eq=False)
class Run:
    """One phase: its graph under construction, and what layers leave behind.

    `apply` applies a layer to the `Arguments` of a call; `place` is where the file being built
    stands; `assigned` are all that weights and states became in turn, `updates` what they end with;
    `results` are what layers made, by path; `partial` are paths of models of which some
    layers alone may be wanted; `applied` is what was applied so far, layer by layer.
    """

    builder: Builder
    training: bool
    apply: Callable[[Any, Any], Any]
    place: Span
    losses: list[Value] = field(default_factory=list)
    penalties: list[tuple[Bound, Value]] = field(default_factory=list)
    constraints: dict[str, tuple[Bound, Span]] = field(default_factory=dict)
    updates: dict[str, Value] = field(default_factory=dict)
    assigned: dict[str, list[Value]] = field(default_factory=dict)
    paths: dict[Value, str] = field(default_factory=dict)
    layers: dict[str, Layer] = field(default_factory=dict)
    files: dict[AnyLayer, str] = field(default_factory=dict)
    named: set[Value] = field(default_factory=set)
    masks: dict[Value, Value] = field(default_factory=dict)
    steps: dict[Value, Step] = field(default_factory=dict)
    streams: int = 0
    results: list[tuple[str, Any]] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    batch: int | None = None

    @contextmanager
    def mode(self, training: bool | None) -> Iterator[None]:
        """Within, layers behave as in training, or as in inference; None changes nothing."""
        before = self.training
        if training is not None:
            self.training = training
        try:
            yield
        finally:
            self.training = before

    @contextmanager
    def applying(self) -> Iterator[list[Applied]]:
        """Within, what is applied is part of something larger, and collected in the list given."""
        before, self.applied = self.applied, []
        try:
            yield self.applied
        finally:
            self.applied = before

    def chain(self, value: Value) -> list[str]:
        """The layers that led to a value, one line each, with their output shapes."""
        rows: list[tuple[str, str]] = []
        at: Value | None = value
        while at is not None and len(rows) < 12:
            step = self.steps.get(at)
            if step is None:
                node = at.node
                label = node.attrs["name"] if node.op.name == "input" else node.op.name
                before = [v for v in node.inputs if v.node.op.name != "constant"]
                step = Step(str(label), before[0] if before else None)
            rows.append((step.label, str(at.type)))
            at = step.source
        if at is not None:
            rows.append(("...", ""))
        width = max(len(label) for label, _ in rows)
        return [f"{label:<{width}}  {shape}".rstrip() for label, shape in reversed(rows)]


@dataclass(eq=False)
class Frame:
    """One execution of the body of a model, or of a layer of the user's own.

    `feeds` are the tensors a nested model is applied to, by position and name;
    `known` are the layers an earlier execution of the same instance made; `scope` and
    `weights` (names and their kinds, `weight` or `state`) belong to layers.
    """

    declaration: ModelDef | LayerDecl
    names: Names
    call: Span | None = None
    feeds: list[Value] | None = None
    feeds_by_name: Mapping[str, Value] = field(default_factory=dict)
    prefix: str = ""
    trainable: bool = True
    known: dict[str, AnyLayer] = field(default_factory=dict)
    again: bool = False
    dims: dict[str, Size] = field(default_factory=dict)
    inputs: dict[str, tuple[Value, Span]] = field(default_factory=dict)
    outputs: dict[str, tuple[Value, Span]] = field(default_factory=dict)
    train: list[Train] = field(default_factory=list)
    views: dict[str, View] = field(default_factory=dict)
    scope: LayerScope | None = None
    weights: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    failed: bool = False

    def layer_name(self, kind: str, given: str | None, bound_to: str | None, span: Span) -> str:
        """A layer's name: `name=`, else its variable, else Keras's (`dense`, `dense_1`)."""
        if given is not None:
            if not _LAYER_NAME.fullmatch(given) or len(given) > 200:
                fail(
                    "K0206",
                    "this is not a name for a layer",
                    span,
                    help="layer names are made of letters, digits, `_`, `-` and `.`",
                )
            if given in self.taken:
                fail(
                    "K0205",
                    f"two layers are named `{given}`",
                    span,
                    label="the name is taken",
                    help="weights are saved by layer name; give this one another",
                )
            self.taken.add(given)
            return given
        base = bound_to or snake_case(kind)
        name = base
        while name in self.taken:
            self.counts[base] = self.counts.get(base, 0) + 1
            name = f"{base}_{self.counts[base]}"
        self.taken.add(name)
        return name


# What Keras exports under another name than the one its class has.
_CLASSES = {"GroupQueryAttention": "GroupedQueryAttention"}


def snake_case(kind: str) -> str:
    """Keras's automatic name: `BatchNormalization` gives `batch_normalization`.

    `runtime/kerasweights.py` finds layers in Keras's files by the same rule.
    """
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", _CLASSES.get(kind, kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()
