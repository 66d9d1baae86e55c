"""What the grammar could not read, told in the user's terms."""

from __future__ import annotations

import re

from kgen.diagnostics import Diagnostic, Span
from kgen.layout import lacks_colon
from kgen.scan import Line, Token
from kgen.sound_text import SoundText
from kgen.words import (
    BLOCK_WORDS,
    BODY_WORDS,
    FOREIGN_STATEMENTS,
    FOREIGN_WORDS,
    FORMS,
    TOP_WORDS,
)
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

_SHOWN = {
    "NAME": "a name",
    "STRING": "a string",
    "NUMBER": "a number",
    "COMPARATOR": "a comparison",
    "_NEWLINE": "the end of the line",
    "$END": "the end of the file",
    "_COLON": "`:`",
    "_COMMA": "`,`",
    "_EQUAL": "`=`",
    "_DOT": "`.`",
    "_PIPE": "`|>`",
    "_LPAR": "`(`",
    "_RPAR": "`)`",
    "_LSQB": "`[`",
    "_RSQB": "`]`",
    "_LBRACE": "`{`",
    "_RBRACE": "`}`",
}
_LAYOUT = {"COMMENT", "SPACE", "CONTINUATION", "_INDENT", "_DEDENT"}
_VALUES = {"NUMBER", "STRING", "FSTRING", "NAME", "CONSTANT", "SIGN", "NOT"}
_VALUES |= {"_LPAR", "_LSQB", "_LBRACE"}
_OPERATORS = {"_PIPE", "_DOT", "SIGN", "PRODUCT", "POWER", "COMPARATOR", "AND", "OR", "NOT", "IS"}
_OPERATORS |= {"_LPAR", "_LSQB", "_IF", "_IN"}


def explain(error: UnexpectedInput, sound: SoundText) -> tuple[Line, Diagnostic]:
    """The logical line a parse error lies in, and the diagnostic for it."""
    mistake = _Mistake(error, sound)
    for rule in (_misplaced, _foreign_word, _missing_colon, _missing_name, _slip):
        diagnostic = rule(mistake)
        if diagnostic is not None:
            return mistake.line, diagnostic
    return mistake.line, _general(mistake)


class _Mistake:
    """What the rules below look at.

    `found` is the unexpected text (empty at the end of a line), `accepted` the
    terminals that could have been there, `before` the line's tokens up to it.
    """

    def __init__(self, error: UnexpectedInput, sound: SoundText) -> None:
        offset = error.pos_in_stream or 0
        self.source = sound.source
        self.line = sound.line_at(offset)
        self.tokens = [token for token in self.line.tokens if token.kind != "comment"]
        self.word = self.tokens[0].text
        if isinstance(error, UnexpectedToken):
            self.accepted = set(error.accepts or error.expected)
        else:
            assert isinstance(error, UnexpectedCharacters)
            self.accepted = set(error.allowed or ())
        start = sound.span(offset, offset + 1).start
        kind = error.token.type if isinstance(error, UnexpectedToken) else ""
        here = next((token for token in self.tokens if token.start <= start < token.end), None)
        if here is None or kind in ("_NEWLINE", "_INDENT", "_DEDENT", "$END"):
            self.found = ""
            self.span = Span(self.source, self.line.end, self.line.end)
        else:
            self.found = here.text
            self.span = self.place(here)
        self.before = [token for token in self.tokens if token.end <= self.span.start]
        self.last = self.before[-1].text if self.before else ""

    def place(self, token: Token) -> Span:
        """Where a token of the line stands."""
        return Span(self.source, token.start, token.end)

    @property
    def introduces(self) -> bool:
        """Whether the line's first word begins a statement, and is not just a name."""
        second = self.tokens[1] if len(self.tokens) > 1 else None
        if self.word in ("for", "if", "return", "def", "elif", "else"):
            return True
        return second is not None and (second.kind in ("name", "string") or second.text == ":")


def _misplaced(mistake: _Mistake) -> Diagnostic | None:
    """A statement in a place where it cannot stand, or an `else` without `if`."""
    word = mistake.word
    if word in ("else", "elif") and not mistake.before:
        return Diagnostic(
            "K0114",
            f"`{word}` follows no `if`",
            mistake.span,
            "no `if` block ends right above",
            help="line it up with its `if`, directly after that block",
        )
    if len(mistake.before) > 1 or not mistake.introduces:
        return None
    place = mistake.place(mistake.tokens[0])
    if mistake.line.indent == 0 and word in BODY_WORDS:
        return Diagnostic(
            "K0114",
            f"`{word}` cannot stand at the top level of a file",
            place,
            "outside any block",
            help="indent it below the `model`, `layer` or `def` it belongs to",
        )
    if mistake.line.indent > 0 and word == "loss" and mistake.tokens[1].kind != "name":
        return _unexpected(mistake, {"_EQUAL"}, 'a setting is written like this: `loss = "mse"`')
    if mistake.line.indent > 0 and word in TOP_WORDS:
        return Diagnostic(
            "K0114",
            f"`{word}` cannot stand inside a block",
            place,
            "only at the top level of a file",
            help=f"move it out to the left margin, as in `{FORMS[word]}`",
        )
    return None


def _foreign_word(mistake: _Mistake) -> Diagnostic | None:
    """A word that is Python's alone."""
    word, span = mistake.found, mistake.span
    if mistake.word in FOREIGN_STATEMENTS:
        word, span = mistake.word, mistake.place(mistake.tokens[0])
    if word not in FOREIGN_WORDS:
        return None
    return Diagnostic(
        "K0115",
        f"`{word}` is Python's, not `.k`'s",
        span,
        "not available",
        help=FOREIGN_WORDS[word],
    )


def _missing_colon(mistake: _Mistake) -> Diagnostic | None:
    if not mistake.found and "_COLON" in mistake.accepted and mistake.word in BLOCK_WORDS:
        return lacks_colon(mistake.span, mistake.word)
    return None


def _missing_name(mistake: _Mistake) -> Diagnostic | None:
    """`input: float32[3]`, which reads like a value until the colon."""
    named = mistake.word in FORMS and mistake.word not in ("train", "else", "if", "elif", "return")
    if not named or len(mistake.before) != 1 or mistake.found in ("=", ""):
        return None
    return _unexpected(mistake, {"NAME"}, f"write it like this: `{FORMS[mistake.word]}`")


def _slip(mistake: _Mistake) -> Diagnostic | None:
    """Mistakes that are common enough to deserve their own remedy."""
    found, accepted, last = mistake.found, mistake.accepted, mistake.last
    in_list = "_COMMA" in accepted and accepted & {"_RPAR", "_RSQB", "_RBRACE"}
    if last == ":" and found and accepted <= {"_NEWLINE"}:
        remedy = "a block starts on a line of its own, indented by four spaces"
    elif found == "=" and mistake.word in ("if", "elif"):
        remedy = "`==` compares; `=` binds a name"
    elif found == "=" and not mistake.introduces:
        remedy = "bind one name a line; inside a call, settings are written `name=value`"
    elif found in ("*", "**") and last in ("(", ","):
        remedy = "give every argument by itself; `*` and `**` do not unpack here"
    elif found == "for" and "(" in (token.text for token in mistake.before):
        remedy = "put the comprehension in brackets: `sum([x for x in xs])`"
    elif found == "|>" and not mistake.before:
        remedy = "a line that begins with `|>` continues the one above, and there is none"
    elif last.lower() in ("r", "b", "u", "rb", "br") and found[:1] in ('"', "'"):
        remedy = "strings have no prefix but `f`; write `\\\\` for a backslash"
    elif in_list and re.match(r"[\w\"']", found):
        remedy = "separate the values with `,`"
    else:
        return None
    return _unexpected(mistake, accepted, remedy)


def _general(mistake: _Mistake) -> Diagnostic:
    remedy = "check the line up to here; `kgen explain K0101` shows the forms of all statements"
    if mistake.word in FORMS and mistake.introduces:
        remedy = f"`{mistake.word}` is written like this: `{FORMS[mistake.word]}`"
    elif not mistake.found and mistake.last in ("=", "|>", "+", "-", "*", "/", "@"):
        remedy = "finish the expression; inside brackets it may go on over several lines"
    return _unexpected(mistake, mistake.accepted, remedy)


def _unexpected(mistake: _Mistake, accepted: set[str], remedy: str) -> Diagnostic:
    found = f"`{mistake.found}`" if mistake.found else "the end of the line"
    if len(mistake.found) > 40 or "\n" in mistake.found:
        found = "a string"
    message = f"expected {_describe(accepted)}, found {found}"
    return Diagnostic("K0101", message, mistake.span, "unexpected here", help=remedy)


def _describe(accepted: set[str]) -> str:
    """Terminals as a person would list them: "a name", "an operator, `)` or `,`"."""
    names = accepted - _LAYOUT
    if "_DEF" in names:
        return "a statement"
    shown: list[str] = []
    if {"NUMBER", "STRING", "_LPAR"} <= names:
        shown.append("an expression")
        names -= _VALUES
    elif len(names & _OPERATORS) > 3:
        shown.append("an operator")
        names -= _OPERATORS
    shown += sorted(_SHOWN.get(name, f"`{name.strip('_').lower()}`") for name in names)
    return " or ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
