"""Convolutions of each channel by itself: a kernel is `[*taps, channels]`; see `convolve`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import minus, times
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    Shape,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.convolve import Steps, known_part, known_sizes, window_positions, windows
from kgen.ops.precision import rounded
from kgen.ops.window import flip, pad

__all__ = ["depthwise"]


def _depthwise_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, w = inputs
    if w.rank != x.rank - 1 or x.shape[-1] != w.shape[-1]:
        raise ShapeError(f"a depthwise convolution of {x} with a kernel {w}")
    positions = window_positions("a kernel", x, w.shape[:-1], attrs["strides"], attrs["dilation"])
    return TensorType("float32", (x.shape[0], *positions, w.shape[-1]))


def _depthwise(x: Any, w: Any, strides: Steps, dilation: Steps) -> Any:
    wide, kernel = np.asarray(x, np.float64), np.asarray(w, np.float64)
    parts = [
        wide[cells] * kernel[tap]
        for tap, cells in windows(x.shape, w.shape[:-1], strides, dilation)
    ]
    return rounded(sum(parts[1:], parts[0]), x, w)


def _depthwise_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, w = node.inputs
    strides, dilation = node.attrs["strides"], node.attrs["dilation"]
    return [
        _depthwise_transpose(grad, w, strides, dilation, x.shape[1:-1]),
        _depthwise_filter_of(x, grad, known_sizes(w.shape[:-1]), strides, dilation),
    ]


def _depthwise_transpose(
    grad: Value, w: Value, strides: Steps, dilation: Steps, positions: Shape
) -> Value:
    taps = known_sizes(w.shape[:-1])
    margins = [
        _margins(grad.shape[axis + 1], positions[axis], tap, strides[axis], dilation[axis])
        for axis, tap in enumerate(taps)
    ]
    low, high = zip(*margins, strict=True)
    between = [0, *(step - 1 for step in strides), 0]
    spread = pad(grad, [0, *low, 0], [0, *high, 0], between)
    turned = flip(w, range(len(taps)))
    return depthwise(spread, turned, [1] * len(taps), dilation)


def _margins(size: Size, result: Size, tap: int, step: int, by: int) -> tuple[int, Size]:
    """The padding that makes a convolution over spread out elements give `result` positions."""
    reach = (tap - 1) * by
    return reach, minus(minus(result, 1), times(minus(size, 1), step))


_DEPTHWISE_SAMPLES = (
    (((2, 7, 3), (3, 3)), (1,), (1,)),
    (((2, 5, 6, 17), (3, 2, 17)), (1, 1), (1, 1)),
    (((1, 6, 5, 1), (2, 3, 1)), (2, 1), (1, 2)),
)
register(
    OpDef(
        "depthwise",
        _depthwise_shape,
        _depthwise,
        _depthwise_gradient,
        samples=tuple(
            Sample(shapes, {"strides": strides, "dilation": dilation})
            for shapes, strides, dilation in _DEPTHWISE_SAMPLES
        ),
        doc="Sum over the taps of a window, for each position and channel.",
        kernel="depthwise",
        tiled=True,
        flops=lambda node: 2 * prod(known_part((*node.inputs[1].shape, *node.output.shape[1:-1]))),
    )
)


def depthwise(x: Value, w: Value, strides: Steps, dilation: Steps) -> Value:
    """Convolve each channel of `[batch, *positions, channels]` by its own `[*taps]`."""
    return apply("depthwise", x, w, strides=tuple(strides), dilation=tuple(dilation))


def _depthwise_filter_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("float32", (*attrs["taps"], inputs[0].shape[-1]))


def _depthwise_filter(x: Any, grad: Any, taps: Steps, strides: Steps, dilation: Steps) -> Any:
    wide, other = np.asarray(x, np.float64), np.asarray(grad, np.float64)
    out = np.zeros((*taps, x.shape[-1]))
    for tap, cells in windows(x.shape, taps, strides, dilation):
        out[tap] = (wide[cells] * other).sum(tuple(range(x.ndim - 1)))
    return rounded(out, x, grad)


def _depthwise_filter_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, other = node.inputs
    strides, dilation = node.attrs["strides"], node.attrs["dilation"]
    return [
        _depthwise_transpose(other, grad, strides, dilation, x.shape[1:-1]),
        depthwise(x, grad, strides, dilation),
    ]


register(
    OpDef(
        "depthwise_filter",
        _depthwise_filter_shape,
        _depthwise_filter,
        _depthwise_filter_gradient,
        samples=(
            Sample(((2, 7, 3), (2, 5, 3)), {"taps": (3,), "strides": (1,), "dilation": (1,)}),
            Sample(
                ((1, 6, 5, 1), (1, 3, 1, 1)),
                {"taps": (2, 3), "strides": (2, 1), "dilation": (1, 2)},
            ),
        ),
        doc="The gradient of a depthwise convolution for its kernel.",
        kernel="depthwise_filter",
        flops=lambda node: 2 * prod(known_part((*node.output.shape, *node.inputs[1].shape[1:-1]))),
    )
)


def _depthwise_filter_of(
    x: Value, grad: Value, taps: Steps, strides: Steps, dilation: Steps
) -> Value:
    attrs: dict[str, Any] = {"taps": tuple(taps), "strides": tuple(strides)}
    attrs["dilation"] = tuple(dilation)
    return apply("depthwise_filter", x, grad, **attrs)
