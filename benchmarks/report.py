"""Tables on the terminal, and the same figures as a JSON file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine

console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def print_machine(machine: Machine) -> None:
    """The machine description, above the tables."""
    for line in machine.lines():
        console.print(line, style="dim", markup=False)


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    left: int = 1,
    caption: str | None = None,
) -> None:
    """A table whose first `left` columns are text and whose others are figures."""
    table = Table(
        title=title, caption=caption, box=SIMPLE_HEAD, title_justify="left", caption_justify="left"
    )
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def time_text(seconds: float) -> str:
    """`7.12 us`, `1.4 ms`, `2.31 s`: three digits."""
    for factor, unit in ((1e6, "us"), (1e3, "ms")):
        if seconds * factor < 999.5:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def write_json(path: Path | None, record: Mapping[str, Any]) -> None:
    """Write the figures where `--json` asks, and say so."""
    if path is not None:
        save_json(path, record)
        console.print(f"figures written to {path}", markup=False)


def save_json(path: Path, record: Mapping[str, Any]) -> None:
    """Write the figures to a file."""
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
