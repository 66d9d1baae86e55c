"""Layers: constructed from the registry, applied to tensors, sharing their weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from kgen.buildtime import Arguments
from kgen.diagnostics import Diagnostic, KgenError, Span, fail
from kgen.graph import BATCH, Shape, Value
from kgen.layers.initializers import describe_initializer
from kgen.layers.registry import (
    FAMILIES,
    ArgumentProblem,
    Bound,
    Definition,
    construct,
)
from kgen.limits import Budget, check_nodes, check_sizes, check_tensor
from kgen.names import unsupported
from kgen.run import Run, Step
from kgen.values import BuildValue, Layer, LayerChain, ModelLayer, Registered, describe, measure

_ARGUMENTS = "arguments and defaults are Keras 3's; `kgen layers` lists them"
_SHAPES = "shapes are known at build time; Reshape, Flatten or another size may mend this"


@dataclass(eq=False)
class LayerScope:
    """What a layer sees while it is applied; the registry's `Scope`."""

    run: Run
    layer: Layer
    span: Span

    @property
    def training(self) -> bool:
        return self.run.training

    def weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Bound,
        *,
        regularizer: Bound | None = None,
        trainable: bool = True,
    ) -> Value:
        """The layer's weight of this name, with the updates earlier calls made to it."""
        path = f"{self.layer.path}/{name}"
        made = self.layer.weights.get(name)
        if made is None:
            check_tensor(f"the weight {path}", shape, self.span)
            trainable = trainable and self.layer.trainable
            made = self.run.builder.weight(
                path, shape, describe_initializer(initializer, shape), trainable=trainable
            )
            self.layer.weights[name] = made
            self.run.paths[made] = path
            if regularizer is not None and trainable:
                self.run.penalties.append((regularizer, made))
        elif made.shape != shape:
            listed = [", ".join(map(str, s)) for s in (made.shape, shape)]
            self.fail(
                f"the shared layer {self.layer.name} has {name} [{listed[0]}], "
                f"this call needs [{listed[1]}]",
                help="all calls of one layer must have the same size on the axes its weights "
                f"see; make a second {self.layer.kind} layer for the other size",
            )
        return self.run.updates.get(path, made)

    def assign(self, weight: Value, new: Value) -> None:
        """Record a weight's new value; a later call in the same step continues from it."""
        path = self.run.paths[weight]
        self.run.updates[path] = new
        self.run.paths[new] = path

    def stream(self) -> int:
        """A new number for each random node, the same in every build of a file."""
        self.run.streams += 1
        return self.run.streams - 1

    def add_loss(self, value: Value) -> None:
        self.run.losses.append(value)

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        fail("K0402", message, self.span, help=help, notes=notes)


@dataclass(eq=False)
class FunctionScope:
    """The registry's `Scope` for tensor functions: they have no weights."""

    run: Run
    span: Span

    @property
    def training(self) -> bool:
        return self.run.training

    def weight(self, name: str, shape: tuple[int, ...], initializer: Bound, **_: Any) -> Value:
        raise AssertionError("tensor functions have no weights")

    def assign(self, weight: Value, new: Value) -> None:
        raise AssertionError("tensor functions have no weights")

    def stream(self) -> int:
        self.run.streams += 1
        return self.run.streams - 1

    def add_loss(self, value: Value) -> None:
        self.run.losses.append(value)

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        fail("K0402", message, self.span, help=help, notes=notes)


def build(function: Registered, arguments: Arguments, budget: Budget) -> Bound:
    """`Name(arguments)`: the first family of that name whose arguments fit.

    Raises `KgenError` at the argument that does not.
    """
    for value in (*arguments.positional, *arguments.keywords.values()):
        measure(value, budget, arguments.span)
    args = [argument(value) for value in arguments.positional]
    kwargs = {name: argument(value) for name, value in arguments.keywords.items()}
    families = [family for family in FAMILIES if family in function.definitions]
    try:
        result = construct(function.name, args, kwargs, families)
    except ArgumentProblem as problem:
        refuse(problem, arguments.place(problem.argument))
    assert result is not None
    return result


def argument(value: BuildValue) -> Any:
    """A value as the registry takes it: names and layers by their declaration."""
    if isinstance(value, Registered):
        return next(iter(value.definitions.values()), value)
    if isinstance(value, Layer):
        return value.bound
    return value


def refuse(problem: ArgumentProblem, span: Span, prefix: str = "") -> NoReturn:
    """Report an argument that does not fit, or that Keras knows and kgen does not yet."""
    if problem.unsupported:
        unsupported_message = problem.message.removesuffix(" is not supported yet")
        if unsupported_message == problem.message:
            fail("K0701", prefix + problem.message, span, help=problem.help or _ARGUMENTS)
        unsupported(prefix + unsupported_message, span, help=problem.help)
    fail("K0301", prefix + problem.message, span, help=problem.help or _ARGUMENTS)


def apply_function(run: Run, bound: Bound, arguments: Arguments) -> Value:
    """Apply a tensor function, or an activation called as one."""
    scope = FunctionScope(run, arguments.span)
    tensors = [v for v in arguments.positional if isinstance(v, Value)]
    if not tensors:
        tensors = [
            v
            for given in (*arguments.positional, *arguments.keywords.values())
            for v in (given if isinstance(given, list | tuple) else [given])
            if isinstance(v, Value)
        ]
    lead = tensors[:1] if bound.family == "activation" else []
    with reporting(run, tensors, arguments.span):
        result: Value = bound.definition.apply(scope, *lead, **bound.arguments)
    if tensors and result not in run.steps and result is not tensors[0]:
        run.steps[result] = Step(f"{bound.name}()", tensors[0])
    return result


def apply_layer(run: Run, layer: Layer, arguments: Arguments) -> Value:
    """Apply a layer to the tensor, or the list of tensors, of a call."""
    inputs = layer_inputs(layer.bound.definition, layer, arguments)
    tensors = inputs if isinstance(inputs, list) else [inputs]
    scope = LayerScope(run, layer, arguments.span)
    given = {**layer.bound.arguments, "trainable": layer.trainable}
    hint = layer.path.replace("/", "_")
    with reporting(run, tensors, arguments.span), run.builder.naming(hint):
        result: Value = layer.bound.definition.apply(scope, inputs, **given)
    run.layers.setdefault(layer.path, layer)
    layer.calls += 1
    layer.shapes.append(result.type)
    if result not in tensors:
        run.builder.rename(result, hint)
        shown = layer.kind if layer.name == layer.kind.lower() else f"{layer.kind} {layer.name}"
        run.steps[result] = Step(shown, tensors[0])
    return result


def layer_inputs(definition: Definition, layer: Layer, arguments: Arguments) -> Value | list[Value]:
    """The tensor, or tensors, that a call gives to a layer."""
    name = layer.kind
    for keyword in arguments.keywords:
        if keyword in ("training", "mask"):
            unsupported(f"{keyword}= in the call of a layer", arguments.place(keyword))
        fail(
            "K0301",
            f"a call of a layer takes tensors only, found {keyword}=",
            arguments.place(keyword),
            help=f"options belong to the first brackets: {name}({keyword}=...)(x)",
        )
    if len(arguments.positional) != 1:
        fail(
            "K0301",
            f"{name} is applied to one value, found {len(arguments.positional)}",
            arguments.span,
            help=f"several tensors go in a list: {name}()([a, b])",
        )
    value = arguments.positional[0]
    place = arguments.place(0)
    if definition.inputs == "many":
        if not isinstance(value, list | tuple) or not all(isinstance(v, Value) for v in value):
            fail(
                "K0301",
                f"{name} is applied to a list of tensors, found {describe(value)}",
                place,
                help=f"write {name}()([a, b]) or [a, b] |> {name}()",
            )
        if len(value) < definition.minimum:
            fail(
                "K0301",
                f"{name} needs at least {definition.minimum} tensors, found {len(value)}",
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


@contextmanager
def reporting(run: Run, tensors: list[Value], span: Span) -> Iterator[None]:
    """Give nodes their span, and shape errors the chain of layers before them."""
    before = len(run.builder.nodes)
    outer, run.builder.span = run.builder.span, span
    try:
        yield
        check_nodes(len(run.builder.nodes), span)
        for node in run.builder.nodes[before:]:
            check_sizes(node.output.shape, span)
    except KgenError as error:
        raise KgenError(_chained(run, tensors, d) for d in error.diagnostics) from None
    finally:
        run.builder.span = outer


def _chained(run: Run, tensors: list[Value], diagnostic: Diagnostic) -> Diagnostic:
    if not diagnostic.code.startswith("K04"):
        return diagnostic
    if not diagnostic.help:
        diagnostic = replace(diagnostic, help=_SHAPES)
    notes = list(diagnostic.notes)
    for position, tensor in enumerate(tensors[:3]):
        title = "the value came about as" if len(tensors) == 1 else f"tensor {position + 1}"
        notes.append("\n".join([f"{title}:", *(f"  {row}" for row in run.chain(tensor))]))
    return replace(diagnostic, notes=tuple(notes))


def adopt(layer: Layer | LayerChain | ModelLayer, prefix: str) -> None:
    """Put a layer that has no weights yet below another's path."""
    if isinstance(layer, LayerChain):
        for item in layer.items:
            adopt(item, f"{prefix}{layer.name}/")
    elif layer.calls == 0:
        layer.prefix = prefix


def without_batch(shape: Shape) -> Shape:
    """A shape as users write it: without the batch, if it has one."""
    return shape[1:] if shape[:1] == (BATCH,) else shape
