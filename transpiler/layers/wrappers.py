"""Layers around layers: both directions of time, and one layer for every step."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.dims import times
from kgen.graph import Shape, Value
from kgen.layers.family import layer
from kgen.layers.kinds import Choice, LayerArg, OnlyNone, OptionalLayer, OptionalT
from kgen.layers.recurrent import TIMELESS, States
from kgen.layers.registry import LayerInstance, Scope

_MODES = ("concat", "sum", "mul", "ave", None)
Mode: TypeAlias = Annotated[Any, Choice("a way to merge both directions", _MODES)]


@layer("Bidirectional")
def bidirectional(
    scope: Scope,
    sequences: Value,
    initial_state: States = None,
    mask: OptionalT = None,
    *,
    layer: LayerArg,
    merge_mode: Mode = "concat",
    weights: OnlyNone = None,
    backward_layer: OptionalLayer = None,
) -> Value | list[Value]:
    """A recurrent layer run forwards, and a copy of it run backwards, with weights of its own.

    Their outputs are joined (`concat`), added, multiplied or averaged, or both given (None).
    """
    options = _options(scope, layer)
    other = _options(scope, backward_layer) if backward_layer is not None else options
    _check(scope, layer, options, backward_layer, other)
    whole = options["return_sequences"]
    forward = scope.sublayer(
        layer, f"forward_{layer.name.removeprefix('forward_')}", zero_output_for_mask=whole
    )
    if backward_layer is None:
        name = f"backward_{layer.name.removeprefix('backward_')}"
        backward = scope.sublayer(layer, name, go_backwards=True, zero_output_for_mask=whole)
    else:
        backward = scope.sublayer(backward_layer, backward_layer.name, zero_output_for_mask=whole)
    given = [initial_state] if isinstance(initial_state, Value) else initial_state
    half = len(given) // 2 if given else 0
    starts = (given[:half], given[half:]) if given else (None, None)
    there = _listed(scope.call(forward, sequences, initial_state=starts[0], mask=mask))
    back = _listed(scope.call(backward, sequences, initial_state=starts[1], mask=mask))
    y, y_back = there[0], ops.mirrored(back[0]) if whole else back[0]
    results = _merged(y, y_back, merge_mode)
    if whole and mask is not None:
        for result in results:
            scope.set_mask(result, mask)
    results += [*there[1:], *back[1:]]
    return results if len(results) > 1 else results[0]


def _listed(value: Value | list[Value]) -> list[Value]:
    return [value] if isinstance(value, Value) else list(value)


def _options(scope: Scope, inner: LayerInstance) -> dict[str, Any]:
    """The arguments of a recurrent layer."""
    if inner.bound is None or "go_backwards" not in inner.bound.arguments:
        kind = inner.name if inner.bound is None else inner.bound.name
        scope.fail(
            f"Bidirectional wraps a recurrent layer, found {kind}",
            help="wrap an RNN, SimpleRNN, LSTM or GRU",
        )
    return dict(inner.bound.arguments)


def _check(
    scope: Scope,
    layer: LayerInstance,
    options: dict[str, Any],
    backward: LayerInstance | None,
    other: dict[str, Any],
) -> None:
    """Both layers must agree, as Keras wants it; the one that is copied must go forwards."""
    if backward is None:
        if options["go_backwards"]:
            scope.fail(
                f"Bidirectional is given a layer that goes backwards itself, {layer.name}",
                help="leave out go_backwards: the copy goes backwards; or give a backward_layer",
            )
        return
    if options["go_backwards"] == other["go_backwards"]:
        scope.fail(
            "layer and backward_layer go in the same direction",
            help=f"write go_backwards=True for {backward.name}",
        )
    for name in ("stateful", "return_sequences", "return_state"):
        if options[name] != other[name]:
            scope.fail(
                f"layer and backward_layer differ in {name}",
                help=f"write {name}={options[name]} for {backward.name}, too",
            )


def _merged(y: Value, back: Value, mode: str | None) -> list[Value]:
    if mode is None:
        return [y, back]
    if mode == "concat":
        return [ops.concatenate([y, back], -1)]
    if mode == "mul":
        return [y * back]
    return [(y + back) * 0.5] if mode == "ave" else [y + back]


@layer("TimeDistributed")
def time_distributed(
    scope: Scope, inputs: Value, mask: OptionalT = None, *, layer: LayerArg
) -> Value:
    """A layer or model applied to every step: `[batch, time, ...]` to `[batch, time, ...]`.

    All steps are rows of one large batch to the layer, so its weights are shared by all. One that
    keeps statistics of its batch, as BatchNormalization, gets each step by itself in training.
    """
    if inputs.type.rank < 3:
        scope.fail(
            f"TimeDistributed reads [batch, time, ...], found {inputs.type}",
            help=TIMELESS,
        )
    batch, length = inputs.shape[:2]
    inner = scope.sublayer(layer)
    within = _counted(mask) if mask is not None and mask.type.rank > 2 else None
    rows = (times(batch, length), *inputs.shape[2:])
    steps = ops.count(inputs, [1])
    result = scope.call_for_steps(inner, _masked(scope, inputs, within, rows), steps)
    if result is None:
        call = () if inner.bound is None else inner.bound.definition.call
        if mask is not None and any(param.name == "mask" for param in call):
            within = _counted(mask)
        done = _step_by_step(scope, inner, inputs, within)
    elif isinstance(result, Value):
        done = ops.reshape(result, (batch, length, *result.shape[1:]))
    else:
        scope.fail(f"TimeDistributed wraps a layer with one output, {layer.name} has several")
    if mask is not None:
        scope.set_mask(done, _passed_on(mask, done))
    return done


def _counted(mask: Value) -> Value:
    """Truth values as ones and zeros."""
    return ops.where(mask, ops.constant(1.0), 0.0)


def _masked(scope: Scope, x: Value, mask: Value | None, shape: Shape) -> Value:
    """A tensor in another shape, and so its mask, if it has one."""
    found = ops.reshape(x, shape)
    if mask is not None:
        scope.set_mask(found, ops.reshape(mask, shape[: mask.type.rank - 1]) > 0.5)
    return found


def _passed_on(mask: Value, result: Value) -> Value:
    """The mask of the result: where axes are gone, a step counts if anything in it does."""
    gone = list(range(max(2, result.type.rank - 1), mask.type.rank))
    return ops.max(_counted(mask), gone) > 0.5 if gone else mask


def _step_by_step(
    scope: Scope, inner: LayerInstance, inputs: Value, counted: Value | None
) -> Value:
    """Each step as a batch of its own, as Keras has it."""
    batch, length = inputs.shape[:2]
    if not isinstance(length, int):
        scope.fail(
            f"{inner.name} keeps statistics of each step, but the number of steps is open",
            help="give the steps a size, or normalize outside of TimeDistributed",
        )
    results = []
    for step in range(length):
        x = ops.slice_axis(inputs, 1, step, step + 1)
        mask = None if counted is None else ops.slice_axis(counted, 1, step, step + 1)
        result = scope.call(inner, _masked(scope, x, mask, (batch, *x.shape[2:])))
        results.append(ops.expand_dims(result, 1))
    return ops.concatenate(results, 1)
