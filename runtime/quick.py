"""The quick calls that a model keeps."""

from __future__ import annotations

from kgen.runtime.few import Few

# Shapes of open sizes: how often one must come for a quick call of its own, for how many there are
# such calls at a time, and how many are counted.
OFTEN, QUICK_SHAPES, COUNTED = 16, 8, 256


class Quick(dict[tuple[int, ...], Few]):
    """The quick calls of a model by the shape of the input; of open sizes, for those often seen."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[tuple[int, ...], int] = {}

    def is_due(self, shape: tuple[int, ...]) -> bool:
        """Whether rows of this shape, of a model of open sizes, have come often enough by now."""
        if len(self.seen) >= COUNTED:
            self.seen.clear()
        self.seen[shape] = self.seen.get(shape, 0) + 1
        return self.seen[shape] == OFTEN

    def keep(self, shape: tuple[int, ...], few: Few) -> None:
        """Take a quick call for rows of open sizes; the one for the oldest makes room."""
        if len(self) >= QUICK_SHAPES:
            oldest = next(iter(self))
            self.pop(oldest, None)
            self.seen.pop(oldest, None)
        self[shape] = few
