"""Keras 3.15's activations, each made of primitive operations."""

from __future__ import annotations

from typing import cast

from kgen import ops
from kgen.graph import Operand, ShapeError, Value
from kgen.layers.family import activation
from kgen.layers.kinds import Bool, Float, Int, NonNegativeFloat, OptionalFloat, PositiveFloat, T
from kgen.layers.registry import Bound, Scope

_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


def activate(scope: Scope, bound: Bound | None, x: Value) -> Value:
    """Apply an activation, or a layer that stands for one; None leaves `x` as it is."""
    if bound is None:
        return x
    return cast(Value, bound.definition.apply(scope, x, **bound.arguments))


def clip(x: Value, low: Operand, high: Operand) -> Value:
    """x held between two bounds."""
    return ops.minimum(ops.maximum(x, low), high)


@activation("linear")
def linear(x: T) -> Value:
    """x."""
    return x


@activation("relu")
def relu(
    x: T,
    negative_slope: Float = 0.0,
    max_value: OptionalFloat = None,
    threshold: Float = 0.0,
) -> Value:
    """max(x, 0); or x held at `max_value` above, `negative_slope * (x - threshold)` below."""
    positive = ops.relu(x) if threshold == 0.0 else ops.where(x > threshold, x, 0.0)
    if max_value is not None:
        positive = clip(positive, 0.0, max_value)
    if negative_slope == 0.0:
        return positive
    return positive - negative_slope * ops.relu(threshold - x)


@activation("relu6")
def relu6(x: T) -> Value:
    """min(max(x, 0), 6)."""
    return ops.minimum(ops.relu(x), 6.0)


@activation("leaky_relu")
def leaky_relu(x: T, negative_slope: Float = 0.2) -> Value:
    """x where positive, else negative_slope * x."""
    return ops.where(x >= 0.0, x, negative_slope * x)


@activation("elu")
def elu(x: T, alpha: Float = 1.0) -> Value:
    """x where positive, else alpha * (exp(x) - 1)."""
    return ops.where(x > 0.0, x, alpha * _expm1_below(x))


@activation("selu")
def selu(x: T) -> Value:
    """scale * elu(x, alpha), with the fixed point at mean 0 and variance 1."""
    return _SELU_SCALE * elu(x, _SELU_ALPHA)


@activation("celu")
def celu(x: T, alpha: PositiveFloat = 1.0) -> Value:
    """max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1)."""
    return ops.where(x > 0.0, x, alpha * _expm1_below(x / alpha))


def _expm1_below(x: Value) -> Value:
    """exp(x) - 1 where x is negative; never overflows, so that its derivative is finite."""
    return ops.expm1(ops.minimum(x, 0.0))


@activation("gelu", as_function=False)
def gelu(x: T, approximate: Bool = False) -> Value:
    """x * P(X <= x) for a standard normal X; `approximate` puts tanh for erf."""
    if approximate:
        inner = 0.7978845608028654 * (x + 0.044715 * (x * ops.square(x)))
        return 0.5 * x * (1.0 + ops.tanh(inner))
    return ops.normal_gate(x)


@activation("silu", "swish")
def silu(x: T) -> Value:
    """x * sigmoid(x)."""
    return x * ops.sigmoid(x)


@activation("mish")
def mish(x: T) -> Value:
    """x * tanh(softplus(x))."""
    return x * ops.tanh(ops.softplus(x))


@activation("softplus")
def softplus(x: T) -> Value:
    """log(1 + exp(x))."""
    return ops.softplus(x)


@activation("softsign")
def softsign(x: T) -> Value:
    """x / (1 + |x|)."""
    return x / (1.0 + ops.absolute(x))


@activation("softmax")
def softmax(x: T, axis: Int = -1) -> Value:
    """exp(x) over its sum along an axis."""
    return ops.softmax(x, in_range(x, axis))


def softmax_over(x: Value, axes: tuple[int, ...]) -> Value:
    """exp(x) over its sum along several axes taken together."""
    if len(axes) == 1:
        return ops.softmax(x, axes[0])
    rank = x.type.rank
    rest = [axis for axis in range(rank) if axis not in axes]
    moved = ops.transpose(x, [*rest, *axes])
    size = 1
    for axis in axes:
        own = x.shape[axis]
        if not isinstance(own, int):
            raise ShapeError(f"softmax over several axes needs their sizes, found {x.type}")
        size *= own
    flat = ops.reshape(moved, (*(x.shape[axis] for axis in rest), size))
    y = ops.reshape(ops.softmax(flat), moved.shape)
    order = [*rest, *axes]
    return ops.transpose(y, [order.index(axis) for axis in range(rank)])


@activation("log_softmax")
def log_softmax(x: T, axis: Int = -1) -> Value:
    """x less the logarithm of the sum of exp(x) along an axis."""
    return ops.log_softmax(x, in_range(x, axis))


def in_range(x: Value, axis: int) -> int:
    """The axis, counted from the front."""
    if not -x.type.rank <= axis < x.type.rank:
        raise ShapeError(f"axis {axis} is out of range for {x.type}")
    return axis % x.type.rank


@activation("sigmoid")
def sigmoid(x: T) -> Value:
    """1 / (1 + exp(-x))."""
    return ops.sigmoid(x)


@activation("log_sigmoid")
def log_sigmoid(x: T) -> Value:
    """log(sigmoid(x)), without overflow."""
    return -ops.softplus(-x)


@activation("hard_sigmoid")
def hard_sigmoid(x: T) -> Value:
    """relu6(x + 3) / 6."""
    return relu6(x + 3.0) / 6.0


@activation("hard_silu", "hard_swish")
def hard_silu(x: T) -> Value:
    """x * hard_sigmoid(x)."""
    return x * hard_sigmoid(x)


@activation("tanh")
def tanh(x: T) -> Value:
    """The hyperbolic tangent."""
    return ops.tanh(x)


@activation("tanh_shrink")
def tanh_shrink(x: T) -> Value:
    """x - tanh(x)."""
    return x - ops.tanh(x)


@activation("hard_tanh")
def hard_tanh(x: T) -> Value:
    """x held between -1 and 1."""
    return clip(x, -1.0, 1.0)


@activation("hard_shrink")
def hard_shrink(x: T, threshold: NonNegativeFloat = 0.5) -> Value:
    """x where |x| exceeds the threshold, else 0."""
    return ops.where(ops.absolute(x) > threshold, x, 0.0)


@activation("soft_shrink")
def soft_shrink(x: T, threshold: NonNegativeFloat = 0.5) -> Value:
    """x brought nearer to 0 by the threshold, 0 within it."""
    return ops.where(x > threshold, x - threshold, ops.where(x < -threshold, x + threshold, 0.0))


@activation("threshold")
def threshold(x: T, threshold: Float, default_value: Float) -> Value:
    """x where it exceeds the threshold, else the default."""
    return ops.where(x > threshold, x, default_value)


@activation("squareplus")
def squareplus(x: T, b: NonNegativeFloat = 4.0) -> Value:
    """(x + sqrt(x^2 + b)) / 2."""
    return (x + ops.sqrt(ops.square(x) + b)) / 2.0


@activation("sparse_plus")
def sparse_plus(x: T) -> Value:
    """0 below -1, (x + 1)^2 / 4 up to 1, x above."""
    middle = ops.square(x + 1.0) / 4.0
    return ops.where(x <= -1.0, 0.0, ops.where(x < 1.0, middle, x))


@activation("sparse_sigmoid")
def sparse_sigmoid(x: T) -> Value:
    """0 below -1, (x + 1) / 2 up to 1, 1 above."""
    return ops.where(x <= -1.0, 0.0, ops.where(x >= 1.0, 1.0, 0.5 * (x + 1.0)))


@activation("sparsemax")
def sparsemax(x: T, axis: Int = -1) -> Value:
    """max(x - t, 0), t being such that the sum along an axis is 1.

    The support is those x_i for which 1 + r_i x_i > s_i, r_i and s_i being the
    number and sum of the elements not less than x_i (Martins and Astudillo, 2016,
    equation 5). Comparing every pair needs no sorting. Keras 3.15 adds up the partial
    sums of the support instead of taking the last, so that its result agrees with its
    own definition only where the support is a single element; this follows the definition.
    """
    axis = in_range(x, axis)
    z = ops.moveaxis(x - ops.stop_gradient(ops.max(x, axis, keepdims=True)), axis, -1)
    others = ops.expand_dims(z, -2)
    above = ops.as_float(others >= ops.expand_dims(z, -1))
    support = ops.as_float(1.0 + ops.sum(above, -1) * z > ops.sum(above * others, -1))
    total = ops.sum(support * z, -1, keepdims=True)
    bound = (total - 1.0) / ops.sum(support, -1, keepdims=True)
    return ops.moveaxis(ops.relu(z - bound), -1, axis)


@activation("exponential")
def exponential(x: T) -> Value:
    """e to the x."""
    return ops.exp(x)


@activation("glu")
def glu(x: T, axis: Int = -1) -> Value:
    """The first half along an axis times the sigmoid of the second."""
    axis = in_range(x, axis)
    size = x.shape[axis]
    if not isinstance(size, int) or size % 2:
        raise ShapeError(
            f"glu splits axis {axis} of {x.type} in two",
            help=f"its size must be even, found {size}",
        )
    first = ops.slice_axis(x, axis, 0, size // 2)
    return first * ops.sigmoid(ops.slice_axis(x, axis, size // 2, size))
