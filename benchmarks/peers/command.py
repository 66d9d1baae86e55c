"""`python -m benchmarks peers`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from benchmarks.gpu.device import PRECISIONS, NoGpuError, use_gpu
from benchmarks.machine import describe_machine, use_cores
from benchmarks.peers.agreement import check_task
from benchmarks.peers.peer import ON_GPU, OTHERS, OURS
from benchmarks.peers.session import PeerUnavailable
from benchmarks.peers.startup import measure_startup
from benchmarks.peers.steady import Steady, measure_steady
from benchmarks.peers.tables import (
    print_agreement,
    print_startup,
    print_steady,
    print_summary,
)
from benchmarks.peers.tasks import TASKS
from benchmarks.peers.with_kgen import build_task
from benchmarks.report import console, print_machine, write_json

QUICK = {"rounds": 3, "starts": 1}
QUICK_SHARE = 4  # a quick run's blocks are this many times shorter


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
    help=f"Libraries to compare with; on a GPU those of {', '.join(ON_GPU)}.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where all compute: cuda is the first GPU that CUDA_VISIBLE_DEVICES names.",
)
@click.option(
    "--precision",
    type=click.Choice(tuple(PRECISIONS)),
    default="float32",
    show_default=True,
    help="What all round the operands of products to, with --device cuda.",
)
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(1))
@click.option("--starts", default=3, show_default=True, type=click.IntRange(0), help="0: none.")
@click.option("--steps", type=click.IntRange(1), help="Steps in a block, for a quick try.")
@click.option("--threads", type=click.IntRange(1), help="Cores for everybody; all if left out.")
@click.option("--quick", is_flag=True, help="3 rounds of short blocks, 1 start.")
@click.option("--check", is_flag=True, help="Only whether all peers learn the same thing.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def peers_command(
    models: tuple[str, ...],
    peers: tuple[str, ...],
    device: str,
    precision: str,
    rounds: int,
    starts: int,
    steps: int | None,
    threads: int | None,
    quick: bool,
    check: bool,
    json_file: Path | None,
) -> None:
    """Compare kgen with PyTorch, JAX and Keras, in interleaved rounds."""
    gpu = ""
    if precision != "float32" and (check or device != "cuda"):
        raise click.UsageError(f"--precision {precision} is to be measured with --device cuda")
    if device == "cuda":
        if threads is not None:
            raise click.UsageError("--threads is for --device cpu")
        peers = on_gpu(peers)
        try:
            gpu = use_gpu(precision).text()
        except NoGpuError as error:
            raise click.ClickException(str(error)) from error
    if check:
        check_peers(models, peers)
        return
    if threads is not None:
        try:
            use_cores(threads)
        except ValueError as error:
            raise click.BadParameter(f"--threads {threads}: {error}") from error
    if quick:
        rounds, starts = QUICK["rounds"], QUICK["starts"]
    machine = describe_machine(gpu)
    print_machine(machine)
    record: dict[str, Any] = {"machine": machine.record(), "models": {}}
    if device == "cuda":
        record["precision"] = precision
    found: dict[str, Steady] = {}
    for task in models:
        block = max(TASKS[task].steps // QUICK_SHARE, 1) if quick and steps is None else steps
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
            module = build_task(TASKS[task], Path(folder))
            try:
                with console.status("") as status:
                    steady = measure_steady(task, peers, rounds, block, module, status.update)
            except PeerUnavailable as error:
                raise click.ClickException(f"kgen on {task}: {error}") from error
            print_steady(task, steady)
            found[task] = steady
            entry: dict[str, Any] = {"title": TASKS[task].title, "batch": TASKS[task].batch}
            record["models"][task] = entry | {"steady": steady.record()}
            if starts:
                contestants = (*OURS, *peers)
                with console.status("") as status:
                    startup = measure_startup(task, contestants, starts, module, status.update)
                print_startup(task, startup)
                record["models"][task]["startup"] = vars(startup)
        write_json(json_file, record)  # after each model: a run that is cut short keeps the rest
    print_summary(found)


def on_gpu(peers: tuple[str, ...]) -> tuple[str, ...]:
    """Those to compare with on a GPU, if these were asked for.

    Raises:
        click.UsageError: one of them, named by the user, is for processors.
    """
    if peers == OTHERS:
        return ON_GPU
    others = [peer for peer in peers if peer not in ON_GPU]
    if others:
        raise click.UsageError(f"{', '.join(others)}: on a GPU there are {', '.join(ON_GPU)}")
    return peers


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
                raise click.ClickException(f"kgen on {task}: {error}") from error
        print_agreement(task, found)
        wrong = wrong or any(found.faults.values())
    if wrong:
        raise click.ClickException("not all peers compute the same")
