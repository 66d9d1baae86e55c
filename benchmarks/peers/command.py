"""`python -m benchmarks peers`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import bytes_text, describe_machine
from benchmarks.peers.agreement import Agreement, check_task
from benchmarks.peers.peer import OTHERS, OURS
from benchmarks.peers.session import PeerUnavailable
from benchmarks.peers.startup import Startup, measure_startup
from benchmarks.peers.steady import ASKED, Steady, measure_steady
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.with_kgen import build_task
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.statistics import median, quartiles

TITLES = {
    "train": "training step",
    "predict 1": "predict, one row",
    "predict 128": "predict, 128 rows",
}


def names(known: tuple[str, ...], what: str) -> Any:
    """An option's callback: a comma-separated list of known names."""

    def check(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in value.split(",") if part.strip())
        for part in chosen:
            if part not in known:
                raise click.BadParameter(f"no {what} {part!r}; there are {', '.join(known)}")
        return chosen

    return check


@click.command("peers")
@click.option(
    "--models",
    default=",".join(TASKS),
    show_default=True,
    callback=names(tuple(TASKS), "model"),
    help="Models to compare on.",
)
@click.option(
    "--peers",
    default=",".join(OTHERS),
    show_default=True,
    callback=names(OTHERS, "peer"),
    help="Libraries to compare with.",
)
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(1))
@click.option("--starts", default=3, show_default=True, type=click.IntRange(0), help="0: none.")
@click.option("--check", is_flag=True, help="Only whether all peers learn the same thing.")
@click.option("--steps", type=click.IntRange(1), help="Steps in a block, for a quick try.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def peers_command(
    models: tuple[str, ...],
    peers: tuple[str, ...],
    rounds: int,
    starts: int,
    check: bool,
    steps: int | None,
    json_file: Path | None,
) -> None:
    """Compare kgen with PyTorch, JAX and Keras, in interleaved rounds."""
    if check:
        check_peers(models, peers)
        return
    machine = describe_machine()
    print_machine(machine)
    record: dict[str, Any] = {"machine": machine.record(), "models": {}}
    for task in models:
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
            module = build_task(TASKS[task], Path(folder))
            try:
                with console.status("") as status:
                    steady = measure_steady(task, peers, rounds, steps, module, status.update)
            except PeerUnavailable as error:
                raise click.ClickException(str(error)) from error
            print_steady(task, steady)
            record["models"][task] = {"steady": steady_record(steady)}
            if starts:
                contestants = (*OURS, *peers)
                with console.status("") as status:
                    startup = measure_startup(task, contestants, starts, module, status.update)
                print_startup(task, startup)
                record["models"][task]["startup"] = vars(startup)
    write_json(json_file, record)


def check_peers(models: tuple[str, ...], peers: tuple[str, ...]) -> None:
    """Tell for each model and peer whether it computes what kgen computes.

    Raises:
        click.ClickException: one does not.
    """
    wrong = False
    for task in models:
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
            try:
                with console.status("") as status:
                    found = check_task(task, peers, Path(folder), status.update)
            except PeerUnavailable as error:
                raise click.ClickException(f"{task}: {error}") from error
        print_agreement(task, found)
        wrong = wrong or any(found.faults.values())
    if wrong:
        raise click.ClickException("not all peers compute the same")


def print_agreement(task: str, found: Agreement) -> None:
    """A row a peer: parameters, the first and last loss, and what is wrong."""
    rows = [
        (
            peer,
            "; ".join(found.faults[peer]) or "agrees",
            f"{answer['params']:,}",
            f"{answer['losses'][0]:.6f}",
            f"{answer['losses'][-1]:.6f}",
        )
        for peer, answer in found.answers.items()
    ]
    columns = ("", "", "parameters", "first loss", "last loss")
    print_table(f"{TASKS[task].title}, the same weights, no dropout", columns, rows, left=2)
    print_skipped(found.skipped)


def print_steady(task: str, found: Steady) -> None:
    """A table a question, a row a peer."""
    for question in ASKED:
        rows = []
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
        columns = ("", "call", "median", "x kgen", "x kgen, rounds", "quartiles")
        title = f"{TASKS[task].title}, {TITLES[question]}"
        print_table(title, columns, rows, left=2, caption=caption)
    print_skipped(found.skipped)


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
    print_table(
        f"{TASKS[task].title}, from process start to the first step finished",
        ("", "cold", "warm", "peak memory, cold", "warm"),
        rows,
        caption="kgen imports its emitted module; kgen-source transpiles the .k file first",
    )
    print_skipped(found.skipped)


def print_skipped(skipped: dict[str, str]) -> None:
    """Why peers are missing from a table."""
    for peer, reason in skipped.items():
        console.print(f"{peer} left out: {reason}", markup=False)


def steady_record(found: Steady) -> dict[str, Any]:
    """The figures for `--json`: seconds of every round, and the ratios made of them."""
    record: dict[str, Any] = {"skipped": found.skipped}
    for question, times in found.seconds.items():
        best = found.best(question)
        record[question] = {
            "seconds": times,
            "calls": found.ways[question],
            "best_peer": best,
            "ratio_of_medians": {
                peer: found.ratio_of_medians(question, peer) for peer in times if peer != "kgen"
            },
            "median_of_ratios": {
                peer: median(found.ratios(question, peer)) for peer in times if peer != "kgen"
            },
        }
    return record
