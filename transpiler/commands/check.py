"""`kgen check`: mistakes only."""

from __future__ import annotations

import click
from kgen.commands import options
from kgen.commands.options import say, show, show_json, writing_results


@click.command(short_help="Report every mistake in .k files.")
@options.sources
@options.defines
@options.batch_size
@options.max_memory
@click.option(
    "--format",
    "style",
    type=click.Choice(["full", "concise", "json", "github"]),
    default="full",
    show_default=True,
    help="How to report them.",
)
@click.pass_context
def check(
    ctx: click.Context,
    sources: tuple[str, ...],
    defines: dict[str, str],
    batch_size: int | None,
    max_memory: int | None,
    style: str,
) -> None:
    """Check .k files without building them; the exit status is 1 if any has a mistake.

    `-` checks standard input. A file without a model, which declares parts for others, is checked
    as far as that goes. With --max-memory it is a mistake as well if a batch of --batch-size rows
    needs more.
    """
    from kgen.budget import ceiling_of
    from kgen.compiler import check_text
    from kgen.diagnostics import Diagnostic, KgenError
    from kgen.elaborate import count_parts
    from kgen.parser import parse
    from kgen.render import print_diagnostics, render_concise, render_github, render_json
    from kgen.source import read_input

    found: list[Diagnostic] = []
    for path in sources:
        try:
            ceiling = ceiling_of(max_memory, batch_size)
            text = read_input(path)
            mistakes = check_text(text, path, defines, ceiling, needs_model=False)
            found += mistakes
            if not mistakes and (parts := count_parts(parse(text, path))):
                say(f"{path}: no model: {parts} part{'' if parts == 1 else 's'} checked")
        except KgenError as error:
            found += error.diagnostics
    if style == "json":
        show_json([render_json(one) for one in found])
    elif style == "full":
        from rich.console import Console

        with writing_results():
            print_diagnostics(found, Console(highlight=False, soft_wrap=True))
    else:
        render = render_concise if style == "concise" else render_github
        for one in found:
            show(render(one))
    errors = sum(one.severity == "error" for one in found)
    files = f"{len(sources)} file{'' if len(sources) == 1 else 's'}"
    say(f"{errors or 'no'} mistake{'' if errors == 1 else 's'} in {files}")
    if errors:
        ctx.exit(1)
