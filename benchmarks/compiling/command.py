"""`python -m benchmarks compile`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from benchmarks.compiling.ahead import AHEAD, Ahead, measure_ahead
from benchmarks.machine import describe_machine
from benchmarks.modules import EXAMPLES, ROOT
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.statistics import median

# Networks for large pictures, and those that have them inside: minutes each.
LARGE = ("14", "17", "18", "21", "22", "24", "38", "41")


@dataclass
class Timing:
    """Seconds for one `.k` file, one figure a round; `cold` and `warm` go by kernel."""

    transpile: list[float] = field(default_factory=list)
    cold: dict[str, list[float]] = field(default_factory=dict)
    warm: dict[str, list[float]] = field(default_factory=dict)
    first_cold: list[float] = field(default_factory=list)
    first_warm: list[float] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    failed: str = ""

    def total(self, kernels: dict[str, list[float]]) -> float:
        """Of all kernels together."""
        return sum(median(seconds) for seconds in kernels.values())


class WorkerFailed(Exception):
    """A worker's process ended with an error; the message is its last line."""


def run_worker(*arguments: str | Path, cache: Path) -> tuple[dict[str, Any], float]:
    """A worker's answer, and seconds from before its process started to its end.

    Raises:
        WorkerFailed: it failed.
    """
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "benchmarks.compiling.worker", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise WorkerFailed(f"{arguments[0]}: {last}")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer, seconds


def measure(
    example: Path, rounds: int, progress: Callable[[str], None], *, starts_only: bool
) -> Timing:
    """Build, compile, load and start, each in processes of their own, caches empty each round.

    A step that fails is told in `failed`, and what was measured before it stays.
    """
    found = Timing()
    for number in range(rounds):
        progress(f"{example.name}, round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as name:
            try:
                measure_once(example, Path(name), found, starts_only=starts_only)
            except WorkerFailed as error:
                found.failed = str(error)
                break
    return found


def measure_once(example: Path, folder: Path, found: Timing, *, starts_only: bool) -> None:
    """One round, in an empty folder.

    Raises:
        WorkerFailed: a process failed.
    """
    built, _ = run_worker("build", example, folder, cache=folder / "a")
    found.transpile.append(built["transpile_seconds"])
    module = built["module"]
    for starts in (found.first_cold, found.first_warm):
        _, seconds = run_worker("start", module, cache=folder / "b")
        starts.append(seconds)
    if starts_only:
        return
    for kernels in (found.cold, found.warm):
        answer, _ = run_worker("kernels", module, cache=folder / "a")
        for kernel, seconds in answer["kernels"].items():
            kernels.setdefault(kernel, []).append(seconds)
        found.lines = answer["lines"]


def small_examples(models: Sequence[str]) -> list[Path]:
    """The examples that begin so; if none are named, all but those of `LARGE`.

    Raises:
        click.BadParameter: no file begins so.
    """
    paths = sorted(EXAMPLES.glob("*.k"))
    if not models:
        return [path for path in paths if path.name[:2] not in LARGE]
    chosen = [path for path in paths if any(path.name.startswith(model) for model in models)]
    if not chosen:
        raise click.BadParameter(f"no file in {EXAMPLES} begins with {' or '.join(models)}")
    return chosen


@click.command("compile")
@click.option("--model", "models", multiple=True, help="Beginning of a file's name; all if none.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--starts-only", is_flag=True, help="Leave out the kernels one by one.")
@click.option("--kernels", "by_kernel", is_flag=True, help="A row for each kernel as well.")
@click.option("--ahead/--no-ahead", default=True, help="kgen build and kgen warm as well.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def compile_command(
    models: Sequence[str],
    rounds: int,
    starts_only: bool,
    by_kernel: bool,
    ahead: bool,
    json_file: Path | None,
) -> None:
    """Time the way from .k files to machine code and a first step."""
    examples = small_examples(models)
    machine = describe_machine()
    print_machine(machine)
    found: dict[str, Timing] = {}
    made: dict[str, Ahead] = {}
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=len(examples) + len(AHEAD) * ahead)

        def tell(text: str) -> None:
            bar.update(task, description=text)

        for example in examples:
            found[example.name] = measure(example, rounds, tell, starts_only=starts_only)
            bar.advance(task)
        if ahead:
            made = measure_ahead(tell, lambda: bar.advance(task))
    print_timings(found)
    if by_kernel:
        for name, timing in found.items():
            print_kernels(name, timing)
    if made:
        print_ahead(made)
    record = {name: asdict(timing) for name, timing in found.items()}
    whole = {name: asdict(one) for name, one in made.items()}
    write_json(json_file, {"machine": machine.record(), "examples": record, "ahead": whole})


def print_timings(found: dict[str, Timing]) -> None:
    """A row an example; what failed, and how."""
    rows = [
        (
            name,
            *slowest_kernel(timing),
            str(len(timing.cold) or ""),
            median_text(timing.transpile),
            time_text(timing.total(timing.cold)) if timing.cold else "",
            time_text(timing.total(timing.warm)) if timing.warm else "",
            median_text(timing.first_cold),
            median_text(timing.first_warm),
        )
        for name, timing in found.items()
    ]
    columns = (
        "",
        "slowest kernel",
        "takes",
        "kernels",
        "transpile",
        "compile all",
        "load all",
        "process, cold",
        "process, warm",
    )
    caption = "process: from its start to its end, importing the module and training one step"
    print_table("from .k to machine code", columns, rows, left=2, caption=caption)
    for name, timing in found.items():
        if timing.failed:
            console.print(f"{name} failed: {timing.failed}", markup=False)


def slowest_kernel(timing: Timing) -> tuple[str, str]:
    """Its name and its time, empty where kernels were left out."""
    if not timing.cold:
        return "", ""
    name = max(timing.cold, key=lambda kernel: median(timing.cold[kernel]))
    return name, time_text(median(timing.cold[name]))


def median_text(seconds: list[float]) -> str:
    """The median, empty where nothing was measured."""
    return time_text(median(seconds)) if seconds else ""


def print_ahead(made: dict[str, Ahead]) -> None:
    """A row a model."""
    rows = [
        (name, time_text(one.build), time_text(one.cold), time_text(one.again))
        for name, one in made.items()
    ]
    columns = ("", "kgen build", "kgen warm", "again")
    print_table("ahead of the first run, whole processes", columns, rows)


def print_kernels(name: str, timing: Timing) -> None:
    """A row a kernel: its `.k` lines, seconds to compile and to load."""
    rows = [
        (
            kernel,
            ", ".join(map(str, timing.lines.get(kernel, ()))),
            time_text(median(seconds)),
            time_text(median(timing.warm[kernel])),
        )
        for kernel, seconds in timing.cold.items()
    ]
    print_table(name, ("kernel", ".k lines", "compile", "load"), rows, left=2)
