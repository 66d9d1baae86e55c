"""What a running model says on standard error: progress lines and short messages.

A terminal gets an animated bar, anything else one finished line an epoch. Colours only on a
terminal without NO_COLOR; plain ASCII where the stream cannot encode more. A stream that fails
never stops the work.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

import numpy as np

BAR_WIDTH = 20
REDRAW_SECONDS = 0.05


def write_text(stream: TextIO | None, text: str) -> None:
    """Writes and flushes `text`; characters the stream lacks become `?`, failures are ignored."""
    if stream is None:
        return
    try:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = getattr(stream, "encoding", None) or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except (OSError, ValueError):
        # A closed or broken stream: training matters more than its progress line.
        return


def say(text: str) -> None:
    """One line on standard error."""
    write_text(sys.stderr, text + "\n")


def is_animated(stream: TextIO | None) -> bool:
    """Whether lines can be redrawn: a terminal that is not dumb."""
    if stream is None or os.environ.get("TERM") == "dumb":
        return False
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def can_encode(stream: TextIO | None, text: str) -> bool:
    """Whether the stream's encoding has every character of `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def duration_text(seconds: float) -> str:
    """`42s`, `3:07`, `1:02:45`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}"
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def step_time_text(seconds: float) -> str:
    """Time a step in the unit that fits: `2s/step`, `12ms/step`, `80us/step`."""
    if seconds >= 1.0:
        return f"{seconds:.0f}s/step"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f}ms/step"
    return f"{seconds * 1e6:.0f}us/step"


def figure_text(value: Any) -> str:
    """Four decimals, or scientific notation for small magnitudes."""
    if isinstance(value, np.ndarray):
        return f"[{' '.join(figure_text(one) for one in value.reshape(-1).tolist())}]"
    return f"{value:.4f}" if abs(value) >= 1e-3 or value == 0.0 else f"{value:.4e}"


class ProgressBar:
    """One line that fills as steps are done.

    Args:
        total: number of steps, None if not known.
        verbose: 0 silent, 1 animated on a terminal, 2 the finished line only.
        label: stands before the line, as `Epoch 1/5`.
    """

    def __init__(self, total: int | None, verbose: int, label: str = "") -> None:
        self.stream = sys.stderr
        self.total = total
        self.verbose = verbose
        self.label = label
        self.animated = verbose == 1 and is_animated(self.stream)
        self.colours = self.animated and not os.environ.get("NO_COLOR")
        self.marks = "━━" if can_encode(self.stream, "━") else "=."
        self.begun = time.perf_counter()
        self.drawn = 0.0
        self.open = False

    def update(self, done: int, logs: Mapping[str, float]) -> None:
        """Redraws the line, at most a few times a second, and only on a terminal."""
        now = time.perf_counter()
        if not self.animated or now - self.drawn < REDRAW_SECONDS:
            return
        self.drawn = now
        elapsed = now - self.begun
        remaining = elapsed / done * (self.total - done) if self.total and done else elapsed
        self._draw(done, remaining, elapsed, logs)

    def finish(self, done: int, logs: Mapping[str, float]) -> None:
        """The last state of the line, and its end."""
        if not self.verbose:
            return
        self.total = self.total or done
        elapsed = time.perf_counter() - self.begun
        self._draw(done, elapsed, elapsed, logs)
        self.close()

    def close(self) -> None:
        """Ends a line left open, as by an interrupt."""
        if self.open:
            write_text(self.stream, "\n")
            self.open = False

    def _draw(self, done: int, shown: float, elapsed: float, logs: Mapping[str, float]) -> None:
        count = f"{done:>{len(str(self.total))}}/{self.total}" if self.total else str(done)
        tail = f"{duration_text(shown)} {step_time_text(elapsed / max(1, done))}"
        for name, value in logs.items():
            tail += f" - {name}: {figure_text(value)}"
        head = f"{self.label} - {count}" if self.label else count
        if not self.animated:
            write_text(self.stream, f"{head} - {tail}")
            self.open = True
            return
        room = terminal_columns() - len(head) - BAR_WIDTH - 3
        filled = BAR_WIDTH * min(done, self.total) // self.total if self.total else 0
        full, empty = self.marks[0] * filled, self.marks[1] * (BAR_WIDTH - filled)
        if self.colours:
            head, full, empty = (
                f"\x1b[1m{head}\x1b[0m",
                f"\x1b[32m{full}",
                f"\x1b[37m{empty}\x1b[0m",
            )
        write_text(self.stream, f"\r{head} {full}{empty} {tail[: max(0, room)]}\x1b[K")
        self.open = True


class CompileBar:
    """Tells that kernels are being compiled, and how far it is."""

    def __init__(self, verbose: int) -> None:
        self.stream = sys.stderr
        self.verbose = verbose
        self.animated = verbose == 1 and is_animated(self.stream)
        self.told = False

    def update(self, done: int, total: int, name: str) -> None:
        """Called by the engine before and after each kernel."""
        if not self.verbose or not total:
            return
        noun = "kernel" if total == 1 else "kernels"
        text = f"compiling {total} {noun} (cached from then on)"
        if self.animated:
            line = f"{text} {done}/{total} {name}"[: terminal_columns() - 1]
            write_text(self.stream, f"\r{line}\x1b[K")
        elif not self.told:
            write_text(self.stream, text + "\n")
        self.told = True

    def close(self) -> None:
        """Clears the animated line."""
        if self.told and self.animated:
            write_text(self.stream, "\r\x1b[K")


def terminal_columns() -> int:
    """Width of the terminal at standard error; 80 where there is none."""
    try:
        return os.get_terminal_size(2).columns or 80
    except (OSError, ValueError):
        return 80


def verbosity(verbose: Any) -> int:
    """0, 1 or 2 from Keras's `verbose`, where "auto" is 1.

    Raises:
        ValueError: anything else.
    """
    if verbose == "auto":
        return 1
    if verbose in (0, 1, 2):
        return int(verbose)
    raise ValueError(f"verbose must be 'auto', 0, 1 or 2, not {verbose!r}.")
