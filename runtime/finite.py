"""Whether numbers are finite, and files kept from being overwritten with such as are not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from kgen.runtime.warning import warn


class NonFiniteWarning(RuntimeWarning):
    """A loss, or weights, are NaN or infinite."""


def is_finite(values: np.ndarray) -> bool:
    """Whether there is no NaN and no infinity."""
    # One pass: a sum is finite only if every term is, but for rare overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.einsum("i->", values.reshape(-1))
    return bool(np.isfinite(total) or np.isfinite(values).all())


def not_finite(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """The names of those with a NaN or an infinity, in their order."""
    return [name for name, array in arrays.items() if not np.isfinite(array).all()]


def has_finite_weights(model: Any) -> bool:
    """Whether the weights are worth a file."""
    with model.engine.turn:
        return is_finite(model.engine.weights)


def may_write(model: Any, path: str | os.PathLike[str]) -> bool:
    """Whether a callback may write the model to a file, which weights that are lost would ruin.

    Warns if not.
    """
    if has_finite_weights(model):
        return True
    warn(
        f"weights of {model.name} are NaN or infinite: '{os.fspath(path)}' is not written.",
        NonFiniteWarning,
    )
    return False
