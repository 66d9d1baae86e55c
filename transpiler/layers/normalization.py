"""Layers that normalize: BatchNormalization, LayerNormalization and their kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.activations import in_range
from kgen.layers.family import layer
from kgen.layers.kinds import (
    Axes,
    Bool,
    ConstraintArg,
    Fraction,
    InitializerArg,
    Int,
    NonNegativeFloat,
    OnlyFalse,
    OptionalT,
    RegularizerArg,
)
from kgen.layers.merging import unit
from kgen.layers.registry import Bound, Scope, member
from kgen.layers.renormalization import Clipping, Renormalization

# What Keras adds to the number of steps that count.
_EPSILON = 1e-7


def _axes(x: Value, axis: int | Sequence[int]) -> tuple[int, ...]:
    given = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted({in_range(x, one) for one in given}))


class _Scale:
    """Makes weights of a layer that have the sizes of some axes, spread over x's rank."""

    def __init__(self, scope: Scope, x: Value, axes: tuple[int, ...]) -> None:
        self.scope = scope
        sizes = [x.shape[axis] for axis in axes]
        self.shape = tuple(size for size in sizes if isinstance(size, int))
        if len(self.shape) != len(sizes):
            raise ShapeError(f"axes {axes} of {x.type} must have known sizes")
        self.spread = tuple(size if axis in axes else 1 for axis, size in enumerate(x.shape))

    def weight(
        self,
        name: str,
        initializer: Bound,
        regularizer: Bound | None = None,
        constraint: Bound | None = None,
        trainable: bool = True,
    ) -> Value:
        return self.scope.weight(
            name,
            self.shape,
            initializer,
            regularizer=regularizer,
            constraint=constraint,
            trainable=trainable,
        )

    def broadcast(self, weight: Value) -> Value:
        """Trailing axes need no spreading."""
        if self.spread[-len(self.shape) :] == self.shape:
            return weight
        return ops.reshape(weight, self.spread)


@layer("BatchNormalization")
def batch_normalization(
    scope: Scope,
    x: Value,
    mask: OptionalT = None,
    *,
    axis: Int = -1,
    momentum: Fraction = 0.99,
    epsilon: NonNegativeFloat = 1e-3,
    center: Bool = True,
    scale: Bool = True,
    beta_initializer: InitializerArg = "zeros",
    gamma_initializer: InitializerArg = "ones",
    moving_mean_initializer: InitializerArg = "zeros",
    moving_variance_initializer: InitializerArg = "ones",
    beta_regularizer: RegularizerArg = None,
    gamma_regularizer: RegularizerArg = None,
    beta_constraint: ConstraintArg = None,
    gamma_constraint: ConstraintArg = None,
    renorm: Bool = False,
    renorm_clipping: Clipping = None,
    renorm_momentum: Fraction = 0.99,
    synchronized: OnlyFalse = False,
    trainable: Bool = True,
) -> Value:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, for each index of an axis.

    In training the statistics are the batch's, and the moving ones follow them:
    moving * momentum + batch * (1 - momentum). Otherwise, and when not trainable,
    they are the moving ones. Steps that a mask leaves out are not part of the statistics.
    `renorm` corrects the batch's towards what they have been (batch renormalization; Ioffe, 2017).
    """
    x = ops.as_float(x)
    (kept,) = _axes(x, axis)
    if mask is not None and mask.shape != x.shape[:-1]:
        scope.fail(
            f"BatchNormalization of {x.type} has a mask {mask.type}",
            help="a mask has a truth value for each place of all axes but the last",
        )
    sizes = _Scale(scope, x, (kept,))
    gamma = beta = None
    if scale:
        gamma = sizes.weight("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
    if center:
        beta = sizes.weight("beta", beta_initializer, beta_regularizer, beta_constraint)
    moving_mean = sizes.weight("moving_mean", moving_mean_initializer, trainable=False)
    moving_variance = sizes.weight("moving_variance", moving_variance_initializer, trainable=False)
    renormalized = None
    if renorm:
        renormalized = Renormalization(
            sizes,
            moving_mean_initializer,
            moving_variance_initializer,
            renorm_clipping,
            renorm_momentum,
            epsilon,
        )
    if not (scope.training and trainable):
        factor = ops.rsqrt(moving_variance + epsilon)
        factor = factor if gamma is None else factor * gamma
        shift = -moving_mean * factor if beta is None else beta - moving_mean * factor
        return x * sizes.broadcast(factor) + sizes.broadcast(shift)
    others = [a for a in range(x.type.rank) if a != kept]
    if mask is None and not renorm:
        mean, variance = (ops.reshape(v, sizes.shape) for v in _moments(x, others))
        scope.assign(moving_mean, moving_mean * momentum + mean * (1.0 - momentum))
        scope.assign(moving_variance, moving_variance * momentum + variance * (1.0 - momentum))
        ones = ops.broadcast_to(ops.constant(1.0), sizes.shape)
        spread = ops.reshape(ones if gamma is None else gamma, sizes.spread)
        y = ops.standardize(x, spread, others, epsilon)
        return y if beta is None else y + sizes.broadcast(beta)
    average = partial(ops.mean, axis=others) if mask is None else _masked_mean(x, mask, others)
    mean = average(x)
    centred = x - sizes.broadcast(mean)
    variance = average(ops.square(centred))
    scope.assign(moving_mean, moving_mean * momentum + mean * (1.0 - momentum))
    factor = ops.rsqrt(variance + epsilon)
    if renormalized is None:
        moved = moving_variance * momentum + variance * (1.0 - momentum)
    else:
        r, d = renormalized.corrections(mean, variance)
        moved = renormalized.follow(mean, variance, momentum)
        factor = factor * r
        d = d if gamma is None else d * gamma
        beta = d if beta is None else beta + d
    scope.assign(moving_variance, moved)
    y = centred * sizes.broadcast(factor if gamma is None else factor * gamma)
    return y if beta is None else y + sizes.broadcast(beta)


def _moments(x: Value, axes: Sequence[int]) -> tuple[Value, Value]:
    """Mean and variance over some axes, written as `ops.standardize` does."""
    mean = ops.mean(x, axes, keepdims=True)
    return mean, ops.mean(ops.square(x - mean), axes, keepdims=True)


def _masked_mean(x: Value, mask: Value, axes: Sequence[int]) -> Callable[[Value], Value]:
    """The mean over some axes of what the mask leaves of a tensor like x."""
    kept = ops.broadcast_to(ops.expand_dims(mask, -1), x.shape)
    count = ops.sum(ops.where(kept, ops.constant(1.0), 0.0), axes)
    return lambda value: ops.sum(ops.where(kept, value, 0.0), axes) / (count + _EPSILON)


@layer("LayerNormalization")
def layer_normalization(
    scope: Scope,
    x: Value,
    *,
    axis: Axes = -1,
    epsilon: NonNegativeFloat = 1e-3,
    center: Bool = True,
    scale: Bool = True,
    beta_initializer: InitializerArg = "zeros",
    gamma_initializer: InitializerArg = "ones",
    beta_regularizer: RegularizerArg = None,
    gamma_regularizer: RegularizerArg = None,
    beta_constraint: ConstraintArg = None,
    gamma_constraint: ConstraintArg = None,
    rms_scaling: Bool = False,
) -> Value:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over some axes.

    `rms_scaling`, as in Keras, leaves out the mean and beta but divides by the
    standard deviation all the same.
    """
    x, axes = ops.as_float(x), _axes(x, axis)
    sizes = _Scale(scope, x, axes)
    gamma = beta = None
    if scale or rms_scaling:
        gamma = sizes.weight("gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
    if center and not rms_scaling:
        beta = sizes.weight("beta", beta_initializer, beta_regularizer, beta_constraint)
    centred = x - ops.mean(x, axes, keepdims=True)
    variance = ops.mean(ops.square(centred), axes, keepdims=True)
    y = (x if rms_scaling else centred) * ops.rsqrt(variance + epsilon)
    y = y if gamma is None else y * sizes.broadcast(gamma)
    return y if beta is None else y + sizes.broadcast(beta)


@layer("RMSNormalization")
def rms_normalization(
    scope: Scope, x: Value, *, axis: Axes = -1, epsilon: NonNegativeFloat = 1e-6
) -> Value:
    """scale * x / sqrt(mean(x^2) + epsilon), the mean over some axes."""
    x, axes = ops.as_float(x), _axes(x, axis)
    sizes = _Scale(scope, x, axes)
    weight = sizes.weight("scale", member("initializer", "Ones"))
    y = x * ops.rsqrt(ops.mean(ops.square(x), axes, keepdims=True) + epsilon)
    return y * sizes.broadcast(weight)


@layer("UnitNormalization")
def unit_normalization(x: Value, *, axis: Axes = -1) -> Value:
    """x over its Euclidean norm along some axes."""
    return unit(ops.as_float(x), _axes(x, axis), 1e-12)
