"""`kgen inspect`."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click
from kgen.commands import options
from kgen.commands.options import show, show_json


@click.command(short_help="A model's lines beside the kernels they become, on one HTML page.")
@options.source
@click.option(
    "-o",
    "--output",
    "output",
    metavar="FILE",
    type=options.OUTPUT_FILE,
    help="Page to write; if not given, MODEL.html beside the source.",
)
@click.option("--profile", "measure", is_flag=True, help="Time every kernel, and the machine.")
@options.batch_size
@options.threads
@options.target
@options.defines
@options.model
@click.option("--open", "open_page", is_flag=True, help="Show the page in a browser.")
@options.as_json
def inspect(
    source: str,
    output: str | None,
    measure: bool,
    batch_size: int | None,
    threads: int | None,
    target: str,
    defines: dict[str, str],
    model: str | None,
    open_page: bool,
    as_json: bool,
) -> None:
    """Write a page that shows what MODEL.k becomes: kernels by line, programs, graphs, memory.

    Figures are for a batch of --batch-size rows; open dimensions count as 64. --json prints the
    facts instead of writing a page, unless -o is given.
    """
    from kgen.targets import TARGETS

    machine = TARGETS[target]
    if measure and not machine.has_threads:
        raise click.UsageError("--profile times kernels of this processor; leave --target out")
    if as_json and open_page:
        raise click.UsageError("--json and --open exclude each other")
    from kgen.building import write_if_changed
    from kgen.commands.waiting import Waiting
    from kgen.inspecting.facts import inspect_text
    from kgen.inspecting.page import page
    from kgen.source import read_source
    from kgen.suggest import suggest

    text = read_source(source)
    with Waiting() as waiting:
        found = inspect_text(
            text,
            source,
            defines,
            machine,
            batch_size,
            options.USUAL_BATCH,
            model,
            waiting.update,
        )
    if not found.phases:
        from kgen.compiler import elaborate_text

        names = [one.name for one in elaborate_text(text, source, defines)]
        hint = suggest(model or "", names) or f"its models are {', '.join(names)}"
        raise click.UsageError(f"the file has no model {model}; {hint}")
    if measure:
        from kgen.inspecting.profile import profile

        with Waiting() as waiting:
            profile(found, threads, waiting.update)
    if machine.has_ptx:
        from kgen.inspecting.launches import enter_launches

        enter_launches(found)
    if as_json:
        show_json(found.facts)
    if as_json and output is None:
        return
    place = Path(output) if output is not None else Path(source).with_suffix(".html")
    changed = write_if_changed(place, page(found))
    if not as_json:
        show(f"{'wrote' if changed else 'unchanged'} {place}")
    if open_page:
        webbrowser.open(place.resolve().as_uri())
