"""What layers keep from batch to batch: a row for each of a batch of fixed size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from kgen.runtime.errors import KgenRuntimeError, WeightError
from kgen.runtime.kernels import Buffer
from kgen.runtime.messages import did_you_mean
from kgen.runtime.spec import Spec

# Tiles may reach this many rows beyond a batch's last, and their vectors so far beyond the end.
OVERHANG = 8
MARGIN = 4096


class States(Mapping[str, np.ndarray]):
    """The states of a model's layers by path, in order: live float32 views, `[batch, ...]`.

    They start at zero, every batch that goes through the model leaves its own behind, in training
    or not, and `reset` makes them zero again.
    """

    def __init__(self, spec: Spec, allocate: Callable[[int], np.ndarray]) -> None:
        rows = spec.batch or 0
        room = -(-rows // OVERHANG) * OVERHANG
        sizes = {state.path: int(np.prod(state.shape)) for state in spec.states}
        self._name = spec.name
        self._floats = allocate(sum(sizes.values()) * room + MARGIN)
        self._starts = {state.path: state.offset * room for state in spec.states}
        self._views = {
            state.path: self._floats[self._starts[state.path] :][
                : rows * sizes[state.path]
            ].reshape(rows, *state.shape)
            for state in spec.states
        }

    def buffer(self, path: str) -> Buffer:
        """The memory of a state, for kernels."""
        return Buffer(self._floats, self._starts[path])

    def reset(self, layer: str | None = None) -> None:
        """Makes the states zero: all, or those of a layer and of what is inside it.

        Raises:
            KgenRuntimeError: there is no such state.
        """
        paths = [p for p in self._views if layer is None or p.startswith(f"{layer}/")]
        if not self._views:
            raise KgenRuntimeError(f"{self._name} has no layer that carries state between batches.")
        if not paths:
            owners = [path.rpartition("/")[0] for path in self._views]
            raise KgenRuntimeError(
                f"{self._name} has no layer '{layer}' that carries state between batches."
                f"{did_you_mean(str(layer), owners)}"
            )
        for path in paths:
            self._views[path][...] = 0.0

    def copies(self) -> dict[str, np.ndarray]:
        """The values as they are now."""
        return {path: view.copy() for path, view in self._views.items()}

    def put(self, values: Mapping[str, np.ndarray]) -> None:
        """Copies values into states, by path."""
        for path, value in values.items():
            self._views[path][...] = value

    def __getitem__(self, path: str) -> np.ndarray:
        try:
            return self._views[path]
        except KeyError:
            raise WeightError(
                f"there is no state '{path}'.{did_you_mean(str(path), self._views)}"
            ) from None

    def __contains__(self, path: object) -> bool:
        return path in self._views

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)
