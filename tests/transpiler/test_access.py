"""How operands are read: rows by columns, broadcast either way, or mapped."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from kgen.access import FULL, ROW, Access, Domain, operand, place
from kgen.graph import BATCH


def test_place() -> None:
    domain = Domain((BATCH, 4), (8,))
    assert place((BATCH, 4, 8), domain) == (2, FULL)
    assert place((BATCH, 4, 1), domain) == (3, ROW)
    assert place((BATCH, 4), domain) == (2, ROW)
    assert place((BATCH, 8), domain) is None
    assert place((8,), domain) is None


def test_operand_of_a_bias() -> None:
    assert operand((8,), (BATCH, 8), 1, FULL) == (0, Access("one", "each"))
    assert operand((), (BATCH, 8), 1, FULL) == (0, Access("one", "one"))
    assert operand((BATCH, 1), (BATCH, 8), 1, FULL) == (1, ROW)


def test_columns_must_match_whole_or_not_at_all() -> None:
    assert operand((BATCH, 1, 8), (BATCH, 4, 8), 1, FULL) is None


SHAPES = [(2, 3, 4), (1, 3, 4), (2, 1, 4), (2, 3, 1), (1, 1, 4), (1, 3, 1), (2, 1, 1), (1, 1, 1)]


@pytest.mark.parametrize("own", SHAPES)
def test_row_maps_are_numpy_broadcasting(own: tuple[int, ...]) -> None:
    """Every row's expression finds the element that NumPy would."""
    of = (2, 3, 4)
    data = np.arange(np.prod(own)).reshape(own)
    wide = np.broadcast_to(data, of).reshape(-1)
    placed = operand(own, of, 3, FULL)
    assert placed is not None
    rows = placed[1].rows
    for i in range(24):
        row = {"each": "i", "one": "0"}.get(rows, rows.format(i="i"))
        assert data.reshape(-1)[eval(row, {"i": i})] == wide[i]


def test_maps_of_maps_are_refused() -> None:
    mapped = operand((2, 1, 4), (2, 3, 4), 3, FULL)
    assert mapped is not None
    for own in itertools.islice(SHAPES, 1, 4):
        found = operand(own, (2, 1, 4), 3, mapped[1])
        assert found is None or found[1].rows in ("one", mapped[1].rows)
