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

from benchmarks.machine import describe_machine
from benchmarks.modules import EXAMPLES, ROOT
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.statistics import median


@dataclass
class Timing:
    """Seconds for one `.k` file, one figure a round; `cold` and `warm` go by kernel."""

    transpile: list[float] = field(default_factory=list)
    cold: dict[str, list[float]] = field(default_factory=dict)
    warm: dict[str, list[float]] = field(default_factory=dict)
    first_cold: list[float] = field(default_factory=list)
    first_warm: list[float] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def total(self, kernels: dict[str, list[float]]) -> float:
        """Of all kernels together."""
        return sum(median(seconds) for seconds in kernels.values())


def run_worker(*arguments: str | Path, cache: Path) -> tuple[dict[str, Any], float]:
    """A worker's answer, and seconds from before its process started to its end.

    Raises:
        click.ClickException: it failed.
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
        raise click.ClickException(f"{' '.join(map(str, arguments))}: {last}")
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer, seconds


def measure(example: Path, rounds: int, progress: Callable[[str], None]) -> Timing:
    """Build, compile, load and start, each in processes of their own, caches empty each round."""
    found = Timing()
    for number in range(rounds):
        progress(f"{example.name}, round {number + 1} of {rounds}")
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as name:
            folder = Path(name)
            built, _ = run_worker("build", example, folder, cache=folder / "a")
            found.transpile.append(built["transpile_seconds"])
            module = built["module"]
            for kernels in (found.cold, found.warm):
                answer, _ = run_worker("kernels", module, cache=folder / "a")
                for kernel, seconds in answer["kernels"].items():
                    kernels.setdefault(kernel, []).append(seconds)
                found.lines = answer["lines"]
            for starts in (found.first_cold, found.first_warm):
                _, seconds = run_worker("start", module, cache=folder / "b")
                starts.append(seconds)
    return found


@click.command("compile")
@click.option("--model", "models", multiple=True, help="Beginning of a file's name; all if none.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--kernels", "by_kernel", is_flag=True, help="A row for each kernel as well.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def compile_command(
    models: Sequence[str], rounds: int, by_kernel: bool, json_file: Path | None
) -> None:
    """Time the way from .k files to machine code and a first step."""
    examples = [
        path
        for path in sorted(EXAMPLES.glob("*.k"))
        if not models or any(path.name.startswith(model) for model in models)
    ]
    if not examples:
        raise click.BadParameter(f"no file in {EXAMPLES} begins with {' or '.join(models)}")
    machine = describe_machine()
    print_machine(machine)
    found: dict[str, Timing] = {}
    with console.status("") as status:
        for example in examples:
            found[example.name] = measure(example, rounds, status.update)
    print_timings(found)
    if by_kernel:
        for name, timing in found.items():
            print_kernels(name, timing)
    record = {name: asdict(timing) for name, timing in found.items()}
    write_json(json_file, {"machine": machine.record(), "examples": record})


def print_timings(found: dict[str, Timing]) -> None:
    """A row an example."""
    rows = []
    for name, timing in found.items():
        slowest = max(timing.cold, key=lambda kernel: median(timing.cold[kernel]))
        rows.append(
            (
                name,
                slowest,
                time_text(median(timing.cold[slowest])),
                str(len(timing.cold)),
                time_text(median(timing.transpile)),
                time_text(timing.total(timing.cold)),
                time_text(timing.total(timing.warm)),
                time_text(median(timing.first_cold)),
                time_text(median(timing.first_warm)),
            )
        )
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
