"""The precision of the NumPy references."""

from __future__ import annotations

from typing import Any

import numpy as np


def rounded(value: Any, *arrays: Any) -> Any:
    """A float64 result rounded once to the precision of the arrays it came from.

    That is float32, so that a reference is exact to half a unit in the last place, unless one of
    them is float64: then the whole computation is in float64, as finite differences need it.
    """
    wide = any(getattr(array, "dtype", None) == np.float64 for array in arrays)
    return np.asarray(value, np.float64 if wide else np.float32)
