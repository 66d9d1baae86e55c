"""Models as layers: made with their parameters, applied by executing their bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kgen import syntax
from kgen.buildtime import Arguments
from kgen.diagnostics import fail
from kgen.graph import Value
from kgen.model import Applied, Outline
from kgen.names import Names
from kgen.run import Frame
from kgen.specials import start_from
from kgen.values import BuildValue, ModelClass, ModelLayer, Silenced, describe, has_tensor

if TYPE_CHECKING:
    from kgen.bodies import Elaborator


def instance(
    elaborator: Elaborator, model: ModelClass, arguments: Arguments, node: syntax.Expr
) -> BuildValue:
    """`Encoder(latent=8)`: a model as a layer."""
    _, frame = elaborator.inside(node.span)
    title = model.declaration.name
    keywords = dict(arguments.keywords)
    declared = {parameter.name for parameter in model.declaration.parameters}
    options = {k: keywords.pop(k) for k in ("name", "trainable", "weights")
               if k not in declared and k in keywords}  # fmt: skip
    for option, kind, words, help in (
        ("name", str, "string", 'write name="tower"'),
        ("trainable", bool, "truth value", "write trainable=False to freeze the model"),
    ):
        if option in options and not isinstance(options[option], kind):
            fail("K0301", f"{option}= is a {words}", arguments.place(option), help=help)
    if arguments.positional and has_tensor(arguments.positional[0]):
        help = f"construct, then apply: {title}()(x)"
        fail("K0305", f"{title} is applied before it is made", node.span, help=help)
    parameters = Names(model.names)
    rest = Arguments(arguments.span, arguments.positional, keywords, arguments.spans)
    elaborator.fit(title, model.declaration.parameters, rest, parameters)
    name = frame.layer_name(title, options.get("name"), elaborator.variable_of(node), node.span)
    again = frame.known.get(name) if frame.again else None
    if isinstance(again, ModelLayer):
        return again
    trainable = options.get("trainable", True) and frame.trainable
    layer = ModelLayer(model, parameters.own, name, node.span, trainable, frame.prefix)
    frame.known[name] = layer
    if options.get("weights") is not None:
        start_from(elaborator, layer, options["weights"], arguments.place("weights"))
    return layer


def apply_model(elaborator: Elaborator, layer: ModelLayer, arguments: Arguments) -> BuildValue:
    """Execute a model's body on the tensors of a call."""
    declaration = layer.model.declaration
    if any(active is declaration for active in elaborator.models):
        fail(
            "K0606",
            f"the model {declaration.name} contains itself",
            arguments.span,
            label="recursion",
            help="models are built at build time, so they cannot recur",
        )
    feeds, by_name = _feeds(layer, arguments)
    names = Names(layer.model.names, dict(layer.arguments))
    frame = Frame(
        declaration,
        names,
        arguments.span,
        feeds,
        by_name,
        prefix=f"{layer.path}/",
        trainable=layer.trainable,
        known=layer.layers,
        again=layer.calls > 0,
    )
    layer.calls += 1
    run, _ = elaborator.inside(arguments.span)
    with run.applying() as applied:
        elaborator.execute_model(frame)
    if frame.failed:
        raise Silenced
    given = len(feeds) + len(by_name)
    if given > len(frame.inputs):
        title = f"{declaration.name} has {len(frame.inputs)} inputs"
        names_ = ", ".join(frame.inputs)
        fail("K0301", f"{title}, found {given} tensors", arguments.span,
             help=f"its inputs are {names_}")  # fmt: skip
    outputs = [value for value, _ in frame.outputs.values()]
    if layer.ends is None:
        layer.ends = (
            {name: value for name, (value, _) in frame.inputs.items()},
            {name: value for name, (value, _) in frame.outputs.items()},
        )
    if not outputs:
        fail("K0502", f"the model {declaration.name} has no output", declaration.name_span,
             help="declare one: output y = ...")  # fmt: skip
    inside = Outline(
        tuple(applied),
        {name: value for name, (value, _) in frame.inputs.items()},
        {name: value for name, (value, _) in frame.outputs.items()},
    )
    inputs = tuple(inside.inputs.values())
    run.applied.append(
        Applied(layer.path, declaration.name, inputs, tuple(outputs), arguments.span, inside)
    )
    return outputs[0] if len(outputs) == 1 else outputs


def _feeds(layer: ModelLayer, arguments: Arguments) -> tuple[list[Value], Mapping[str, Value]]:
    """The tensors of a call of a model: in order, or by name."""
    given = arguments.positional
    if arguments.keywords and not given:
        given = [arguments.keywords]
    elif arguments.keywords:
        name = next(iter(arguments.keywords))
        fail(
            "K0301",
            "the inputs of a model go in order, or all by name",
            arguments.place(name),
            help=f"write model({name}=x, ...)",
        )
    if len(given) == 1 and isinstance(given[0], list | tuple):
        given = list(given[0])
    elif len(given) == 1 and isinstance(given[0], dict):
        by_name = given[0]
        if all(isinstance(value, Value) for value in by_name.values()):
            return [], by_name
        given = list(by_name.values())
    for value in given:
        if not isinstance(value, Value):
            fail(
                "K0301",
                f"{layer.model.declaration.name} is applied to tensors, found {describe(value)}",
                arguments.span,
                help="write model(x), or model([a, b]) for several inputs",
            )
    return list(given), {}
