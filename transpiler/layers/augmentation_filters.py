"""Layers that sharpen, blur, shear and erase images at random in training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from kgen import ops
from kgen.graph import BATCH, Value
from kgen.layers.augmentation import (
    FillMode,
    PositiveFactor,
    Resampling,
    Values,
    around,
    draw,
    moved,
    of_images,
    upwards,
    within,
)
from kgen.layers.augmentation_colors import chosen, signs
from kgen.layers.depthwise import depthwise_convolved
from kgen.layers.family import layer
from kgen.layers.kinds import Float, Maybe, Seed
from kgen.layers.noise import stream
from kgen.layers.registry import Kind, Scope
from kgen.layers.resizing import image_size
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import as_given, channels_last, known_channels


@dataclass(frozen=True)
class _OddSizes(Kind):
    """An odd number of cells, or one for the width and one for the height."""

    def check(self, value: Any) -> tuple[int, int]:
        sizes = value if isinstance(value, list | tuple) else (value, value)
        whole = all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in sizes)
        if len(sizes) != 2 or not whole or any(n % 2 == 0 for n in sizes):
            self.refuse(value)
        return int(sizes[0]), int(sizes[1])


@dataclass(frozen=True)
class _Fill(Kind):
    """A number, or one for each of three channels."""

    def check(self, value: Any) -> Any:
        numbers = value if isinstance(value, list | tuple) else (value,)
        real = all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers)
        if not real or len(numbers) not in ((3,) if isinstance(value, list | tuple) else (1,)):
            self.refuse(value)
        return tuple(map(float, value)) if isinstance(value, list | tuple) else float(value)


OddSizes: TypeAlias = Annotated[Any, _OddSizes("an odd positive integer, or two")]
Fill: TypeAlias = Annotated[
    Any, Maybe("a number, three, or None", _Fill("a number, or one for each of three channels"))
]


@layer("RandomSharpness")
def random_sharpness(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Images between smoothed ones (at 0), themselves (at 1/2) and sharpened ones (at 1)."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    sharp = of_images(draw(scope, seed, upwards(factor))) * 2.0
    weights = np.full((3, 3, known_channels(y), 1), 1.0 / 13.0, np.float32)
    weights[1, 1] = 5.0 / 13.0
    smooth = depthwise_convolved(y, ops.array(weights, "smoothing"), "same", (1, 1), (1, 1))
    return as_given(within(y + (1.0 - sharp) * (smooth - y), value_range), data_format)


@layer("RandomGaussianBlur")
def random_gaussian_blur(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor = 1.0,
    kernel_size: OddSizes = 3,
    sigma: PositiveFactor = 1.0,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Images blurred by a normal distribution, with a probability that is drawn from `factor`.

    Its standard deviations, along the width and the height, are drawn for the whole batch.
    """
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    blurred = chosen(scope, seed, factor)
    low, high = upwards(sigma)
    across, down = (
        _normal(size, ops.random_uniform((1, 1), stream(scope, seed)) * (high - low) + low + 1e-6)
        for size in kernel_size
    )
    shape = (kernel_size[1], kernel_size[0], known_channels(y), 1)
    kernel = ops.reshape(down, (shape[0], 1, 1, 1)) * ops.reshape(across, (1, shape[1], 1, 1))
    kernel = ops.broadcast_to(kernel, shape)
    smooth = depthwise_convolved(y, kernel, "same", (1, 1), (1, 1))
    return as_given(within(ops.where(blurred, smooth, y), value_range), data_format)


def _normal(size: int, sigma: Value) -> Value:
    """The weights of cells around the middle one, `[1, size]`."""
    places = ops.index((1, size)) - (size - 1) / 2
    weights = ops.exp(ops.square(places / sigma) * -0.5)
    return weights / ops.sum(weights, 1, keepdims=True)


@layer("RandomShear")
def random_shear(
    scope: Scope,
    x: Value,
    *,
    x_factor: PositiveFactor = 0.0,
    y_factor: PositiveFactor = 0.0,
    interpolation: Resampling = "bilinear",
    fill_mode: FillMode = "reflect",
    fill_value: Float = 0.0,
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Rows shifted by a part of their number, columns by a part of theirs, either way."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    image_size(y)
    side = signs(scope, seed)
    right, down = (draw(scope, seed, around(factor)) * side for factor in (x_factor, y_factor))
    matrix: tuple[Value | float, ...] = (1.0, right, 0.0, down, 1.0, 0.0)
    return as_given(moved(y, matrix, fill_mode, interpolation, fill_value), data_format)


@layer("RandomErasing")
def random_erasing(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor = 1.0,
    scale: PositiveFactor = (0.02, 0.33),
    fill_value: Fill = None,
    value_range: Values = (0, 255),
    seed: Seed = None,
    data_format: DataFormat = None,
) -> Value:
    """A rectangle of each image filled, with a probability that is drawn from `factor`.

    Its sides are the roots of two parts drawn from `scale`. Without a `fill_value` it gets normal
    noise times the largest value.
    """
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    inside: Value | None = None
    for axis, size in zip((1, 2), image_size(y), strict=True):
        length = ops.sqrt(draw(scope, seed, upwards(scale))) * float(size)
        start = draw(scope, seed, (0.0, 1.0)) * (size - length)
        shape = tuple(size if a == axis else 1 for a in range(4))
        places = ops.reshape(ops.index((size,)), shape)
        begun = ops.greater_equal(places, of_images(start))
        along = ops.logical_and(begun, ops.less(places, of_images(start + length)))
        inside = along if inside is None else ops.logical_and(inside, along)
    assert inside is not None
    erased = ops.logical_and(inside, chosen(scope, seed, factor))
    filled = ops.where(erased, _filling(scope, y, fill_value, value_range, seed), y)
    return as_given(filled, data_format)


def _filling(
    scope: Scope, y: Value, fill: Any, values: tuple[float, float], seed: int | None
) -> Value:
    if fill is None:
        noise = ops.random_normal((BATCH, *y.shape[1:]), stream(scope, seed))
        return within(noise * values[1], values)
    held = np.clip(np.asarray(fill, np.float32), *values)
    return ops.array(held, "filling") if held.ndim else ops.constant(float(held))
