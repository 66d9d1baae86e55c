"""UpSampling1D, UpSampling2D, UpSampling3D."""

from __future__ import annotations

from kgen import ops
from kgen.graph import Value
from kgen.layers.bordering import Interpolation
from kgen.layers.family import layer
from kgen.layers.resizing import image_size, resized
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import Sizes, as_given, channels_last, ranked


@layer("UpSampling1D")
@ranked(1)
def up_sampling_1d(x: Value, *, size: Sizes = 2) -> Value:
    """Each step `size` times on end."""
    return ops.repeat(channels_last(x, 1, None), [1, *size, 1])


@layer("UpSampling2D")
@ranked(2)
def up_sampling_2d(
    x: Value,
    *,
    size: Sizes = (2, 2),
    data_format: DataFormat = None,
    interpolation: Interpolation = "nearest",
) -> Value:
    """Images of `size` times their height and width, each cell a block, or interpolated."""
    x = channels_last(x, 2, data_format)
    if interpolation == "nearest":
        return as_given(ops.repeat(x, [1, *size, 1]), data_format)
    rows, cols = image_size(x)
    y = resized(x, rows * size[0], cols * size[1], interpolation)
    return as_given(y, data_format)


@layer("UpSampling3D")
@ranked(3)
def up_sampling_3d(x: Value, *, size: Sizes = (2, 2, 2), data_format: DataFormat = None) -> Value:
    """Each cell of a volume as a block of `size`."""
    x = channels_last(x, 3, data_format)
    return as_given(ops.repeat(x, [1, *size, 1]), data_format)
