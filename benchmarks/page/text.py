"""The page's text: tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.machine import Machine, bytes_text
from benchmarks.page.figures import Figures, best_ratio, ratios
from benchmarks.peers.peer import OTHERS, OURS
from benchmarks.peers.tables import TITLES
from benchmarks.report import time_text
from benchmarks.statistics import geometric_mean, median, quartiles

HEAD = """# Results

Made by `python -m benchmarks page` from the figures in [results](results); what they mean and how
they are taken is told in the [README](README.md). A ratio above 1 means that kgen is the faster.
"""


def page_text(found: Figures, plots: dict[str, str]) -> str:
    """The whole page; `plots` gives the file of each plot that was drawn."""
    parts = [HEAD, *machines(found)]
    if found.peers:
        parts += ["## Beside its peers", *picture(plots, "peers", "Training step, ratios")]
        for question, title in TITLES.items():
            parts += [f"### {title.capitalize()}", peers_table(found, question)]
        parts += starts(found, plots)
    if found.rooflines:
        parts.append("## Kernels beside the machine's peak")
        parts += picture(plots, "roofline", "Share of the peak by kernel")
        parts.append(rooflines_table(found))
    if found.sweeps:
        parts += ["## Cost by size", *picture(plots, "scaling", "A training step by size")]
    if found.compile:
        parts += ["## From `.k` to machine code", *compile_tables(found.compile)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def picture(plots: dict[str, str], name: str, title: str) -> list[str]:
    """The line that shows a plot, if it was drawn."""
    return [f"![{title}]({plots[name]})"] if name in plots else []


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text."""
    rule = ["---", *["--:" for _ in columns[1:]]]
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, rule, *rows))


def machines(found: Figures) -> list[str]:
    """Each machine, with the files that come from it where there are several."""
    parts = []
    for machine, names in found.machines:
        text = "  \n".join(Machine(**machine).lines())
        several = f"  \n({', '.join(names)})" if len(found.machines) > 1 else ""
        parts.append(text + several)
    return parts


def peers_table(found: Figures, question: str) -> str:
    """A row a model: kgen's time, and each peer's ratio with its quartiles."""
    present = [
        peer
        for peer in OTHERS
        if any(peer in one["steady"][question]["seconds"] for one in found.peers.values())
    ]
    rows = []
    best = []
    for entry in found.peers.values():
        measured = ratios(entry, question)
        cells = [entry["title"], time_text(median(entry["steady"][question]["seconds"]["kgen"]))]
        for peer in present:
            if peer not in measured:
                cells.append("")
                continue
            low, high = quartiles(measured[peer])
            cells.append(f"{median(measured[peer]):.2f} ({low:.2f} to {high:.2f})")
        one = best_ratio(entry, question)
        best += [] if one is None else [one]
        rows.append([*cells, "" if one is None else f"**{one:.2f}**"])
    mean = f"**{geometric_mean(best):.2f}**" if best else ""
    rows.append(["geometric mean", "", *["" for _ in present], mean])
    return table(["", "kgen", *present, "best peer"], rows)


def starts(found: Figures, plots: dict[str, str]) -> list[str]:
    """Start-up and memory, a row a model."""
    entries = [one for one in found.peers.values() if "startup" in one]
    if not entries:
        return []
    peers = [*OURS, *OTHERS]
    parts = []
    for title, key, text in (
        ("First step, cold, from the start of the process", "cold", time_text),
        ("First step, warm", "warm", time_text),
        ("Peak memory, cold", "cold_memory", bytes_text),
        ("Peak memory, warm", "warm_memory", bytes_text),
    ):
        present = [peer for peer in peers if any(peer in one["startup"][key] for one in entries)]
        rows = [
            [one["title"], *(cell(one["startup"][key], peer, text) for peer in present)]
            for one in entries
        ]
        parts += [f"### {title}", table(["", *present], rows)]
    return [*picture(plots, "starts", "First step"), *parts]


def cell(values: dict[str, list[float]], peer: str, text: Any) -> str:
    """A peer's median, empty where it has none."""
    return text(median(values[peer])) if values.get(peer) else ""


def rooflines_table(found: Figures) -> str:
    """A row a model: products, and the whole step, beside the peak."""
    rows = []
    for name, one in found.rooflines.items():
        peak = median(one["peak_flops"])
        dense = [kernel for kernel in one["kernels"] if kernel["dense"]]
        seconds = sum(median(kernel["seconds"]) for kernel in dense)
        flops = sum(kernel["flops"] for kernel in one["kernels"])
        rate = sum(kernel["flops"] for kernel in dense) / seconds if seconds else 0.0
        whole = flops / median(one["whole_seconds"])
        rows.append(
            [
                name,
                str(one["batch"]),
                str(one["threads"]),
                f"{peak / 1e9:.0f}",
                f"{rate / 1e9:.0f} ({rate / peak:.0%})",
                f"{whole / 1e9:.0f} ({whole / peak:.0%})",
            ]
        )
    columns = ["", "batch", "threads", "peak GFLOP/s", "products", "whole step"]
    return table(columns, rows)


def compile_tables(record: dict[str, Any]) -> list[str]:
    """A row an example, and a row a model that was compiled ahead."""
    rows = [
        [
            name,
            str(len(one["cold"]) or ""),
            *(
                time_text(median(one[key])) if one[key] else ""
                for key in ("transpile", "first_cold", "first_warm")
            ),
            one["failed"],
        ]
        for name, one in record["examples"].items()
    ]
    columns = ["", "kernels", "transpile", "first step, cold", "warm", ""]
    parts = [table(columns, rows)]
    ahead = [
        [name, time_text(one["build"]), time_text(one["cold"]), time_text(one["again"])]
        for name, one in record["ahead"].items()
    ]
    if ahead:
        parts += ["### `kgen warm`", table(["", "`kgen build`", "cold", "again"], ahead)]
    return parts
