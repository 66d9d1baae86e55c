"""Figures as people read them."""

from __future__ import annotations


def byte_text(count: float) -> str:
    """`512 B`, `48.0 KiB`, `2.5 MiB`."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    size = float(count)
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count:,.0f} B" if units[0] == "B" else f"{_three(size)} {units[0]}"


def flop_text(count: float) -> str:
    """`980`, `1.20 k`, `3.4 M`."""
    units = ["", " k", " M", " G", " T"]
    size = float(count)
    while size >= 1000 and len(units) > 1:
        size /= 1000
        units.pop(0)
    return f"{count:,.0f}" if not units[0] else f"{_three(size)}{units[0]}"


def time_text(seconds: float) -> str:
    """`1.25 s`, `12.5 ms`, `830 us`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{_three(seconds / size)} {unit}"
    return f"{seconds / 1e-9:.0f} ns"


def share_text(share: float) -> str:
    """`12.5 %`."""
    return f"{100 * share:.1f} %"


def _three(number: float) -> str:
    """Three digits."""
    return (
        f"{number:.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"
    )
