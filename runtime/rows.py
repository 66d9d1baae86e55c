"""Rows of data too large for memory: read, converted and checked batch by batch.

They come from HDF5 data sets and the like, and from memory maps whose type is not the model's (a
map that has it is used in place). What is computed from them is what whole arrays would give.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from kgen.runtime.arrays import as_table, convert_array, is_table, row_shape_of
from kgen.runtime.errors import DataError

# Converted data of fewer bytes are read whole.
WHOLE_BYTES = 256 << 20
# Rows that lie this close together, on average, are read with what is between them.
_SPARSE = 4


class Rows:
    """Some rows of a table outside memory, as an array of the model's type and shape.

    Args:
        convert: from rows as the table has them, and their numbers, to those the model takes.
    """

    def __init__(
        self,
        table: Any,
        shape: tuple[int, ...],
        convert: Callable[[np.ndarray, np.ndarray], np.ndarray],
        start: int = 0,
    ) -> None:
        self.table = table
        self.shape = shape
        self.start = start
        self.convert = convert

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, part: slice) -> Rows:
        """A range of the rows, unread."""
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise IndexError("rows are cut into ranges only")
        rows = max(0, stop - start)
        return Rows(self.table, (rows, *self.shape[1:]), self.convert, self.start + start)

    def take(self, numbers: np.ndarray) -> np.ndarray:
        """The rows of these numbers, in their order.

        Raises:
            DataError: values that the model does not take, or the table cannot be read.
        """
        places = numbers + self.start
        order = np.argsort(places, kind="stable")
        found = self._read(places[order])
        inverse = np.empty_like(order)
        inverse[order] = np.arange(order.size)
        return self.convert(found[inverse], places)

    def _read(self, places: np.ndarray) -> np.ndarray:
        """Rows in rising order; data sets in files read ranges far quicker than lists."""
        first, last = int(places[0]), int(places[-1]) + 1
        try:
            if isinstance(self.table, np.ndarray) or last - first > _SPARSE * places.size:
                distinct, back = np.unique(places, return_inverse=True)
                found = np.asarray(self.table[distinct])[back]
            else:
                found = np.asarray(self.table[first:last])[places - first]
        except (OSError, RuntimeError, ValueError, TypeError, IndexError) as error:
            raise DataError(f"rows {first} to {last} cannot be read: {error}.") from error
        return np.asarray(found)


Table: TypeAlias = "np.ndarray | Rows"


def bind_rows(
    value: Any,
    what: str,
    dtype: str,
    shape: Sequence[int | None],
    *,
    lazy: bool = False,
    **checks: Any,
) -> Table:
    """`value` as `convert_array` has it, or, if `lazy` and too large for that, as `Rows`.

    Raises:
        DataError: see `convert_array`; values of `Rows` are checked when they are read.
    """
    if lazy and _is_outside(value):
        table = as_table(value, what)
        found = row_shape_of(table, what, dtype, shape, checks.get("classes"))
        fits = isinstance(table, np.ndarray) and table.dtype == np.dtype(dtype)
        if not fits and 4 * math.prod(found) > WHOLE_BYTES:

            def convert(part: np.ndarray, places: np.ndarray) -> np.ndarray:
                return convert_array(part, what, dtype, shape, places=places, **checks)

            return Rows(table, found, convert)
    return convert_array(value, what, dtype, shape, **checks)


def in_memory(table: Table) -> np.ndarray:
    """The array, read if it must be."""
    return table.take(np.arange(len(table))) if isinstance(table, Rows) else table


def _is_outside(value: Any) -> bool:
    """Whether the values are in a file."""
    if isinstance(value, np.ndarray):
        base: Any = value
        while isinstance(base, np.ndarray):
            if isinstance(base, np.memmap):
                return True
            base = base.base
        return isinstance(base, mmap.mmap)
    kept = hasattr(value, "detach") or hasattr(value, "__dlpack__")
    methods = callable(getattr(value, "to_numpy", None)) or callable(getattr(value, "numpy", None))
    return is_table(value) and not kept and not methods
