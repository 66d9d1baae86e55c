"""The `train:` block: its statements, and its settings spread over the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from kgen import syntax
from kgen.diagnostics import KgenError, Span, fail
from kgen.graph import TensorType, Value
from kgen.names import Names
from kgen.run import Frame, collect
from kgen.statements import Executor
from kgen.suggest import suggest
from kgen.values import POISON, BuildValue, describe

SETTINGS = ("optimizer", "loss", "metrics", "loss_weights", "weighted_metrics", "objective")
# What belongs to a run: options of `kgen train`, and arguments that only fit() has.
_RUNTIME = ("epochs", "batch_size", "validation_split")
_OF_FIT = ("callbacks", "class_weight", "sample_weight", "shuffle", "validation_data", "verbose")


@dataclass(eq=False)
class Settings:
    """The settings of a `train:` block, each with the span of its value."""

    span: Span
    values: dict[str, BuildValue] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def get(self, name: str) -> BuildValue:
        return self.values.get(name)

    def place(self, name: str) -> Span:
        """Where a setting's value stands; the block if it is missing."""
        return self.spans.get(name, self.span)

    @property
    def failed(self) -> bool:
        return any(value is POISON for value in self.values.values())


def read_settings(executor: Executor, frame: Frame) -> Settings | None:
    """Execute the model's `train:` block; None if it has none.

    Helper names may be bound in it; one that is never used is taken for a
    misspelt setting.
    """
    if not frame.train:
        return None
    block = frame.train[0]
    settings = Settings(_header(block))
    names = Names(frame.names)
    for statement in _flat(block.body):
        if isinstance(statement, syntax.Assign | syntax.Expression):
            continue
        if not isinstance(statement, syntax.If | syntax.For | syntax.Def):
            _note(
                executor,
                "K0505",
                "only settings can stand in `train:`",
                statement.span,
                "move the statement to the model's own block",
            )
            return None
    _check_once(executor, block.body)
    executor.execute(block.body, names)
    spans: dict[str, tuple[Span, Span]] = {}
    for statement in _flat(block.body):
        if isinstance(statement, syntax.Assign):
            for name in statement.target.names:
                spans[name] = (statement.target.span, statement.value.span)
    used = mentioned(block.body)
    for name, value in names.own.items():
        if name in SETTINGS:
            settings.values[name] = value
            settings.spans[name] = spans[name][1] if name in spans else settings.span
        elif name in spans and name not in used and value is not POISON:
            _unknown_setting(executor, name, spans[name][0])
    return settings


def _check_once(executor: Executor, body: Sequence[syntax.Statement]) -> None:
    """A setting may follow from what it was, or depend on an `if`; else the first is a mistake."""
    first: dict[str, Span] = {}
    for statement in body:
        if not isinstance(statement, syntax.Assign):
            continue
        for name in statement.target.names:
            if name in first and name not in mentioned([statement]):
                _note(
                    executor,
                    "K0202",
                    f"`{name}` is set twice",
                    statement.span,
                    f"keep this or what stands in line {first[name].line}",
                )
            elif name in SETTINGS:
                first[name] = statement.span


def mentioned(body: Sequence[syntax.Statement]) -> set[str]:
    """Every name that an expression of a block reads, on whatever branch."""
    found: set[str] = set()
    stack: list[object] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, syntax.Name):
            found.add(node.id)
        elif isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, syntax.Tree):
            stack.extend(getattr(node, part.name) for part in fields(node))
    return found


def _header(block: syntax.Train) -> Span:
    start = block.span.start
    return Span(block.span.source, start, start + len("train"))


def _flat(body: Sequence[syntax.Statement]) -> Iterator[syntax.Statement]:
    for statement in body:
        yield statement
        if isinstance(statement, syntax.If):
            yield from _flat(statement.body)
            yield from _flat(statement.otherwise)
        elif isinstance(statement, syntax.For):
            yield from _flat(statement.body)


def _note(executor: Executor, code: str, message: str, span: Span, help: str) -> None:
    try:
        fail(code, message, span, help=help)
    except KgenError as error:
        collect(executor.report, error)
        executor.failed()


def _unknown_setting(executor: Executor, name: str, span: Span) -> None:
    try:
        help = suggest(name, SETTINGS) or f"the settings are {', '.join(SETTINGS)}"
        if name in _RUNTIME:
            help = f"give {name} to fit(), or to `kgen train`"
        elif name in _OF_FIT:
            help = f"give {name} to fit()"
        fail("K0507", f"`train:` has no setting `{name}`", span, label="never used", help=help)
    except KgenError as error:
        collect(executor.report, error)
        executor.failed()


def per_output(settings: Settings, name: str, outputs: Sequence[str]) -> list[BuildValue]:
    """A setting's entry for each output: one for all, a list in order, or a dict by name."""
    value, place = settings.get(name), settings.place(name)
    if isinstance(value, dict):
        for key in value:
            if key not in outputs:
                known = suggest(key, outputs) if isinstance(key, str) else ""
                fail(
                    "K0508",
                    f"`{name}` names an output {key!r} that the model does not have",
                    place,
                    help=known or f"the outputs are {', '.join(outputs)}",
                )
        return [value.get(output) for output in outputs]
    if isinstance(value, list | tuple):
        if len(value) != len(outputs):
            count = f"{len(outputs)} output{'s' if len(outputs) > 1 else ''}"
            fail(
                "K0508",
                f"`{name}` is a list of {len(value)}, and the model has {count}",
                place,
                help=f"give one for each of {', '.join(outputs)}, or a dict by output name",
            )
        return list(value)
    return [value] * len(outputs)


def objective_entry(settings: Settings) -> Value | None:
    """The scalar that `objective` sets, to be minimised; None where it is not set."""
    value, place = settings.get("objective"), settings.place("objective")
    if value is None:
        return None
    if not isinstance(value, Value) or value.type != TensorType("float32", ()):
        found = str(value.type) if isinstance(value, Value) else describe(value)
        fail(
            "K0515",
            f"an objective is one number, a float32[] made of tensors, found {found}",
            place,
            help="take the mean over the batch: objective = mean(...)",
        )
    return value


def loss_entries(
    settings: Settings, outputs: Sequence[str], *, optional: bool = False
) -> list[BuildValue]:
    """The loss of each output; None where it has none, which all may if it is `optional`."""
    place = settings.place("loss")
    if optional and settings.get("loss") is None:
        return [None] * len(outputs)
    if settings.get("loss") is None:
        fail(
            "K0506",
            "`train:` sets no loss",
            place,
            help='write, for instance, loss = "categorical_crossentropy", or an objective',
        )
    entries = per_output(settings, "loss", outputs)
    value = settings.get("loss")
    if isinstance(value, dict):
        for output in outputs:
            if output not in value:
                fail(
                    "K0508",
                    f"`loss` says nothing about the output `{output}`",
                    place,
                    help=f'write "{output}": None if it shall have no loss',
                )
    if not optional and all(entry is None for entry in entries):
        fail("K0506", "no output has a loss", place, help="at least one output must have one")
    return entries


def weight_entries(
    settings: Settings, outputs: Sequence[str], losses: Sequence[BuildValue]
) -> list[float]:
    """The factor of each output's loss; 1 where none is set."""
    place = settings.place("loss_weights")
    entries = per_output(settings, "loss_weights", outputs)
    factors: list[float] = []
    for output, entry, loss in zip(outputs, entries, losses, strict=True):
        if entry is None:
            entry = 1.0
        elif loss is None:
            fail(
                "K0508",
                f"`loss_weights` weighs `{output}`, which has no loss",
                place,
                help="give the output a loss, or remove the weight",
            )
        if isinstance(entry, bool) or not isinstance(entry, int | float):
            fail(
                "K0508",
                f"a loss weight is a number, found {describe(entry)}",
                place,
                help=f'write loss_weights = {{"{output}": 0.5}}',
            )
        factors.append(float(entry))
    return factors


def metric_entries(settings: Settings, name: str, outputs: Sequence[str]) -> list[list[BuildValue]]:
    """The metrics of each output, as Keras spreads them."""
    value = settings.get(name)
    if value is None or (isinstance(value, list | tuple) and not value):
        return [[] for _ in outputs]
    if len(outputs) == 1 and not isinstance(value, dict):
        entries = [_flatten(value)]
    else:
        if not isinstance(value, list | tuple | dict):
            fail(
                "K0508",
                f"`{name}` must say which output it is for",
                settings.place(name),
                help=f'write {{"{outputs[0]}": ["accuracy"]}}',
            )
        entries = [_flatten(entry) for entry in per_output(settings, name, outputs)]
    return entries


def _flatten(value: BuildValue) -> list[BuildValue]:
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [item for entry in value for item in _flatten(entry)]
    return [value]
