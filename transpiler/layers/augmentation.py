"""Layers that change images at random in training, each image differently, and not elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi
from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, Value
from kgen.layers.family import layer
from kgen.layers.kinds import Choice, Float, Maybe, PositiveInt, Seed
from kgen.layers.noise import stream
from kgen.layers.registry import Kind, Scope
from kgen.layers.resizing import image_size, resizing
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import as_given, channels_last
from kgen.ops.warp import FILL_MODES, INTERPOLATIONS

Pair = tuple[float, float]


@dataclass(frozen=True)
class Factor(Kind):
    """A range: two numbers, or one for what is between it and its negative; see `around`."""

    low: float = -1.0
    high: float = 1.0
    whole: bool = False

    def check(self, value: Any) -> Any:
        numbers = value if isinstance(value, list | tuple) else (value,)
        if isinstance(value, list | tuple) and len(value) != 2:
            self.refuse(value)
        for number in numbers:
            real = isinstance(number, int | float) and not isinstance(number, bool)
            if not (real and self.low <= number <= self.high):
                self.refuse(value)
            if self.whole and int(number) != number:
                self.refuse(value)
        return tuple(map(float, value)) if isinstance(value, list | tuple) else float(value)


@dataclass(frozen=True)
class ValueRange(Kind):
    """The least and the largest value of images."""

    def check(self, value: Any) -> Pair:
        fits = isinstance(value, list | tuple) and len(value) == 2
        if not fits or not all(isinstance(n, int | float) for n in value):
            self.refuse(value)
        return float(min(value)), float(max(value))


_SIGNED = Factor("a number from -1 to 1, or two")
FactorArg: TypeAlias = Annotated[Any, _SIGNED]
OptionalFactor: TypeAlias = Annotated[Any, Maybe("a number from -1 to 1, two, or None", _SIGNED)]
PositiveFactor: TypeAlias = Annotated[Any, Factor("a number from 0 to 1, or two", low=0.0)]
Values: TypeAlias = Annotated[Pair, ValueRange("the least and the largest value of images")]
FillMode: TypeAlias = Annotated[str, Choice('a fill mode, such as "reflect"', FILL_MODES)]
Resampling: TypeAlias = Annotated[str, Choice('"bilinear" or "nearest"', INTERPOLATIONS)]
Flips: TypeAlias = Annotated[
    str,
    Choice(
        '"horizontal", "vertical" or "horizontal_and_vertical"',
        ("horizontal", "vertical", "horizontal_and_vertical"),
    ),
]


def around(factor: Any) -> Pair:
    """The range that a factor stands for."""
    low, high = factor if isinstance(factor, tuple) else (-abs(factor), abs(factor))
    return min(low, high), max(low, high)


def upwards(factor: Any, low: float = 0.0) -> Pair:
    """The range that a factor stands for whose single number is an upper bound."""
    return (min(factor), max(factor)) if isinstance(factor, tuple) else (low, factor)


def draw(scope: Scope, seed: int | None, span: Pair) -> Value:
    """A number for each image, `[batch, 1]`, uniform between two."""
    low, high = span
    if low == high:
        return ops.broadcast_to(ops.constant(low), (BATCH, 1))
    return ops.random_uniform((BATCH, 1), stream(scope, seed)) * (high - low) + low


def of_images(numbers: Value) -> Value:
    """`[batch, 1]` as `[batch, 1, 1, 1]`."""
    return ops.reshape(numbers, (BATCH, 1, 1, 1))


def moved(
    x: Value, matrix: Sequence[Value | float], mode: str, interpolation: str, value: float
) -> Value:
    """Images read along a map whose six entries are numbers, or `[batch, 1]`."""
    columns = [
        entry if isinstance(entry, Value) else ops.broadcast_to(ops.constant(entry), (BATCH, 1))
        for entry in matrix
    ]
    transform = ops.concatenate(columns, 1)
    return ops.warp(x, transform, x.shape[1:3], interpolation=interpolation, mode=mode, value=value)


@layer("RandomFlip")
def random_flip(
    scope: Scope,
    x: Value,
    *,
    mode: Flips = "horizontal_and_vertical",
    seed: Seed = None,
    data_format: DataFormat = None,
) -> Value:
    """Every second image mirrored, in both directions if `mode` names both."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    flips = ops.less_equal(of_images(draw(scope, seed, (0.0, 1.0))), 0.5)
    axes = [axis for axis, word in ((1, "vertical"), (2, "horizontal")) if word in mode]
    return as_given(ops.where(flips, ops.flip(y, axes), y), data_format)


@layer("RandomRotation")
def random_rotation(
    scope: Scope,
    x: Value,
    *,
    factor: FactorArg,
    fill_mode: FillMode = "reflect",
    interpolation: Resampling = "bilinear",
    seed: Seed = None,
    fill_value: Float = 0.0,
    data_format: DataFormat = None,
) -> Value:
    """Images turned about their middle by a part of a full turn, counter-clockwise if positive."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    rows, cols = image_size(y)
    low, high = around(factor)
    angle = draw(scope, seed, (low * 2 * pi, high * 2 * pi))
    cos, sin = ops.cos(angle), ops.sin(angle)
    cy, cx = (rows - 1) / 2, (cols - 1) / 2
    matrix = [cos, -sin, cx - cos * cx + sin * cy, sin, cos, cy - sin * cx - cos * cy]
    return as_given(moved(y, matrix, fill_mode, interpolation, fill_value), data_format)


@layer("RandomTranslation")
def random_translation(
    scope: Scope,
    x: Value,
    *,
    height_factor: FactorArg,
    width_factor: FactorArg,
    fill_mode: FillMode = "reflect",
    interpolation: Resampling = "bilinear",
    seed: Seed = None,
    fill_value: Float = 0.0,
    data_format: DataFormat = None,
) -> Value:
    """Images shifted by a part of their height (down if positive) and width (to the right)."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    rows, cols = image_size(y)
    down = draw(scope, seed, around(height_factor)) * float(rows)
    right = draw(scope, seed, around(width_factor)) * float(cols)
    matrix: tuple[Value | float, ...] = (1.0, 0.0, -right, 0.0, 1.0, -down)
    return as_given(moved(y, matrix, fill_mode, interpolation, fill_value), data_format)


@layer("RandomZoom")
def random_zoom(
    scope: Scope,
    x: Value,
    *,
    height_factor: FactorArg,
    width_factor: OptionalFactor = None,
    fill_mode: FillMode = "reflect",
    interpolation: Resampling = "bilinear",
    seed: Seed = None,
    fill_value: Float = 0.0,
    data_format: DataFormat = None,
) -> Value:
    """Images made smaller (by positive factors) or larger about their middle.

    Without `width_factor` they keep their proportions.
    """
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    rows, cols = image_size(y)
    tall = draw(scope, seed, around(height_factor)) + 1.0
    wide = tall if width_factor is None else draw(scope, seed, around(width_factor)) + 1.0
    middle = (1.0 - wide) * ((cols - 1) / 2), (1.0 - tall) * ((rows - 1) / 2)
    matrix: tuple[Value | float, ...] = (wide, 0.0, middle[0], 0.0, tall, middle[1])
    return as_given(moved(y, matrix, fill_mode, interpolation, fill_value), data_format)


@layer("RandomContrast")
def random_contrast(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor,
    value_range: Values = (0, 255),
    seed: Seed = None,
) -> Value:
    """Distances from each channel's mean times a number from 1 to 1 + factor.

    Two factors a and b stand for 1 - a to 1 + b, the smaller one being a.
    """
    y = channels_last(x, 2, None)
    if not scope.training:
        return y
    low, high = upwards(factor)
    scale = of_images(draw(scope, seed, (1.0 - low, 1.0 + high)))
    mean = ops.mean(y, (1, 2), keepdims=True)
    return within((y - mean) * scale + mean, value_range)


@layer("RandomBrightness")
def random_brightness(
    scope: Scope,
    x: Value,
    *,
    factor: FactorArg,
    value_range: Values = (0, 255),
    seed: Seed = None,
) -> Value:
    """Images plus a part of the range of values, all channels alike."""
    y = channels_last(x, 2, None)
    if not scope.training:
        return y
    low, high = around(factor)
    extent = value_range[1] - value_range[0]
    delta = of_images(draw(scope, seed, (low * extent, high * extent)))
    return within(y + delta, value_range)


def within(x: Value, values: Pair) -> Value:
    """x held between two numbers."""
    return ops.minimum(ops.maximum(x, values[0]), values[1])


@layer("RandomCrop")
def random_crop(
    scope: Scope,
    x: Value,
    *,
    height: PositiveInt,
    width: PositiveInt,
    seed: Seed = None,
    data_format: DataFormat = None,
) -> Value:
    """In training, a part of each image, the same for all images of a batch.

    Elsewhere, and where images are no larger than the part, the largest middle part of these
    proportions, resized.
    """
    y = channels_last(x, 2, data_format)
    rows, cols = image_size(y)
    if not scope.training or rows <= height or cols <= width:
        y = resizing(y, height=height, width=width, crop_to_aspect_ratio=True)
        return as_given(y, data_format)
    starts: list[Value] = []
    for room in (rows - height + 1, cols - width + 1):
        drawn = ops.random_uniform((1, 1), stream(scope, seed))
        starts.append(ops.broadcast_to(ops.floor(drawn * float(room)), (BATCH, 1)))
    one, zero = (ops.broadcast_to(ops.constant(n), (BATCH, 1)) for n in (1.0, 0.0))
    transform = ops.concatenate([one, zero, starts[1], zero, one, starts[0]], 1)
    cut = ops.warp(y, transform, (height, width), interpolation="nearest", mode="nearest")
    return as_given(cut, data_format)
