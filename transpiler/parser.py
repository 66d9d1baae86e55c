"""Text to syntax tree.

`parse` is the only way in. Lark does the parsing (LALR, contextual lexer,
`Blocks` for the indentation); the scanner and the layout check come first.
After a mistake the line it is in is replaced and the text read again, so that
one run reports every independent mistake.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from kgen.diagnostics import Diagnostic, KgenError, Source, Span, fail
from kgen.endings import as_named
from kgen.layout import check_layout
from kgen.scan import MAX_DIAGNOSTICS, Line, scan
from kgen.sound_text import SoundText
from kgen.syntax import Module

if TYPE_CHECKING:
    from lark import Lark

MAX_CHARACTERS = 1_000_000
_MAX_REREAD = 5 * MAX_CHARACTERS


@cache
def grammar() -> Lark:
    """The parser for the whole language, built once."""
    from kgen.blocks import Blocks
    from kgen.grammar import grammar_text
    from lark import Lark

    return Lark(
        grammar_text(),
        parser="lalr",
        lexer="contextual",
        postlex=Blocks(),
        start="module",
        propagate_positions=True,
        maybe_placeholders=True,
    )


def parse(text: str, path: str) -> Module:
    """The syntax tree of a `.k` file; `path` is what messages call it.

    Raises `KgenError` with every syntax mistake found (K01xx), or with the
    limit the text goes beyond (K061x); if the path does not end in `.k`, with
    that alone (K0625).
    """
    try:
        return _parsed(text, path)
    except KgenError as error:
        raise as_named(error, path) from None


def _parsed(text: str, path: str) -> Module:
    source = Source(path, text.removeprefix("\ufeff").replace("\r\n", "\n"))
    if len(source.text) > MAX_CHARACTERS:
        fail(
            "K0615",
            f"{path} is longer than {MAX_CHARACTERS:,} characters",
            help='split it, and take the parts in with `use "part.k"`',
        )
    scanned = scan(source)
    if scanned.complete:
        check_layout(scanned)
    diagnostics = scanned.diagnostics
    module = _read(source, scanned.lines, diagnostics) if scanned.complete else None
    if diagnostics or module is None:
        diagnostics.sort(key=_offset)
        raise KgenError(diagnostics)
    return module


def _read(source: Source, lines: list[Line], diagnostics: list[Diagnostic]) -> Module | None:
    """Parse the lines; adds to `diagnostics`, and returns None when a line could not be read."""
    from kgen.syntax_errors import explain
    from kgen.tree_builder import build_module
    from lark.exceptions import UnexpectedInput

    work = 0
    while len(diagnostics) < MAX_DIAGNOSTICS and work <= _MAX_REREAD:
        sound = SoundText(source, lines)
        work += len(sound.text)
        try:
            tree = grammar().parse(sound.text)
        except UnexpectedInput as error:
            line, diagnostic = explain(error, sound)
            diagnostics.append(diagnostic)
            if line.faulty:
                return None
            _set_aside(line, lines)
            continue
        return build_module(tree, sound, diagnostics)
    return None


def _set_aside(line: Line, lines: list[Line]) -> None:
    """Mark a line as faulty; a top-level `if` takes its `elif` and `else` along."""
    line.faulty = True
    if line.indent > 0 or line.first_word != "if":
        return
    for other in lines[lines.index(line) + 1 :]:
        if other.indent == 0:
            if other.first_word not in ("elif", "else"):
                return
            other.faulty = True


def _offset(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if isinstance(diagnostic.span, Span) else 0
