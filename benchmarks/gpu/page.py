"""The tables of a GPU's figures, in docs/cuda.md."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.machine import Machine
from benchmarks.page.figures import Figures
from benchmarks.page.text import peers_table
from benchmarks.peers.tables import TITLES

BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"


def write_tables(files: Iterable[Path], page: Path) -> None:
    """Put the figures that runs of `peers --device cuda --json` saved between the page's marks.

    Raises:
        ValueError: the page has no such marks.
    """
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{page} has no place for figures, between {BEGIN.strip()} and its end")
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    tables = "".join(table_text(record) for record in records)
    page.write_text("".join((before, BEGIN, tables, END, after)), encoding="utf-8")


def table_text(record: dict[str, Any]) -> str:
    """The machine and a table for each question."""
    found = Figures(peers=record["models"])
    machine = "  \n".join(Machine(**record["machine"]).lines())
    parts = [f"Measured on: {machine}"]
    for question, title in TITLES.items():
        parts += [f"### {title.capitalize()}, {record['precision']}", peers_table(found, question)]
    return "\n" + "\n\n".join(parts) + "\n\n"
