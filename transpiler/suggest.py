"""Did you mean ...? Names near a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

_CLOSE = 0.6


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate most like `name`, or None when none is close; case counts little."""
    wanted = _plain(name)
    best, best_score = None, (_CLOSE, 1.0)
    for candidate in sorted(set(candidates)):
        plain = SequenceMatcher(None, wanted, _plain(candidate)).ratio()
        score = plain, SequenceMatcher(None, name, candidate).ratio()
        if candidate != name and score > best_score:
            best, best_score = candidate, score
    return best


def suggest(name: str, candidates: Iterable[str]) -> str:
    """``did you mean `Dense`?``, or nothing when no candidate is close."""
    match = closest(name, candidates)
    return f"did you mean `{match}`?" if match else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
