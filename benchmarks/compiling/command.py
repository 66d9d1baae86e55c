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
from benchmarks.machine import Machine, describe_machine
from benchmarks.modules import EXAMPLES, RESULTS, ROOT
from benchmarks.report import (
    console,
    print_machine,
    print_table,
    save_json,
    time_text,
    write_json,
)
from benchmarks.statistics import median

# What an example may have at most to count as small: networks for large pictures, and those that
# have them inside, take minutes each.
MOST_FLOPS = 2_000_000_000  # for a row of a step
MOST_KERNELS = 200


@dataclass
class Timing:
    """Seconds for one `.k` file, one figure a round; `cold` and `warm` go by kernel.

    `first_cold` and `first_warm` are those to the end of the first step; `large` says what was too
    much, with nothing else measured.
    """

    transpile: list[float] = field(default_factory=list)
    cold: dict[str, list[float]] = field(default_factory=dict)
    warm: dict[str, list[float]] = field(default_factory=dict)
    first_cold: list[float] = field(default_factory=list)
    first_warm: list[float] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    failed: str = ""
    large: str = ""

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
    example: Path,
    rounds: int,
    progress: Callable[[str], None],
    *,
    starts_only: bool,
    small_only: bool,
) -> Timing:
    """Build, compile, load and start, each in processes of their own, caches empty each round.

    A step that fails is told in `failed`, and what was measured before it stays; `small_only`
    leaves large models alone once they are built.
    """
    found = Timing()
    for number in range(rounds):
        progress(f"{example.name}, round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as name:
            try:
                folder = Path(name)
                built, _ = run_worker("build", example, folder, cache=folder / "a")
                found.large = too_large(built["kernels"], built["flops"]) if small_only else ""
                if found.large:
                    break
                found.transpile.append(built["transpile_seconds"])
                measure_module(built["module"], folder, found, starts_only=starts_only)
            except WorkerFailed as error:
                found.failed = str(error)
                break
    return found


def too_large(kernels: int, flops: int) -> str:
    """What a model has more of than a small one may: its kernels, or FLOPs for a row of a step."""
    if flops > MOST_FLOPS:
        return f"{flops / 1e9:.1f} GFLOPs a row"
    return f"{kernels} kernels" if kernels > MOST_KERNELS else ""


def measure_module(module: str, folder: Path, found: Timing, *, starts_only: bool) -> None:
    """One round of a module, with caches in a folder that was empty before it was built there.

    Raises:
        WorkerFailed: a process failed.
    """
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


def examples_named(models: Sequence[str]) -> list[Path]:
    """The examples that begin so; all if none are named.

    Raises:
        click.BadParameter: no file begins so.
    """
    chosen = [path for path in sorted(EXAMPLES.glob("*.k")) if path.name.startswith(tuple(models))]
    if not models:
        return sorted(EXAMPLES.glob("*.k"))
    if not chosen:
        raise click.BadParameter(f"no file in {EXAMPLES} begins with {' or '.join(models)}")
    return chosen


@click.command("compile")
@click.option(
    "--model", "models", multiple=True, help="Beginning of a file's name; all small ones if none."
)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--starts-only", is_flag=True, help="Leave out the kernels one by one.")
@click.option("--kernels", "by_kernel", is_flag=True, help="A row for each kernel as well.")
@click.option("--ahead/--no-ahead", default=True, help="kgen build and kgen warm as well.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the figures go; results/compile.json if left out, with --model nowhere.",
)
def compile_command(
    models: Sequence[str],
    rounds: int,
    starts_only: bool,
    by_kernel: bool,
    ahead: bool,
    json_file: Path | None,
) -> None:
    """Time the way from .k files to machine code and a first step."""
    examples = examples_named(models)
    if json_file is None and not models:
        RESULTS.mkdir(exist_ok=True)
        json_file = RESULTS / "compile.json"
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
            found[example.name] = measure(
                example, rounds, tell, starts_only=starts_only, small_only=not models
            )
            bar.advance(task)
            if json_file is not None:  # a run that is cut short keeps what it has
                save_json(json_file, figures(machine, found, made))
        if ahead:
            made = measure_ahead(tell, lambda: bar.advance(task))
    write_json(json_file, figures(machine, found, made))
    large = {name: timing for name, timing in found.items() if timing.large}
    found = {name: timing for name, timing in found.items() if not timing.large}
    print_timings(found)
    if large:
        told = ", ".join(f"{name} ({timing.large})" for name, timing in large.items())
        console.print(f"left out as large: {told}", markup=False)
    if by_kernel:
        for name, timing in found.items():
            print_kernels(name, timing)
    if made:
        print_ahead(made)


def figures(machine: Machine, found: dict[str, Timing], made: dict[str, Ahead]) -> dict[str, Any]:
    """What is saved: the large examples by the reason alone."""
    return {
        "machine": machine.record(),
        "examples": {name: asdict(one) for name, one in found.items() if not one.large},
        "large": {name: one.large for name, one in found.items() if one.large},
        "ahead": {name: asdict(one) for name, one in made.items()},
    }


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
