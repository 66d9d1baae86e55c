"""The values of strings, f-strings and numbers, read without evaluating anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kgen.diagnostics import Diagnostic, KgenError, Span
from kgen.scan import TOKEN

_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\n)|(.))", re.DOTALL
)
_NOT_IN_FIELDS = ("open_string", "open_text", "foreign_name", "unknown", "comment")
_SIMPLE = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
}


@dataclass(frozen=True, slots=True)
class RawField:
    """The expression text of an f-string's field, where it starts, and its format."""

    text: str
    start: int
    end: int
    format_spec: str


def number_value(text: str) -> int | float:
    """The value of a number the scanner has passed."""
    if re.fullmatch(r"[0-9_]+|0[xXoObB].*", text):
        return int(text, 0)
    return float(text)


def string_value(text: str, span: Span) -> str:
    """The value of a string literal; raises `KgenError` for an unknown escape."""
    quotes = 3 if text[:3] in ('"""', "'''") else 1
    return unescape(text[quotes:-quotes], span, span.start + quotes)


def unescape(text: str, span: Span, start: int) -> str:
    """`text` (found at offset `start`) with its escapes replaced."""

    def replace(match: re.Match[str]) -> str:
        two, four, eight, newline, other = match.groups()
        if newline is not None:
            return ""
        if other is not None:
            if other in _SIMPLE:
                return _SIMPLE[other]
        else:
            code = int(two or four or eight, 16)
            if code < 0x110000 and not 0xD800 <= code < 0xE000:
                return chr(code)
        at = start + match.start()
        raise KgenError(
            [
                Diagnostic(
                    "K0111",
                    f"`{match.group()}` is no escape",
                    Span(span.source, at, at + len(match.group())),
                    "unknown escape" if other else "no such character",
                    (r"escapes are \n \t \r \\ \' \" \0 \a \b \f \v \xHH \uHHHH \UHHHHHHHH",),
                    r"write `\\` for a backslash",
                )
            ]
        )

    return _ESCAPE.sub(replace, text)


def fstring_parts(text: str, span: Span) -> list[str | RawField]:
    """Split an f-string into text and fields; raises `KgenError` where it is malformed."""
    quotes = 3 if text[1:4] in ('"""', "'''") else 1
    body_end = len(text) - quotes
    parts: list[str | RawField] = []
    literal: list[str] = []
    position = 1 + quotes
    while position < body_end:
        char = text[position]
        if char in "{}" and text[position : position + 2] == char * 2:
            literal.append(char)
            position += 2
        elif char == "}":
            raise _malformed(span, position, position + 1, "a single `}`", "write `}}` for a brace")
        elif char == "{":
            if literal:
                parts.append("".join(literal))
                literal = []
            field, position = _field(text, position, body_end, span)
            parts.append(field)
        else:
            match = re.compile(r"(?:[^{}\\]|\\.)+", re.DOTALL).match(text, position, body_end)
            assert match is not None
            literal.append(unescape(match.group(), span, span.start + position))
            position = match.end()
    if literal:
        parts.append("".join(literal))
    return parts


def _field(text: str, brace: int, body_end: int, span: Span) -> tuple[RawField, int]:
    depth = 0
    position = brace + 1
    spec = ""
    while position < body_end:
        match = TOKEN.match(text, position, body_end)
        assert match is not None
        kind, token = match.lastgroup, match.group()
        if depth == 0 and (token == "}" or token[0] == ":"):
            break
        if token == "!" or kind in _NOT_IN_FIELDS:
            raise _malformed(
                span, position, match.end(), "not allowed in a field", "fields hold an expression"
            )
        depth += {"open": 1, "close": -1}.get(kind or "", 0)
        position = match.end()
    end = position
    if text[end] == ":" and end < body_end:
        spec_end = text.find("}", end, body_end)
        spec = text[end + 1 : spec_end] if spec_end >= 0 else ""
        position = body_end if spec_end < 0 or "{" in spec else spec_end
    if position >= body_end:
        raise _malformed(span, brace, brace + 1, "this field is not closed", "add `}`")
    if not text[brace + 1 : end].strip():
        raise _malformed(
            span,
            brace,
            position + 1,
            "an empty field",
            "name a value: `{filters}`; `{{` is a brace",
        )
    field = RawField(text[brace + 1 : end], span.start + brace + 1, span.start + position + 1, spec)
    return field, position + 1


def _malformed(span: Span, start: int, end: int, label: str, help: str) -> KgenError:
    place = Span(span.source, span.start + start, span.start + end)
    return KgenError([Diagnostic("K0116", "malformed f-string", place, label, help=help)])
