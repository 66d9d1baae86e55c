"""The grammar of `.k`, and the standard library that is written in it."""

from __future__ import annotations

from importlib.resources import files


def grammar_text() -> str:
    """The Lark grammar of the whole language."""
    return files(__name__).joinpath("k.lark").read_text(encoding="utf-8")
