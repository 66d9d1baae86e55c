"""The text the grammar reads: the logical lines, with faulty ones replaced.

A line that is already reported gives way to a harmless one, so that the rest
of the file can be read and its mistakes reported in the same run.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from kgen.diagnostics import Source, Span
from kgen.scan import Line


@dataclass(slots=True)
class SoundText:
    """`text` holds the lines' code; offsets in it map back to the source."""

    source: Source
    lines: list[Line]
    text: str = ""
    _starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        pieces: list[str] = []
        length = 0
        for line in self.lines:
            code = _stand_in(line) if line.faulty else self.source.text[line.start : line.end]
            self._starts.append(length + line.indent)
            piece = " " * line.indent + code + "\n"
            pieces.append(piece)
            length += len(piece)
        self.text = "".join(pieces)

    def line_at(self, offset: int) -> Line:
        """The logical line that holds an offset of `text`."""
        return self.lines[self._index(offset)]

    def span(self, start: int, end: int) -> Span:
        """The place in the source of a non-empty range of `text`."""
        return Span(self.source, self._original(start), self._original(end - 1) + 1)

    def _original(self, offset: int) -> int:
        index = self._index(offset)
        line = self.lines[index]
        return min(line.start + max(offset - self._starts[index], 0), line.end)

    def _index(self, offset: int) -> int:
        return max(bisect_right(self._starts, offset) - 1, 0)


def _stand_in(line: Line) -> str:
    if line.indent == 0:
        return "def a():" if line.opens_block else "a = 0"
    return "if 0:" if line.opens_block else "0"
