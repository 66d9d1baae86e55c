"""Hypothesis strategies for `.k` programs that parse, tidy or untidy.

`programs()` draws whole files. They are right in syntax, not in meaning:
names are free and shapes do not fit. `untidy(program)` writes one anew with
other spaces, newlines and comments, without changing what it says.
"""

from __future__ import annotations

from itertools import chain
from typing import TypeVar

from hypothesis import strategies as st
from kgen.diagnostics import Source
from kgen.scan import Line, scan

T = TypeVar("T")

NAMES = ["x", "y", "image", "filters", "loss", "input", "view", "dim", "_", "block_1", "Dense"]
DTYPES = ["float32", "int32", "bool"]

_OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "and", "or", "|>"]
_OPERATORS += ["==", "!=", "<", ">", "<=", ">=", "in", "not in", "is", "is not"]

names = st.sampled_from(NAMES)
numbers = st.one_of(
    st.integers(0, 10**12).map(str),
    st.floats(0, allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["0x1F", "1_000", "1e-3", ".5", "2."]),
)
_plain_text = st.text(st.sampled_from("ab 'é\\n#|>\"{}"), max_size=8)


@st.composite
def strings(draw: st.DrawFn) -> str:
    """A string literal in any kind of quotes."""
    quote = draw(st.sampled_from(['"', "'", '"""', "'''"]))
    text = draw(_plain_text).replace("\\", "\\\\").replace('"', '\\"').replace("'", "\\'")
    if len(quote) == 3:
        text = text.replace(" ", draw(st.sampled_from([" ", "\n  "])))
    return f"{quote}{text}{quote}"


@st.composite
def fstrings(draw: st.DrawFn) -> str:
    """An f-string with fields, formats and doubled braces."""
    parts = st.sampled_from(["a", "{{", "}}", "{x}", "{x + 1:04}", "{f(y)[0]}", "{ {} }"])
    quote = draw(st.sampled_from(['"', "'", '"""']))
    return f"f{quote}{''.join(draw(st.lists(parts, max_size=4)))}{quote}"


atoms = st.one_of(
    names, numbers, strings(), fstrings(), st.sampled_from(["True", "False", "None", "..."])
)


@st.composite
def _rarely(draw: st.DrawFn, simple: st.SearchStrategy[T], nested: st.SearchStrategy[T]) -> T:
    """Mostly what is simple, so that trees stay small."""
    return draw(nested if draw(st.integers(0, 2)) == 2 else simple)


def _joined(items: st.SearchStrategy[str], max_size: int = 3) -> st.SearchStrategy[str]:
    return st.lists(items, max_size=max_size).map(", ".join)


def _arguments(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    named = st.lists(st.tuples(names, inner), max_size=2, unique_by=lambda pair: pair[0])
    shown = named.map(lambda pairs: [f"{name}={value}" for name, value in pairs])
    return st.tuples(st.lists(inner, max_size=2), shown).map(lambda p: ", ".join(p[0] + p[1]))


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions around expressions; each part is bracketed, so that any will do."""
    part = st.one_of(atoms, inner.map(lambda text: f"({text})"))
    operators = st.sampled_from(_OPERATORS)
    slices = st.sampled_from([":", "1:", ":2", "1:2", "::-1", "x:y:2"])
    clause = st.tuples(names, part).map(lambda p: f"for {p[0]} in {p[1]}")
    clauses = st.tuples(clause, st.one_of(st.just(""), part.map(lambda t: f" if {t}"))).map("".join)
    pairs = st.tuples(part, part).map(": ".join)
    called = st.tuples(names, _arguments(inner)).map(lambda p: f"{p[0]}({p[1]})")
    return st.one_of(
        called,
        st.tuples(part, st.lists(called, min_size=1, max_size=4)).map(
            lambda p: " |> ".join([p[0], *p[1]])
        ),
        st.tuples(part, operators, part).map(" ".join),
        st.tuples(st.sampled_from(["-", "+", "not "]), part).map("".join),
        st.tuples(part, part, part).map(lambda p: f"{p[0]} if {p[1]} else {p[2]}"),
        st.tuples(names, st.one_of(inner, slices)).map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(names, names).map(".".join),
        _joined(inner).map(lambda text: f"[{text}]"),
        _joined(pairs).map(lambda text: f"{{{text}}}"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({', '.join(items)})"),
        inner.map(lambda text: f"({text},)"),
        st.tuples(part, clauses).map(lambda p: f"[{p[0]} {p[1]}]"),
        st.tuples(pairs, clauses).map(lambda p: f"{{{p[0]} {p[1]}}}"),
    )


expressions: st.SearchStrategy[str] = st.deferred(lambda: _rarely(atoms, _compound(expressions)))


@st.composite
def specs(draw: st.DrawFn) -> str:
    """A dtype, mostly with dimensions."""
    dims = st.one_of(names, numbers, st.just("None"), expressions)
    labelled = st.tuples(dims, st.booleans()).map(lambda p: f"batch={p[0]}" if p[1] else p[0])
    shape = draw(st.one_of(st.just(""), _joined(labelled).map(lambda text: f"[{text}]")))
    return draw(st.sampled_from(DTYPES)) + shape


@st.composite
def simple_statements(draw: st.DrawFn) -> str:
    """A statement of one line."""
    name, value, spec = draw(names), draw(expressions), draw(specs())
    bound = f"{draw(st.sampled_from(['>=', '<=', '<', '>']))} {draw(st.integers(0, 9))}"
    distinct = draw(st.lists(names, unique=True, min_size=2, max_size=3))
    return draw(
        st.sampled_from(
            [
                f"{name} = {value}",
                f"{', '.join(distinct)} = {value}",
                value,
                f"input {name}: {spec}",
                f"output {name}",
                f"output {name} = {value}",
                f"dim {name}",
                f"dim {name} {bound}, {bound}, {', '.join(distinct)}",
                f"weight {name}: {spec} = {value}",
                f"state {name}: {spec}",
                f"weight {name}: {spec} = {value}, {distinct[0]}={value}",
                f"view {name}({', '.join(distinct)}) = {value}",
                f"return {value}",
            ]
        )
    )


def _indented(lines: list[str]) -> list[str]:
    """Lines one level deeper; the inside of a string of several lines stays as it is."""
    return [f"    {line}" for line in lines]


def _blocks(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    body = st.lists(inner, min_size=1, max_size=3).map(lambda parts: _indented(list(chain(*parts))))
    value = expressions
    header = st.one_of(
        st.tuples(names, value).map(lambda p: f"for {p[0]} in {p[1]}:"),
        value.map(lambda text: f"if {text}:"),
        st.just("train:"),
        names.map(lambda name: f"def {name}(x, y=None):"),
    )
    plain = st.tuples(header, body).map(lambda p: [p[0], *p[1]])
    choice = st.tuples(value, body, value, body, body).map(
        lambda p: [f"if {p[0]}:", *p[1], f"elif {p[2]}:", *p[3], "else:", *p[4]]
    )
    return st.one_of(plain, choice)


statements: st.SearchStrategy[list[str]] = st.deferred(
    lambda: _rarely(simple_statements().map(lambda line: [line]), _blocks(statements))
)


@st.composite
def declarations(draw: st.DrawFn) -> list[str]:
    """A declaration at the top level of a file, as lines."""
    name, value = draw(names), draw(expressions)
    simple = [f"param {name} = {value}", f"{name} = {value}", f'use "{name}.k": {name}, y']
    if draw(st.booleans()):
        return [draw(st.sampled_from(simple))]
    parameters = draw(st.sampled_from(["", "x", "x, y=[1, 2]", "x=1, y='a',"]))
    header = draw(
        st.sampled_from(
            [
                f"model {name}({parameters}):",
                f"model {name}:",
                f"layer {name}({parameters})(a, b=None):",
                f"loss {name}({parameters}):",
                f"metric {name}({parameters}):",
                f"def {name}({parameters}):",
            ]
        )
    )
    doc = draw(st.sampled_from([[], ['"""Doc."""'], ["'''Doc\n\n      more\n    '''"]]))
    body = draw(st.lists(statements, min_size=1, max_size=3))
    return [header, *_indented([*doc, *chain(*body)])]


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A whole file."""
    parts = draw(st.lists(declarations(), max_size=3))
    return "".join(f"{line}\n" for part in parts for line in part)


@st.composite
def untidy(draw: st.DrawFn, program: str) -> str:
    """The same program with other spaces, newlines, blank lines and comments."""
    gaps = st.sampled_from(["", " ", "   ", "\t"])
    free = st.sampled_from(["", "\n", " # in\n", "\n  # own\n\n", "#\n#two\n"])
    ends = st.sampled_from(["", "  ", "#end", "  # end"])
    between = st.sampled_from(["", "\n", "\n\n\n\n", "# left\n", "      # deep\n\n"])
    pieces: list[str] = []
    for line in scan(Source("program.k", program)).lines:
        pieces += [draw(between), " " * line.indent, _respaced(draw, line, program, gaps, free)]
        pieces += [draw(ends), "\n"]
    return "".join(pieces) + draw(between)


def _respaced(
    draw: st.DrawFn,
    line: Line,
    program: str,
    gaps: st.SearchStrategy[str],
    free: st.SearchStrategy[str],
) -> str:
    depth = 0
    pieces: list[str] = []
    for position, token in enumerate(line.tokens):
        depth -= token.kind == "close"
        if position:
            apart = program[line.tokens[position - 1].end : token.start]
            pieces.append(apart + draw(gaps))
            if depth and draw(st.integers(0, 7)) == 0:
                pieces.append(draw(free))
            elif token.text == "|>" and draw(st.booleans()):
                pieces.append(draw(st.sampled_from(["\n", "\n    ", " # end\n\n# own\n  "])))
        pieces.append(token.text)
        depth += token.kind == "open"
    return "".join(pieces)
