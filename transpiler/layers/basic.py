"""Dense, Activation, Identity and the activations that are layers."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.activations import activate
from kgen.layers.family import layer
from kgen.layers.kinds import (
    ActivationArg,
    Bool,
    ConstraintArg,
    InitializerArg,
    OnlyNone,
    PositiveInt,
    RegularizerArg,
)
from kgen.layers.registry import Scope
from kgen.layers.regularizers import regularize_activity


@layer("Dense")
def dense(
    scope: Scope,
    x: Value,
    *,
    units: PositiveInt,
    activation: ActivationArg = None,
    use_bias: Bool = True,
    kernel_initializer: InitializerArg = "glorot_uniform",
    bias_initializer: InitializerArg = "zeros",
    kernel_regularizer: RegularizerArg = None,
    bias_regularizer: RegularizerArg = None,
    activity_regularizer: RegularizerArg = None,
    kernel_constraint: ConstraintArg = None,
    bias_constraint: ConstraintArg = None,
    lora_rank: OnlyNone = None,
    lora_alpha: OnlyNone = None,
    quantization_config: OnlyNone = None,
) -> Value:
    """activation(x . kernel + bias) along the last axis.

    `[batch, ..., n]` to `[batch, ..., units]`; kernel `[n, units]`, bias `[units]`.
    """
    if x.type.rank < 2:
        scope.fail(f"Dense needs at least one axis besides the batch, found {x.type}")
    size = x.shape[-1]
    if not isinstance(size, int):
        scope.fail(
            f"Dense needs a last axis of known size, found {x.type}",
            help=f"give {size} a size in the input's declaration",
        )
    kernel = scope.weight(
        "kernel",
        (size, units),
        kernel_initializer,
        regularizer=kernel_regularizer,
        constraint=kernel_constraint,
    )
    y = ops.dot(ops.as_float(x), kernel, contract=((x.type.rank - 1,), (0,)))
    if use_bias:
        y = y + scope.weight(
            "bias",
            (units,),
            bias_initializer,
            regularizer=bias_regularizer,
            constraint=bias_constraint,
        )
    return regularize_activity(scope, activity_regularizer, activate(scope, activation, y))


@layer("Activation")
def activation_layer(
    scope: Scope,
    x: Value,
    *,
    activation: ActivationArg,
    activity_regularizer: RegularizerArg = None,
) -> Value:
    """An activation as a layer of its own; the shape stays."""
    return regularize_activity(scope, activity_regularizer, activate(scope, activation, x))


@layer("Identity")
def identity(x: Value) -> Value:
    """The input."""
    return x
