"""Data that come as a stream of batches: generators, loaders, indexed batch sources."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from kgen.runtime.arrays import is_table
from kgen.runtime.data import Dataset, bind_data, bind_inputs, weight_classes
from kgen.runtime.errors import DataError
from kgen.runtime.fixedbatch import check_one_batch
from kgen.runtime.spec import Spec


def is_stream(x: Any) -> bool:
    """Whether `x` yields batches itself, as opposed to holding rows."""
    if x is None or is_table(x) or isinstance(x, list | tuple | Mapping | str | bytes):
        return False
    return hasattr(x, "__iter__") or hasattr(x, "__next__") or _is_indexed(x)


def row_order(seed: int, step: int, rows: int) -> np.ndarray:
    """The permutation of an epoch: a pure function of the seed and the step it starts at."""
    key = np.array([seed & (2**64 - 1), step & (2**64 - 1)], np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).permutation(rows)


class BatchStream:
    """Batches for epoch after epoch, checked and converted as they come.

    An indexed source (`len()` and `[]`) is read in shuffled order of its batches, an iterable anew
    each epoch, a generator on and on. `steps` bounds an epoch.
    """

    def __init__(
        self,
        spec: Spec,
        source: Any,
        *,
        steps: int | None = None,
        class_weight: Mapping[Any, Any] | None = None,
        epochs: int = 1,
    ) -> None:
        self.spec = spec
        self.source = source
        self.class_weight = class_weight
        self.limit = steps
        self.indexed = _is_indexed(source)
        self.exhausted = False
        self._iterator: Iterator[Any] | None = None
        once = not self.indexed and hasattr(source, "__next__")
        if once and steps is None and epochs > 1:
            raise DataError(
                f"x can be iterated only once, which does not make {epochs} epochs; give "
                "steps_per_epoch, or an object that can be iterated anew."
            )
        try:
            length: int | None = len(source)
        except TypeError:
            length = None
        if length == 0:
            raise DataError("x yields no batches: its length is 0.")
        self.steps = steps if steps is not None else length

    def epoch(self, seed: int, step: int, *, shuffle: bool) -> Iterator[Dataset]:
        """The batches of one epoch; `exhausted` afterwards says that no more will come."""
        taken = 0
        for batch in self._raw(seed, step, shuffle):
            yield self._bound(batch, taken)
            taken += 1
            if taken == self.limit:
                break
        if self.limit is not None and taken < self.limit:
            self.exhausted = True
            warnings.warn(
                f"x ran out of batches after {taken} of {self.limit} steps; training stops. "
                "Lower steps_per_epoch or yield more batches.",
                stacklevel=2,
            )
        if self.indexed and callable(getattr(self.source, "on_epoch_end", None)):
            self.source.on_epoch_end()

    def inputs(self) -> Iterator[list[np.ndarray]]:
        """One pass over the inputs alone, for prediction."""
        for taken, batch in enumerate(self._raw(0, 0, False)):
            if taken == self.limit:
                return
            x = batch[0] if isinstance(batch, list | tuple) else batch
            if isinstance(batch, list | tuple) and len(batch) == len(self.spec.inputs) > 1:
                x = batch
            yield bind_inputs(self.spec, x)

    def _bound(self, batch: Any, number: int) -> Dataset:
        try:
            x, y, weight = unpack_batch(batch)
            if weight is not None and self.class_weight is not None:
                raise DataError("class_weight and sample_weight cannot be given together.")
            data = bind_data(self.spec, x, y, weight)
            check_one_batch(self.spec, data.rows)
            return weight_classes(self.spec, data, self.class_weight)
        except DataError as error:
            raise DataError(f"batch {number}: {error}") from error

    def _raw(self, seed: int, step: int, shuffle: bool) -> Iterator[Any]:
        if self.indexed:
            count = len(self.source)
            order = row_order(seed, step, count) if shuffle else range(count)
            while True:
                for place in order:
                    yield self.source[int(place)]
                if self.limit is None:
                    return
        if self.limit is None:
            yield from self.source
            return
        fresh = self._iterator is None
        while True:
            if self._iterator is None:
                self._iterator = iter(self.source)
            count = 0
            # Not `yield from`: closing this generator must leave the iterator open.
            for count, batch in enumerate(self._iterator, 1):  # noqa: B007
                yield batch
            if hasattr(self.source, "__next__") or (fresh and not count):
                return
            self._iterator, fresh = None, True


def unpack_batch(batch: Any) -> tuple[Any, Any, Any]:
    """A batch as (x, y, sample weights); the last two may be None.

    Raises:
        DataError: a tuple of another length.
    """
    if not isinstance(batch, list | tuple):
        return batch, None, None
    if not 1 <= len(batch) <= 3:
        raise DataError(
            f"a batch must be x, (x, y) or (x, y, sample_weight), not {len(batch)} parts."
        )
    x, y, weight = (*batch, None, None)[:3]
    return x, y, weight


def _is_indexed(source: Any) -> bool:
    return (
        hasattr(source, "__getitem__")
        and hasattr(source, "__len__")
        and not hasattr(source, "__next__")
    )
