"""Diagnostics as text: for terminals, for scripts and for continuous integration."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kgen.diagnostics import Diagnostic, Span

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_TAB = 4
_SHOWN_LINES = 6
_MAX_WIDTH = 160

Piece = tuple[str, str]  # style, text


def render_plain(diagnostic: Diagnostic) -> str:
    """The full message without colours, as `kgen build` prints it to a file."""
    return "\n".join("".join(text for _, text in line).rstrip() for line in _lines(diagnostic))


def render_rich(diagnostic: Diagnostic) -> Text:
    """The full message with styles, for a `rich` console."""
    from rich.text import Text

    result = Text()
    for number, line in enumerate(_lines(diagnostic)):
        if number:
            result.append("\n")
        for style, text in line:
            result.append(text, style=style)
    return result


def print_diagnostics(diagnostics: Iterable[Diagnostic], console: Console | None = None) -> None:
    """Print full messages to standard error; colours only on a terminal, never with `NO_COLOR`."""
    from rich.console import Console

    plain = bool(os.environ.get("NO_COLOR"))
    console = console or Console(stderr=True, no_color=plain, highlight=False, soft_wrap=True)
    for diagnostic in diagnostics:
        console.print(render_rich(diagnostic), soft_wrap=True)
        console.print()


def render_concise(diagnostic: Diagnostic) -> str:
    """One line: `path:line:column: error[K0101] message`."""
    place = f"{diagnostic.span.place}: " if diagnostic.span else ""
    return f"{place}{diagnostic.severity}[{diagnostic.code}] {diagnostic.message}"


def render_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """A plain dict of everything a diagnostic holds; lines and columns start at one."""
    span = diagnostic.span
    location: dict[str, Any] | None = None
    if span is not None:
        line, column = span.source.position(span.start)
        end_line, end_column = span.source.position(span.end)
        location = {
            "path": span.source.path,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
        }
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "location": location,
        "label": diagnostic.label,
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def render_github(diagnostic: Diagnostic) -> str:
    """A GitHub workflow command, which marks the line in a pull request."""
    fields = []
    if diagnostic.span is not None:
        location = render_json(diagnostic)["location"]
        fields = [
            f"file={_property(location['path'])}",
            f"line={location['line']}",
            f"col={location['column']}",
            f"endLine={location['end_line']}",
            f"endColumn={location['end_column']}",
        ]
    fields.append(f"title={_property(f'kgen {diagnostic.code}')}")
    parts = [diagnostic.message, *diagnostic.notes]
    if diagnostic.help:
        parts.append(f"help: {diagnostic.help}")
    return f"::{diagnostic.severity} {','.join(fields)}::{_data(chr(10).join(parts))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _lines(diagnostic: Diagnostic) -> list[list[Piece]]:
    color = "red" if diagnostic.severity == "error" else "yellow"
    headline = [
        (f"bold {color}", f"{diagnostic.severity}[{diagnostic.code}]"),
        ("bold", f": {diagnostic.message}"),
    ]
    lines: list[list[Piece]] = [headline]
    margin = 0
    if diagnostic.span is not None:
        last = diagnostic.span.source.position(diagnostic.span.end)[0]
        margin = len(str(last))
        lines.append([("blue", f"{' ' * margin}--> "), ("", _safe(diagnostic.span.place))])
        lines += _excerpt(diagnostic.span, diagnostic.label, margin, color)
    for note in diagnostic.notes:
        lines += _paragraph("note", note, margin)
    if diagnostic.help:
        lines += _paragraph("help", diagnostic.help, margin)
    return lines


def _paragraph(kind: str, text: str, margin: int) -> list[list[Piece]]:
    first, *rest = text.split("\n")
    style = "bold cyan" if kind == "help" else "bold"
    indent = " " * (margin + 1)
    lines: list[list[Piece]] = [[("blue", f"{indent}= "), (style, f"{kind}: "), ("", first)]]
    lines += [[("", f"{indent}  {' ' * len(kind)}  {line}")] for line in rest]
    return lines


def _excerpt(span: Span, label: str, margin: int, color: str) -> list[list[Piece]]:
    """The source lines of a span, underlined; long spans show their first and last lines."""
    first, column = span.source.position(span.start)
    last, end_column = span.source.position(max(span.end, span.start))
    if last > first and end_column == 1:
        last -= 1
        end_column = len(span.source.line(last)) + 1
    numbers: list[int | None] = list(range(first, last + 1))
    if len(numbers) > _SHOWN_LINES:
        numbers = [first, first + 1, None, last - 1, last]
    bar = ("blue", f"{' ' * margin} |")
    lines: list[list[Piece]] = [[bar]]
    for number in numbers:
        if number is None:
            lines.append([("blue", f"{'.' * max(margin, 1)}...")])
            continue
        text = span.source.line(number)
        start = column - 1 if number == first else len(text) - len(text.lstrip())
        end = end_column - 1 if number == last else len(text)
        shown, before, width = _window(text, start, end)
        lines.append([("blue", f"{number:>{margin}} | "), ("", shown)])
        under = [bar, (f"bold {color}", f" {' ' * before}{'^' * max(width, 1)}")]
        if number == last and label:
            under.append((color, f" {label}"))
        if text.strip() or number == last:
            lines.append(under)
    return lines


def _window(text: str, start: int, end: int) -> tuple[str, int, int]:
    """A line as printed, with the columns before the underlined part and its width.

    Tabs become spaces, control characters their names in brackets, and of a
    very long line only the part around the span is shown.
    """
    cells = [_cell(char) for char in text]
    low, high = 0, len(cells)
    if sum(map(_width, cells)) > _MAX_WIDTH:
        low = max(0, start - 60)
        high = min(len(cells), max(start + 80, min(end, start + 100)))
    left = "..." if low else ""
    right = "..." if high < len(cells) else ""
    before = len(left) + sum(map(_width, cells[low:start]))
    width = sum(map(_width, cells[start : min(end, high)]))
    return left + "".join(cells[low:high]) + right, before, width


def _cell(char: str) -> str:
    if char == "\t":
        return " " * _TAB
    if char.isprintable() or unicodedata.category(char) == "Zs":
        return char
    return f"<U+{ord(char):04X}>"


def _width(cell: str) -> int:
    """Terminal columns a cell takes: two for wide characters, none for combining marks."""
    total = 0
    for char in cell:
        if unicodedata.combining(char):
            continue
        total += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return total


def _safe(text: str) -> str:
    return "".join(map(_cell, text))
