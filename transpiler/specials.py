"""What the language itself builds, by name: `Sequential`, `Lambda`, `gradient` and the like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kgen import syntax
from kgen.buildtime import Arguments
from kgen.diagnostics import Span, fail
from kgen.graph import TensorType, Value
from kgen.layers.declaration import Definition
from kgen.layers.registry import bound, find
from kgen.passes.differentiate import gradients
from kgen.rewrite import reachable
from kgen.scopes import FunctionScope, adopt, freeze, reporting
from kgen.suggest import suggest
from kgen.values import (
    DONE,
    BuildValue,
    Function,
    Layer,
    LayerChain,
    ModelLayer,
    Registered,
    describe,
)

if TYPE_CHECKING:
    from kgen.bodies import Elaborator

_FILES = (".safetensors", ".weights.h5", ".keras", ".h5")


def sequential(elaborator: Elaborator, arguments: Arguments, node: syntax.Expr) -> LayerChain:
    """`Sequential([...])`: layers one after the other."""
    _, frame = elaborator.inside(node.span)
    given = _given("Sequential", ("layers", "trainable", "name"), arguments)
    items = given.get("layers")
    if not isinstance(items, list | tuple) or not all(
        isinstance(item, Layer | LayerChain | ModelLayer) for item in items
    ):
        fail(
            "K0301",
            "Sequential takes a list of layers",
            arguments.place(0),
            help="write Sequential([Dense(64), Dense(10)])",
        )
    trainable = _truth("trainable", given, arguments)
    title = _text("name", given, arguments)
    name = frame.layer_name("Sequential", title, elaborator.variable_of(node), node.span)
    again = frame.known.get(name) if frame.again else None
    if isinstance(again, LayerChain):
        return again
    chain = LayerChain(tuple(items), name, node.span)
    adopt(chain, frame.prefix)
    if not (trainable and frame.trainable):
        freeze(chain)
    frame.known[name] = chain
    return chain


def lambda_layer(elaborator: Elaborator, arguments: Arguments, node: syntax.Expr) -> Layer:
    """`Lambda(f)`: a `def` as a layer; `arguments` are further ones for it.

    A parameter `training` is given the mode, as in Keras.
    """
    _, frame = elaborator.inside(node.span)
    given = _given("Lambda", ("function", "arguments", "trainable", "name"), arguments)
    function, further = given.get("function"), given.get("arguments")
    if not isinstance(function, Function):
        fail(
            "K0301",
            f"Lambda takes a function, found {describe(function)}",
            arguments.place(0),
            help="declare one, def f(x): with a `return`, and write Lambda(f)",
        )
    if further is not None and not isinstance(further, dict):
        fail(
            "K0301",
            f"arguments= is a dict of further arguments, found {describe(further)}",
            arguments.place("arguments"),
            help='write Lambda(f, arguments={"scale": 2})',
        )
    trainable = _truth("trainable", given, arguments)
    title = _text("name", given, arguments)
    name = frame.layer_name("Lambda", title, elaborator.variable_of(node), node.span)

    told = any(p.name == "training" for p in function.declaration.parameters)

    def apply(scope: FunctionScope, inputs: Any) -> Any:
        mode = {"training": scope.training} if told else {}
        call = Arguments(scope.span, [inputs], {**(further or {}), **mode})
        return elaborator.call_function(function, call, scope.span)

    identity = find("layer", "Identity")
    assert identity is not None
    common = tuple(p for p in identity.params if p.name in identity.common)
    definition = Definition("layer", "Lambda", (), common, apply, "any", common=identity.common)
    return Layer(bound(definition), name, node.span, trainable and frame.trainable, frame.prefix)


def gradient(elaborator: Elaborator, arguments: Arguments, node: syntax.Expr) -> BuildValue:
    """`gradient(score, x)`: the derivative of a score, summed, for a tensor or a list of them."""
    run, _ = elaborator.inside(node.span)
    given = _given("gradient", ("score", "x"), arguments)
    score, x = given.get("score"), given.get("x")
    wanted: list[Any] = list(x) if isinstance(x, list | tuple) else [x]
    for value, place in [(score, 0), *((item, 1) for item in wanted)]:
        if not isinstance(value, Value) or value.dtype != "float32":
            found = str(value.type) if isinstance(value, Value) else describe(value)
            fail(
                "K0516",
                f"gradient() takes float32 tensors, found {found}",
                arguments.place(place),
                help="write gradient(score, x) with a score that is computed from x",
            )
    assert isinstance(score, Value)
    needed = reachable([score])
    for value in wanted:
        if value not in needed:
            fail(
                "K0516",
                "the score does not depend on the tensor to differentiate for",
                arguments.place(1),
                help="its derivative is zero; give a tensor that the score is computed from",
            )
    with reporting(run, [score], node.span):
        made = gradients(score, wanted)
    return made if isinstance(x, list | tuple) else made[0]


def add_loss(elaborator: Elaborator, arguments: Arguments, node: syntax.Expr) -> BuildValue:
    """`add_loss(value)`: a number to be minimised besides the loss; a statement of its own."""
    run, _ = elaborator.inside(node.span)
    value = _given("add_loss", ("loss",), arguments).get("loss")
    if not isinstance(value, Value) or value.type != TensorType("float32", ()):
        found = str(value.type) if isinstance(value, Value) else describe(value)
        fail(
            "K0515",
            f"add_loss() takes one number, a float32[] made of tensors, found {found}",
            arguments.place(0),
            help="take the mean over the batch: add_loss(mean(...))",
        )
    run.losses.append(value)
    return DONE


def use_weights(elaborator: Elaborator, arguments: Arguments, node: syntax.Expr) -> BuildValue:
    """`use_weights("file.safetensors", layer)`: the layer, its weights to start from a file's."""
    given = _given("use_weights", ("file", "layer"), arguments)
    layer = given.get("layer")
    if not isinstance(layer, Layer | LayerChain | ModelLayer):
        fail(
            "K0301",
            f"use_weights takes a file and a layer, found {describe(layer)}",
            arguments.place(1),
            help='write use_weights("weights.safetensors", Encoder())',
        )
    start_from(elaborator, layer, given.get("file"), arguments.place(0))
    return layer


def start_from(
    elaborator: Elaborator,
    layer: Layer | LayerChain | ModelLayer,
    file: BuildValue,
    span: Span,
) -> None:
    """Note that a layer's weights start from those of a file, read when the model is made."""
    run, _ = elaborator.inside(span)
    if not isinstance(file, str) or not file.endswith(_FILES):
        fail(
            "K0620",
            f"weights are read from a file, found {describe(file)}",
            span,
            help=f"its name ends in {', '.join(_FILES[:-1])} or {_FILES[-1]}",
        )
    written = PurePosixPath(file)
    if written.is_absolute() or ".." in written.parts or set(file) & set("\\:\0\n"):
        fail(
            "K0620",
            f'weights cannot be read from "{file[:60]}"',
            span,
            help="name a file below the source's own folder",
        )
    run.files[layer] = file


def weights_option(function: Registered, arguments: Arguments) -> tuple[BuildValue, Arguments]:
    """The file of `Dense(8, weights="start.safetensors")`, and the call without it."""
    definition = function.definitions.get("layer")
    if definition is None or "weights" in [param.name for param in definition.params]:
        return None, arguments
    rest = {name: value for name, value in arguments.keywords.items() if name != "weights"}
    return arguments.keywords.get("weights"), Arguments(
        arguments.span, arguments.positional, rest, arguments.spans
    )


SPECIAL: Mapping[str, Callable[[Elaborator, Arguments, syntax.Expr], BuildValue]] = {
    "Lambda": lambda_layer,
    "Sequential": sequential,
    "add_loss": add_loss,
    "gradient": gradient,
    "use_weights": use_weights,
}


def _given(title: str, known: Sequence[str], arguments: Arguments) -> dict[str, BuildValue]:
    """The arguments of a call by name."""
    if len(arguments.positional) > len(known):
        fail(
            "K0301",
            f"{title} takes {len(known)} arguments, found {len(arguments.positional)}",
            arguments.place(len(known)),
            help=f"the arguments are {', '.join(known)}",
        )
    given: dict[str, BuildValue] = dict(zip(known, arguments.positional, strict=False))
    for name, value in arguments.keywords.items():
        if name not in known or name in given:
            twice = "is given" if name in given else "has no argument"
            fail(
                "K0301",
                f"{title} {twice} `{name}`" + (" twice" if name in given else ""),
                arguments.place(name),
                help=suggest(name, known) or f"the arguments are {', '.join(known)}",
            )
        given[name] = value
    return given


def _truth(name: str, given: Mapping[str, BuildValue], arguments: Arguments) -> bool:
    value = given.get(name, True)
    if not isinstance(value, bool):
        fail(
            "K0301",
            f"{name}= is True or False, found {describe(value)}",
            arguments.place(name),
            help=f"write {name}=False to freeze the layers",
        )
    return value


def _text(name: str, given: Mapping[str, BuildValue], arguments: Arguments) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        fail("K0301", f"{name}= is a string", arguments.place(name), help=f'write {name}="tower"')
    return value
