"""The distinct ones among many numbers of rows, so that what follows is done once for each.

    %ranks = distinct_ranks(%words, rows=1000)      [1001]: a number for each word that occurs
    %rows = distinct_rows(%words, %ranks)           [distinct]: the words that occur, each once
    %places = distinct_places(%words, %ranks)       as %words: where each is among those

How many there are is measured at every step: a dimension of its own, whose bound is the number
of all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.dims import product
from kgen.graph import Attrs, Dim, OpDef, TensorType, Value, apply, register

__all__ = ["distinct_places", "distinct_ranks", "distinct_rows"]


def _ranks_type(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("int32", (attrs["rows"] + 1,))


def _ranks(numbers: Any, rows: int) -> Any:
    """Numbers in the order in which rows first occur; the last element is how many there are."""
    found = np.zeros(rows + 1, np.int32)
    held = np.clip(np.asarray(numbers, np.int64).reshape(-1), 0, rows - 1)
    once, first = np.unique(held, return_index=True)
    found[once[np.argsort(first)]] = np.arange(len(once))
    found[rows] = len(once)
    return found


def _rows_type(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("int32", (attrs["size"],))


def _rows(numbers: Any, ranks: Any, size: int) -> Any:
    """As many as there may be: where memory is for more than there are, the first row again."""
    held = np.clip(np.asarray(numbers, np.int64).reshape(-1), 0, len(ranks) - 2)
    found = np.zeros(size, np.int32)
    found[np.asarray(ranks, np.int64)[held]] = held
    return found


def _places_type(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return inputs[0]


def _places(numbers: Any, ranks: Any) -> Any:
    return ranks[np.clip(np.asarray(numbers, np.int64), 0, len(ranks) - 2)]


register(
    OpDef(
        "distinct_ranks",
        _ranks_type,
        _ranks,
        doc="For each row that is among some numbers, its rank by first occurrence; their count.",
        kernel="distinct_ranks",
    )
)
register(
    OpDef(
        "distinct_rows",
        _rows_type,
        _rows,
        doc="The rows that are among some numbers, each once, in the order of their ranks.",
        kernel="distinct_rows",
    )
)
register(
    OpDef(
        "distinct_places",
        _places_type,
        _places,
        doc="The rank of each of some numbers of rows.",
        kernel="distinct_places",
    )
)


def distinct_ranks(numbers: Value, rows: int) -> Value:
    """`[rows + 1]`: the ranks of the rows that occur (others are undefined), and their count."""
    return apply("distinct_ranks", numbers, hint=f"{numbers.name}_ranks", rows=rows)


def distinct_rows(numbers: Value, ranks: Value, size: Dim) -> Value:
    """`[size]`: the rows that occur; its kernel measures `size`, which all later ones may use."""
    assert product(numbers.shape) == size.formula.bound
    return apply("distinct_rows", numbers, ranks, hint=str(size), size=size)


def distinct_places(numbers: Value, ranks: Value) -> Value:
    """Of each number, the place of its row among those that occur."""
    return apply("distinct_places", numbers, ranks, hint=f"{numbers.name}_places")
