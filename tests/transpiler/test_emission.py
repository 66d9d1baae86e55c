"""Printing: expressions, statements, Python source."""

from __future__ import annotations

import ast
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kgen import pycode
from kgen.body import Names, identifier, number
from kgen.tidy import tidy


def test_tidy_moves_what_is_used_once() -> None:
    lines = ["a = load(x, i, j, 1, 2)", "b = a + 1.0", "c = exp(b)", "store(y, i, j, c)"]
    moved = ["store(y, i, j, exp(load(x, i, j, 1, 2) + 1.0))"]
    assert tidy(lines, {"a", "b", "c"}) == moved


def test_tidy_keeps_lines_short() -> None:
    lines = [f"a = {'x' * 40} + y", f"store({'m' * 30}, i, j, a)"]
    assert tidy(lines, {"a"}) == lines


def test_tidy_keeps_precedence() -> None:
    lines = ["a = x - y", "b = z - a", "store(m, i, j, b)"]
    assert tidy(lines, {"a", "b"}) == ["store(m, i, j, z - (x - y))"]


def test_tidy_leaves_loads_before_stores() -> None:
    lines = ["a = load(x, i, j, 1, 2)", "store(x, i, j, b)", "store(y, i, j, a)"]
    assert tidy(lines, {"a"}) == lines


def test_tidy_keeps_what_is_used_twice_or_has_a_name() -> None:
    lines = ["a = x + y", "store(m, i, j, a * a)"]
    assert tidy(lines, {"a"}) == lines
    assert tidy(["hidden = x + y", "store(m, i, j, hidden)"], set())[0] == "hidden = x + y"


@given(st.floats(width=32, allow_nan=False))
def test_numbers_come_back(value: float) -> None:
    text = number(value)
    assert np.float32(eval(text, {"np": np})) == np.float32(value)


def test_names_are_unique_and_safe() -> None:
    names = Names()
    made = [
        names.new(hint) for hint in ("acc", "acc", "class", "x", "x", "1a", "a-b", "λ", "print")
    ]
    assert len(set(made)) == len(made)
    assert all(name.isidentifier() and name.isascii() for name in made)
    assert "acc" not in made and "class" not in made and "print" not in made
    assert identifier("") == "_"


@given(st.text())
def test_strings_come_back(text: str) -> None:
    assert ast.literal_eval(pycode.quoted(text)) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet='"\\\\a\n'))
def test_blocks_come_back(text: str) -> None:
    plain = text.replace("\r", "")
    assert ast.literal_eval(pycode.block_string(plain)) == plain


@pytest.mark.parametrize("length", [1, 20, 30, 60])
@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_layout_is_that_of_ruff(length: int, count: int) -> None:
    """Calls, displays and long statements stay as `ruff format` leaves them."""
    words = [f"{'a' * length}{n}" for n in range(count)]
    pairs = {pycode.quoted(word): word for word in words}
    source = "\n".join(
        [
            pycode.call("function", words, 0, "x = "),
            pycode.sequence(words, "[]", 0, "y = "),
            pycode.sequence(words, "()", 0, "t = "),
            pycode.mapping(pairs, 0, "z = "),
            pycode.wrap(f"value = function({', '.join(words)})"),
            pycode.wrap(f"function({', '.join(words)})"),
            "",
        ]
    )
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    run = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert run.stdout == source


def test_generators_are_laid_out_as_by_ruff() -> None:
    """In a list and in a call's arguments, of every length about the width of a line."""
    lines: list[str] = []
    for length in range(20, 65):
        parts = "call", "for t in range(9)", f"for call in {'a' * length}(t)"
        listed = pycode.sequence([pycode.generator(parts, 4, "*")] * 2, "[]", 0, "x = ")
        lines += [listed, pycode.call("f", [pycode.generator(parts, 4)] * 2)]
    source = "\n".join([*lines, ""])
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "-"]
    run = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    assert run.stdout == source
