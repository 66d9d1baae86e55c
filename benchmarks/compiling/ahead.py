"""`kgen build` and `kgen warm` as users run them: whole processes, caches empty and full."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.modules import EXAMPLES, ROOT

# Examples, and the value of `which` for the catalogue.
AHEAD = {
    "02_mlp.k": "",
    "04_vgg_like.k": "",
    "05_lstm_text.k": "",
    "41_catalogue.k, ResNet50": "ResNet50",
    "41_catalogue.k, Xception": "Xception",
}


@dataclass(frozen=True)
class Ahead:
    """Seconds of `kgen build`, of `kgen warm` with nothing in any cache, and of it once more."""

    build: float
    cold: float
    again: float


def measure_ahead(progress: Callable[[str], None], done: Callable[[], None]) -> dict[str, Ahead]:
    """Each model of `AHEAD`; `done` is called after each.

    Raises:
        click.ClickException: a command failed.
    """
    found = {}
    for title, which in AHEAD.items():
        source = EXAMPLES / title.partition(",")[0]
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as name:
            folder = Path(name)
            seconds = []
            for command in ("build", "warm", "warm"):
                progress(f"kgen {command} {title}")
                seconds.append(run_kgen(command, source, folder, which))
            found[title] = Ahead(*seconds)
        done()
    return found


def run_kgen(command: str, source: Path, folder: Path, which: str) -> float:
    """Seconds of a whole process; the module goes to a folder of the command's own.

    Raises:
        click.ClickException: it failed.
    """
    target = folder / command
    target.mkdir(exist_ok=True)
    defines = ["-D", f"which={which}"] if which else []
    start = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-m", "kgen", command, str(source), "-o", str(target), *defines],
        cwd=ROOT,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder / "numba")},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - start
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise click.ClickException(f"kgen {command} {source.name}: {last}")
    return seconds
