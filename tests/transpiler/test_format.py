"""The formatter keeps meaning and comments, and has one answer."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kgen.diagnostics import KgenError, Source
from kgen.format import format_source
from kgen.format_layout import WIDTH
from kgen.format_tokens import normal_comment
from kgen.parser import parse
from kgen.scan import scan
from kgen.syntax import same

from tests.strategies import programs, untidy

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "examples").glob("*.k"), *(ROOT / "grammar" / "std").glob("*.k")])


def comments(text: str) -> Counter[str]:
    found = scan(Source("m.k", text))
    inner = [token for line in found.lines for token in line.tokens if token.kind == "comment"]
    return Counter(normal_comment(comment.text) for comment in [*found.comments, *inner])


def check(text: str) -> str:
    result = format_source(text, "m.k")
    assert same(parse(text, "m.k"), parse(result, "m.k"))
    assert format_source(result, "m.k") == result
    assert comments(result) == comments(text)
    assert "\n\n\n\n" not in re.sub(r"('''|\"\"\").*?\1", "", result, flags=re.DOTALL)
    return result


@settings(max_examples=60, deadline=None)
@given(programs())
def test_tidy_programs(program: str) -> None:
    check(program)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_untidy_programs(data: st.DataObject) -> None:
    program = data.draw(programs())
    text = data.draw(untidy(program))
    assert same(parse(program, "m.k"), parse(text, "m.k"))
    check(text)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_shipped_models_are_formatted(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert format_source(text, file.name) == text


@pytest.mark.parametrize(
    ("untidy_text", "tidy_text"),
    [
        ("x=1", "x = 1\n"),
        ("x = f( a,b = - 1 ,)", "x = f(a, b=-1)\n"),
        ("x=a[1 : 2,... , ::-1]", "x = a[1:2, ..., ::-1]\n"),
        ("x = {'a' :1 , 'say \"a\"':2}", 'x = {"a": 1, \'say "a"\': 2}\n'),
        ("x = ( 1 , )", "x = (1,)\n"),
        ("a , b=1,2", "a, b = 1, 2\n"),
        ("x = -a**-b if not(a) else[1]", "x = -a ** -b if not (a) else [1]\n"),
        ("x = F'{a}'", 'x = f"{a}"\n'),
        ("#note", "# note\n"),
        ("", ""),
        ("x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        (
            "model A:\n  input x:float32 [ 3 ]\n  output x",
            "model A:\n    input x: float32[3]\n    output x\n",
        ),
        (
            "def f(x):\n    return x\ndef g(x):\n\n    return x\ny = 1\n",
            "def f(x):\n    return x\n\ndef g(x):\n    return x\n\ny = 1\n",
        ),
    ],
)
def test_style(untidy_text: str, tidy_text: str) -> None:
    assert check(untidy_text) == tidy_text


def test_comments_stay_where_they_are() -> None:
    text = """# file
param a = 1  # beside

# above
model A:  # header
    # first
    input x: float32[3]
    y = f(
        # before
        x,  # one
        2,
        # last
    )
    output z = y  # head
        # between
        |> g  # tail
    # end of block

# end of file
"""
    assert check(text) == text


def test_long_lines_break() -> None:
    call = "layer_with_a_long_name(first_argument=1, second_argument=2)"
    text = f"def f(x):\n    y = x |> {call} |> {call}\n    z = g({call}, [{call}, {call}])\n"
    expected = f"""def f(x):
    y = x
        |> {call}
        |> {call}
    z = g(
        {call},
        [
            {call},
            {call},
        ],
    )
"""
    assert check(text) == expected
    assert max(map(len, expected.splitlines())) <= WIDTH


def test_breaks_in_pipelines_are_the_authors() -> None:
    text = "y = x\n    |> f |> g\n    |> h\n"
    assert check(text) == text


def test_docstrings_move_with_their_block() -> None:
    text = 'def f(x):\n  """One.\n\n    more\n  two\n  """\n  return x\n'
    wanted = 'def f(x):\n    """One.\n\n      more\n    two\n    """\n    return x\n'
    assert check(text) == wanted


def test_text_that_does_not_parse_is_refused() -> None:
    with pytest.raises(KgenError):
        format_source("x = (", "m.k")
