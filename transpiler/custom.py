"""Layers, losses and metrics that a file declares: definitions like those of the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from kgen import syntax
from kgen.diagnostics import Span, fail
from kgen.graph import Node, TensorType, Value
from kgen.inputs import declared_type
from kgen.layering import checked
from kgen.layers.declaration import REQUIRED, Definition, Kind, Param, TargetRule
from kgen.layers.registry import find
from kgen.names import Names
from kgen.run import Frame
from kgen.scopes import FunctionScope, LayerScope, reporting
from kgen.values import BuildValue, Registered, Silenced, describe

if TYPE_CHECKING:
    from kgen.bodies import Elaborator


@dataclass(frozen=True)
class Anything(Kind):
    """An argument of a declaration of the user's own: what it may be is the body's affair."""

    def check(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Deferred:
    """A default that is worked out when it is needed."""

    expression: syntax.Expr

    def __repr__(self) -> str:
        span = self.expression.span
        return span.source.text[span.start : span.end]


_ANYTHING = Anything("a value")


def layer_definition(
    elaborator: Elaborator, declaration: syntax.LayerDecl, names: Names
) -> Registered:
    """`layer Name(parameters)(inputs):` as a layer of the registry's making."""
    if not declaration.inputs:
        fail(
            "K0513",
            f"the layer {declaration.name} has no input",
            declaration.span,
            help=f"name what it is applied to: layer {declaration.name}(...)(x):",
        )
    first, *rest = declaration.inputs

    def apply(scope: LayerScope, value: Any, **given: Any) -> Any:
        return _apply_layer(elaborator, declaration, names, scope, value, given)

    return _registered(
        "layer",
        declaration.name,
        declaration.doc,
        _params(declaration.parameters),
        apply,
        first.name,
        inputs="any",
        call=tuple(p for p in _params(rest) if p.name != "training"),
    )


def function_definition(
    elaborator: Elaborator, declaration: syntax.FunctionDecl, names: Names
) -> Registered:
    """`loss name(y_true, y_pred, ...)` or `metric name(...)`, as one of the registry's making."""
    kind = declaration.kind
    if len(declaration.parameters) < 2 or any(p.default for p in declaration.parameters[:2]):
        fail(
            "K0513",
            f"the {kind} {declaration.name} must take the targets and the predictions",
            declaration.span,
            help=f"write {kind} {declaration.name}(y_true, y_pred):",
        )
    true, predicted, *rest = declaration.parameters

    def apply(scope: FunctionScope, y_true: Value, y_pred: Value, **given: Any) -> Value:
        inner = Names(names)
        inner.bind(true.name, y_true)
        inner.bind(predicted.name, y_pred)
        _bind(elaborator, rest, given, inner)
        result = elaborator.inline(declaration, inner, scope.span)
        if not isinstance(result, Value):
            fail(
                "K0309",
                f"the {kind} {declaration.name} returns {describe(result)}",
                declaration.span,
                help="return a tensor: one value for each sample, or their mean",
            )
        return result

    def target(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
        return _target(elaborator, declaration, names, prediction, arguments)

    facts = {"target": target} if kind == "loss" else {}
    return _registered(
        kind, declaration.name, declaration.doc, _params(rest), apply, true.name, **facts
    )


def _registered(
    family: str,
    name: str,
    doc: str | None,
    own: Sequence[Param],
    function: Callable[..., Any],
    first: str,
    **facts: Any,
) -> Registered:
    taken = {param.name for param in own}
    common = [param for param in _common(family) if param.name not in taken]
    function.__doc__ = doc
    signature = inspect.signature(function)
    lead, tensor, *others = signature.parameters.values()
    function.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[lead, tensor.replace(name=first), *others]
    )
    definition = Definition(
        family,
        name,
        (),
        (*own, *common),
        function,
        common=frozenset(param.name for param in common),
        **facts,
    )
    return Registered(name, {family: definition})


def _common(family: str) -> list[Param]:
    """The arguments that every member of a family takes."""
    member = find(family, {"layer": "Identity", "loss": "mse", "metric": "mse"}[family])
    assert member is not None
    return [param for param in member.params if param.name in member.common]


def _params(parameters: Sequence[syntax.Parameter]) -> tuple[Param, ...]:
    return tuple(
        Param(p.name, _ANYTHING, REQUIRED if p.default is None else Deferred(p.default))
        for p in parameters
    )


def _bind(
    elaborator: Elaborator,
    parameters: Sequence[syntax.Parameter],
    given: Mapping[str, Any],
    names: Names,
) -> None:
    for parameter in parameters:
        value = given[parameter.name]
        if isinstance(value, Deferred):
            value = elaborator.evaluate(value.expression, names)
        names.bind(parameter.name, value)


# --- layers --------------------------------------------------------------------


def _apply_layer(
    elaborator: Elaborator,
    declaration: syntax.LayerDecl,
    outer: Names,
    scope: LayerScope,
    value: BuildValue,
    given: Mapping[str, Any],
) -> BuildValue:
    """Execute the body of a layer in a frame of its own."""
    names = Names(outer)
    _bind(elaborator, declaration.parameters, given, names)
    names.bind(declaration.inputs[0].name, value)
    _bind(
        elaborator,
        declaration.inputs[1:],
        {**given, "training": scope.training},
        names,
    )
    layer = scope.layer
    frame = Frame(
        declaration,
        names,
        scope.span,
        prefix=f"{layer.path}/",
        trainable=layer.trainable,
        known=layer.inner,
        again=layer.calls > 0,
        scope=scope,
    )
    with elaborator.framed(frame):
        result = elaborator.inline(declaration, names, scope.span)
    if frame.failed:
        raise Silenced
    items = result if isinstance(result, list | tuple) else [result]
    if not items or not all(isinstance(item, Value) for item in items):
        fail(
            "K0309",
            f"the layer {declaration.name} returns {describe(result)}",
            declaration.span,
            help="return a tensor, or several: return y, state",
        )
    return result


def declare_weight(
    elaborator: Elaborator, statement: syntax.WeightDecl, names: Names, frame: Frame
) -> None:
    """`weight name: float32[...] = initializer, option=...`, or `state ...`, in a layer."""
    scope = frame.scope
    assert scope is not None
    if statement.name in frame.weights:
        fail(
            "K0504",
            f"the layer has a weight `{statement.name}` already",
            statement.span,
            help="weights of a layer have different names",
        )
    shape = _shape(elaborator, statement, names)
    is_state = statement.kind == "state"
    options = _options(elaborator, statement, names, is_state)
    with reporting(scope.run, [], statement.span):
        made = scope.weight(statement.name, shape, options.pop("initializer"), **options)
    frame.weights[statement.name] = statement.kind
    names.bind(statement.name, made)


def _shape(elaborator: Elaborator, statement: syntax.WeightDecl, names: Names) -> tuple[int, ...]:
    spec = statement.spec
    if spec.dtype != "float32":
        fail(
            "K0403",
            f"weights are float32, found {spec.dtype}",
            Span(spec.span.source, spec.span.start, spec.span.start + len(spec.dtype)),
            help="declare float32; comparisons make truth values of numbers",
        )
    sizes = declared_type(spec, elaborator, names).shape[1:]
    shape = tuple(size for size in sizes if isinstance(size, int))
    if len(shape) != len(sizes):
        fail(
            "K0404",
            f"the weight `{statement.name}` needs known sizes",
            spec.span,
            help="an open dimension has no size at build time",
        )
    return shape


def _options(
    elaborator: Elaborator, statement: syntax.WeightDecl, names: Names, is_state: bool
) -> dict[str, Any]:
    """Initializer, and what else Keras's `add_weight` takes."""
    dense = find("layer", "Dense")
    assert dense is not None
    kinds = {
        name: dense.param(f"kernel_{name}").kind
        for name in ("initializer", "regularizer", "constraint")
    }
    found: dict[str, Any] = {}
    if statement.initializer is None:
        start: BuildValue = "zeros" if is_state else "glorot_uniform"
        place = statement.span
    else:
        start = elaborator.evaluate(statement.initializer, names)
        place = statement.initializer.span
    found["initializer"] = checked(kinds["initializer"], start, place)
    if is_state:
        found["trainable"] = False
    for option in statement.options:
        value = elaborator.evaluate(option.value, names)
        if option.name == "trainable" and isinstance(value, bool) and not is_state:
            found["trainable"] = value
        elif option.name in ("regularizer", "constraint") and not is_state:
            found[option.name] = checked(kinds[option.name], value, option.span)
        else:
            fail(
                "K0301",
                f"a {statement.kind} has no option `{option.name}={describe(value)}`"
                if is_state or option.name not in ("trainable", "regularizer", "constraint")
                else f"{option.name}= is True or False, found {describe(value)}",
                option.span,
                help="a state has none"
                if is_state
                else "the options of a weight are trainable, regularizer and constraint",
            )
    return found


def assigned_in_layer(frame: Frame, target: syntax.Target, value: BuildValue) -> None:
    """Take note of an assignment in a layer's body: one to a `state` gives its new value."""
    scope = frame.scope
    if scope is None:
        return
    for position, name in enumerate(target.names):
        kind = frame.weights.get(name)
        if kind is None:
            continue
        if kind == "weight":
            fail(
                "K0514",
                f"`{name}` is a weight: only training changes it",
                target.span,
                help=f"choose another name, or declare it as a state: state {name}: float32[...]",
            )
        new = value if len(target.names) == 1 else value[position]
        path = f"{scope.layer.path}/{name}"
        weight = scope.layer.weights[name]
        if not isinstance(new, Value) or new.type != weight.type:
            found = str(new.type) if isinstance(new, Value) else describe(new)
            fail(
                "K0514",
                f"the state `{name}` is {weight.type}, found {found}",
                target.span,
                help="its new value has the shape of the declaration",
            )
        scope.run.updates[path] = new


# --- losses --------------------------------------------------------------------


def _target(
    elaborator: Elaborator,
    declaration: syntax.FunctionDecl,
    names: Names,
    prediction: TensorType,
    arguments: Mapping[str, Any],
) -> TargetRule:
    """What `y` must be: as `input y_true: ...` in the body says, else as the prediction."""
    true, predicted, *rest = declaration.parameters
    for statement in declaration.body:
        if isinstance(statement, syntax.InputDecl) and statement.name == true.name:
            inner = Names(names)
            shaped = Value(predicted.name, prediction, cast(Node, None))
            inner.bind(predicted.name, shaped)
            _bind(elaborator, rest, arguments, inner)
            declared = declared_type(statement.spec, elaborator, inner)
            return TargetRule(declared.dtype, declared.shape[1:])
    return TargetRule("float32", prediction.shape[1:])
