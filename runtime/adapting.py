"""Statistics of data for Normalization layers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from kgen.runtime.arrays import BLOCK_BYTES, as_table, is_table
from kgen.runtime.errors import DataError, WeightError
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.messages import did_you_mean, listed, shape_text
from kgen.runtime.spec import Spec

KIND = "Normalization"


class Moments:
    """Mean and variance of data that come in parts, over all axes but some.

    Parts are joined by Chan, Golub and LeVeque's rule, in float64.
    """

    def __init__(self, kept: Sequence[int]) -> None:
        self.kept = kept
        self.count = 0
        self.mean: Any = 0.0
        self.squares: Any = 0.0

    def add(self, part: np.ndarray) -> None:
        """Counts a part in."""
        axes = tuple(axis for axis in range(part.ndim) if axis not in self.kept)
        wide = part.astype(np.float64)
        count = math.prod(part.shape[axis] for axis in axes)
        mean = wide.mean(axes)
        centred = wide - wide.mean(axes, keepdims=True)
        difference = mean - self.mean
        whole = self.count + count
        share = self.count * count / whole
        self.squares = self.squares + (centred * centred).sum(axes) + difference**2 * share
        self.mean = self.mean + difference * (count / whole)
        self.count = whole


def adapt_layer(model: Any, layer: str, data: Any, axis: int | Sequence[int] | None) -> None:
    """See `ModelBase.adapt`."""
    paths = _paths(model.spec, layer)
    mean = model.weights[paths["mean"]]
    given = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    moments: Moments | None = None
    for part in _parts(data):
        kept = sorted(a % max(part.ndim, 1) for a in given)
        shape = tuple(part.shape[a] for a in kept)
        if shape != mean.shape or 0 in kept or not part.ndim:
            raise DataError(
                f"data of shape {shape_text(part.shape)} have statistics of shape "
                f"{shape_text(shape)} along axis {axis}, but layer '{layer}' keeps some of shape "
                f"{shape_text(mean.shape)}. Pass what the layer is applied to, and its axis."
            )
        if not np.isfinite(part).all():
            raise DataError("the data hold values that are NaN or infinite.")
        moments = moments or Moments(kept)
        if part.size:
            moments.add(part)
    if moments is None or not moments.count:
        raise DataError("there are no data to adapt to.")
    with DeferredInterrupt():
        mean[...] = moments.mean
        model.weights[paths["variance"]][...] = moments.squares / moments.count


def _paths(spec: Spec, layer: str) -> dict[str, str]:
    """The layer's weights by name.

    Raises:
        WeightError: there is no such layer, or it has none to adapt.
    """
    found = [item for item in spec.layers if item.kind == KIND]
    names = [item.name for item in found]
    for item in found:
        paths = {path.rpartition("/")[2]: path for path in item.weights}
        if item.name == layer and "mean" in paths:
            return paths
        if item.name == layer:
            raise WeightError(f"the mean and variance of layer '{layer}' are given in its file.")
    hint = did_you_mean(layer, names)
    raise WeightError(f"there is no {KIND} layer '{layer}'.{hint} The model's are {listed(names)}.")


def _parts(data: Any) -> Iterator[np.ndarray]:
    """The data in blocks: tables row by row, anything else batch by batch."""
    if not is_table(data) and not isinstance(data, list | tuple):
        for batch in data:
            rows = batch[0] if isinstance(batch, tuple) else batch
            yield from _parts(np.asarray(as_table(rows, "a batch of the data")))
        return
    table = as_table(data, "the data")
    if np.dtype(table.dtype).kind not in "fiub" or not table.shape:
        raise DataError(f"the data must be rows of numbers, but their dtype is {table.dtype}.")
    row = math.prod(table.shape[1:]) * np.dtype(table.dtype).itemsize
    step = max(1, BLOCK_BYTES // max(row, 1))
    for first in range(0, table.shape[0], step):
        yield np.asarray(table[first : first + step])
