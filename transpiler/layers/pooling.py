"""Pooling over windows, and over all positions."""

from __future__ import annotations

from typing import Any

from kgen import ops
from kgen.graph import Value
from kgen.layers.family import layer
from kgen.layers.kinds import Bool, OptionalT
from kgen.layers.registry import REQUIRED, Scope
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import (
    OptionalSizes,
    Padding,
    Sizes,
    as_given,
    borders,
    channels_last,
    each,
    ranked,
)


def _declare(rank: int) -> None:
    """Enter MaxPooling{rank}D, AveragePooling{rank}D and those over all positions."""
    required: Any = REQUIRED
    twos = each(rank, 2)

    @layer(f"MaxPooling{rank}D", f"MaxPool{rank}D")
    @ranked(rank)
    def max_pooling(
        x: Value,
        *,
        pool_size: Sizes = twos,
        strides: OptionalSizes = None,
        padding: Padding = "valid",
        data_format: DataFormat = None,
    ) -> Value:
        """The largest element of each window and channel; strides are the window's size if None.

        `[batch, *positions, channels]` to `[batch, *windows, channels]`.
        """
        return pooled(x, "max", rank, pool_size, strides, padding, data_format)

    @layer(f"AveragePooling{rank}D", f"AvgPool{rank}D")
    @ranked(rank)
    def average_pooling(
        x: Value,
        *,
        pool_size: Sizes = required,
        strides: OptionalSizes = None,
        padding: Padding = "valid",
        data_format: DataFormat = None,
    ) -> Value:
        """The mean of each window and channel, padding left out; strides as in max pooling."""
        return pooled(x, "mean", rank, pool_size, strides, padding, data_format)

    @layer(f"GlobalMaxPooling{rank}D", f"GlobalMaxPool{rank}D")
    def global_max_pooling(
        x: Value, *, data_format: DataFormat = None, keepdims: Bool = False
    ) -> Value:
        """The largest element of each channel: `[batch, *positions, channels]` to
        `[batch, channels]`."""
        x = channels_last(x, rank, data_format)
        y = ops.max(x, list(range(1, rank + 1)), keepdims)
        return as_given(y, data_format) if keepdims else y

    if rank == 1:
        return

    @layer(f"GlobalAveragePooling{rank}D", f"GlobalAvgPool{rank}D")
    def global_average_pooling(
        x: Value, *, data_format: DataFormat = None, keepdims: Bool = False
    ) -> Value:
        """The mean of each channel: `[batch, *positions, channels]` to `[batch, channels]`."""
        x = channels_last(x, rank, data_format)
        y = ops.mean(x, list(range(1, rank + 1)), keepdims)
        return as_given(y, data_format) if keepdims else y


@layer("GlobalAveragePooling1D", "GlobalAvgPool1D")
def global_average_pooling_1d(
    scope: Scope,
    x: Value,
    mask: OptionalT = None,
    *,
    data_format: DataFormat = None,
    keepdims: Bool = False,
) -> Value:
    """The mean of each channel: `[batch, steps, channels]` to `[batch, channels]`.

    Of masked steps nothing counts; where no step is left the mean is 0.
    """
    x = channels_last(x, 1, data_format)
    if mask is None:
        y = ops.mean(x, 1, keepdims)
    elif mask.shape != x.shape[:2]:
        scope.fail(
            f"GlobalAveragePooling1D of {x.type} has a mask {mask.type}",
            help="a mask has a truth value for each step: [batch, steps]",
        )
    else:
        kept = ops.expand_dims(mask, -1)
        count = ops.sum(ops.where(kept, ops.constant(1.0), 0.0), 1, keepdims)
        y = ops.sum(ops.where(kept, x, 0.0), 1, keepdims) / ops.maximum(count, 1.0)
    return as_given(y, data_format) if keepdims else y


def pooled(
    x: Value,
    kind: str,
    rank: int,
    window: tuple[int, ...],
    strides: tuple[int, ...] | None,
    padding: str,
    data_format: str | None,
) -> Value:
    """The `max` or `mean` of each window of a tensor with `rank` axes of positions."""
    x = channels_last(x, rank, data_format)
    steps = strides or window
    low, high = borders(padding, x.shape[1:-1], window, steps, (1,) * rank)
    return as_given(ops.pool(x, kind, window, steps, low, high), data_format)


for _rank in (1, 2, 3):
    _declare(_rank)
