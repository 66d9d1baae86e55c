"""Arithmetic on open dimensions: every formula means what it says, and equal ones are equal."""

from __future__ import annotations

import itertools

import pytest
from kgen import dims
from kgen.graph import Dim, Size

WORDS, OTHER = Dim("words"), Dim("other", 1, 50)
VALUES = [{"words": w, "other": o} for w, o in itertools.product((1, 2, 7, 16, 33, 67), (1, 9))]


def windows(size: Size) -> Size:
    """What model 20's convolutions and poolings leave of a post."""
    size = dims.floor_divide(dims.plus(size, -4), 5)
    size = dims.floor_divide(dims.plus(dims.plus(size, -4), -4), 5)
    return dims.plus(dims.plus(size, -4), -4)


def formulas(words: Size, other: Size) -> list[Size]:
    half = dims.ceil_divide(words, 2)
    return [
        windows(words),
        dims.ceil_divide(half, 2),
        dims.plus(dims.floor_divide(dims.plus(words, -9), 5), 1),
        dims.floor_divide(dims.plus(dims.times(words, 6), 3), 4),
        dims.plus(dims.times(half, 3), other),
        dims.floor_divide(dims.plus(dims.plus(words, other), 1), 3),
        dims.floor_divide(dims.plus(dims.times(half, 2), dims.times(words, 3)), 4),
        dims.product([words, half, 4, other]),
        dims.minus(dims.plus(words, other), dims.plus(words, 3)),
        dims.times(dims.plus(words, 1), dims.plus(other, -2)),
    ]


def test_formulas_have_the_value_of_their_arithmetic() -> None:
    for values in VALUES:
        expected = formulas(values["words"], values["other"])
        for size, value in zip(formulas(WORDS, OTHER), expected, strict=True):
            assert dims.evaluate(size, values) == value, size
            assert eval(dims.expression(size), dict(values)) == value, size
            if isinstance(size, Dim):
                assert eval(size.name, dict(values)) == value
                assert size.minimum <= value


def test_symbols_are_identifiers_and_differ() -> None:
    found = [size for size in formulas(WORDS, OTHER) if isinstance(size, Dim)]
    extra = (
        dims.plus(WORDS, dims.floor_divide(OTHER, 5)),
        dims.floor_divide(dims.plus(WORDS, OTHER), 5),
    )
    symbols = [dims.symbol(size) for size in (*found, *extra) if isinstance(size, Dim)]
    assert all(symbol.isidentifier() for symbol in symbols)
    assert len(set(symbols)) == len(symbols)
    assert dims.symbol(Dim("first")) == "first_"


def test_equal_formulas_are_equal_dimensions() -> None:
    one = dims.floor_divide(dims.plus(WORDS, -4), 5)
    other = dims.plus(dims.floor_divide(dims.plus(WORDS, -9), 5), 1)
    assert one == other and str(one) == "(words - 4) // 5"
    assert dims.minus(dims.plus(WORDS, 3), WORDS) == 3
    assert dims.ceil_divide(dims.ceil_divide(WORDS, 2), 2) == dims.ceil_divide(WORDS, 4)


def test_least_finds_the_shortest_post() -> None:
    size = windows(WORDS)
    assert isinstance(size, Dim)
    shortest = dims.least(size, 1)
    assert shortest is not None
    assert windows(shortest) == 1 and windows(shortest - 1) == 0
    assert dims.least(dims.plus(OTHER, -50), 1) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("factor", [2, WORDS, dims.times(WORDS, 2)])
def test_exact_division_undoes_a_product(factor: Size) -> None:
    assert dims.divide_exactly(dims.times(dims.times(WORDS, OTHER), factor), factor) == dims.times(
        WORDS, OTHER
    )
    assert dims.divide_exactly(dims.plus(dims.times(WORDS, 2), 1), factor) is None
    assert dims.factors(dims.times(WORDS, 6)) == ((WORDS,), 6)


def test_memory_is_laid_out_for_the_bound_of_a_measured_dimension() -> None:
    found = dims.measured("found", dims.times(WORDS, 3), 2)
    size = dims.plus(dims.times(found, 4), OTHER)
    for values in VALUES:
        expected = 12 * values["words"] + values["other"]
        assert dims.evaluate(size, values) == eval(dims.expression(size), dict(values)) == expected
    assert dims.bases(size) == (OTHER, WORDS)
    assert dims.definitions([found, WORDS], [WORDS]) == [
        (WORDS, ""),
        (found, f"dimension(clock, {dims.MAX_DIMS + 2})"),
    ]
    assert dims.is_measured(found) and not dims.is_measured(WORDS) and not dims.is_measured(3)
