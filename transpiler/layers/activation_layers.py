"""The activations that are layers."""

from __future__ import annotations

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers import activations
from kgen.layers.activations import in_range, softmax_over
from kgen.layers.family import layer
from kgen.layers.function_kinds import cast
from kgen.layers.kinds import (
    Axes,
    ConstraintArg,
    Float,
    InitializerArg,
    NonNegativeFloat,
    OptionalAxes,
    OptionalNonNegative,
    OptionalT,
    RegularizerArg,
)
from kgen.layers.registry import Scope, member
from kgen.layers.regularizers import regularize_activity


@layer("ReLU")
def relu(
    x: Value,
    *,
    max_value: OptionalNonNegative = None,
    negative_slope: NonNegativeFloat = 0.0,
    threshold: NonNegativeFloat = 0.0,
) -> Value:
    """relu with a ceiling, a slope below the threshold, and the threshold."""
    return activations.relu(x, negative_slope, max_value, threshold)


@layer("LeakyReLU")
def leaky_relu(x: Value, *, negative_slope: NonNegativeFloat = 0.3) -> Value:
    """x where positive, else negative_slope * x."""
    return activations.leaky_relu(x, negative_slope)


@layer("ELU")
def elu(x: Value, *, alpha: Float = 1.0) -> Value:
    """x where positive, else alpha * (exp(x) - 1)."""
    return activations.elu(x, alpha)


@layer("PReLU")
def prelu(
    scope: Scope,
    x: Value,
    *,
    alpha_initializer: InitializerArg = "Zeros",
    alpha_regularizer: RegularizerArg = None,
    alpha_constraint: ConstraintArg = None,
    shared_axes: OptionalAxes = None,
) -> Value:
    """x where positive, else alpha * x; alpha is learned for each element of a sample.

    Along `shared_axes`, which count from 1, it has size one.
    """
    given = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or ())
    shared = {in_range(x, axis) for axis in given}
    shape = [1 if a in shared else size for a, size in enumerate(x.shape)][1:]
    sizes = tuple(size for size in shape if isinstance(size, int))
    if 0 in shared or len(sizes) < len(shape):
        raise ShapeError(
            f"PReLU has a slope for each element of {x.type}, whose size must be known",
            help="share an open axis: PReLU(shared_axes=[1])",
        )
    alpha = scope.weight(
        "alpha",
        sizes,
        alpha_initializer,
        regularizer=alpha_regularizer,
        constraint=alpha_constraint,
    )
    return ops.relu(x) - alpha * ops.relu(-x)


@layer("Softmax")
def softmax(x: Value, mask: OptionalT = None, *, axis: Axes = -1) -> Value:
    """softmax along an axis, or along several taken together, over what a mask leaves.

    The mask is true, or above 1/2, where elements stay; it broadcasts to x. The others are 0.
    """
    axes = tuple(sorted({in_range(x, a) for a in ([axis] if isinstance(axis, int) else axis)}))
    if mask is None:
        return softmax_over(x, axes)
    if mask.type.rank > x.type.rank:
        raise ShapeError(f"the mask {mask.type} has more axes than {x.type}")
    kept = mask if mask.dtype == "bool" else mask > 0.5
    y = softmax_over(ops.where(cast(kept, "bool"), x, -(2.0**127)), axes)
    return ops.where(cast(kept, "bool"), y, 0.0)


@layer("ActivityRegularization")
def activity_regularization(
    scope: Scope, x: Value, *, l1: NonNegativeFloat = 0.0, l2: NonNegativeFloat = 0.0
) -> Value:
    """The input; the loss grows by l1 * sum(|x|) + l2 * sum(x^2) for each sample."""
    return regularize_activity(scope, member("regularizer", "L1L2", l1=l1, l2=l2), x)
