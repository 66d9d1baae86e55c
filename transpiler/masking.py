"""Masks: which steps of a sequence count. They travel beside tensors, from layer to layer.

A mask holds truth values `[batch, time]`. Layers that read masks declare `mask` in their call
and get that of their input; layers that treat every step alike pass it on, those that merge
tensors merge their masks. Any other layer would lose it, and is refused. As in Keras, tensor
functions and operators give tensors without a mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from kgen import ops
from kgen.diagnostics import Span, fail
from kgen.graph import Value
from kgen.layers.registry import Definition
from kgen.run import Run
from kgen.values import Layer

# Layers that treat every step alike, as Keras 3 has them.
_PASSING = """
    Activation ActivityRegularization AlphaDropout BatchNormalization Dense Dropout ELU
    GaussianDropout GaussianNoise GroupNormalization Identity LayerNormalization LeakyReLU
    Normalization PReLU ReLU Rescaling Softmax UnitNormalization
"""
PASSING = frozenset(_PASSING.split())
MERGING = frozenset(["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"])
# Layers whose result has no steps any more.
ENDING = frozenset(["Dot"])

Masks = list[Value | None]


def incoming(run: Run, definition: Definition, inputs: Any, call: dict[str, Any]) -> Masks:
    """The masks of what a layer is applied to; they fill the `mask` of its call."""
    tensors = inputs if isinstance(inputs, list) else [inputs]
    masks: Masks = [run.masks.get(tensor) for tensor in tensors]
    names = [param.name for param in definition.call]
    if "mask" in names:
        if call.get("mask") is None and isinstance(inputs, Value):
            call["mask"] = masks[0]
        elif isinstance(given := call["mask"], Value):
            call["mask"] = given if given.dtype == "bool" else ops.not_equal(given, 0.0)
    for name in names:
        value = call.get(name.removesuffix("_mask"))
        if name.endswith("_mask") and call[name] is None and isinstance(value, Value):
            call[name] = run.masks.get(value)
    return masks


def outgoing(
    run: Run,
    layer: Layer,
    masks: Masks,
    inputs: Sequence[Value],
    results: Sequence[Value],
    span: Span,
) -> None:
    """Give a layer's results their masks, where the layer has not.

    Raises:
        KgenError: the layer cannot carry the mask it is given.
    """
    if all(mask is None for mask in masks) or any(value in run.masks for value in results):
        return
    kind, definition = layer.kind, layer.bound.definition
    if kind in PASSING and masks[0] is not None:
        run.masks[results[0]] = masks[0]
    elif kind in ENDING or any(param.name == "mask" for param in definition.call):
        return
    elif kind in MERGING:
        if all(mask is not None for mask in masks):
            run.masks[results[0]] = _either(masks)
    elif kind == "Concatenate":
        run.masks[results[0]] = _joined(layer, masks, inputs, span)
    else:
        fail(
            "K0406",
            f"{kind} cannot carry the mask of its input",
            span,
            help="end the mask before it: a recurrent layer or GlobalAveragePooling1D() reads it, "
            "and a tensor function, such as x * 1.0, leaves it behind",
        )


def _either(masks: Masks) -> Value:
    return reduce(ops.logical_or, [mask for mask in masks if mask is not None])


def _joined(layer: Layer, masks: Masks, inputs: Sequence[Value], span: Span) -> Value:
    """Steps joined one after another keep their masks; joined features count if any does."""
    rank = inputs[0].type.rank
    axis: int = layer.bound.arguments["axis"] % rank
    full = [
        ops.equal(ops.broadcast_to(ops.constant(1.0), value.shape[:2]), 1.0)
        if mask is None
        else mask
        for mask, value in zip(masks, inputs, strict=True)
    ]
    if axis == rank - 1 and rank == 3:
        return _either(list(full))
    if axis == 1 and rank == 3:
        numbers = [ops.where(mask, ops.constant(1.0), 0.0) for mask in full]
        return ops.concatenate(numbers, 1) > 0.5
    fail(
        "K0406",
        f"masks cannot be joined along axis {axis} of {inputs[0].type}",
        span,
        help="join along the steps (axis=1) or the features (axis=-1) of [batch, time, features]",
    )
