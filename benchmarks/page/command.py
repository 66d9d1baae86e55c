"""`python -m benchmarks page`."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.modules import RESULTS, ROOT
from benchmarks.page.figures import read_figures
from benchmarks.page.plots import draw_all
from benchmarks.page.text import page_text
from benchmarks.report import console

PLACE = ROOT / "benchmarks"


@click.command("page")
@click.option(
    "--results",
    default=RESULTS,
    show_default=False,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of saved figures; benchmarks/results if left out.",
)
@click.option(
    "--out",
    default=PLACE,
    show_default=False,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where RESULTS.md and plots/ go; benchmarks if left out.",
)
def page_command(results: Path, out: Path) -> None:
    """Write RESULTS.md and its plots from the figures that runs have saved."""
    try:
        write_page(results, out)
    except FileNotFoundError as error:
        raise click.ClickException(f"{error}; runs save them with --json") from error


def write_page(results: Path, out: Path) -> None:
    """Read the figures, draw the plots, write the page.

    Raises:
        FileNotFoundError: no figures were saved.
        click.ClickException: matplotlib is not installed.
    """
    found = read_figures(results)
    try:
        plots = draw_all(found, out / "plots")
    except ImportError as error:
        raise click.ClickException(
            f"plots need matplotlib ({error}): pip install 'kgen-compiler[plot]'"
        ) from error
    path = out / "RESULTS.md"
    path.write_text(page_text(found, plots), encoding="utf-8")
    console.print(f"page written to {path}", markup=False)
