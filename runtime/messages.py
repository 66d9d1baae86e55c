"""Wording shared by the runtime's error messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """` Did you mean 'kernel'?` for the closest candidate, or an empty string."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(candidates), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def shape_text(shape: Sequence[int | None]) -> str:
    """A shape as NumPy prints it; an open dimension is `None`."""
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def rows_text(shape: Sequence[int | None]) -> str:
    """The shape of an array of any number of rows: `(rows, 784)`."""
    return "(" + ", ".join(["rows", *map(str, shape)]) + ")"


def count_text(count: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def listed(names: Iterable[str]) -> str:
    """Names in quotes, separated by commas; `none` if there are none."""
    return ", ".join(f"'{name}'" for name in names) or "none"


def byte_text(count: int) -> str:
    """`512 bytes`, `48.0 KiB`, `2.5 MiB`."""
    size, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} bytes" if units[0] == "bytes" else f"{size:.1f} {units[0]}"
