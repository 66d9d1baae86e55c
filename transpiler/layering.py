"""Layers: constructed from the registry, applied to tensors, sharing their weights."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from kgen.buildtime import Arguments
from kgen.diagnostics import Span, fail
from kgen.graph import BATCH, Shape, Value
from kgen.layers.losses import Masked
from kgen.layers.registry import (
    FAMILIES,
    ArgumentProblem,
    Bound,
    Definition,
    Kind,
    bind_call,
    construct,
)
from kgen.layers.regularizers import regularize_activity
from kgen.limits import Budget
from kgen.masking import incoming, outgoing
from kgen.model import Applied, Outline
from kgen.names import unsupported
from kgen.run import Run, Step
from kgen.scopes import FunctionScope, LayerScope, reporting
from kgen.values import BuildValue, Layer, LayerChain, Registered, describe, measure

_ARGUMENTS = "arguments and defaults are Keras 3's; `kgen layers` lists them"


def build(function: Registered, arguments: Arguments, budget: Budget) -> Bound:
    """`Name(arguments)`: the first family of that name whose arguments fit.

    Raises `KgenError` at the argument that does not.
    """
    for value in (*arguments.positional, *arguments.keywords.values()):
        measure(value, budget, arguments.span)
    args = [argument(value) for value in arguments.positional]
    kwargs = {name: argument(value) for name, value in arguments.keywords.items()}
    found = [function.definitions[f] for f in FAMILIES if f in function.definitions]
    try:
        return construct(found, args, kwargs)
    except ArgumentProblem as problem:
        refuse(problem, arguments.place(problem.argument))


def checked(kind: Kind, value: BuildValue, span: Span, prefix: str = "") -> Any:
    """A value as a kind of argument has it; what does not fit is reported at its place."""
    try:
        return kind.check(argument(value))
    except ArgumentProblem as problem:
        refuse(problem, span, prefix)


def argument(value: BuildValue) -> Any:
    """A value as the registry takes it: names by their declaration."""
    if isinstance(value, Registered):
        return next(iter(value.definitions.values()), value)
    return value


def refuse(problem: ArgumentProblem, span: Span, prefix: str = "") -> NoReturn:
    """Report an argument that does not fit, or that Keras knows and kgen does not yet."""
    if problem.unsupported:
        unsupported_message = problem.message.removesuffix(" is not supported yet")
        if unsupported_message == problem.message:
            fail("K0701", prefix + problem.message, span, help=problem.help or _ARGUMENTS)
        unsupported(prefix + unsupported_message, span, help=problem.help)
    fail("K0301", prefix + problem.message, span, help=problem.help or _ARGUMENTS)


def apply_function(run: Run, bound: Bound, arguments: Arguments) -> Value | list[Value]:
    """Apply a tensor function, or an activation called as one; some give several tensors."""
    scope = FunctionScope(run, arguments.span)
    tensors = [v for v in arguments.positional if isinstance(v, Value)]
    if not tensors:
        given = (*arguments.positional, *arguments.keywords.values())
        tensors = [tensor for value in given for tensor in _tensors(value)]
    lead = tensors[:1] if bound.family == "activation" else []
    with reporting(run, tensors, arguments.span):
        result = bound.definition.apply(scope, *lead, **bound.arguments)
    results = _tensors(result)
    run.applied.append(Applied("", bound.name, tuple(tensors), tuple(results), arguments.span))
    for value in results:
        if tensors and value not in run.steps and value is not tensors[0]:
            run.steps[value] = Step(f"{bound.name}()", tensors[0])
    return result if isinstance(result, Value) else results


def compares(function: Registered) -> Definition | None:
    """The loss or metric that a name in lower case stands for, as `keras.losses` has functions."""
    if function.definitions.keys() & {"function", "activation", "layer"}:
        return None
    found = function.definitions.get("loss") or function.definitions.get("metric")
    if found is None or (found.aliases and function.name not in found.aliases):
        return None
    if found.of_totals:
        return None
    return found


def apply_comparison(
    run: Run, definition: Definition, arguments: Arguments, budget: Budget
) -> Value:
    """`mean_squared_error(y_true, y_pred)`: a loss or metric as a function, one value a sample."""
    pair, rest = arguments.positional[:2], arguments.positional[2:]
    if len(pair) < 2 or not all(isinstance(value, Value) for value in pair):
        fail(
            "K0301",
            f"{definition.name} compares two tensors",
            arguments.span,
            help="write loss(y_true, y_pred)",
        )
    further = Arguments(arguments.span, rest, arguments.keywords)
    bound = build(Registered(definition.name, {definition.family: definition}), further, budget)
    with reporting(run, pair, arguments.span):
        result = definition.apply(FunctionScope(run, arguments.span), *pair, **bound.arguments)
    return result.values if isinstance(result, Masked) else cast(Value, result)


def apply_layer(run: Run, layer: Layer, arguments: Arguments) -> Value | list[Value]:
    """Apply a layer to the arguments of a call.

    Returns:
        The tensor, or the list of tensors, that the layer's declaration returns.
    """
    definition = layer.bound.definition
    inputs, call = call_arguments(definition, arguments)
    masks = incoming(run, definition, inputs, call)
    tensors = [*_tensors(inputs), *(v for value in call.values() for v in _tensors(value))]
    scope = LayerScope(run, layer, arguments.span)
    given = {**layer.bound.arguments, "trainable": layer.trainable}
    hint = layer.path.replace("/", "_")
    naming, whole = run.builder.naming(hint), run.applying()
    with reporting(run, tensors, arguments.span), naming, whole:
        result = definition.apply(scope, inputs, **call, **given)
        results = _tensors(result)
        outgoing(run, layer, masks, _tensors(inputs), results, arguments.span)
        if "activity_regularizer" in definition.common:
            for value in results:
                regularize_activity(scope, given["activity_regularizer"], value)
    run.applied.append(
        Applied(layer.path, layer.kind, tuple(tensors), tuple(results), arguments.span)
    )
    run.layers.setdefault(layer.path, layer)
    layer.calls += 1
    if layer.place is None:
        own = layer.span.source.path == run.place.source.path
        layer.place = layer.span if own else run.place
    layer.shapes.append(results[0].type)
    shown = layer.kind if layer.name == layer.kind.lower() else f"{layer.kind} {layer.name}"
    for value in results:
        if value not in tensors and value not in run.steps:
            run.builder.rename(value, hint)
            run.steps[value] = Step(shown, tensors[0])
    return result if isinstance(result, Value) else results


def chained(
    layer: LayerChain, arguments: Arguments, result: BuildValue, applied: list[Applied]
) -> Applied:
    """The application of a `Sequential`, with those of its layers."""
    tensors, results = _tensors(arguments.positional[0]), _tensors(result)
    inside = Outline(
        tuple(applied),
        {f"input_{place}" if place else "input": v for place, v in enumerate(tensors)},
        {f"output_{place}" if place else "output": v for place, v in enumerate(results)},
    )
    span = arguments.span
    return Applied(layer.path, "Sequential", tuple(tensors), tuple(results), span, inside)


def _tensors(value: Any) -> list[Value]:
    """The tensor, or the tensors of a list; none in anything else."""
    items = value if isinstance(value, list | tuple) else [value]
    return [item for item in items if isinstance(item, Value)]


def call_arguments(
    definition: Definition, arguments: Arguments
) -> tuple[Value | list[Value], dict[str, Any]]:
    """What a call gives a layer: its first tensor, or list of tensors, and the rest by name."""
    name = definition.name
    positional, keywords = arguments.positional, dict(arguments.keywords)
    place = arguments.place(0)
    if not positional and definition.lead in keywords:
        place = arguments.place(definition.lead)
        positional = [keywords.pop(definition.lead)]
    known = [param.name for param in definition.call]
    for keyword in keywords:
        if keyword not in known and keyword in [param.name for param in definition.params]:
            fail(
                "K0301",
                f"{keyword}= belongs to the layer, not to its call",
                arguments.place(keyword),
                help=f"options belong to the first brackets: {name}({keyword}=...)(x)",
            )
    if not positional or len(positional) > 1 + len(known):
        several = f"several tensors go in a list: {name}()([a, b])"
        help = f"write {definition.call_signature}" if known else several
        found = f"{name} is applied to one value, found {len(positional)}"
        if known:
            found = f"{name} is applied to at most {1 + len(known)} values, found {len(positional)}"
        fail("K0301", found, arguments.span, help=help)
    first = _first(definition, positional[0], place)
    try:
        return first, bind_call(definition, positional[1:], keywords)
    except ArgumentProblem as problem:
        refuse(problem, arguments.place(problem.argument))


def _first(definition: Definition, value: BuildValue, place: Span) -> Value | list[Value]:
    """A call's first argument: a tensor, a list of tensors, or either."""
    name = definition.name
    listed = isinstance(value, list | tuple) and all(isinstance(v, Value) for v in value)
    if definition.inputs == "any" and listed and value:
        return list(value)
    if definition.inputs == "many":
        if not listed:
            fail(
                "K0301",
                f"{name} is applied to a list of tensors, found {describe(value)}",
                place,
                help=f"write {name}()([a, b]) or [a, b] |> {name}()",
            )
        if len(value) < definition.minimum:
            tensors = "tensor" if definition.minimum == 1 else "tensors"
            fail(
                "K0301",
                f"{name} needs at least {definition.minimum} {tensors}, found {len(value)}",
                place,
                help=f"write {name}()([a, b])",
            )
        return list(value)
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Value):
        help = f"write x |> {name}(...), where x is an input or another layer's result"
        if isinstance(value, list):
            help = "join a list first: [a, b] |> Concatenate()"
        fail("K0301", f"{name} is applied to a tensor, found {describe(value)}", place, help=help)
    return value


def truth_option(name: str, arguments: Arguments) -> tuple[bool | None, Arguments]:
    """An option of a call that is True, False or None, and the call without it."""
    value = arguments.keywords.get(name)
    if value is not None and not isinstance(value, bool):
        fail(
            "K0301",
            f"{name}= is True, False or None, found {describe(value)}",
            arguments.place(name),
            help=f"leave {name}= out to follow the phase of the model",
        )
    rest = {key: given for key, given in arguments.keywords.items() if key != name}
    return value, Arguments(arguments.span, arguments.positional, rest, arguments.spans)


def without_batch(shape: Shape) -> Shape:
    """A shape as users write it: without the batch, if it has one."""
    return shape[1:] if shape[:1] == (BATCH,) else shape
