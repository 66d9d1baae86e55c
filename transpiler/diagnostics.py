"""Where a mistake is, what it is, and what to do about it.

Every error a user can cause leaves the transpiler as a `Diagnostic`: a code,
a place, what was expected and found, and a remedy. `Report` collects as many
independent ones as a run can find; `KgenError` carries them to the caller.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NoReturn

Severity = Literal["error", "warning"]


def utf8_path(path: str | os.PathLike[str]) -> str:
    """A path as its bytes read in UTF-8: the same text in every locale."""
    try:
        return os.fsencode(path).decode("utf-8", "replace")
    except UnicodeEncodeError:  # no path of the system's, but what a caller named a text
        return os.fspath(path)


@dataclass(frozen=True, eq=False)
class Source:
    """The text of one `.k` file; `path` is what the user called it."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        for index, char in enumerate(self.text):
            if char == "\n":
                starts.append(index + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """One-based line and column of a character offset."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a one-based line, without its newline."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of character offsets in a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def place(self) -> str:
        """`path:line:column`, as editors and terminals understand it."""
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other`."""
        return Span(self.source, self.start, other.end)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: stable code (`K0101`), one-line message, place, and remedy.

    `label` is written under the underlined span; `notes` are further facts
    (for shapes: the chain of layers with theirs); `help` says how to mend it.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    notes: tuple[str, ...] = ()
    help: str = ""
    severity: Severity = "error"


class KgenError(Exception):
    """Raised with every diagnostic found; `str` gives the full report."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        from kgen.render import render_plain

        return "\n\n".join(render_plain(d) for d in self.diagnostics)


@dataclass
class Report:
    """Collects diagnostics, so that one run reports every independent mistake."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)

    @property
    def has_errors(self) -> bool:
        return any(d.severity == "error" for d in self.diagnostics)

    def raise_if_errors(self) -> None:
        if self.has_errors:
            raise KgenError(self.diagnostics)


def fail(
    code: str,
    message: str,
    span: Span | None = None,
    *,
    label: str = "",
    notes: Iterable[str] = (),
    help: str = "",
) -> NoReturn:
    """Raise a `KgenError` with a single diagnostic."""
    raise KgenError([Diagnostic(code, message, span, label, tuple(notes), help)])
