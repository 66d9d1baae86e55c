"""`kgen plot`."""

from __future__ import annotations

from pathlib import Path

import click
from kgen.commands import options
from kgen.commands.options import show

_ENDINGS = {".svg": "svg", ".mmd": "mermaid", ".mermaid": "mermaid"}


@click.command(short_help="A model's layers as a graph: SVG or Mermaid.")
@options.source
@click.option(
    "-o",
    "--output",
    "output",
    metavar="FILE",
    type=options.OUTPUT_FILE,
    help="File to write, .svg or .mmd; if not given, standard output.",
)
@click.option(
    "--format",
    "style",
    type=click.Choice(["svg", "mermaid"]),
    help="What to write; if not given, as the file's ending says, else SVG.",
)
@options.defines
@options.model
def plot(
    source: str, output: str | None, style: str | None, defines: dict[str, str], model: str | None
) -> None:
    """Draw the graph of each model's layers: names, classes, output shapes, weights.

    Models that stand inside others are drawn there; --model NAME draws one of them alone.
    """
    if style is None and output is not None:
        style = _ENDINGS.get(Path(output).suffix.lower())
        if style is None:
            raise click.UsageError(f"{output} ends neither in .svg nor in .mmd; add --format")
    from kgen.building import write_if_changed
    from kgen.compiler import elaborate_text
    from kgen.inspecting.diagram import diagrams
    from kgen.inspecting.drawing import draw
    from kgen.inspecting.mermaid import mermaid
    from kgen.source import read_source
    from kgen.suggest import suggest

    models = elaborate_text(read_source(source), source, defines)
    names = [one.name for one in models]
    if model is not None and model not in names:
        hint = suggest(model, names) or f"its models are {', '.join(names)}"
        raise click.UsageError(f"the file has no model {model}; {hint}")
    drawn = diagrams(models, model)
    text = mermaid(drawn) if style == "mermaid" else draw(drawn, Path(source).name)
    if output is None:
        show(text.rstrip("\n"))
        return
    changed = write_if_changed(Path(output), text)
    show(f"{'wrote' if changed else 'unchanged'} {output}")
