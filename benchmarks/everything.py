"""`python -m benchmarks all`: every measurement into one folder, then the page."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.compiling.command import compile_command
from benchmarks.modules import RESULTS
from benchmarks.page.command import write_page
from benchmarks.peers.command import peers_command
from benchmarks.roofline.command import roofline_command
from benchmarks.scale.command import scaling_command

ROOFLINES = ("04", "05", "07", "32")
QUICK_ROUNDS = 2


@click.command("all")
@click.option("--quick", is_flag=True, help="Few rounds, for a try.")
@click.option(
    "--results",
    default=RESULTS,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where figures are saved; benchmarks/results if left out.",
)
def all_command(quick: bool, results: Path) -> None:
    """Measure everything, save the figures, and write the page."""
    results.mkdir(parents=True, exist_ok=True)

    def run(command: click.Command, *arguments: str, name: str) -> None:
        few = ["--rounds", str(QUICK_ROUNDS)] if quick else []
        file = str(results / f"{name}.json")
        command.main([*arguments, *few, "--json", file], standalone_mode=False)

    run(peers_command, *(["--quick"] if quick else []), name="peers")
    for model in ROOFLINES:
        run(roofline_command, "--model", model, name=f"roofline_{model}")
    run(scaling_command, name="scaling")
    run(compile_command, "--starts-only", name="compile")
    write_page(results, results.parent)
