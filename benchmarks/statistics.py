"""Medians, the spread around them, and ratios of two contestants measured in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return float(np.median(values))


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """What a quarter of the values lies below, and a quarter above."""
    low, high = np.percentile(values, (25, 75))
    return float(low), float(high)


def geometric_mean(values: Sequence[float]) -> float:
    """The mean of ratios; 1 where there are none."""
    return float(np.exp(np.mean(np.log(values)))) if values else 1.0


def round_ratios(theirs: Sequence[float], ours: Sequence[float]) -> list[float]:
    """How many times our time theirs is, for each round by itself.

    Raises:
        ValueError: one was measured more often than the other.
    """
    return [one / other for one, other in zip(theirs, ours, strict=True)]


def best_other(seconds: Mapping[str, Sequence[float]], ours: str = "kgen") -> str | None:
    """The one with the least median, ours aside; None where there is none."""
    others = [name for name in seconds if name != ours]
    return min(others, key=lambda name: median(seconds[name])) if others else None
