"""What `python -m benchmarks peers` prints."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.machine import bytes_text
from benchmarks.peers.agreement import Agreement
from benchmarks.peers.startup import Startup
from benchmarks.peers.steady import ASKED, Steady
from benchmarks.peers.tasks import TASKS
from benchmarks.report import print_table, time_text
from benchmarks.statistics import geometric_mean, median, quartiles

TITLES = {
    "train": "training step",
    "predict 1": "predict, one row",
    "predict 128": "predict, 128 rows",
}


def print_agreement(task: str, found: Agreement) -> None:
    """A row a peer: parameters, the first and last loss, and what is wrong."""
    rows: list[tuple[str, ...]] = [
        (
            peer,
            "; ".join(found.faults[peer]) or "agrees",
            f"{answer['params']:,}",
            f"{answer['losses'][0]:.6f}",
            f"{answer['losses'][-1]:.6f}",
        )
        for peer, answer in found.answers.items()
    ]
    rows += absent(found.skipped, 5)
    columns = ("", "", "parameters", "first loss", "last loss")
    print_table(f"{TASKS[task].title}, the same weights, no dropout", columns, rows, left=2)


def print_steady(task: str, found: Steady) -> None:
    """A table a question, a row a peer."""
    for question in ASKED:
        rows: list[tuple[str, ...]] = []
        for peer in found.seconds[question]:
            ratios = found.ratios(question, peer)
            low, high = quartiles(ratios)
            ours = peer == "kgen"
            rows.append(
                (
                    peer,
                    found.ways[question][peer],
                    time_text(found.median(question, peer)),
                    "" if ours else f"{found.ratio_of_medians(question, peer):.2f}",
                    "" if ours else f"{median(ratios):.2f}",
                    "" if ours else f"{low:.2f} to {high:.2f}",
                )
            )
        best = found.best(question)
        caption = "no peer to compare with"
        if best is not None:
            caption = (
                f"kgen beside the best peer, {best}: "
                f"{found.ratio_of_medians(question, best):.2f} times as fast by medians, "
                f"{median(found.ratios(question, best)):.2f} by the median round"
            )
        rows += absent(found.skipped, 6)
        columns = ("", "call", "median", "x kgen", "x kgen, rounds", "quartiles")
        title = f"{TASKS[task].title}, batch {TASKS[task].batch}, {TITLES[question]}"
        print_table(title, columns, rows, left=2, caption=caption)


def print_startup(task: str, found: Startup) -> None:
    """A row a peer; times to the first step, and memory."""
    rows = [
        (
            peer,
            time_text(median(found.cold[peer])),
            time_text(median(found.warm[peer])) if peer in found.warm else "",
            bytes_text(median(found.cold_memory[peer])),
            bytes_text(median(found.warm_memory[peer])) if peer in found.warm else "",
        )
        for peer in found.cold
    ]
    rows += [(peer, reason, "", "", "") for peer, reason in found.skipped.items()]
    print_table(
        f"{TASKS[task].title}, from process start to the first step finished",
        ("", "cold", "warm", "peak memory, cold", "warm"),
        rows,
        caption="kgen imports its emitted module; kgen-source transpiles the .k file first",
    )


def print_summary(found: Mapping[str, Steady]) -> None:
    """A row a model: how many times kgen's time its best peer needs, and the mean of all."""
    rows = []
    ratios: dict[str, list[float]] = {question: [] for question in ASKED}
    for task, steady in found.items():
        cells = [TASKS[task].title]
        for question in ASKED:
            best = steady.best(question)
            if best is None:
                cells += ["", ""]
                continue
            ratios[question].append(median(steady.ratios(question, best)))
            cells += [best, f"{ratios[question][-1]:.2f}"]
        rows.append(tuple(cells))
    means = [("", f"{geometric_mean(values):.2f}" if values else "") for values in ratios.values()]
    rows.append(("geometric mean", *(cell for pair in means for cell in pair)))
    columns = ["", *(part for question in ASKED for part in (f"{question}: best peer", "x kgen"))]
    print_table("kgen beside the best peer of each, median round", columns, rows)


def absent(skipped: Mapping[str, str], columns: int) -> list[tuple[str, ...]]:
    """A row for each peer that is missing, with the reason."""
    return [(peer, reason, *[""] * (columns - 2)) for peer, reason in skipped.items()]
