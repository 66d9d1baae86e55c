"""Views: parts of a model that are used by themselves, sharing its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kgen import syntax
from kgen.diagnostics import Span, fail
from kgen.graph import BATCH, Builder, Value, constant
from kgen.inputs import check_result
from kgen.model import InputInfo, ViewInfo
from kgen.names import MODEL_ATTRIBUTES, Names, is_of_module
from kgen.rewrite import reachable
from kgen.run import Frame, Run
from kgen.values import BuildValue, ModelLayer, describe

if TYPE_CHECKING:
    from kgen.bodies import Elaborator


@dataclass(frozen=True)
class View:
    """`view name(inputs) = outputs`, its expression evaluated."""

    name: str
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    span: Span


def declare_view(elaborator: Elaborator, statement: syntax.View, names: Names) -> None:
    """Note a view of the model; those of a model inside another are left to that model's file."""
    run, frame = elaborator.inside(statement.span)
    if frame.call is not None:
        return
    hides = is_of_module(statement.name) or statement.name.startswith("_")
    if hides or statement.name in frame.views or statement.name in MODEL_ATTRIBUTES:
        reason = "a model has a method or a view of this name already"
        fail(
            "K0517",
            f"a view cannot be called `{statement.name}`",
            statement.span,
            label="its Python module needs this name" if hides else reason,
            help=f"choose another one: view {statement.name.strip('_') or 'one'}_view(...) = ...",
        )
    if not statement.inputs:
        fail(
            "K0517",
            f"the view `{statement.name}` has no input",
            statement.span,
            help="name the inputs it is computed from: view code(x) = ...",
        )
    inputs: dict[str, Value] = {}
    for name in statement.inputs:
        value = elaborator.lookup(name, names, statement.span)
        if not isinstance(value, Value):
            fail(
                "K0517",
                f"`{name}` is no tensor, but {describe(value)}",
                statement.span,
                help="a view is computed from inputs of the model, or from what it makes of them",
            )
        check_result(f"the input `{name}` of a view", value, statement.span, run)
        own = [title for title, (given, _) in frame.inputs.items() if given is value]
        inputs[own[0] if own else name] = value
    value = elaborator.named(statement.value, statement.name, names)
    outputs = _outputs(statement, value)
    for title, output in outputs.items():
        check_result(f"what the view gives as `{title}`", output, statement.span, run)
    view = View(statement.name, inputs, outputs, statement.span)
    _check_needs(view, frame)
    frame.views[statement.name] = view


def _outputs(statement: syntax.View, value: BuildValue) -> dict[str, BuildValue]:
    """The outputs by name: of a list, after the variables in it; of a dict, after its keys."""
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return dict(value)
    if not isinstance(value, list | tuple):
        return {statement.name: value}
    found: dict[str, BuildValue] = {}
    node = statement.value
    items: Sequence[syntax.Expr | None] = [None] * len(value)
    if isinstance(node, syntax.ListExpr | syntax.TupleExpr) and len(node.items) == len(value):
        items = node.items
    for position, (item, output) in enumerate(zip(items, value, strict=True)):
        name = item.id if isinstance(item, syntax.Name) else f"{statement.name}_{position}"
        found[name if name not in found else f"{statement.name}_{position}"] = output
    return found


def _needed(view: View, roots: Iterable[Value] = ()) -> set[Value]:
    """Every value the view computes, and the inputs and weights it reads; or for other roots."""
    given = set(view.inputs.values())
    found: set[Value] = set()
    stack = list(roots or view.outputs.values())
    while stack:
        value = stack.pop()
        if value not in found:
            found.add(value)
            if value not in given:
                stack.extend(value.node.inputs)
    return found


def _check_needs(view: View, frame: Frame) -> None:
    """Refuse a view that reads inputs it does not name, or names some it does not read."""
    needed = _needed(view)
    given = set(view.inputs.values())
    missing = [
        name for name, (value, _) in frame.inputs.items() if value in needed and value not in given
    ]
    if missing:
        listed = ", ".join([*view.inputs, *missing])
        fail(
            "K0517",
            f"the view `{view.name}` also needs {' and '.join(f'`{n}`' for n in missing)}",
            view.span,
            help=f"write view {view.name}({listed}) = ...",
        )
    for name, value in view.inputs.items():
        if value not in needed:
            fail(
                "K0517",
                f"the view `{view.name}` does not need `{name}`",
                view.span,
                help=f"leave `{name}` out of its brackets",
            )


def _kept(view: View, assigned: Sequence[Value], needed: set[Value]) -> Value | None:
    """What a state becomes in the last of the calls of its layer that a view computes."""
    for value in reversed(assigned):
        if _needed(view, [value]) - needed <= {value}:
            return value
    return None


def views_of(run: Run, frame: Frame) -> list[ViewInfo]:
    """The declared views, and one for each model inside that can be used by itself."""
    found = dict(frame.views)
    for layer in frame.known.values():
        if isinstance(layer, ModelLayer) and layer.ends is not None:
            inputs, outputs = layer.ends
            view = View(layer.name, inputs, outputs, layer.span)
            taken = layer.name in {*found, *MODEL_ATTRIBUTES} or is_of_module(layer.name)
            if not taken and layer.name.isidentifier() and _is_whole(view, run):
                found[layer.name] = view
    return [view_info(view, run, frame) for view in found.values()]


def _is_whole(view: View, run: Run) -> bool:
    """Whether a model inside has inputs of its own, of known sizes, and all that it needs."""
    inputs = list(view.inputs.values())
    plain = all(
        value.shape[:1] == (BATCH,) and all(isinstance(size, int) for size in value.shape[1:])
        for value in (*inputs, *view.outputs.values())
    )
    needed = _needed(view)
    weights = {weight.value for weight in run.builder.weights.values()}
    missing = {v for v in needed if v.node.op.name == "weight"} - weights
    return plain and len(set(inputs)) == len(inputs) and set(inputs) <= needed and not missing


def view_info(view: View, run: Run, frame: Frame) -> ViewInfo:
    """The view as a graph of its own.

    Its inputs are all those of the model, in their order, so that open dimensions
    are counted alike; then come tensors that the view is given in place of inputs.
    State that the view's layers carry is updated as in the model.
    """
    needed = _needed(view)
    updates: dict[str, Value] = {}
    for path, value in run.updates.items():
        weight = run.builder.weights[path]
        if weight.carried and weight.value in needed:
            kept = _kept(view, run.assigned[path], needed)
            if kept is not None:
                updates[path] = kept
                needed = needed | {kept}
        elif weight.value in needed and reachable([value]) <= needed:
            updates[path] = value
    mapping: dict[Value, Value] = {}
    with Builder() as builder:
        for name, (value, span) in frame.inputs.items():
            mapping[value] = builder.input(name, value.type, span)
        for name, value in view.inputs.items():
            if value not in mapping:
                mapping[value] = builder.input(builder.unique(name), value.type, view.span)
        for node in run.builder.nodes:
            if node.output not in needed or node.output in mapping:
                continue
            if node.op.name == "constant":
                mapping[node.output] = constant(node.attrs["value"])
                continue
            inputs = [mapping[value] for value in node.inputs]
            mapping[node.output] = builder.add(
                node.op, inputs, node.attrs, name=node.output.name, span=node.span
            )
        builder.weights = {
            path: replace(weight, value=mapping[weight.value])
            for path, weight in run.builder.weights.items()
            if weight.value in needed
        }
        graph = builder.graph(
            view.name,
            {name: mapping[value] for name, value in view.outputs.items()},
            updates={path: mapping[value] for path, value in updates.items()},
        )
    feeds = {value: name for name, value in graph.inputs.items()}
    return ViewInfo(
        view.name,
        tuple(
            InputInfo(name, value.dtype, value.shape[1:], run.batch, view.span)
            for name, value in view.inputs.items()
        ),
        tuple(feeds[mapping[value]] for value in view.inputs.values()),
        graph,
        view.span,
    )
