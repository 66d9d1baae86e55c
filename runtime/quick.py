"""The quick calls that a model keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.runtime.few import Few
from kgen.runtime.spec import Input, Spec

# Shapes of open sizes: how often one must come for a quick call of its own, for how many there are
# such calls at a time, and how many are counted.
OFTEN, QUICK_SHAPES, COUNTED = 16, 8, 256


class Quick(dict[tuple[Any, ...], Few]):
    """A model's quick calls by `few.key` of their inputs; of open sizes, of those often seen."""

    def __init__(self, inputs: Sequence[Input]) -> None:
        super().__init__()
        self.names = [one.name for one in inputs]
        self.seen: dict[tuple[Any, ...], int] = {}

    def listed(self, x: Any) -> Sequence[np.ndarray]:
        """The inputs in their order, if there are several and `x` is all of them as arrays."""
        if type(x) is dict:
            x = [x.get(name) for name in self.names] if len(x) == len(self.names) else ()
        several = type(x) in (list, tuple) and len(x) == len(self.names) > 1
        return x if several and all(type(one) is np.ndarray for one in x) else ()

    def is_due(self, shapes: tuple[Any, ...]) -> bool:
        """Whether rows of these shapes, of a model of open sizes, have come often enough by now."""
        if len(self.seen) >= COUNTED:
            self.seen.clear()
        self.seen[shapes] = self.seen.get(shapes, 0) + 1
        return self.seen[shapes] == OFTEN

    def keep(self, shapes: tuple[Any, ...], few: Few) -> None:
        """Take a quick call for rows of open sizes; the one for the oldest makes room."""
        if len(self) >= QUICK_SHAPES:
            oldest = next(iter(self))
            self.pop(oldest, None)
            self.seen.pop(oldest, None)
        self[shapes] = few


def is_plain(spec: Spec) -> bool:
    """Whether the quick path of a call may apply: no stranger types, each row an array."""
    given = all(one.dtype in ("float32", "int32") and one.shape != () for one in spec.inputs)
    return given and all(one.dtype == "float32" for one in spec.outputs)
