"""x times the probability that a normal variable is below x, of one piece.

In several operations its parts would all be kept for the derivative; so its slope alone is, which
is computed where the function is, and shares its erf.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.ops.elementwise import Unary, exp, square, unary

__all__ = ["normal_gate"]

_BELOW = "1.0 + erf({0} * 0.70710677)"


def _below(x: Any) -> Any:
    from scipy.special import erf

    return 0.5 * (1.0 + erf(x * np.sqrt(0.5)))


def _density(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi)


_slope: Unary = unary(
    "normal_gate_slope",
    f"0.5 * ({_BELOW}) + {{0}} * exp(square({{0}}) * -0.5) * 0.3989423",
    lambda x: _below(x) + x * _density(x),
    lambda x, y: exp(square(x) * -0.5) * (2.0 - square(x)) * 0.3989422804014327,
    cost=30,
    doc="The derivative of normal_gate.",
)
normal_gate: Unary = unary(
    "normal_gate",
    f"0.5 * {{0}} * ({_BELOW})",
    lambda x: x * _below(x),
    lambda x, y: _slope(x),
    cost=20,
    doc="x P(X <= x) for a standard normal X.",
)
