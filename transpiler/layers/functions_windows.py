"""Tensor functions over windows: convolutions, pooling, and pooling that keeps its places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.adaptive_pooling import adaptive
from kgen.layers.convolution import check_groups, convolved, transposed
from kgen.layers.depthwise import depthwise_convolved
from kgen.layers.family import function
from kgen.layers.kinds import Maybe, T
from kgen.layers.pooling import pooled
from kgen.layers.registry import Kind
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import CausalPadding, Padding, as_given, borders, channels_last


@dataclass(frozen=True)
class AnyExtents(Kind):
    """An integer of at least `low`, or one for each axis of positions."""

    low: int = 1

    def check(self, value: Any) -> tuple[int, ...] | int:
        found = value if isinstance(value, list | tuple) else (value,)
        whole = all(isinstance(n, int) and not isinstance(n, bool) for n in found)
        if not whole or min(found, default=0) < self.low:
            self.refuse(value)
        return tuple(found) if isinstance(value, list | tuple) else value


_WANTS = "a positive integer, or one for each axis"
Window: TypeAlias = Annotated[Any, AnyExtents(_WANTS)]
OptionalWindow: TypeAlias = Annotated[Any, Maybe(f"{_WANTS}, or None", AnyExtents(_WANTS))]
_EXTRA = "an integer not below 0, or one for each axis"
OptionalExtra: TypeAlias = Annotated[Any, Maybe(f"{_EXTRA}, or None", AnyExtents(_EXTRA, low=0))]


def _rank(x: Value) -> int:
    """The number of axes of positions."""
    rank = x.type.rank - 2
    if not 1 <= rank <= 3:
        raise ShapeError(f"a tensor with one to three axes of positions is needed, found {x.type}")
    return rank


def _sizes(value: Any, rank: int) -> tuple[int, ...]:
    found = value if isinstance(value, tuple) else (value,) * rank
    if len(found) != rank:
        raise ShapeError(f"{len(found)} sizes are given for {rank} axes of positions")
    return found


@function("conv")
def conv(
    inputs: T,
    kernel: T,
    strides: Window = 1,
    padding: CausalPadding = "valid",
    data_format: DataFormat = None,
    dilation_rate: Window = 1,
) -> Value:
    """`[batch, *positions, channels]` convolved with `[*taps, channels / groups, filters]`."""
    rank = _rank(inputs)
    x = channels_last(inputs, rank, data_format)
    channels, (depth, filters) = x.shape[-1], kernel.shape[-2:]
    if kernel.type.rank != rank + 2:
        raise ShapeError(f"a kernel {kernel.type} does not fit {inputs.type}")
    if not (isinstance(channels, int) and isinstance(depth, int) and isinstance(filters, int)):
        raise ShapeError(f"the channels of {inputs.type} and {kernel.type} must be known")
    groups = max(channels // depth, 1)
    check_groups(groups, channels, filters)
    steps = _sizes(strides, rank), _sizes(dilation_rate, rank)
    return as_given(convolved(x, kernel, groups, padding, *steps), data_format)


@function("depthwise_conv")
def depthwise_conv(
    inputs: T,
    kernel: T,
    strides: Window = 1,
    padding: Padding = "valid",
    data_format: DataFormat = None,
    dilation_rate: Window = 1,
) -> Value:
    """Each channel convolved by itself with `[*taps, channels, multiplier]`."""
    rank = _rank(inputs)
    x = channels_last(inputs, rank, data_format)
    if kernel.type.rank != rank + 2 or kernel.shape[-2] != x.shape[-1]:
        raise ShapeError(f"a kernel {kernel.type} does not fit {inputs.type}")
    steps = _sizes(strides, rank), _sizes(dilation_rate, rank)
    return as_given(depthwise_convolved(x, kernel, padding, *steps), data_format)


@function("separable_conv")
def separable_conv(
    inputs: T,
    depthwise_kernel: T,
    pointwise_kernel: T,
    strides: Window = 1,
    padding: Padding = "valid",
    data_format: DataFormat = None,
    dilation_rate: Window = 1,
) -> Value:
    """A depthwise convolution whose channels are then mixed by `[1, ..., channels, filters]`."""
    rank = _rank(inputs)
    apart = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    x = channels_last(apart, rank, data_format)
    return as_given(ops.conv(x, pointwise_kernel, (1,) * rank, (1,) * rank), data_format)


@function("conv_transpose")
def conv_transpose(
    inputs: T,
    kernel: T,
    strides: Window = 1,
    padding: Padding = "valid",
    output_padding: OptionalExtra = None,
    data_format: DataFormat = None,
    dilation_rate: Window = 1,
) -> Value:
    """A convolution's gradient: each position spread by `[*taps, filters, channels]`."""
    rank = _rank(inputs)
    x = channels_last(inputs, rank, data_format)
    if kernel.type.rank != rank + 2 or kernel.shape[-1] != x.shape[-1]:
        raise ShapeError(f"a kernel {kernel.type} does not fit {inputs.type}")
    extra = None if output_padding is None else _sizes(output_padding, rank)
    steps = _sizes(strides, rank), _sizes(dilation_rate, rank)
    return as_given(transposed(x, kernel, padding, extra, *steps), data_format)


@function("max_pool")
def max_pool(
    inputs: T,
    pool_size: Window,
    strides: OptionalWindow = None,
    padding: Padding = "valid",
    data_format: DataFormat = None,
) -> Value:
    """The largest element of each window and channel; strides are the window's size if None."""
    return _pool(inputs, "max", pool_size, strides, padding, data_format)


@function("average_pool")
def average_pool(
    inputs: T,
    pool_size: Window,
    strides: OptionalWindow = None,
    padding: Padding = "valid",
    data_format: DataFormat = None,
) -> Value:
    """The mean of each window and channel, padding left out."""
    return _pool(inputs, "mean", pool_size, strides, padding, data_format)


@function("adaptive_max_pool")
def adaptive_max_pool(inputs: T, output_size: Window, data_format: DataFormat = None) -> Value:
    """The largest element of each of `output_size` windows, as AdaptiveMaxPooling2D has it."""
    rank = _rank(inputs)
    return adaptive(inputs, "max", rank, _sizes(output_size, rank), data_format)


@function("adaptive_average_pool")
def adaptive_average_pool(inputs: T, output_size: Window, data_format: DataFormat = None) -> Value:
    """The mean of each of `output_size` windows, as AdaptiveAveragePooling2D has it."""
    rank = _rank(inputs)
    return adaptive(inputs, "mean", rank, _sizes(output_size, rank), data_format)


def _pool(
    x: Value, kind: str, window: Any, strides: Any, padding: str, data_format: str | None
) -> Value:
    rank = _rank(x)
    steps = None if strides is None else _sizes(strides, rank)
    return pooled(x, kind, rank, _sizes(window, rank), steps, padding, data_format)


@function("max_pool_places")
def max_pool_places(
    inputs: T,
    pool_size: Window,
    strides: OptionalWindow = None,
    padding: Padding = "valid",
) -> Value:
    """Where in its window `max_pool` finds the largest element: the cell's number, row by row.

    Channels come last. No gradient flows through the places.
    """
    rank = _rank(inputs)
    window = _sizes(pool_size, rank)
    steps = window if strides is None else _sizes(strides, rank)
    low, high = borders(padding, inputs.shape[1:-1], window, steps, (1,) * rank)
    return ops.pool_where(ops.as_float(inputs), window, steps, low, high)


@function("max_unpool")
def max_unpool(
    values: T,
    places: T,
    like: T,
    pool_size: Window,
    strides: OptionalWindow = None,
    padding: Padding = "valid",
) -> Value:
    """Zeros of the positions of `like`, but in each window the value at its place.

    `places` are those `max_pool_places` found for windows of this kind; where windows overlap,
    values add up.
    """
    rank = _rank(values)
    window = _sizes(pool_size, rank)
    steps = window if strides is None else _sizes(strides, rank)
    positions = like.shape[1:-1]
    low, high = borders(padding, positions, window, steps, (1,) * rank)
    return ops.unpool(values, places, positions, window, steps, low, high)
