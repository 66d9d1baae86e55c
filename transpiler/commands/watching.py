"""Doing something again whenever a `.k` file changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from kgen.commands.options import say
from kgen.diagnostics import KgenError
from kgen.render import print_diagnostics

INTERVAL = 0.3


def watch_folder(folder: Path, action: Callable[[], None]) -> None:
    """Run `action` now and after each change of a `.k` file in the folder, until Ctrl-C.

    Mistakes in the files are printed, and the watch goes on.
    """
    seen: dict[Path, tuple[int, int]] | None = None
    while True:
        now = _state(folder)
        if now != seen:
            seen = now
            try:
                action()
            except KgenError as error:
                print_diagnostics(error.diagnostics)
            say(f"watching {folder} (Ctrl-C ends)")
        time.sleep(INTERVAL)


def _state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of every `.k` file; one that vanishes meanwhile is left out."""
    state = {}
    for path in sorted(folder.glob("**/*.k")):
        try:
            facts = path.stat()
        except OSError:
            continue
        state[path] = (facts.st_mtime_ns, facts.st_size)
    return state
