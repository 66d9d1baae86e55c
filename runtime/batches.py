"""Data that come as a stream of batches: generators, loaders, indexed batch sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from kgen.runtime.arrays import is_table
from kgen.runtime.classweights import weight_classes
from kgen.runtime.data import Dataset, bind_data, bind_inputs
from kgen.runtime.errors import DataError
from kgen.runtime.fixedbatch import check_one_batch
from kgen.runtime.spec import Spec
from kgen.runtime.warning import warn


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
    each epoch, a generator on and on. `steps` bounds an epoch, and the next goes on where it ended,
    round and round.

    Args:
        anew: each epoch begins with the first batch and ends with the last, as evaluation has it.
        what, bound: the arguments of the source and of `steps`, for messages.
    """

    def __init__(
        self,
        spec: Spec,
        source: Any,
        *,
        steps: int | None = None,
        class_weight: Mapping[Any, Any] | None = None,
        epochs: int = 1,
        anew: bool = False,
        what: str = "x",
        bound: str = "steps_per_epoch",
    ) -> None:
        self.spec = spec
        self.source = source
        self.class_weight = class_weight
        self.limit = steps
        self.anew = anew
        self.what = what
        self.bound = bound
        self.indexed = _is_indexed(source)
        self.exhausted = False
        self._iterator: Iterator[Any] | None = None
        once = not self.indexed and hasattr(source, "__next__")
        if once and steps is None and epochs > 1:
            raise DataError(
                f"{what} can be iterated only once, which does not make {epochs} epochs; give "
                f"{bound}, or an object that can be iterated anew."
            )
        try:
            length: int | None = len(source)
        except TypeError:
            length = None
        if length == 0:
            raise DataError(f"{what} yields no batches: its length is 0.")
        self.steps = length if steps is None else steps
        if anew and steps is not None and length is not None:
            self.steps = min(steps, length)

    def epoch(self, seed: int, step: int, *, shuffle: bool, place: int = 0) -> Iterator[Dataset]:
        """The batches of one epoch; `exhausted` afterwards says that no more will come.

        Args:
            step: the engine's, at which the epoch began.
            place: the batches of the epochs before, where `steps` bounds them.
        """
        for number, batch in enumerate(self._limited(seed, step, shuffle, place)):
            yield self._bound(batch, number)

    def inputs(self) -> Iterator[list[np.ndarray]]:
        """One pass over the inputs alone, for prediction."""
        for number, batch in enumerate(self._limited(0, 0, False, 0)):
            try:
                inputs = bind_inputs(self.spec, _inputs_of(batch, len(self.spec.inputs)))
            except DataError as error:
                raise DataError(f"batch {number}: {error}") from error
            yield inputs

    def _limited(self, seed: int, step: int, shuffle: bool, place: int) -> Iterator[Any]:
        taken = 0
        for batch in self._raw(seed, step, shuffle, place):
            yield batch
            taken += 1
            if taken == self.limit:
                break
        if self.anew and not taken:
            raise DataError(f"{self.what} yields no batches.")
        if self.limit is not None and taken < self.limit:
            self.exhausted = True
            warn(
                f"{self.what} ran out of batches after {taken} of {self.limit} steps"
                f"{'' if self.anew else '; training stops'}. "
                f"Lower {self.bound} or yield more batches.",
            )
        if self.indexed and callable(getattr(self.source, "on_epoch_end", None)):
            self.source.on_epoch_end()

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

    def _raw(self, seed: int, step: int, shuffle: bool, place: int) -> Iterator[Any]:
        single = self.anew or self.limit is None
        if self.indexed:
            count = len(self.source)
            first = place % count
            # An order holds for a pass, whatever part of it the epochs before have taken.
            begun = step - first
            while True:
                order = row_order(seed, begun, count) if shuffle else range(count)
                for number in order[first:]:
                    yield self.source[int(number)]
                if single:
                    return
                first, begun = 0, begun + count
        if single:
            # Not `yield from`: closing this generator must leave the user's open.
            for batch in self.source:
                yield batch
            return
        fresh = self._iterator is None
        while True:
            if self._iterator is None:
                self._iterator = iter(self.source)
            count = 0
            for count, batch in enumerate(self._iterator, 1):  # noqa: B007
                yield batch
            if hasattr(self.source, "__next__") or (fresh and not count):
                return
            self._iterator, fresh = None, True


def _inputs_of(batch: Any, inputs: int) -> Any:
    """The inputs in a batch: of `(x, y)`, the first; else the arrays of several inputs."""
    if isinstance(batch, list | tuple) and len(batch) == inputs > 1:
        first = batch[0]
        parts = isinstance(first, list | tuple) and len(first) > 0 and is_table(first[0])
        if not (parts or isinstance(first, Mapping)):
            return batch
    return unpack_batch(batch)[0]


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
