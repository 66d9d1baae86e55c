"""The command `kgen`: subcommands loaded when called, errors without tracebacks."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings
from importlib import import_module
from typing import Any

import click
from kgen import __version__

# The command's module, in the order of the help page.
COMMANDS = {
    "new": "new",
    "check": "check",
    "build": "build",
    "warm": "warm",
    "train": "train",
    "evaluate": "use",
    "predict": "use",
    "summary": "summary",
    "plot": "plot",
    "inspect": "inspect",
    "selfcheck": "selfcheck",
    "fmt": "fmt",
    "explain": "reference",
    "layers": "reference",
    "completion": "completion",
}


class Commands(click.Group):
    """Imports the module of a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        home = COMMANDS.get(cmd_name)
        if home is None:
            return None
        command = getattr(import_module(f"kgen.commands.{home}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Adds a did-you-mean to click's refusal."""
        from kgen.suggest import suggest

        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            hint = suggest(args[0], COMMANDS) if args else ""
            raise click.UsageError(" ".join(filter(None, [error.message, hint])), ctx) from None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kgen")
def kgen() -> None:
    """Turns .k model files into readable Python modules with native kernels, and trains them."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; gives the exit status.

    0: done; 1: the model, the data or a file is wrong, or the results could not be written; 2: the
    command line is wrong; 130: interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    warnings.showwarning = _show_warning
    try:
        status = _run(arguments)
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        status = 130
    except BrokenPipeError:
        # Nobody reads the messages any more. Where nobody reads the results, click ends so too.
        status = 1
    return _finish(status)


def _finish(status: int) -> int:
    """Write what is left of the results; gives the exit status, which is not 0 if that fails."""
    if sys.stdout is None:
        return status
    try:
        sys.stdout.flush()
    except OSError as error:
        if not status and not isinstance(error, BrokenPipeError):
            click.echo(f"error: standard output: {_explained(error)}", err=True)
        # Else Python would write again at its end, and complain.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        with contextlib.suppress(OSError):
            os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return status or 1
    return status


def _run(arguments: list[str] | None) -> int:
    from kgen.diagnostics import KgenError

    try:
        result = kgen.main(args=arguments, prog_name="kgen", standalone_mode=False)
    except click.exceptions.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except KgenError as error:
        from kgen.render import print_diagnostics

        print_diagnostics(error.diagnostics)
        return 1
    except Exception as error:
        message = _explained(error)
        if message is None:
            raise
        click.echo(f"error: {message}", err=True)
        return 1
    return result if isinstance(result, int) else 0


def _explained(error: Exception) -> str | None:
    """One line about an error that is not the program's own fault, else None."""
    if isinstance(error, MemoryError):
        return f"out of memory{f': {error}' if str(error) else ''}"
    if isinstance(error, OSError):
        if error.strerror is None:
            return str(error)
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"{place}{error.strerror.lower()}"
    runtime = sys.modules.get("kgen.runtime.errors")
    if runtime is not None and isinstance(error, runtime.KgenRuntimeError):
        return str(error)
    return None


def _show_warning(message: Warning | str, *details: Any, **more: Any) -> None:
    click.echo(f"warning: {message}", err=True)
