"""The summary table: a row a layer, and the totals."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from kgen.runtime.messages import shape_text
from kgen.runtime.progress import can_encode, write_text
from kgen.runtime.spec import Spec

BOX_MARKS = {
    "top": "┏━┳┓",
    "head": "┃",
    "below": "┡━╇┩",
    "row": "│",
    "between": "├─┼┤",
    "bottom": "└─┴┘",
}
ASCII_MARKS = {
    "top": "+-++",
    "head": "|",
    "below": "+=++",
    "row": "|",
    "between": "+-++",
    "bottom": "+-++",
}
HEADINGS = ("Layer (type)", "Output Shape", "Param #", "FLOPs", "Line")


def size_text(count: int) -> str:
    """`512 B`, `3.20 KB`, `1.50 MB`."""
    size, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while size >= 1024.0 and len(units) > 1:
        size /= 1024.0
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{size:.2f} {units[0]}"


def flop_text(count: int) -> str:
    """`980`, `1.2 k`, `3.4 M`: floating-point operations for one row."""
    size, units = float(count), ["", " k", " M", " G", " T"]
    while size >= 1000.0 and len(units) > 1:
        size /= 1000.0
        units.pop(0)
    return f"{count}" if not units[0] else f"{size:.1f}{units[0]}"


def summary_text(spec: Spec, *, ascii_only: bool = False) -> str:
    """The table of the model's layers with parameters, FLOPs a row and `.k` lines, and totals."""
    rows = [
        (
            f"{layer.name} ({layer.kind})",
            shape_text((None, *layer.shape)),
            f"{layer.parameters:,}",
            flop_text(layer.flops),
            str(layer.line),
        )
        for layer in spec.layers
    ]
    trainable = _parameters(spec, True)
    fixed = _parameters(spec, False)
    slots = trainable * len(spec.slots)
    lines = [f'Model: "{spec.name}" ({spec.source})', *_table(rows, ascii_only)]
    figures = [
        ("Total params", trainable + fixed + slots),
        ("Trainable params", trainable),
        ("Non-trainable params", fixed),
    ]
    if slots:
        figures.append(("Optimizer params", slots))
    lines += [f" {name}: {count:,} ({size_text(4 * count)})" for name, count in figures]
    flops = sum(layer.flops for layer in spec.layers)
    lines.append(f" Forward FLOPs a row: {flop_text(flops)}")
    text = "\n".join(lines)
    return text.encode("ascii", "replace").decode() if ascii_only else text


def print_summary(spec: Spec, print_fn: Callable[[str], Any] | None, file: TextIO | None) -> None:
    """Hands the table to `print_fn`, or writes it to `file` (default: standard output)."""
    if print_fn is not None:
        print_fn(summary_text(spec))
        return
    stream = file if file is not None else sys.stdout
    text = summary_text(spec)
    encodable = getattr(stream, "encoding", None) is None or can_encode(stream, text)
    write_text(stream, (text if encodable else summary_text(spec, ascii_only=True)) + "\n")


def _parameters(spec: Spec, trainable: bool) -> int:
    count = 0
    for weight in spec.weights:
        if weight.trainable == trainable:
            size = 1
            for length in weight.shape:
                size *= length
            count += size
    return count


def _table(rows: Sequence[tuple[str, ...]], ascii_only: bool) -> list[str]:
    marks = ASCII_MARKS if ascii_only else BOX_MARKS
    widths = [max(len(row[i]) for row in [HEADINGS, *rows]) for i in range(len(HEADINGS))]

    def rule(kind: str) -> str:
        left, bar, joint, right = tuple(marks[kind])
        return left + joint.join(bar * (width + 2) for width in widths) + right

    def line(cells: Sequence[str], mark: str) -> str:
        texts = [
            f" {cell:<{width}} " if place < 2 else f" {cell:>{width}} "
            for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return mark + mark.join(texts) + mark

    lines = [rule("top"), line(HEADINGS, marks["head"]), rule("below")]
    for number, row in enumerate(rows):
        if number:
            lines.append(rule("between"))
        lines.append(line(row, marks["row"]))
    return [*lines, rule("bottom")]
