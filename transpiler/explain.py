"""The pages behind `kgen explain CODE`, one for every diagnostic code."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from kgen.suggest import suggest


def codes() -> tuple[str, ...]:
    """Every diagnostic code that has a page, in order."""
    return tuple(_pages())


def explain(code: str) -> str:
    """The page of a code (in any case) as Markdown: meaning, example and remedy.

    Raises `ValueError` for a code that does not exist.
    """
    wanted = code.strip().upper()
    if wanted not in _pages():
        hint = suggest(wanted, codes()) or f"codes run from {codes()[0]} to {codes()[-1]}"
        raise ValueError(f"there is no diagnostic {code}; {hint}")
    return _pages()[wanted]


def title(code: str) -> str:
    """What a code stands for, in a few words."""
    heading = explain(code).partition("\n")[0]
    return heading.partition(": ")[2]


@cache
def _pages() -> dict[str, str]:
    folder = files("kgen.grammar").joinpath("codes")
    pages = [entry for entry in folder.iterdir() if entry.name.endswith(".md")]
    return {
        page.name.removesuffix(".md"): page.read_text(encoding="utf-8")
        for page in sorted(pages, key=lambda page: page.name)
    }
