"""A line that tells what a long command is at."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from kgen.runtime.progress import can_encode, is_animated, terminal_columns, write_text

# Work shorter than this needs no line.
PATIENCE = 1.0
WIDTH = 24


class Waiting:
    """A progress bar on standard error, if that is a terminal and the work takes a while."""

    def __init__(self) -> None:
        self.animated = is_animated(sys.stderr)
        self.full, self.empty = "━╌" if can_encode(sys.stderr, "━╌") else "#."
        self.begun = time.monotonic()
        self.drawn = False

    def __enter__(self) -> Waiting:
        return self

    def update(self, done: int, total: int, what: str) -> None:
        """Draw `done` of `total` steps, and what is at work."""
        if not self.animated or time.monotonic() - self.begun < PATIENCE:
            return
        filled = WIDTH * done // max(total, 1)
        bar = self.full * filled + self.empty * (WIDTH - filled)
        line = f"{bar} {done}/{total} {what}"[: terminal_columns() - 1]
        write_text(sys.stderr, f"\r{line}\x1b[K")
        self.drawn = True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.drawn:
            write_text(sys.stderr, "\r\x1b[K")
