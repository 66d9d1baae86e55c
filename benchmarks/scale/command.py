"""`python -m benchmarks scaling`: cost by batch, width, depth, sequence length and threads."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.machine import describe_machine
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.scale.points import Point, Runner, sweeps
from benchmarks.statistics import median

SWEEPS = sweeps()


@click.command("scaling")
@click.option(
    "--sweep", "chosen", multiple=True, type=click.Choice(list(SWEEPS)), help="All if left out."
)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def scaling_command(chosen: Sequence[str], rounds: int, json_file: Path | None) -> None:
    """Show how the cost of a training step grows with its size."""
    machine = describe_machine()
    print_machine(machine)
    with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
        Runner(Point(width=16, depth=1), Path(folder))  # what is paid once a process
    found: dict[str, list[Point]] = {}
    for sweep in chosen or SWEEPS:
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
            found[sweep] = measure_sweep(sweep, rounds, Path(folder))
        print_sweep(sweep, found[sweep])
    points = {sweep: [asdict(point) for point in points] for sweep, points in found.items()}
    write_json(json_file, {"machine": machine.record(), "sweeps": points})


def measure_sweep(sweep: str, rounds: int, folder: Path) -> list[Point]:
    """All points of a sweep, timed in interleaved rounds."""
    with console.status("") as status:
        runners = []
        for point in SWEEPS[sweep]:
            status.update(f"{sweep} {getattr(point, sweep)}: compiling")
            runners.append(Runner(point, folder))
        for number in range(rounds):
            status.update(f"{sweep}: round {number + 1} of {rounds}")
            for runner in runners:
                runner.point.seconds.append(runner.block())
    return [runner.point for runner in runners]


def print_sweep(sweep: str, points: Sequence[Point]) -> None:
    """A row a point; growth compares with the row above."""
    rows = []
    before: float | None = None
    for point in points:
        seconds = median(point.seconds)
        rows.append(
            (
                str(getattr(point, sweep)),
                time_text(seconds),
                "" if before is None else f"{seconds / before:.2f}",
                time_text(seconds / point.batch),
                f"{point.flops / seconds / 1e9:.1f}",
                time_text(point.build_seconds),
                time_text(point.compile_seconds),
            )
        )
        before = seconds
    fixed = ", ".join(f"{name} {value}" for name, value in points[0].fixed(sweep).items())
    kind = "LSTM" if points[0].length else "perceptron"
    columns = (sweep, "step", "x above", "a row", "GFLOP/s", "transpile", "compile")
    print_table(f"{kind} by {sweep}; {fixed}", columns, rows)
