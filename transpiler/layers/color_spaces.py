"""Colours of channels-last images: grey, and hue, saturation and value."""

from __future__ import annotations

import numpy as np
from kgen import ops
from kgen.graph import ShapeError, Value

# How much red, green and blue count in brightness (ITU-R BT.601).
_BRIGHTNESS = np.array([0.2989, 0.5870, 0.1140], np.float32)
_EPS = float(np.finfo(np.float32).eps)
Planes = tuple[Value, Value, Value]


def planes(x: Value) -> Planes:
    """The three colours, each `[batch, height, width, 1]`.

    Raises:
        ShapeError: there are not three.
    """
    if x.shape[-1] != 3:
        raise ShapeError(f"images in red, green and blue are needed, found {x.type}")
    red, green, blue = (ops.slice_axis(x, 3, c, c + 1) for c in range(3))
    return red, green, blue


def grey(x: Value) -> Value:
    """The brightness of each pixel, `[batch, height, width, 1]`; one channel is that already."""
    if x.shape[-1] == 1:
        return x
    planes(x)
    return ops.sum(x * ops.array(_BRIGHTNESS, "brightness"), -1, keepdims=True)


def to_hsv(x: Value) -> Planes:
    """Hue and saturation from 0 to 1, and the value, which is the largest colour."""
    red, green, blue = planes(ops.where(ops.absolute(x) < _EPS, 0.0, x))
    value = ops.maximum(ops.maximum(red, green), blue)
    extent = value - ops.minimum(ops.minimum(red, green), blue)
    bright, coloured = value > 0.0, extent > 0.0
    saturation = ops.where(bright, extent / ops.where(bright, value, 1.0), 0.0)
    scale = 1.0 / (6.0 * ops.where(coloured, extent, 1.0))
    hue = ops.where(
        ops.equal(value, green),
        scale * (blue - red) + 2.0 / 6.0,
        scale * (red - green) + 4.0 / 6.0,
    )
    hue = ops.where(ops.equal(value, red), scale * (green - blue), hue)
    hue = ops.where(coloured, hue, 0.0) + ops.as_float(hue < 0.0)
    return hue, saturation, value


def from_hsv(hue: Value, saturation: Value, value: Value) -> Value:
    """Red, green and blue of a hue, which counts full turns."""
    turn = ops.mod(hue, 1.0) * 6.0
    shares = (
        ops.absolute(turn - 3.0) - 1.0,
        2.0 - ops.absolute(turn - 2.0),
        2.0 - ops.absolute(turn - 4.0),
    )
    dull = 1.0 - saturation
    colours = [
        value * (dull + saturation * ops.minimum(ops.maximum(share, 0.0), 1.0)) for share in shares
    ]
    return ops.concatenate(colours, 3)
