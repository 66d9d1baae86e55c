"""Zero padding and cropping of positions; dropout of whole channels."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.family import layer
from kgen.layers.kinds import Choice, Fraction, Seed
from kgen.layers.noise import dropout
from kgen.layers.registry import Scope
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import (
    BorderSizes,
    as_given,
    channels_last,
    padded,
    ranked,
)

Interpolation: TypeAlias = Annotated[
    str,
    Choice(
        'an interpolation, such as "nearest"',
        ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"),
    ),
]


def _declare(rank: int) -> None:
    """Enter ZeroPadding{rank}D."""

    @layer(f"ZeroPadding{rank}D")
    @ranked(rank)
    def zero_padding(
        x: Value,
        *,
        padding: BorderSizes = 1 if rank == 1 else (1, 1) if rank == 2 else ((1, 1),) * 3,
        data_format: DataFormat = None,
    ) -> Value:
        """Zeros before and behind each axis of positions."""
        x = channels_last(x, rank, data_format)
        low, high = zip(*padding, strict=True)
        return as_given(padded(x, low, high), data_format)


def _cropped(x: Value, rank: int, cropping: BorderSizes, data_format: str | None) -> Value:
    x = channels_last(x, rank, data_format)
    for axis, (low, high) in enumerate(cropping):
        size = x.shape[axis + 1]
        if isinstance(size, int) and low + high >= size:
            raise ShapeError(
                f"cropping {low} and {high} cells leaves nothing of the {size} of axis "
                f"{axis + 1} of {x.type}"
            )
    low, high = zip(*cropping, strict=True)
    return as_given(ops.crop(x, [0, *low, 0], [0, *high, 0]), data_format)


@layer("Cropping1D")
@ranked(1)
def cropping_1d(x: Value, *, cropping: BorderSizes = (1, 1)) -> Value:
    """`[batch, steps, channels]` without the first and last steps."""
    return _cropped(x, 1, cropping, None)


@layer("Cropping2D")
@ranked(2)
def cropping_2d(
    x: Value, *, cropping: BorderSizes = ((0, 0), (0, 0)), data_format: DataFormat = None
) -> Value:
    """Images without cells at their borders."""
    return _cropped(x, 2, cropping, data_format)


@layer("Cropping3D")
@ranked(3)
def cropping_3d(
    x: Value, *, cropping: BorderSizes = ((1, 1), (1, 1), (1, 1)), data_format: DataFormat = None
) -> Value:
    """Volumes without cells at their borders."""
    return _cropped(x, 3, cropping, data_format)


def _spatial(
    scope: Scope, x: Value, rank: int, rate: float, data_format: str | None, seed: int | None
) -> Value:
    if x.type.rank != rank + 2:
        channels_last(x, rank, data_format)
    ones = (1,) * rank
    shape = (None, None, *ones) if data_format == "channels_first" else (None, *ones, None)
    return dropout(scope, x, rate=rate, noise_shape=shape, seed=seed)


@layer("SpatialDropout1D")
def spatial_dropout_1d(scope: Scope, x: Value, *, rate: Fraction, seed: Seed = None) -> Value:
    """In training, whole channels become 0 with probability `rate`, the others x / (1 - rate)."""
    return _spatial(scope, x, 1, rate, None, seed)


@layer("SpatialDropout2D")
def spatial_dropout_2d(
    scope: Scope,
    x: Value,
    *,
    rate: Fraction,
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """As SpatialDropout1D, for images."""
    return _spatial(scope, x, 2, rate, data_format, seed)


@layer("SpatialDropout3D")
def spatial_dropout_3d(
    scope: Scope,
    x: Value,
    *,
    rate: Fraction,
    data_format: DataFormat = None,
    seed: Seed = None,
) -> Value:
    """As SpatialDropout1D, for volumes."""
    return _spatial(scope, x, 3, rate, data_format, seed)


for _rank in (1, 2, 3):
    _declare(_rank)
