"""The lines of a `.k` file: tokens, logical lines, comments and indentation.

The scanner sees what the grammar takes for granted (strings that end,
brackets that close, lines that line up) and reports what is wrong with it, so
that the grammar only ever reads text that is sound in these respects. The
formatter prints from the same tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kgen.diagnostics import Diagnostic, Source, Span, fail
from kgen.lexical_errors import (
    foreign_name,
    foreign_operator,
    number_error,
    unclosed_bracket,
    unclosed_string,
    unknown_character,
    wrong_closer,
)

MAX_BRACKETS = 100
MAX_TOKENS = 50_000
MAX_DIAGNOSTICS = 20

TOKEN = re.compile(
    r"""
      (?P<space>[ \t]+)
    | (?P<newline>\n)
    | (?P<comment>\#[^\n]*)
    | (?P<string>[fF]?(?:
          \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3}
        | '{3}(?:[^'\\]|\\.|'(?!''))*'{3}
        | "(?!"")(?:[^"\\\n]|\\.)*"
        | '(?!'')(?:[^'\\\n]|\\.)*'))
    | (?P<open_text>[fF]?(?:\"{3}|'{3}))
    | (?P<open_string>[fF]?["'][^\n]*)
    | (?P<number>0[xX]\w*|(?:\d|\.\d)(?:[eE][+-]?\d|\w|\.(?!\.))*)
    | (?P<foreign_name>(?=\w*(?u:[^\W\x00-\x7f]))(?u:[^\W\d]\w*))
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<foreign>\*\*=|//=|<<|>>|:=|->|[-+*/%@&^]=|&&|\|\||[!&^~;\\](?!=)|\|(?!>))
    | (?P<operator>\|>|\*\*|//|==|!=|<=|>=|\.\.\.|[-+*/%@=<>:,.])
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<unknown>.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_CONTINUES = re.compile(r"(?:\n[ \t]*(?:\#[^\n]*)?)+(?=\|>)")
_CLOSER = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the source: `kind` is a group of the scanner's pattern."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(slots=True)
class Line:
    """A logical line: one statement, or the header of a block.

    `indent` counts columns; `end` is where its last token (no comment) ends.
    `faulty` lines are already reported and are kept from the grammar.
    """

    start: int
    end: int
    indent: int
    tokens: list[Token]
    opens_block: bool = False
    faulty: bool = False

    @property
    def first_word(self) -> str:
        return self.tokens[0].text


@dataclass(slots=True)
class Scan:
    """`comments` are those outside logical lines; `complete` is false where scanning gave up.

    `tokens` counts what was read; a file may have `MAX_TOKENS`.
    """

    source: Source
    lines: list[Line] = field(default_factory=list)
    comments: list[Token] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    complete: bool = True
    tokens: int = 0


def scan(source: Source) -> Scan:
    """Split a source (newlines are `\\n`) into logical lines.

    Raises `KgenError` for brackets nested too deeply and for endless files;
    every other mistake is collected in `diagnostics`.
    """
    result = Scan(source)
    position = 0
    while position < len(source.text) and result.complete:
        position = _next_line(result, position)
    return result


def _next_line(result: Scan, position: int) -> int:
    """Read one blank line, comment line or logical line; return where the next begins."""
    text = result.source.text
    body = position
    while body < len(text) and text[body] in " \t":
        body += 1
    if body == len(text) or text[body] == "\n":
        return body + 1
    if text[body] == "#":
        end = _line_end(text, body)
        result.comments.append(Token("comment", text[body:end], body))
        return end + 1
    line = Line(body, body, body - position, [])
    result.lines.append(line)
    return _Reader(result, line).read()


@dataclass(slots=True)
class _Reader:
    """Reads the tokens of one logical line."""

    result: Scan
    line: Line
    brackets: list[Token] = field(default_factory=list)
    joined_until: int = 0

    def read(self) -> int:
        text = self.result.source.text
        position = self.line.start
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match is not None and match.lastgroup is not None
            token = Token(match.lastgroup, match.group(), position)
            position = token.end
            if token.kind == "space":
                continue
            if token.kind == "newline":
                if not self._continues(token.start):
                    break
                continue
            self.line.tokens.append(token)
            self.result.tokens += 1
            if self.result.tokens > MAX_TOKENS:
                self._refuse_length(token)
            if token.kind != "comment":
                self.line.end = token.end
            problem = self._problem(token)
            if problem is not None and self._is_astray(token):
                break
            if problem is not None:
                self._report(problem)
                if token.kind == "open_text":
                    self.result.complete = False
                    return len(text)
                if token.kind in ("open_string", "close"):
                    return self._resume(self.brackets[0] if self.brackets else token)
        if self.brackets:
            self._report(unclosed_bracket(self._span(self.brackets[-1])))
            return self._resume(self.brackets[0])
        return position

    def _continues(self, newline: int) -> bool:
        """Whether the logical line goes on after this newline."""
        if self.brackets or newline < self.joined_until or self.line.tokens[-1].text == "\\":
            return True
        match = _CONTINUES.match(self.result.source.text, newline)
        if match is None:
            return False
        self.joined_until = match.end()
        return True

    def _problem(self, token: Token) -> Diagnostic | None:
        span = self._span(token)
        match token.kind:
            case "open":
                self.brackets.append(token)
                if len(self.brackets) > MAX_BRACKETS:
                    fail(
                        "K0616",
                        f"brackets are nested more than {MAX_BRACKETS} deep",
                        span,
                        label="one level too many",
                        help="bind inner parts to names of their own, line by line",
                    )
            case "close":
                if not self.brackets:
                    return wrong_closer(span, None)
                if _CLOSER[self.brackets[-1].text] != token.text:
                    return wrong_closer(span, self._span(self.brackets[-1]))
                self.brackets.pop()
            case "open_string" | "open_text":
                return unclosed_string(span, token.text)
            case "number":
                return number_error(span, token.text)
            case "foreign":
                return foreign_operator(span, token.text)
            case "foreign_name":
                return foreign_name(span, token.text)
            case "unknown":
                return unknown_character(span, token.text)
        return None

    def _refuse_length(self, token: Token) -> None:
        fail(
            "K0618",
            f"the file has more than {MAX_TOKENS:,} words, numbers and signs",
            self._span(token),
            label="the limit was reached here",
            help="data does not belong in a model file; give it to fit()",
        )

    def _is_astray(self, token: Token) -> bool:
        """Whether a mistake seems to lie in a later statement, which an open bracket swallowed."""
        ends = token.kind in ("close", "open_string", "open_text")
        return ends and bool(self.brackets) and self._resumption(self.brackets[0]) <= token.start

    def _resume(self, token: Token) -> int:
        """End a line that never ended properly; return where the next statement begins."""
        position = self._resumption(token)
        self.line.end = max(self.line.start + 1, min(position - 1, len(self.result.source.text)))
        self.line.tokens = [t for t in self.line.tokens if t.start < self.line.end]
        return position

    def _resumption(self, token: Token) -> int:
        """The first line below a token that is not indented deeper than this statement."""
        text = self.result.source.text
        position = _line_end(text, token.end) + 1
        while position < len(text):
            body = position
            while body < len(text) and text[body] in " \t":
                body += 1
            inside = text[body : body + 1] in ("", "\n", "#", ")", "]", "}")
            inside = inside or text.startswith("|>", body)
            if body - position <= self.line.indent and not inside:
                break
            position = _line_end(text, position) + 1
        return position

    def _report(self, diagnostic: Diagnostic) -> None:
        self.line.faulty = True
        self.result.diagnostics.append(diagnostic)
        if len(self.result.diagnostics) >= MAX_DIAGNOSTICS:
            self.result.complete = False

    def _span(self, token: Token) -> Span:
        return Span(self.result.source, token.start, token.end)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end
