"""`kgen completion`."""

from __future__ import annotations

import click
from kgen.commands.options import show

VARIABLE = "_KGEN_COMPLETE"


@click.command(short_help="A script that lets the shell complete commands and options.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a script for SHELL.

    `eval "$(kgen completion bash)"` in ~/.bashrc loads it, and so for zsh in ~/.zshrc; for fish,
    write it to ~/.config/fish/completions/kgen.fish.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    show(kind(ctx.find_root().command, {}, "kgen", VARIABLE).source().rstrip("\n"))
