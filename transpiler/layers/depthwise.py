"""Depthwise and separable convolutions."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.convolution import biased
from kgen.layers.family import layer
from kgen.layers.kinds import (
    ActivationArg,
    Bool,
    ConstraintArg,
    InitializerArg,
    PositiveInt,
    RegularizerArg,
)
from kgen.layers.registry import Scope
from kgen.layers.regularizers import regularize_activity
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import (
    Padding,
    Sizes,
    activated,
    borders,
    channels_last,
    each,
    known_channels,
    padded,
    ranked,
)


def _declare(rank: int) -> None:
    """Enter DepthwiseConv{rank}D and SeparableConv{rank}D."""
    ones = each(rank, 1)

    @layer(f"DepthwiseConv{rank}D")
    @ranked(rank)
    def depthwise_conv(
        scope: Scope,
        x: Value,
        *,
        kernel_size: Sizes,
        strides: Sizes = ones,
        padding: Padding = "valid",
        depth_multiplier: PositiveInt = 1,
        data_format: DataFormat = None,
        dilation_rate: Sizes = ones,
        activation: ActivationArg = None,
        use_bias: Bool = True,
        depthwise_initializer: InitializerArg = "glorot_uniform",
        bias_initializer: InitializerArg = "zeros",
        depthwise_regularizer: RegularizerArg = None,
        bias_regularizer: RegularizerArg = None,
        activity_regularizer: RegularizerArg = None,
        depthwise_constraint: ConstraintArg = None,
        bias_constraint: ConstraintArg = None,
    ) -> Value:
        """activation(each channel convolved by itself + bias).

        `[batch, *positions, channels]` to `[batch, *windows, channels * depth_multiplier]`;
        kernel `[*kernel_size, channels, depth_multiplier]`.
        """
        x = channels_last(x, rank, data_format)
        kernel = scope.weight(
            "kernel",
            (*kernel_size, known_channels(x), depth_multiplier),
            depthwise_initializer,
            regularizer=depthwise_regularizer,
            constraint=depthwise_constraint,
        )
        y = depthwise_convolved(x, kernel, padding, strides, dilation_rate)
        y = biased(scope, y, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        y = activated(scope, activation, y, data_format)
        return regularize_activity(scope, activity_regularizer, y)

    @layer(f"SeparableConv{rank}D", f"SeparableConvolution{rank}D")
    @ranked(rank)
    def separable_conv(
        scope: Scope,
        x: Value,
        *,
        filters: PositiveInt,
        kernel_size: Sizes,
        strides: Sizes = ones,
        padding: Padding = "valid",
        data_format: DataFormat = None,
        dilation_rate: Sizes = ones,
        depth_multiplier: PositiveInt = 1,
        activation: ActivationArg = None,
        use_bias: Bool = True,
        depthwise_initializer: InitializerArg = "glorot_uniform",
        pointwise_initializer: InitializerArg = "glorot_uniform",
        bias_initializer: InitializerArg = "zeros",
        depthwise_regularizer: RegularizerArg = None,
        pointwise_regularizer: RegularizerArg = None,
        bias_regularizer: RegularizerArg = None,
        activity_regularizer: RegularizerArg = None,
        depthwise_constraint: ConstraintArg = None,
        pointwise_constraint: ConstraintArg = None,
        bias_constraint: ConstraintArg = None,
    ) -> Value:
        """activation(a depthwise convolution, its channels then mixed at each position + bias).

        `[batch, *positions, channels]` to `[batch, *windows, filters]`; depthwise kernel
        `[*kernel_size, channels, depth_multiplier]`, pointwise kernel
        `[1, ..., channels * depth_multiplier, filters]`.
        """
        x = channels_last(x, rank, data_format)
        channels = known_channels(x)
        depthwise_kernel = scope.weight(
            "depthwise_kernel",
            (*kernel_size, channels, depth_multiplier),
            depthwise_initializer,
            regularizer=depthwise_regularizer,
            constraint=depthwise_constraint,
        )
        pointwise_kernel = scope.weight(
            "pointwise_kernel",
            (*(1,) * rank, channels * depth_multiplier, filters),
            pointwise_initializer,
            regularizer=pointwise_regularizer,
            constraint=pointwise_constraint,
        )
        y = depthwise_convolved(x, depthwise_kernel, padding, strides, dilation_rate)
        y = ops.conv(y, pointwise_kernel, (1,) * rank, (1,) * rank)
        y = biased(scope, y, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        y = activated(scope, activation, y, data_format)
        return regularize_activity(scope, activity_regularizer, y)


def depthwise_convolved(
    x: Value,
    kernel: Value,
    padding: str,
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Value:
    """Channel c with the kernel's `[..., c, :]`: its results stand side by side."""
    *taps, channels, multiplier = kernel.shape
    assert isinstance(channels, int) and isinstance(multiplier, int)
    sizes = [tap for tap in taps if isinstance(tap, int)]
    x = padded(x, *borders(padding, x.shape[1:-1], sizes, strides, dilation))
    spread = ops.repeat(x, [*(1,) * (x.type.rank - 1), multiplier])
    matrix = ops.reshape(kernel, (*taps, channels * multiplier))
    return ops.depthwise(spread, matrix, strides, dilation)


for _rank in (1, 2):
    _declare(_rank)
