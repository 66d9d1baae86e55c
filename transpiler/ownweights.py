"""Weights and states that a layer of the user's own declares, and what it assigns to states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kgen import syntax
from kgen.diagnostics import Span, fail
from kgen.graph import Value
from kgen.inputs import declared_type
from kgen.layering import checked
from kgen.layers.registry import find
from kgen.names import Names
from kgen.run import Frame
from kgen.scopes import reporting
from kgen.values import BuildValue, describe

if TYPE_CHECKING:
    from kgen.bodies import Elaborator


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
