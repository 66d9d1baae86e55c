"""Indentation: which logical lines open blocks, and which do not line up."""

from __future__ import annotations

from kgen.diagnostics import Diagnostic, Span
from kgen.scan import Line, Scan
from kgen.words import BLOCK_WORDS


def check_layout(result: Scan) -> None:
    """Set `opens_block`, and report and drop the lines whose indentation fits no block."""
    tab = _first_tab(result)
    if tab is not None:
        result.diagnostics.append(tab)
        result.complete = False
        return
    kept: list[Line] = []
    levels = [0]
    dropped_above: int | None = None
    for line in result.lines:
        if dropped_above is not None and line.indent > dropped_above:
            continue
        dropped_above = None
        header = kept[-1] if kept else None
        if line.indent > levels[-1]:
            if header is None or not _opens_block(result, header):
                result.diagnostics.append(_unexpected(result, line, levels[-1]))
                dropped_above = levels[-1]
                continue
            header.opens_block = True
            levels.append(line.indent)
        else:
            if header is not None:
                _check_not_empty(result, header)
            while levels[-1] > line.indent:
                levels.pop()
            if levels[-1] != line.indent:
                result.diagnostics.append(_between(result, line, levels))
                dropped_above = levels[-1]
                continue
        kept.append(line)
    if kept:
        _check_not_empty(result, kept[-1])
    result.lines = kept


def lacks_colon(place: Span, first_word: str) -> Diagnostic:
    """A header without its colon; the span is the place where it belongs."""
    return Diagnostic(
        "K0110",
        f"`{first_word}` needs a colon at the end of its line",
        place,
        "expected `:`",
        help="add `:`; the indented lines below are the block",
    )


def _first_tab(result: Scan) -> Diagnostic | None:
    text = result.source.text
    for line in result.lines:
        begin = line.start - line.indent
        if "\t" in text[begin : line.start]:
            return Diagnostic(
                "K0102",
                "a tab in the indentation",
                Span(result.source, begin, line.start),
                "expected spaces",
                help="indent with four spaces; most editors can convert the whole file",
            )
    return None


def _ends_with_colon(line: Line) -> bool:
    tokens = [token for token in line.tokens if token.kind != "comment"]
    return tokens[-1].text == ":"


def _opens_block(result: Scan, header: Line) -> bool:
    if header.faulty or _ends_with_colon(header):
        return True
    if header.first_word not in BLOCK_WORDS or (
        header.tokens[1:2] and header.tokens[1].text == "="
    ):
        return False
    end = Span(result.source, header.end, header.end)
    result.diagnostics.append(lacks_colon(end, header.first_word))
    header.faulty = True
    return True


def _check_not_empty(result: Scan, header: Line) -> None:
    """Report a header that no block follows."""
    if header.opens_block or header.faulty or not _ends_with_colon(header):
        return
    header.faulty = True
    result.diagnostics.append(
        Diagnostic(
            "K0104",
            f"`{header.first_word}` has no block",
            Span(result.source, header.start, header.end),
            "expected indented lines below",
            help="indent its lines by four spaces, or remove the header",
        )
    )


def _unexpected(result: Scan, line: Line, level: int) -> Diagnostic:
    return Diagnostic(
        "K0103",
        "this line is indented, but no block is open for it",
        Span(result.source, line.start, line.end),
        f"expected {level} spaces before it, found {line.indent}",
        help=f"indent it by {level} spaces" if level else "begin it at the left margin",
    )


def _between(result: Scan, line: Line, levels: list[int]) -> Diagnostic:
    wanted = " or ".join(str(level) for level in levels)
    return Diagnostic(
        "K0105",
        "this line's indentation matches no open block",
        Span(result.source, line.start, line.end),
        f"found {line.indent} spaces",
        (f"the blocks open here are indented by {wanted} spaces",),
        "line it up with the statement it follows",
    )
