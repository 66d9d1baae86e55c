"""The formatter behind `kgen fmt`: one canonical style, comments kept.

Four spaces a level, lines of at most 100 columns, double quotes, at most two
blank lines. Pipelines break before `|>`, where the source breaks them and
where they would be too long; brackets break one element a line.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from itertools import pairwise

from kgen.diagnostics import Source
from kgen.format_layout import INDENT, Layout
from kgen.format_tokens import normal_comment, read_line
from kgen.layout import check_layout
from kgen.parser import parse
from kgen.scan import Line, Scan, Token, scan
from kgen.syntax import same

_DOCUMENTED = ("model", "layer", "loss", "metric", "def")
_MAX_BLANK = 2


def format_source(text: str, path: str) -> str:
    """The text in canonical style; formatting twice changes nothing more.

    Raises `KgenError` when the text does not parse.
    """
    tree = parse(text, path)
    scanned = scan(tree.source)
    check_layout(scanned)
    result = "".join(f"{line}\n" for line in _print(_entries(scanned), tree.source))
    if not same(tree, parse(result, path)):
        raise AssertionError(f"formatting {path} would change its meaning")
    return result


@dataclass(slots=True)
class _Entry:
    """A logical line or a comment on a line of its own."""

    content: Line | Token
    level: int
    blank: int = 0  # blank lines above it in the source
    docstring: bool = False

    @property
    def opens_block(self) -> bool:
        return isinstance(self.content, Line) and self.content.opens_block


def _entries(scanned: Scan) -> list[_Entry]:
    """Lines and comments in order, with the level of their block."""
    levels = [0]
    entries: list[_Entry] = []
    comments = list(scanned.comments)
    header: Line | None = None
    previous: Line | None = None
    for line in scanned.lines:
        above = [comment for comment in comments if comment.start < line.start]
        del comments[: len(above)]
        before = list(levels)
        if line.indent > levels[-1]:
            levels.append(line.indent)
            header = previous
        while line.indent < levels[-1]:
            levels.pop()
        level = len(levels) - 1
        entries += [_comment(scanned.source, comment, before, level) for comment in above]
        entry = _Entry(line, level)
        starts_block = previous is None or (previous is header and previous.opens_block)
        entry.docstring = starts_block and _is_docstring(line, header if level else None)
        entries.append(entry)
        previous = line
    entries += [_comment(scanned.source, comment, levels, 0) for comment in comments]
    _count_blank_lines(entries, scanned.source)
    return entries


def _comment(source: Source, comment: Token, levels: list[int], next_level: int) -> _Entry:
    """A comment belongs to the innermost block it is indented for."""
    column = source.position(comment.start)[1] - 1
    for level in range(len(levels) - 1, next_level, -1):
        if levels[level] <= column:
            return _Entry(comment, level)
    return _Entry(comment, next_level)


def _is_docstring(line: Line, header: Line | None) -> bool:
    if header is not None and header.first_word not in _DOCUMENTED:
        return False
    code = [token for token in line.tokens if token.kind != "comment"]
    return len(code) == 1 and code[0].kind == "string" and code[0].text[0] not in "fF"


def _count_blank_lines(entries: list[_Entry], source: Source) -> None:
    """Keep the source's blank lines, within bounds, and set top-level blocks apart."""
    for above, entry in pairwise(entries):
        content = above.content
        end = content.tokens[-1].end if isinstance(content, Line) else content.end
        gap = source.text[end : entry.content.start].count("\n") - 1
        entry.blank = 0 if above.opens_block else min(gap, _MAX_BLANK)
    apart = False
    for above, entry in reversed(list(pairwise(entries))):
        apart = entry.level == 0 and (apart or entry.opens_block or above.level > 0)
        if apart and not entry.blank and isinstance(above.content, Token) and above.level == 0:
            continue  # a comment directly above belongs to the block and takes the gap
        if apart:
            entry.blank = max(entry.blank, 1)
            apart = False


def _print(entries: list[_Entry], source: Source) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        lines += [""] * (entry.blank if lines else 0)
        indent = entry.level * INDENT
        if isinstance(entry.content, Token):
            lines.append(" " * indent + normal_comment(entry.content.text))
            continue
        element = read_line(entry.content, source.text)
        if entry.docstring:
            piece = element[0].items[0]
            piece.text = _reindented(piece.text, indent)  # type: ignore[union-attr]
        lines += Layout().statement(element, indent)
    return lines


def _reindented(text: str, indent: int) -> str:
    """A docstring whose lines move along with its block; with escapes it stays as it is."""
    if not text.startswith('"""') or "\\" in text or "\n" not in text:
        return text
    inner = text[3:-3]
    first, *rest = inspect.cleandoc(inner).split("\n")
    lines = [first, *(" " * indent + line if line.strip() else "" for line in rest)]
    end = "\n" + " " * indent if not inner.rpartition("\n")[2].strip() else ""
    return f'"""{chr(10).join(lines)}{end}"""'
