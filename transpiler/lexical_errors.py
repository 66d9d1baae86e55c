"""Diagnostics for text that is no sequence of `.k` tokens."""

from __future__ import annotations

import math
import re
import unicodedata

from kgen.diagnostics import Diagnostic, Span

MAX_DIGITS = 30

_DIGITS = r"[0-9](?:_?[0-9])*"
_NUMBER = re.compile(
    r"0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0(?:_?0)*"
    rf"|(?:(?:{_DIGITS})?\.{_DIGITS}|{_DIGITS}\.)(?:[eE][+-]?{_DIGITS})?"
    rf"|{_DIGITS}[eE][+-]?{_DIGITS}"
)

_FOREIGN_HELP = {
    ";": "write one statement a line",
    "\\": "inside brackets newlines are free, and a line that begins with `|>` continues the "
    "one above",
    ":=": "bind the name on a line of its own",
    "->": "leave the result's type out; it is worked out at build time",
    "&": "use `and` for build-time values, `logical_and(a, b)` for tensors",
    "&&": "use `and` for build-time values, `logical_and(a, b)` for tensors",
    "|": "use `|>` to apply a layer, `or` for build-time values, `logical_or(a, b)` for tensors",
    "||": "use `or` for build-time values, `logical_or(a, b)` for tensors",
    "!": "use `not` for build-time values, `logical_not(a)` for tensors",
    "~": "use `not` for build-time values, `logical_not(a)` for tensors",
    "^": "use `**` for powers",
}
_STRAIGHT = {
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u00d7": "*",
    "\u2212": "-",
    "\u2013": "-",
    "\u2265": ">=",
    "\u2264": "<=",
    "\u00a0": "a space",
    "\u3000": "a space",
}


def foreign_operator(span: Span, text: str) -> Diagnostic:
    """An operator of other languages that `.k` does not have."""
    remedy = _FOREIGN_HELP.get(text, "use one of `+ - * / // % ** @ |>`")
    if text.endswith("=") and text != ":=":
        remedy = f"write it out: `x = x {text[:-1]} ...`"
    return Diagnostic(
        "K0119", f"`.k` has no operator `{text}`", span, "not an operator here", help=remedy
    )


def foreign_name(span: Span, text: str) -> Diagnostic:
    """A name with letters or digits that are not ASCII's."""
    char = next(char for char in text if not char.isascii())
    remedy = "names are made of the letters a to z, A to Z, digits and `_`"
    apart = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    plain = apart.encode("ascii", "ignore").decode()
    if len(plain) >= len(text):
        remedy += f": write `{plain}`, for instance"
    message = f"unexpected character {_shown(char)} in the name `{text}`"
    return Diagnostic("K0109", message, span, "not a name in `.k`", (), remedy)


def unknown_character(span: Span, char: str) -> Diagnostic:
    """A character that begins no token."""
    if char in _STRAIGHT:
        plain = _STRAIGHT[char]
        remedy = f"use {plain if len(plain) > 2 else f'`{plain}`'} instead"
    else:
        remedy = "remove it, or put it inside a string"
    message = f"unexpected character {_shown(char)}"
    return Diagnostic("K0109", message, span, "not part of `.k`", (), remedy)


def _shown(char: str) -> str:
    name = unicodedata.name(char, "").lower() or f"U+{ord(char):04X}"
    return f"`{char}` ({name})" if char.isprintable() else name


def unclosed_string(span: Span, text: str) -> Diagnostic:
    """A string without its closing quotes."""
    quotes = text.lstrip("fF")
    if quotes[:3] in ('"""', "'''"):
        return Diagnostic(
            "K0106",
            "this string never ends",
            span,
            "opened here",
            help=f"close it with `{quotes[:3]}`",
        )
    return Diagnostic(
        "K0106",
        "this string does not end on its line",
        span,
        f"no closing `{quotes[0]}`",
        help=f"close it with `{quotes[0]}`; a text of several lines stands between "
        f"`{quotes[0] * 3}` and `{quotes[0] * 3}`",
    )


def unclosed_bracket(span: Span) -> Diagnostic:
    """A bracket that is still open where the file or the statement ends."""
    closer = {"(": ")", "[": "]", "{": "}"}[span.text]
    return Diagnostic(
        "K0107",
        f"`{span.text}` is never closed",
        span,
        "opened here",
        help=f"add the missing `{closer}`",
    )


def wrong_closer(span: Span, opener: Span | None) -> Diagnostic:
    """A closing bracket without its opening one."""
    if opener is None:
        return Diagnostic(
            "K0108",
            f"`{span.text}` closes nothing",
            span,
            "no bracket is open here",
            help="remove it, or add the opening bracket before it",
        )
    wanted = {"(": ")", "[": "]", "{": "}"}[opener.text]
    return Diagnostic(
        "K0108",
        f"`{span.text}` does not close `{opener.text}`",
        span,
        f"expected `{wanted}`",
        (f"`{opener.text}` was opened at {opener.place}",),
        f"close it with `{wanted}` first",
    )


def number_error(span: Span, text: str) -> Diagnostic | None:
    """What is wrong with a number, if anything: its form or its length."""
    if len(text) > MAX_DIGITS and sum(c.isalnum() for c in text) > MAX_DIGITS:
        return Diagnostic(
            "K0617",
            f"this number has more than {MAX_DIGITS} digits",
            span,
            help="write fewer digits; a float keeps about 17 of them, an integer 19",
        )
    if _NUMBER.fullmatch(text):
        if text[:2].lower() not in ("0x", "0o", "0b") and math.isinf(float(text.replace("_", "0"))):
            return Diagnostic(
                "K0112",
                f"`{text}` is too large",
                span,
                "beyond the largest float",
                help="the largest float is about 1.8e308",
            )
        return None
    if re.fullmatch(r"0[\d_]+", text):
        remedy = "a number does not begin with 0; octal numbers are written `0o17`"
    elif re.fullmatch(r"[\d._]+[A-Za-z_]\w*", text):
        remedy = "a name does not begin with a digit; a product is written `2 * x`"
    else:
        remedy = "numbers look like `42`, `1_000`, `0x1F`, `0.5` or `1e-3`"
    return Diagnostic("K0112", f"`{text}` is not a number", span, "", (), remedy)
