"""Kernels that serve every program: its figures go in and out through them."""

from __future__ import annotations

from typing import Any

from kgen.runtime.kernels import kernel
from kgen.runtime.tiles import element, f64vector, i64vector, matrix, set_element, step_in_call


@kernel
def add_figures(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """totals += figures, for count[0] of them: what a step reports, kept in float64."""
    figures = matrix(args, 0, 1, 1)
    totals = f64vector(args, 1)
    count = element(i64vector(args, 2), 0, 0)
    if thread == 0:
        for k in range(count):
            set_element(totals, 0, k, element(totals, 0, k) + element(figures, 0, k))


@kernel
def pick_scalars(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    """current = table[step]: the step's learning rate and the like."""
    table = matrix(args, 0, 1, 1)
    current = matrix(args, 1, 1, 1)
    count = element(i64vector(args, 2), 0, 0)
    if thread == 0:
        for k in range(count):
            set_element(current, 0, k, element(table, 0, step_in_call(clock) * count + k))
