"""Images in another size: Resizing, CenterCrop, and the products they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from kgen import ops
from kgen.graph import ShapeError, Value
from kgen.layers.bordering import Interpolation
from kgen.layers.family import layer
from kgen.layers.kinds import Bool, Choice, Float, PositiveInt
from kgen.layers.shaping import DataFormat
from kgen.layers.windows import as_given, channels_last

Array = npt.NDArray[Any]
OnlyConstant: TypeAlias = Annotated[str, Choice('"constant"', ("constant",))]


@layer("Resizing")
def resizing(
    x: Value,
    *,
    height: PositiveInt,
    width: PositiveInt,
    interpolation: Interpolation = "bilinear",
    crop_to_aspect_ratio: Bool = False,
    pad_to_aspect_ratio: Bool = False,
    fill_mode: OnlyConstant = "constant",
    fill_value: Float = 0.0,
    antialias: Bool = False,
    data_format: DataFormat = None,
) -> Value:
    """Images of another size; distorted, unless they are cropped or padded to its proportions."""
    x = channels_last(x, 2, data_format)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ShapeError("images are either cropped or padded to proportions, not both")
    if crop_to_aspect_ratio:
        x = cropped_to_ratio(x, height, width)
    if pad_to_aspect_ratio:
        x = _padded_to_ratio(x, height, width, fill_value)
    return as_given(resized(x, height, width, interpolation, antialias), data_format)


@layer("CenterCrop")
def center_crop(
    x: Value, *, height: PositiveInt, width: PositiveInt, data_format: DataFormat = None
) -> Value:
    """The middle of images; the largest part of these proportions, resized, of smaller ones."""
    x = channels_last(x, 2, data_format)
    rows, cols = image_size(x)
    if rows < height or cols < width:
        y = resized(cropped_to_ratio(x, height, width), height, width)
    else:
        y = _window(x, (rows - height) // 2, (cols - width) // 2, height, width)
    return as_given(y, data_format)


def image_size(x: Value) -> tuple[int, int]:
    """Height and width of channels-last images.

    Raises:
        ShapeError: they are not known.
    """
    rows, cols = x.shape[1:3]
    if not (isinstance(rows, int) and isinstance(cols, int)):
        raise ShapeError(
            f"images of known height and width are needed, found {x.type}",
            help="give both a size in the input's declaration",
        )
    return rows, cols


def _window(x: Value, top: int, left: int, height: int, width: int) -> Value:
    x = ops.slice_axis(x, 1, top, top + height)
    return ops.slice_axis(x, 2, left, left + width)


def cropped_to_ratio(x: Value, height: int, width: int) -> Value:
    """The largest middle part of the proportions height to width."""
    rows, cols = image_size(x)
    tall = max(min(rows, int(cols * height / width)), 1)
    wide = max(min(cols, int(rows * width / height)), 1)
    return _window(x, (rows - tall) // 2, (cols - wide) // 2, tall, wide)


def _padded_to_ratio(x: Value, height: int, width: int, value: float) -> Value:
    """The image in the middle of the smallest frame of the proportions; one axis is padded."""
    rows, cols = image_size(x)
    above = (max(rows, int(cols * height / width)) - rows) // 2
    beside = 0 if above else (max(cols, int(rows * width / height)) - cols) // 2
    border = (0, above, beside, 0)
    return ops.pad(x, border, border, value=value)


def resized(
    x: Value,
    height: int,
    width: int,
    interpolation: str = "bilinear",
    antialias: bool = False,
) -> Value:
    """Channels-last images of another size.

    Each axis is a product with a matrix known at build time: output cell o lies at
    (o + 1/2) * old / new - 1/2 of the input and weighs the cells around it by a kernel.
    """
    rows, cols = image_size(x)
    if rows != height:
        weights = ops.array(weights_of(rows, height, interpolation, antialias), "rows")
        x = ops.transpose(ops.dot(x, weights, contract=((1,), (0,))), (0, 3, 1, 2))
    if cols != width:
        weights = ops.array(weights_of(cols, width, interpolation, antialias), "columns")
        x = ops.transpose(ops.dot(x, weights, contract=((2,), (0,))), (0, 1, 3, 2))
    return x


def weights_of(old: int, new: int, interpolation: str, antialias: bool) -> Array:
    """How much each of `old` cells counts in each of `new` ones: `[old, new]`."""
    if interpolation == "nearest":
        # In float32, as the places on a border between two cells depend on it.
        places = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * np.float32(old)
        found = np.floor(places / np.float32(new)).astype(int)
        return np.eye(old, dtype=np.float32)[:, np.minimum(found, old - 1)]
    kernel = _KERNELS[interpolation]
    places = (np.arange(new) + 0.5) * (old / new) - 0.5
    spread = max(old / new, 1.0) if antialias else 1.0
    weights = kernel(np.abs(places[None, :] - np.arange(old)[:, None]) / spread)
    return np.asarray(weights / weights.sum(0, keepdims=True), np.float32)


def _triangle(distance: Array) -> Array:
    return np.maximum(1.0 - distance, 0.0)


def _cubic(distance: Array) -> Array:
    """Keys's cubic convolution with a = -1/2."""
    near = (1.5 * distance - 2.5) * distance * distance + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    return np.where(distance < 1.0, near, np.where(distance < 2.0, far, 0.0))


def _lanczos(radius: int) -> Callable[[Array], Array]:
    """sinc(x) sinc(x / radius), cut off at the radius."""

    def kernel(distance: Array) -> Array:
        found = np.sinc(distance) * np.sinc(distance / radius)
        return np.where(distance > radius, 0.0, found)

    return kernel


_KERNELS: dict[str, Callable[[Array], Array]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
