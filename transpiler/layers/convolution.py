"""Convolutions and transposed convolutions over one, two or three axes of positions."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, TypeVar

from kgen import ops
from kgen.dims import minus, plus, times
from kgen.graph import ShapeError, Value
from kgen.layers.family import layer
from kgen.layers.kinds import (
    ActivationArg,
    Bool,
    ConstraintArg,
    InitializerArg,
    PositiveInt,
    RegularizerArg,
)
from kgen.layers.registry import Bound, Scope
from kgen.layers.regularizers import regularize_activity
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import (
    AnyPadding,
    OptionalExtras,
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

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _declare(rank: int) -> None:
    """Enter Conv{rank}D and Conv{rank}DTranspose."""
    ones = each(rank, 1)

    @layer(f"Conv{rank}D", f"Convolution{rank}D")
    @ranked(rank)
    def conv(
        scope: Scope,
        x: Value,
        *,
        filters: PositiveInt,
        kernel_size: Sizes,
        strides: Sizes = ones,
        padding: AnyPadding = "valid",
        data_format: DataFormat = None,
        dilation_rate: Sizes = ones,
        groups: PositiveInt = 1,
        activation: ActivationArg = None,
        use_bias: Bool = True,
        kernel_initializer: InitializerArg = "glorot_uniform",
        bias_initializer: InitializerArg = "zeros",
        kernel_regularizer: RegularizerArg = None,
        bias_regularizer: RegularizerArg = None,
        activity_regularizer: RegularizerArg = None,
        kernel_constraint: ConstraintArg = None,
        bias_constraint: ConstraintArg = None,
    ) -> Value:
        """activation(x convolved with the kernel + bias), for each window of `kernel_size`.

        `[batch, *positions, channels]` to `[batch, *windows, filters]`; kernel `[*kernel_size,
        channels / groups, filters]`, bias `[filters]`. With `groups`, channels and filters are
        split into as many parts, each convolved by itself. "causal" padding (Conv1D) is before
        the steps alone.
        """
        x = channels_last(x, rank, data_format)
        channels = known_channels(x)
        check_groups(groups, channels, filters)
        check_steps(strides, dilation_rate)
        kernel = scope.weight(
            "kernel",
            (*kernel_size, channels // groups, filters),
            kernel_initializer,
            regularizer=kernel_regularizer,
            constraint=kernel_constraint,
        )
        y = convolved(x, kernel, groups, padding, strides, dilation_rate)
        y = biased(scope, y, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        y = activated(scope, activation, y, data_format)
        return regularize_activity(scope, activity_regularizer, y)

    @layer(f"Conv{rank}DTranspose", f"Convolution{rank}DTranspose")
    @_in_keras_order(rank)
    @ranked(rank)
    def conv_transpose(
        scope: Scope,
        x: Value,
        *,
        filters: PositiveInt,
        kernel_size: Sizes,
        strides: Sizes = ones,
        padding: Padding = "valid",
        output_padding: OptionalExtras = None,
        data_format: DataFormat = None,
        dilation_rate: Sizes = ones,
        activation: ActivationArg = None,
        use_bias: Bool = True,
        kernel_initializer: InitializerArg = "glorot_uniform",
        bias_initializer: InitializerArg = "zeros",
        kernel_regularizer: RegularizerArg = None,
        bias_regularizer: RegularizerArg = None,
        activity_regularizer: RegularizerArg = None,
        kernel_constraint: ConstraintArg = None,
        bias_constraint: ConstraintArg = None,
    ) -> Value:
        """What a convolution with these windows has for its gradient: each position is spread.

        `[batch, *positions, channels]` to `[batch, *cells, filters]`; kernel `[*kernel_size,
        filters, channels]`, bias `[filters]`. With padding "same" there are `stride` cells for
        each position, else as many as the windows cover; `output_padding` says how many beyond
        the windows.
        """
        check_steps(strides, dilation_rate)
        check_extra(output_padding, strides)
        x = channels_last(x, rank, data_format)
        kernel = scope.weight(
            "kernel",
            (*kernel_size, filters, known_channels(x)),
            kernel_initializer,
            regularizer=kernel_regularizer,
            constraint=kernel_constraint,
        )
        y = transposed(x, kernel, padding, output_padding, strides, dilation_rate)
        y = biased(scope, y, use_bias, bias_initializer, bias_regularizer, bias_constraint)
        y = activated(scope, activation, y, data_format)
        return regularize_activity(scope, activity_regularizer, y)


def _in_keras_order(rank: int) -> Callable[[_Function], _Function]:
    """Keras has `data_format` before `output_padding` in Conv3DTranspose alone."""

    def enter(function: _Function) -> _Function:
        found = signature(function)
        names = list(found.parameters)
        if rank == 3:
            names.remove("data_format")
            names.insert(names.index("output_padding"), "data_format")
        ordered = [found.parameters[name] for name in names]
        function.__signature__ = found.replace(parameters=ordered)  # type: ignore[attr-defined]
        return function

    return enter


def check_groups(groups: int, channels: int, filters: int) -> None:
    """Refuse groups that leave channels or filters over."""
    for what, size in (("channels of the input", channels), ("filters", filters)):
        if size % groups:
            raise ShapeError(
                f"the {size} {what} cannot be split into {groups} groups",
                help="groups must divide both the channels and the filters",
            )


def check_extra(extra: tuple[int, ...] | None, strides: tuple[int, ...]) -> None:
    """Cells beyond the windows of a transposed convolution are fewer than a stride, as in Keras."""
    if extra and any(more >= step for more, step in zip(extra, strides, strict=True)):
        raise ShapeError(
            f"output_padding {list(extra)} reaches the strides {list(strides)}",
            help="give each axis less output_padding than its stride, or none",
        )


def check_steps(strides: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Keras has no convolution with both strides and dilation."""
    if max(strides) > 1 and max(dilation) > 1:
        raise ShapeError(
            f"strides {list(strides)} and dilation_rate {list(dilation)} cannot be combined",
            help="leave one of them at 1",
        )


def convolved(
    x: Value,
    kernel: Value,
    groups: int,
    padding: str,
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Value:
    """A channels-last tensor convolved: each part of the channels with its part of the filters."""
    *taps, channels, filters = kernel.shape
    sizes = [tap for tap in taps if isinstance(tap, int)]
    x = padded(x, *borders(padding, x.shape[1:-1], sizes, strides, dilation))
    assert isinstance(channels, int) and isinstance(filters, int)
    if groups == 1:
        return ops.conv(x, kernel, strides, dilation)
    if channels == 1:
        spread = ops.repeat(x, [*(1,) * (x.type.rank - 1), filters // groups])
        matrix = ops.reshape(kernel, (*kernel.shape[:-2], filters))
        return ops.depthwise(spread, matrix, strides, dilation)
    last, width = x.type.rank - 1, filters // groups
    parts = [
        ops.conv(
            ops.slice_axis(x, last, group * channels, (group + 1) * channels),
            ops.slice_axis(kernel, last, group * width, (group + 1) * width),
            strides,
            dilation,
        )
        for group in range(groups)
    ]
    return ops.concatenate(parts, last)


def transposed(
    x: Value,
    kernel: Value,
    padding: str,
    extra: tuple[int, ...] | None,
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> Value:
    """The transposed convolution of a channels-last tensor with `[*taps, filters, channels]`."""
    taps = [tap for tap in kernel.shape[:-2] if isinstance(tap, int)]
    beyond = extra or (None,) * len(taps)
    margins = [
        _margins(padding, (tap - 1) * by + 1, step, own)
        for tap, step, by, own in zip(taps, strides, dilation, beyond, strict=True)
    ]
    low, positions = [], []
    for axis, (before, behind) in enumerate(margins):
        spread = plus(times(minus(x.shape[axis + 1], 1), strides[axis]), 1 + before + behind)
        reach = (taps[axis] - 1) * dilation[axis]
        low.append(reach - before)
        positions.append(minus(spread, reach))
    return ops.conv_transpose(x, ops.turn(kernel), strides, dilation, tuple(positions), low)


def biased(
    scope: Scope,
    y: Value,
    use_bias: bool,
    initializer: Bound,
    regularizer: Bound | None,
    constraint: Bound | None,
) -> Value:
    """y plus a bias for each channel, if there is one."""
    if not use_bias:
        return y
    size = known_channels(y)
    return y + scope.weight(
        "bias", (size,), initializer, regularizer=regularizer, constraint=constraint
    )


def _margins(padding: str, reach: int, step: int, extra: int | None) -> tuple[int, int]:
    """The cells before and behind the spread out positions of a transposed convolution.

    Keras's rules: "valid" gives `(n - 1) * step + max(reach, step)` cells, or `reach + extra`;
    "same" gives `n * step`, or `(n - 1) * step + reach % 2 + extra`.
    """
    if padding == "valid":
        behind = max(reach, step) - reach if extra is None else extra
        return reach - 1, reach - 1 + behind
    total = step + reach - 2 if extra is None else reach + reach % 2 - 2 + extra
    low = min(total - total // 2, reach - 1)
    return low, total - low


for _rank in (1, 2, 3):
    _declare(_rank)
