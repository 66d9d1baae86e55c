"""Layers, losses and metrics that a file declares: definitions like those of the registry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from kgen import syntax
from kgen.diagnostics import fail
from kgen.graph import Node, TensorType, Value
from kgen.inputs import declared_type
from kgen.layers.declaration import REQUIRED, Definition, Kind, Param, TargetRule
from kgen.layers.registry import find
from kgen.names import Names
from kgen.run import Frame
from kgen.scopes import FunctionScope, LayerScope
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
