"""Medians and the spread around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return float(np.median(values))


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """What a quarter of the values lies below, and a quarter above."""
    low, high = np.percentile(values, (25, 75))
    return float(low), float(high)
