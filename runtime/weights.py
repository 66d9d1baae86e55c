"""Weights by path: live views into the engine's flat buffer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from kgen.runtime.arrays import as_table
from kgen.runtime.errors import DataError, WeightError
from kgen.runtime.messages import did_you_mean, shape_text
from kgen.runtime.spec import Spec


def weight_views(spec: Spec, flat: np.ndarray) -> dict[str, np.ndarray]:
    """Each weight's view into `flat`, by path; weights beyond its end are left out."""
    views = {}
    for weight in spec.weights:
        # Rows that lie apart are seen as wider ones, of which the end is left out.
        shape = (*weight.shape[:-1], weight.step) if weight.step else weight.shape
        size = int(np.prod(shape, dtype=np.int64))
        if weight.offset + size <= flat.size:
            part = flat[weight.offset : weight.offset + size].reshape(shape)
            views[weight.path] = part[..., : weight.shape[-1]] if weight.step else part
    return views


def by_layer(spec: Spec) -> list[str]:
    """The weights' paths as Keras orders them: layer by layer, untrained ones last in each."""
    found: dict[str, list[str]] = {}
    for layer in spec.layers:
        for path in layer.weights:
            found.setdefault(path.rpartition("/")[0], []).append(path)
    for weight in spec.weights:
        group = found.setdefault(weight.path.rpartition("/")[0], [])
        group += [weight.path] if weight.path not in group else []
    return list(dict.fromkeys(path for group in found.values() for path in group))


def weight_array(path: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """`value` as float32 of exactly `shape`.

    Raises:
        WeightError: not real numbers, or another shape; the message names both.
    """
    try:
        array = np.asarray(as_table(value, f"the value for weight '{path}'"))
    except DataError as error:
        raise WeightError(str(error)) from error
    if array.dtype.kind not in "fiub":
        raise WeightError(f"weight '{path}' is float32, but the value's dtype is {array.dtype}.")
    if array.shape != shape:
        raise WeightError(
            f"weight '{path}' has shape {shape_text(shape)}, but the value's shape is "
            f"{shape_text(array.shape)}."
        )
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def copy_weights(views: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> None:
    """Copies values into a model's weights, by path."""
    for path, array in values.items():
        views[path][...] = array


class Weights(Mapping[str, np.ndarray]):
    """A model's weights by path, in Keras's order; assignment copies into the model.

    `weights["dense/kernel"]` is a live float32 view: writing into it changes the model.
    """

    def __init__(self, spec: Spec, flat: np.ndarray) -> None:
        views = weight_views(spec, flat)
        self._views = {path: views[path] for path in by_layer(spec) if path in views}

    def __getitem__(self, path: str) -> np.ndarray:
        try:
            return self._views[path]
        except KeyError:
            raise WeightError(
                f"there is no weight '{path}'.{did_you_mean(str(path), self._views)}"
            ) from None

    def __contains__(self, path: object) -> bool:
        return path in self._views

    def __setitem__(self, path: str, value: Any) -> None:
        """Copies `value` into the weight.

        Raises:
            WeightError: unknown path, wrong shape or dtype, NaN or infinity; nothing is changed.
        """
        view = self[path]
        array = weight_array(path, value, view.shape)
        bad = int(np.count_nonzero(~np.isfinite(array)))
        if bad:
            raise WeightError(
                f"the value for weight '{path}' has {bad} entries that are NaN, infinite or "
                "beyond the range of float32."
            )
        view[...] = array

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __repr__(self) -> str:
        lines = [f"  '{path}': float32{shape_text(v.shape)}" for path, v in self._views.items()]
        return "\n".join(["Weights {", *lines, "}"])
