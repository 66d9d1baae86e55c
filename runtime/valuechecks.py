"""Values that a model does not take: NaN, infinities, integers out of range."""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.runtime.errors import DataError
from kgen.runtime.messages import count_text

_INT32_MIN = -(1 << 31)
_INT32_MAX = (1 << 31) - 1


class ValueChecks:
    """Looks at converted blocks; `report` raises for the first kind of offence met."""

    def __init__(
        self,
        what: str,
        wanted: np.dtype[Any],
        kind: str,
        classes: int | None,
        numbers: str,
        finite: bool,
        places: np.ndarray | None,
        ignored: int | None,
    ) -> None:
        self.what = what
        self.ignored = ignored
        self.places = places
        self.integers = wanted.kind == "i"
        self.kind = kind
        self.classes = classes
        self.numbers = numbers
        self.finite = finite
        self.bad = 0
        self.first: tuple[int, Any] | None = None
        self.overflow = False

    def look(self, start: int, source: Any, converted: np.ndarray) -> None:
        if not converted.size:
            return
        if self.integers:
            self._look_integers(start, np.asarray(source))
        elif self.finite and self.kind == "f":
            # One pass: a sum is finite only if every term is, but for rare overflow. As einsum
            # takes it, without care for roundings, it is limited by memory alone.
            with np.errstate(over="ignore", invalid="ignore"):
                total = np.einsum("i->", converted.reshape(-1))
            if not np.isfinite(total):
                offending = ~np.isfinite(converted)
                self._note(start, offending, np.asarray(source))

    def _look_integers(self, start: int, source: np.ndarray) -> None:
        low, high = (0, self.classes - 1) if self.classes else (_INT32_MIN, _INT32_MAX)
        minimum, maximum = source.min(), source.max()
        if (
            minimum >= low
            and maximum <= high
            and (self.kind != "f" or np.array_equal(np.rint(source), source))
        ):
            return
        offending = ~((source >= low) & (source <= high))
        if self.ignored is not None:
            offending &= source != self.ignored
        if self.kind == "f":
            offending |= np.rint(source) != source
        self._note(start, offending, source)

    def _note(self, start: int, offending: np.ndarray, source: np.ndarray) -> None:
        count = int(np.count_nonzero(offending))
        if not count:
            return
        self.bad += count
        if self.first is None:
            place = int(np.flatnonzero(offending)[0])
            row = start + place // max(1, offending[0].size)
            row = row if self.places is None else int(self.places[row])
            self.first = (row, source.reshape(-1)[place].item())

    def report(self) -> None:
        if self.first is None:
            return
        row, value = self.first
        holds = f"{self.what} holds {count_text(self.bad, 'value')}"
        if self.integers and np.isfinite(value) and value % 1:
            wanted = self.numbers if self.classes else "integers"
            raise DataError(
                f"{holds} that are not whole numbers, or out of range: first {value!r} in row "
                f"{row}. These are {wanted}; round them where that is what they mean."
            )
        if self.integers:
            allowed = (
                f"outside the {self.numbers} 0 to {self.classes - 1}"
                if self.classes
                else "outside the integers of 32 bits"
            )
            remedy = ""
            if self.classes and self.numbers == "indices":
                remedy = f" The table they number has {self.classes} rows, counted from 0."
                if value == -1:  # pandas's code for a category that is missing
                    remedy += (
                        " If -1 stands for a missing one, add 1 to all and a row to the table."
                    )
            elif self.classes and value == -1:
                remedy = (
                    " If -1 stands for no label, train with "
                    "SparseCategoricalCrossentropy(ignore_class=-1)."
                )
            elif self.classes and value == self.classes:
                remedy = " Classes count from 0: subtract 1, or give the output one unit more."
            raise DataError(f"{holds} {allowed}: first {value!r} in row {row}.{remedy}")
        if np.isfinite(value):
            raise DataError(
                f"{holds} beyond the range of float32: first {value!r} in row {row}. "
                "Scale the data."
            )
        verb = "is" if self.bad == 1 else "are"
        raise DataError(
            f"{holds} that {verb} NaN or infinite: first {value!r} in row {row}. "
            "Remove those rows or fill the gaps, for example with numpy.nan_to_num."
        )
