"""GroupNormalization: statistics of each sample over groups of channels."""

from __future__ import annotations

from kgen import ops
from kgen.graph import ShapeError, Size, Value
from kgen.layers.activations import in_range
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Bool,
    ConstraintArg,
    InitializerArg,
    Int,
    NonNegativeFloat,
    RegularizerArg,
)
from kgen.layers.registry import Scope


@layer("GroupNormalization")
def group_normalization(
    scope: Scope,
    x: Value,
    *,
    groups: Int = 32,
    axis: Int = -1,
    epsilon: NonNegativeFloat = 1e-3,
    center: Bool = True,
    scale: Bool = True,
    beta_initializer: InitializerArg = "zeros",
    gamma_initializer: InitializerArg = "ones",
    beta_regularizer: RegularizerArg = None,
    gamma_regularizer: RegularizerArg = None,
    beta_constraint: ConstraintArg = None,
    gamma_constraint: ConstraintArg = None,
) -> Value:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over each group of channels.

    The axis is split into so many groups, -1 for a channel each; gamma and beta `[channels]`.
    """
    x = ops.as_float(x)
    place = in_range(x, axis)
    channels = x.shape[place]
    if place == 0 or not isinstance(channels, int):
        raise ShapeError(f"axis {axis} of {x.type} is no axis of channels")
    count = channels if groups == -1 else groups
    if count < 1 or channels % count:
        raise ShapeError(
            f"{channels} channels cannot be split into {groups} equal groups",
            help=f"groups must divide {channels}, or be -1 for a group each",
        )
    gamma = beta = None
    if scale:
        gamma = scope.weight(
            "gamma",
            (channels,),
            gamma_initializer,
            regularizer=gamma_regularizer,
            constraint=gamma_constraint,
        )
    if center:
        beta = scope.weight(
            "beta",
            (channels,),
            beta_initializer,
            regularizer=beta_regularizer,
            constraint=beta_constraint,
        )
    apart = ops.reshape(x, (*x.shape[:place], count, channels // count, *x.shape[place + 1 :]))
    axes = [a for a in range(1, apart.type.rank) if a != place]
    centred = apart - ops.mean(apart, axes, keepdims=True)
    variance = ops.mean(ops.square(centred), axes, keepdims=True)
    y = ops.reshape(centred * ops.rsqrt(variance + epsilon), x.shape)
    spread: tuple[Size, ...] = tuple(channels if a == place else 1 for a in range(x.type.rank))
    y = y if gamma is None else y * ops.reshape(gamma, spread[place:])
    return y if beta is None else y + ops.reshape(beta, spread[place:])
