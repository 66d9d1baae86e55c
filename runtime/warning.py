"""Warnings that show the line of the caller, not one of the runtime's own."""

from __future__ import annotations

import sys
import warnings


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn with the place from which the runtime was entered."""
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__", "")):
        frame = frame.f_back
        level += 1
    warnings.warn(text, category, stacklevel=level)


def _is_ours(module: str) -> bool:
    """Whether a module is of the runtime, or the one that the runtime was written into."""
    return module == __name__ or module.startswith("kgen.runtime.")
