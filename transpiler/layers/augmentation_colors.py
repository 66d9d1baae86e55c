"""Layers that change the colours of images: at random in training, or always (AutoContrast)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import Value
from kgen.layers.augmentation import (
    Factor,
    FactorArg,
    OptionalFactor,
    Pair,
    PositiveFactor,
    Values,
    around,
    draw,
    of_images,
    random_brightness,
    random_contrast,
    upwards,
    within,
)
from kgen.layers.color_spaces import from_hsv, grey, to_hsv
from kgen.layers.family import layer
from kgen.layers.kinds import Fraction, Maybe, PositiveInt, Seed
from kgen.layers.registry import Scope
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import as_given, channels_last, known_channels

_BYTES = (0.0, 255.0)
_UNIT = (0.0, 1.0)
OptionalPositiveFactor: TypeAlias = Annotated[
    Any,
    Maybe("a number from 0 to 1, two, or None", Factor("a number from 0 to 1, or two", low=0.0)),
]
Bits: TypeAlias = Annotated[
    Any, Factor("an integer from 1 to 8, or two", low=1.0, high=8.0, whole=True)
]


def ranged(x: Value, source: Pair, target: Pair) -> Value:
    """Values of one range as those of another."""
    if source == target:
        return x
    share = (x - source[0]) / (source[1] - source[0])
    return share * (target[1] - target[0]) + target[0]


def chosen(scope: Scope, seed: int | None, chances: Any) -> Value:
    """Whether each image is changed, with a probability that is drawn first; `[batch, 1, 1, 1]`."""
    chance = draw(scope, seed, upwards(chances))
    return ops.less(of_images(draw(scope, seed, _UNIT)), of_images(chance))


def signs(scope: Scope, seed: int | None) -> Value:
    """1 or -1 for each image, `[batch, 1]`."""
    return ops.where(draw(scope, seed, _UNIT) > 0.5, -1.0, 1.0)


@layer("RandomHue")
def random_hue(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Hues turned by up to half of `factor` times a full turn, one way or the other."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    turned = signs(scope, seed) * draw(scope, seed, upwards(factor)) * 0.5
    hue, saturation, value = to_hsv(ranged(y, value_range, _UNIT))
    hue = hue + of_images(turned)
    hue = ops.where(hue > 1.0, hue - 1.0, hue)
    hue = ops.where(hue < 0.0, hue + 1.0, hue)
    y = within(from_hsv(hue, saturation, value), _UNIT)
    return as_given(ranged(y, _UNIT, value_range), data_format)


@layer("RandomSaturation")
def random_saturation(
    scope: Scope,
    x: Value,
    *,
    factor: FactorArg,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Saturations times f / (1 - f): grey at 0, unchanged at 1/2, the strongest colours at 1."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    drawn = of_images(draw(scope, seed, around(factor)))
    hue, saturation, value = to_hsv(y)
    saturation = within(saturation * (drawn / (1.0 - drawn + 1e-7)), value_range)
    return as_given(from_hsv(hue, saturation, value), data_format)


@layer("RandomColorJitter")
def random_color_jitter(
    scope: Scope,
    x: Value,
    *,
    value_range: Values = (0, 255),
    brightness_factor: OptionalFactor = None,
    contrast_factor: OptionalPositiveFactor = None,
    saturation_factor: OptionalFactor = None,
    hue_factor: OptionalPositiveFactor = None,
    seed: Seed = None,
    data_format: DataFormat = None,
) -> Value:
    """RandomBrightness, RandomContrast, RandomSaturation, RandomHue: those that have a factor."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    common: dict[str, Any] = {"value_range": value_range, "seed": seed}
    if brightness_factor is not None:
        y = random_brightness(scope, y, factor=brightness_factor, **common)
    if contrast_factor is not None:
        y = random_contrast(scope, y, factor=contrast_factor, **common)
    if saturation_factor is not None:
        y = random_saturation(scope, y, factor=saturation_factor, **common)
    if hue_factor is not None:
        y = random_hue(scope, y, factor=hue_factor, **common)
    return as_given(y, data_format)


@layer("RandomGrayscale")
def random_grayscale(
    scope: Scope,
    x: Value,
    *,
    factor: Fraction = 0.5,
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Grey images in place of coloured ones, with a probability of `factor`."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    dull = ops.less(of_images(draw(scope, seed, _UNIT)), factor)
    return as_given(ops.where(dull, grey(y), y), data_format)


@layer("RandomColorDegeneration")
def random_color_degeneration(
    scope: Scope,
    x: Value,
    *,
    factor: FactorArg,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """Images on the way to grey ones, by a part of it; away from them if it is negative."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    part = of_images(draw(scope, seed, around(factor)))
    return as_given(within(y + part * (grey(y) - y), value_range), data_format)


@layer("RandomInvert")
def random_invert(
    scope: Scope,
    x: Value,
    *,
    factor: PositiveFactor = 1.0,
    value_range: Values = (0, 255),
    seed: Seed = None,
    data_format: DataFormat = None,
) -> Value:
    """The largest value minus the image, with a probability that is drawn from `factor`."""
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    changed = ops.where(chosen(scope, seed, factor), value_range[1] - y, y)
    return as_given(changed, data_format)


@layer("RandomPosterization")
def random_posterization(
    scope: Scope,
    x: Value,
    *,
    factor: Bits,
    value_range: Values = (0, 255),
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """The first bits of each value's eight; their number is below the upper end of `factor`.

    With two equal ends it is that number.
    """
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    low, high = upwards(factor, 1.0)
    bits = draw(scope, seed, (low, high))
    step = of_images(ops.rint(ops.exp2(8.0 - ops.floor(bits))))
    whole = ops.trunc(within(ranged(y, value_range, _BYTES), _BYTES))
    return as_given(ranged(ops.floor(whole / step) * step, _BYTES, value_range), data_format)


@layer("Solarization")
def solarization(
    scope: Scope,
    x: Value,
    *,
    addition_factor: PositiveFactor = 0.0,
    threshold_factor: PositiveFactor = 0.0,
    value_range: Values = (0, 255),
    seed: Seed = None,
) -> Value:
    """In training, values inverted from a threshold on, after something is added to all.

    Both are drawn, of values from 0 to 255: between the lower factor, as it is, and 255 times the
    upper one.
    """
    y = channels_last(x, 2, None)
    if not scope.training:
        return y
    drawn = [
        of_images(draw(scope, seed, (low, high * 255.0)))
        for low, high in (upwards(addition_factor), upwards(threshold_factor))
    ]
    y = within(ranged(y, value_range, _BYTES) + drawn[0], _BYTES)
    return ranged(ops.where(ops.less(y, drawn[1]), y, 255.0 - y), _BYTES, value_range)


@layer("AutoContrast")
def auto_contrast(x: Value, *, value_range: Values = (0, 255)) -> Value:
    """Each channel of each image stretched to the whole range, in training and elsewhere."""
    y = ranged(channels_last(x, 2, None), value_range, _BYTES)
    low, high = (edge(y, (1, 2), keepdims=True) for edge in (ops.min, ops.max))
    varies = high > low
    scale = 255.0 / ops.where(varies, high - low, 1.0)
    stretched = ranged(within(y * scale - low * scale, _BYTES), _BYTES, value_range)
    return ops.where(varies, stretched, x)


@layer("Equalization")
def equalization(
    scope: Scope,
    x: Value,
    *,
    value_range: Values = (0, 255),
    bins: PositiveInt = 256,
    data_format: DataFormat = None,
) -> Value:
    """In training, values so that each is as frequent as another, channel by channel.

    The frequencies are counted over the whole batch, as Keras has it.
    """
    y = channels_last(x, 2, data_format)
    if not scope.training:
        return ops.as_float(x)
    y = ranged(y, value_range, _BYTES)
    done = [
        _equalized(ops.slice_axis(y, 3, channel, channel + 1), bins)
        for channel in range(known_channels(y))
    ]
    return as_given(ranged(ops.concatenate(done, 3), _BYTES, value_range), data_format)


def _equalized(channel: Value, bins: int) -> Value:
    """One channel, `[batch, height, width, 1]`, looked up in its own distribution."""
    last = float(bins - 1)
    counted = ops.as_int(ops.trunc(within(channel * last / 255.0, (0.0, last))))
    ones = ops.broadcast_to(ops.constant(1.0), channel.shape)
    counts = ops.scatter_rows(ones, ops.squeeze(counted, 3), bins)
    below = ops.cumsum(counts, 0)
    total = ops.slice_axis(below, 0, bins - 1, bins)
    first = ops.min(ops.where(below > 0.0, below, total), 0, keepdims=True)
    extent = total - first
    table = (below - first) * 255.0 / ops.where(extent > 0.0, extent, 1.0)
    table = within(ops.rint(table), _BYTES)
    places = ops.as_int(ops.trunc(within(channel / 255.0 * last, (0.0, last))))
    found = ops.gather_rows(ops.stop_gradient(table), ops.squeeze(places, 3))
    return ops.where(extent > 0.0, found, channel)
