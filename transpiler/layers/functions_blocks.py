"""Sliding blocks of images as columns, and back; the correlation of two vectors."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import numpy as np
from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.family import function
from kgen.layers.function_kinds import known
from kgen.layers.functions_windows import Window
from kgen.layers.kinds import Choice, T
from kgen.layers.registry import Kind


class _Margin(Kind):
    """An integer not below 0, or one for each of two axes."""

    def check(self, value: Any) -> Any:
        found = value if isinstance(value, list | tuple) else (value,)
        if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in found):
            self.refuse(value)
        return tuple(found) if isinstance(value, list | tuple) else value


Margins: TypeAlias = Annotated[Any, _Margin("an integer not below 0, or two")]
Overlap: TypeAlias = Annotated[str, Choice('"valid", "same" or "full"', ("valid", "same", "full"))]
Pair = tuple[int, int]


def _pair(value: Any, what: str) -> Pair:
    found = value if isinstance(value, tuple) else (value, value)
    if len(found) != 2:
        raise ShapeError(f"{what} has {len(found)} numbers, and images have two axes")
    return found


class _Blocks:
    """The blocks of images of a known size: where each of their taps lies."""

    def __init__(self, size: Pair, kernel: Any, dilation: Any, padding: Any, stride: Any) -> None:
        self.kernel, self.dilation = _pair(kernel, "kernel_size"), _pair(dilation, "dilation")
        self.padding, self.stride = _pair(padding, "padding"), _pair(stride, "stride")
        self.padded = (size[0] + 2 * self.padding[0], size[1] + 2 * self.padding[1])
        reach = [(k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True)]
        room = [n - r for n, r in zip(self.padded, reach, strict=True)]
        if min(room) < 0:
            raise ShapeError(f"blocks of {reach} do not fit images of {list(self.padded)}")
        self.counts = (room[0] // self.stride[0] + 1, room[1] // self.stride[1] + 1)

    def taps(self) -> list[Pair]:
        """The first cell of each tap, row by row."""
        down, right = self.dilation
        return [(i * down, j * right) for i, j in np.ndindex(*self.kernel)]


@function("unfold")
def unfold(
    x: T, kernel_size: Window, dilation: Window = 1, padding: Margins = 0, stride: Window = 1
) -> Value:
    """The blocks of images `[batch, channels, height, width]`, one a column.

    `[batch, channels * taps, blocks]`, both in row-major order.
    """
    if x.type.rank != 4:
        raise ShapeError(f"[batch, channels, height, width] is needed, found {x.type}")
    channels, *size = (known(n, str(x.type)) for n in x.shape[1:])
    blocks = _Blocks((size[0], size[1]), kernel_size, dilation, padding, stride)
    wide = ops.pad(x, (0, 0, *blocks.padding), (0, 0, *blocks.padding))
    parts = []
    for start in blocks.taps():
        part = ops.slice_axes(
            wide, (0, 0, *start), (*x.shape[:2], *blocks.counts), (1, 1, *blocks.stride)
        )
        parts.append(ops.expand_dims(part, 2))
    columns = blocks.counts[0] * blocks.counts[1]
    return ops.reshape(ops.concatenate(parts, 2), (x.shape[0], channels * len(parts), columns))


@function("fold")
def fold(
    x: T,
    output_size: Window,
    kernel_size: Window,
    dilation: Window = 1,
    padding: Margins = 0,
    stride: Window = 1,
) -> Value:
    """Images `[batch, channels, *output_size]` of columns as `unfold` gives them.

    Blocks that overlap are added.
    """
    if x.type.rank != 3:
        raise ShapeError(f"[batch, channels * taps, blocks] is needed, found {x.type}")
    rows, columns = (known(n, str(x.type)) for n in x.shape[1:])
    blocks = _Blocks(_pair(output_size, "output_size"), kernel_size, dilation, padding, stride)
    taps = blocks.taps()
    if rows % len(taps) or columns != blocks.counts[0] * blocks.counts[1]:
        raise ShapeError(
            f"{x.type} does not hold blocks of {len(taps)} taps, {blocks.counts[0]} by "
            f"{blocks.counts[1]} of them"
        )
    channels = rows // len(taps)
    apart = ops.reshape(x, (x.shape[0], channels, len(taps), *blocks.counts))
    between = (0, 0, blocks.stride[0] - 1, blocks.stride[1] - 1)
    total: Value | None = None
    for number, start in enumerate(taps):
        part = ops.squeeze(ops.slice_axis(apart, 2, number, number + 1), 2)
        behind = [
            full - first - (count - 1) * step - 1
            for full, first, count, step in zip(
                blocks.padded, start, blocks.counts, blocks.stride, strict=True
            )
        ]
        spread = ops.pad(part, (0, 0, *start), (0, 0, *behind), between)
        total = spread if total is None else total + spread
    assert total is not None
    return ops.crop(total, (0, 0, *blocks.padding), (0, 0, *blocks.padding))


@function("correlate")
def correlate(x1: T, x2: T, mode: Overlap = "valid") -> Value:
    """The sum of products of two vectors for each shift of one along the other.

    The shifts at which the shorter one lies within the longer ("valid"), as many as the longer
    one has elements ("same"), or all at which they meet ("full").
    """
    if x1.type.rank != 1 or x2.type.rank != 1:
        raise ShapeError(f"two vectors are needed, found {x1.type} and {x2.type}")
    sizes = known(x1.shape[0], str(x1.type)), known(x2.shape[0], str(x2.type))
    turned = sizes[0] < sizes[1]
    long, short = (x2, x1) if turned else (x1, x2)
    n, taps = max(sizes), min(sizes)
    before = {"valid": 0, "same": taps - 1 - (taps - 1) // 2, "full": taps - 1}[mode]
    behind = {"valid": 0, "same": (taps - 1) // 2, "full": taps - 1}[mode]
    row = ops.reshape(ops.as_float(long), (1, n, 1))
    row = ops.pad(row, (0, before, 0), (0, behind, 0))
    found = ops.conv(row, ops.reshape(ops.as_float(short), (taps, 1, 1)), (1,), (1,))
    flat = ops.reshape(found, found.shape[1:2])
    return ops.flip(flat, [0]) if turned else flat
