"""Buffers in an arena: never over one another while both are in use."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kgen.runtime.dims import filled, worked_out
from kgen.runtime.packing import pack_lives

PARTS = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 6), st.integers(0, 3)), max_size=20)


@given(PARTS)
def test_what_is_alive_together_lies_apart(parts: list[tuple[int, int, int]]) -> None:
    sizes = [size for size, _, _ in parts]
    lives = [(first, first + length) for _, first, length in parts]
    offsets, total = pack_lives(sizes, lives)
    assert total <= sum(sizes)
    for a, (start, life) in enumerate(zip(offsets, lives, strict=True)):
        assert 0 <= start <= total - sizes[a]
        for b in range(a):
            if lives[b][0] <= life[1] and life[0] <= lives[b][1]:
                assert start + sizes[a] <= offsets[b] or offsets[b] + sizes[b] <= start


def test_places_are_used_again() -> None:
    assert pack_lives([64] * 10, [(phase, phase) for phase in range(10)])[1] == 64
    assert pack_lives([], []) == ([], 0)


def test_formulas_fill_shapes() -> None:
    sizes = {"words": 30, "batch": 4}
    assert worked_out("(words - 4) // 5", sizes) == 5
    assert filled((None, 8, None), ("words", "words * 2 + 1"), sizes) == (30, 8, 61)
