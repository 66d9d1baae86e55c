"""What the grammar could not read, told in the user's terms."""

from __future__ import annotations

import re

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from kgen.diagnostics import Diagnostic, Span
from kgen.layout import BLOCK_WORDS, lacks_colon
from kgen.scan import Line
from kgen.sound_text import SoundText

_TOP_WORDS = ("param", "use", "model", "layer", "loss", "metric")
_BODY_WORDS = ("input", "output", "dim", "weight", "state", "view", "train", "for", "if", "return")
_FORMS = {
    "param": "param width = 512",
    "use": 'use "blocks.k": Residual',
    "model": "model Name(width=32):",
    "layer": "layer Name(units, rate=0.5)(x):",
    "loss": "loss name(y_true, y_pred):",
    "metric": "metric name(y_true, y_pred):",
    "input": "input image: float32[28, 28, 1]",
    "output": "output digit = x |> Dense(10)",
    "dim": "dim length >= 5, <= 100",
    "weight": 'weight kernel: float32[3, units] = "glorot_uniform"',
    "state": 'state count: float32[units] = "zeros"',
    "view": "view code(image) = x",
    "train": "train:",
    "def": "def name(x, y):",
    "for": "for f in filters:",
    "if": "if deep:",
    "elif": "elif deep:",
    "else": "else:",
    "return": "return x",
}
_PYTHON = {
    "lambda": "define a function with `def` in the body",
    "while": "loop with `for name in range(...)`; loops unroll at build time",
    "pass": "a block needs at least one statement; leave the whole block out",
    "import": 'take declarations from another file with `use "file.k": name`',
    "from": 'take declarations from another file with `use "file.k": name`',
    "class": "define a layer with `layer Name(settings)(inputs):`",
    "break": "loops run to their end; shorten what they range over",
    "continue": "loops run to their end; filter with `[x for x in xs if ...]`",
}
_SHOWN = {
    "NAME": "a name",
    "STRING": "a string",
    "NUMBER": "a number",
    "_NEWLINE": "the end of the line",
    "$END": "the end of the file",
    "_COLON": "`:`",
    "_COMMA": "`,`",
    "_EQUAL": "`=`",
    "_LPAR": "`(`",
    "_RPAR": "`)`",
    "_LSQB": "`[`",
    "_RSQB": "`]`",
    "_LBRACE": "`{`",
    "_RBRACE": "`}`",
    "_IN": "`in`",
    "_ELSE": "`else`",
    "_IF": "`if`",
    "_FOR": "`for`",
}
_OPERATORS = {"_PIPE", "_DOT", "SIGN", "PRODUCT", "POWER", "COMPARATOR", "AND", "OR", "NOT", "IS"}


def explain(error: UnexpectedInput, sound: SoundText) -> tuple[Line, Diagnostic]:
    """The logical line a parse error lies in, and the diagnostic for it."""
    assert error.pos_in_stream is not None
    line = sound.line_at(error.pos_in_stream)
    accepted = _accepted(error)
    found, span = _found(error, line, sound)
    context = _Context(line, found, span, accepted)
    for rule in (_misplaced, _python_word, _missing_colon, _slip):
        diagnostic = rule(context)
        if diagnostic is not None:
            return line, diagnostic
    return line, _general(context)


class _Context:
    """What the rules below look at: the line, what was found in it and what could have been."""

    def __init__(self, line: Line, found: str, span: Span, accepted: set[str]) -> None:
        self.line = line
        self.found = found
        self.span = span
        self.accepted = accepted
        self.tokens = [token for token in line.tokens if token.kind != "comment"]
        self.word = self.tokens[0].text
        self.before = [token for token in self.tokens if token.end <= span.start]

    @property
    def at_line_end(self) -> bool:
        return not self.found


def _accepted(error: UnexpectedInput) -> set[str]:
    if isinstance(error, UnexpectedToken):
        return set(error.accepts or error.expected)
    assert isinstance(error, UnexpectedCharacters)
    return set(error.allowed or ())


def _found(error: UnexpectedInput, line: Line, sound: SoundText) -> tuple[str, Span]:
    """The text found (empty at the line's end) and its span in the source."""
    offset = error.pos_in_stream
    assert offset is not None
    token = error.token if isinstance(error, UnexpectedToken) else None
    if isinstance(token, Token) and token.type in ("_NEWLINE", "_INDENT", "_DEDENT", "$END"):
        return "", Span(sound.source, line.end, line.end)
    if token is not None:
        span = sound.span(offset, offset + max(len(token), 1))
        return span.text, span
    match = re.compile(r"\w+|.").match(sound.text, offset)
    span = sound.span(offset, match.end() if match else offset + 1)
    return span.text, span


def _misplaced(context: _Context) -> Diagnostic | None:
    """A statement in a place where it cannot stand, or an `else` without `if`."""
    word, tokens = context.word, context.tokens
    if context.found == word and not context.before and word in ("else", "elif"):
        return Diagnostic(
            "K0114",
            f"`{word}` follows no `if`",
            context.span,
            "no `if` block ends right above",
            help="line it up with its `if`, directly after that block",
        )
    introduces = len(tokens) > 1 and (
        tokens[1].kind == "name" or tokens[1].text == ":" or word == "use"
    )
    if len(context.before) > 1 or not (introduces or word in ("for", "if", "return")):
        return None
    if context.line.indent == 0 and word in _BODY_WORDS:
        return Diagnostic(
            "K0114",
            f"`{word}` cannot stand at the top level of a file",
            Span(context.span.source, tokens[0].start, tokens[0].end),
            "outside any block",
            help="indent it below the `model`, `layer` or `def` it belongs to",
        )
    if context.line.indent > 0 and word in _TOP_WORDS:
        return Diagnostic(
            "K0114",
            f"`{word}` cannot stand inside a block",
            Span(context.span.source, tokens[0].start, tokens[0].end),
            "only at the top level of a file",
            help=f"move it out to the left margin, as in `{_FORMS[word]}`",
        )
    return None


def _python_word(context: _Context) -> Diagnostic | None:
    word, span = context.found, context.span
    first = context.tokens[0]
    if first.text in _PYTHON or first.text in ("with", "try", "del", "global", "assert", "raise"):
        word, span = first.text, Span(span.source, first.start, first.end)
    if not re.fullmatch(r"[A-Za-z]+", word) or word in _FORMS:
        return None
    if word in ("in", "is", "and", "or", "not", "True", "False", "None") or "NAME" == word:
        return None
    if word in _PYTHON:
        remedy = _PYTHON[word]
    elif word in _RESERVED:
        remedy = "choose another name; Python reserves this one, and modules are Python"
    else:
        return None
    return Diagnostic(
        "K0115", f"`{word}` is Python's, not `.k`'s", span, "not available", help=remedy
    )


_RESERVED = frozenset(
    "as assert async await break class continue del except finally from global import lambda "
    "nonlocal pass raise try while with yield".split()
)


def _missing_colon(context: _Context) -> Diagnostic | None:
    if context.at_line_end and "_COLON" in context.accepted and context.word in BLOCK_WORDS:
        return lacks_colon(context.span, context.word)
    return None


def _slip(context: _Context) -> Diagnostic | None:
    """Mistakes that are common enough to deserve their own remedy."""
    found, accepted = context.found, context.accepted
    last = context.before[-1] if context.before else None
    remedy = ""
    if last is not None and last.text == ":" and accepted <= {"_NEWLINE"} and found:
        remedy = "a block starts on a line of its own, indented by four spaces"
    elif found == "=" and context.word in ("if", "elif"):
        remedy = "`==` compares; `=` binds a name"
    elif found == "=":
        remedy = "bind one name a line; inside a call, settings are written `name=value`"
    elif found in ("*", "**") and last is not None and last.text in ("(", ","):
        remedy = "give every argument by itself; `*` and `**` do not unpack here"
    elif found == "for" and "(" in (token.text for token in context.before):
        remedy = "put the comprehension in brackets: `sum([x for x in xs])`"
    elif found == "|>" and not context.before:
        remedy = "a line that begins with `|>` continues the one above, and there is none"
    elif (
        last is not None and last.text.lower() in ("r", "b", "u", "rb", "br") and found[:1] in "\"'"
    ):
        remedy = "strings have no prefix but `f`; write `\\\\` for a backslash"
    elif (
        last is not None
        and last.text not in _FORMS
        and {"_COMMA", "_RPAR"} <= accepted | {"_RPAR"}
        and re.match(r"[\w\"']", found)
        and accepted & {"_RPAR", "_RSQB", "_RBRACE"}
    ):
        remedy = "separate the values with `,`"
    if not remedy:
        return None
    return _unexpected(context, remedy)


def _general(context: _Context) -> Diagnostic:
    word = context.word
    remedy = ""
    if word in _FORMS and not (len(context.tokens) > 1 and context.tokens[1].text == "="):
        remedy = f"`{word}` is written like this: `{_FORMS[word]}`"
    elif context.at_line_end and context.before and context.before[-1].kind == "operator":
        remedy = "finish the expression; inside brackets it may go on over several lines"
    return _unexpected(context, remedy)


def _unexpected(context: _Context, remedy: str) -> Diagnostic:
    found = f"`{context.found}`" if context.found else "the end of the line"
    if len(context.found) > 40 or "\n" in context.found:
        found = "a string"
    message = f"expected {describe(context.accepted)}, found {found}"
    return Diagnostic("K0101", message, context.span, "unexpected here", help=remedy)


def describe(accepted: set[str]) -> str:
    """Terminals as a person would list them: `a name`, `` `:` or an operator``."""
    names = set(accepted) - {"COMMENT", "SPACE", "CONTINUATION", "_INDENT", "_DEDENT"}
    shown: list[str] = []
    if {"_DEF", "_FOR"} <= names or {"_DEF", "_MODEL"} <= names:
        return "a statement"
    if {"NUMBER", "STRING", "_LPAR"} <= names:
        shown.append("an expression")
        names -= {"NUMBER", "STRING", "FSTRING", "NAME", "CONSTANT", "SIGN", "NOT"}
        names -= {"_LPAR", "_LSQB", "_LBRACE"}
    elif len(names & _OPERATORS) > 3:
        names -= _OPERATORS | {"_LPAR", "_LSQB", "_IF", "_IN", "_FOR"}
        shown.append("an operator")
    shown += sorted(_SHOWN.get(name, f"`{name.strip('_').lower()}`") for name in names)
    if len(shown) == 1:
        return shown[0]
    return ", ".join(shown[:-1]) + " or " + shown[-1]
