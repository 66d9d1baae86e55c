"""Transposed convolutions: the gradient of `conv` for its input, as an op of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import minus, plus, times
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
from kgen.ops.borders import bordered
from kgen.ops.convolve import Steps, conv, conv_filter, known_part, known_sizes, turn
from kgen.ops.precision import rounded
from kgen.ops.window import pad

__all__ = ["conv_spread", "conv_transpose"]


def _transpose_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, w = inputs
    if w.rank != x.rank or x.shape[-1] != w.shape[-2]:
        raise ShapeError(
            f"a transposed convolution of {x} with a turned kernel {w}",
            help="the turned kernel has an axis for each position, then the input's channels, "
            "then the output's",
        )
    return TensorType("float32", (x.shape[0], *attrs["positions"], w.shape[-1]))


def _transpose(
    x: Any,
    w: Any,
    strides: Steps,
    dilation: Steps,
    low: Steps,
    positions: Steps,
    before: Steps = (),
    behind: Steps = (),
) -> Any:
    """Every position of the input times every tap, added to where it belongs."""
    x = bordered(np.asarray(x), before, behind)
    wide, kernel = np.asarray(x, np.float64), np.asarray(w, np.float64)
    out = np.zeros((x.shape[0], *positions, w.shape[-1]))
    for tap in np.ndindex(*w.shape[:-2]):
        targets, sources = [], []
        for axis, at in enumerate(tap):
            back = (w.shape[axis] - 1 - at) * dilation[axis] - low[axis]
            places = np.arange(x.shape[axis + 1]) * strides[axis] + back
            inside = (places >= 0) & (places < positions[axis])
            sources.append(np.flatnonzero(inside))
            targets.append(places[inside])
        images = [np.arange(x.shape[0])]
        out[np.ix_(*images, *targets)] += wide[np.ix_(*images, *sources)] @ kernel[tap]
    return rounded(out, x, w)


def _transpose_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, w = node.inputs
    strides, dilation, low = (node.attrs[name] for name in ("strides", "dilation", "low"))
    taps = known_sizes(w.shape[:-2])
    high = []
    for axis, tap in enumerate(taps):
        reach = plus(times(minus(x.shape[axis + 1], 1), strides[axis]), (tap - 1) * dilation[axis])
        high.append(minus(plus(reach, 1 - low[axis]), grad.shape[axis + 1]))
    wide = pad(grad, [0, *low, 0], [0, *high, 0])
    return [
        conv(wide, turn(w), strides, dilation),
        turn(conv_filter(wide, x, taps, strides, dilation)),
    ]


def _transpose_flops(node: Node) -> int:
    x, w = node.inputs
    return 2 * prod(known_sizes(w.shape)) * prod(known_part(x.shape[1:-1]))


def _transpose_sample(
    shapes: tuple[tuple[int, ...], ...],
    strides: Steps,
    dilation: Steps,
    low: Steps,
    positions: Steps,
) -> Sample:
    attrs = {"strides": strides, "dilation": dilation, "low": low, "positions": positions}
    return Sample(shapes, attrs)


register(
    OpDef(
        "conv_transpose",
        _transpose_shape,
        _transpose,
        _transpose_gradient,
        samples=(
            _transpose_sample(((2, 4, 3), (3, 3, 2)), (2,), (1,), (0,), (9,)),
            _transpose_sample(((2, 4, 3), (3, 3, 17)), (2,), (1,), (1,), (8,)),
            _transpose_sample(((1, 3, 2), (2, 2, 1)), (3,), (1,), (-1,), (9,)),
            _transpose_sample(((1, 3, 4, 2), (3, 4, 2, 3)), (2, 2), (1, 1), (1, 1), (6, 8)),
            _transpose_sample(((1, 2, 3, 1), (1, 3, 1, 16)), (2, 3), (1, 1), (0, 2), (3, 6)),
            _transpose_sample(((1, 4, 2), (2, 2, 3)), (2,), (3,), (1,), (7,)),
            _transpose_sample(
                ((1, 2, 2, 2, 2), (3, 2, 3, 2, 3)), (2, 1, 2), (1, 1, 1), (1, 0, 0), (3, 3, 6)
            ),
        ),
        doc="The gradient of a convolution for its input, by the turned kernel.",
        kernel="conv_transpose",
        tiled=True,
        flops=_transpose_flops,
    )
)


def conv_transpose(
    x: Value,
    w: Value,
    strides: Steps,
    dilation: Steps,
    positions: Shape,
    low: Steps | None = None,
) -> Value:
    """The gradient of `conv` for its input, by the turned kernel.

    Output position `p * stride + tap * dilation - low` collects input position p times a tap.

    Args:
        x: `[batch, *, channels]`, as the convolution's output.
        w: the turned kernel: `[*taps reversed, channels, channels of the result]`.
        positions: the result's axes between the batch and the channels.
        low: how many positions at the start are left out; none if None.
    """
    attrs: dict[str, Any] = {"strides": tuple(strides), "dilation": tuple(dilation)}
    attrs["low"] = tuple(low) if low is not None else (0,) * len(strides)
    return apply("conv_transpose", x, w, **attrs, positions=tuple(positions))


def conv_spread(x: Value, w: Value, node_attrs: Attrs) -> Value:
    """What `conv_transpose` computes, as a convolution of x with zeros between its positions.

    Where strides are 1 there are none, and this is how to compute it.
    """
    strides, dilation, low = (node_attrs[name] for name in ("strides", "dilation", "low"))
    before: list[int] = [0]
    behind: list[Size] = [0]
    sizes = zip(known_sizes(w.shape[:-2]), x.shape[1:-1], node_attrs["positions"], strict=True)
    for axis, (tap, size, result) in enumerate(sizes):
        before.append((tap - 1) * dilation[axis] - low[axis])
        behind.append(minus(plus(result, low[axis] - 1), times(minus(size, 1), strides[axis])))
    between = [0, *(step - 1 for step in strides), 0]
    spread = pad(x, [*before, 0], [*behind, 0], between)
    return conv(spread, w, [1] * len(strides), dilation)
