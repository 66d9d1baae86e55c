"""Warnings that show the line of the caller, not one of the runtime's own."""

from __future__ import annotations

import sys
import warnings

# What the names of the runtime's modules begin with; or that of the one it was written into.
_OURS = __name__.removesuffix("warning")


def warn(text: str, category: type[Warning] = UserWarning) -> None:
    """Warn with the place from which the runtime was entered."""
    level = 1
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_OURS):
        frame = frame.f_back
        level += 1
    warnings.warn(text, category, stacklevel=level)
