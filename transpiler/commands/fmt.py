"""`kgen fmt`."""

from __future__ import annotations

import difflib
from pathlib import Path

import click
from kgen.commands import options
from kgen.commands.options import say, show


@click.command(short_help="Format .k files.")
@options.sources
@click.option("--check", is_flag=True, help="Change nothing; exit status 1 if a file would change.")
@click.option("--diff", is_flag=True, help="As --check, and print what would change.")
@click.pass_context
def fmt(ctx: click.Context, sources: tuple[str, ...], check: bool, diff: bool) -> None:
    """Put .k files in the canonical style; `-` formats standard input to standard output."""
    from kgen.building import write_if_changed
    from kgen.diagnostics import KgenError
    from kgen.format import format_source
    from kgen.render import print_diagnostics
    from kgen.source import read_input

    changed = failed = 0
    for path in sources:
        try:
            text = read_input(path)
            new = format_source(text, path)
        except KgenError as error:
            print_diagnostics(error.diagnostics)
            failed += 1
            continue
        if diff:
            lines = difflib.unified_diff(
                text.splitlines(), new.splitlines(), path, f"{path} formatted", lineterm=""
            )
            for line in lines:
                show(line)
        elif path == "-" and not check:
            show(new, nl=False)
        changed += new != text
        if new != text and not diff and path != "-":
            if not check:
                write_if_changed(Path(path), new)
            say(f"{'would format' if check else 'formatted'} {path}")
    if failed or (changed and (check or diff)):
        ctx.exit(1)
