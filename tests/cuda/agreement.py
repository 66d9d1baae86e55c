"""What two targets found of the same model, compared; see `model_checks`.

Both round every operation to float32, but add up in different orders: a sum of n terms is off by
at most n units in the last place of the largest. Sums here have at most 260 terms, or 400 with all
positions of a convolution, on the way forward and on the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from children import HERE, run

EPS = float(np.finfo(np.float32).eps)
ALLOWED = 2 * 256 * EPS
# Known to the last bit: random numbers are counted, not drawn one after another.
EXACT = ("initial", "moved")


def results(
    machine: dict[str, str], folder: Path, other: Path | None, names: Sequence[str]
) -> None:
    """Let a process find what there is to be found."""
    script = str(HERE / "model_checks.py")
    folder.mkdir()
    run(machine, script, str(folder), "" if other is None else str(other), *names)


def differences(here: Path, there: Path, name: str) -> list[str]:
    """Where two targets disagree about a model."""
    mine, theirs = (dict(np.load(folder / f"{name}.npz")) for folder in (here, there))
    wrong = []
    resumed = {key for key in theirs if key.startswith(("moved", "resumed"))}
    if set(mine) != set(theirs) - resumed:
        wrong.append(f"{sorted(set(mine) ^ set(theirs) - resumed)} are in one alone")
    for key, found in theirs.items():
        # What was moved there from here, and went on there.
        twin = key.removeprefix("resumed, ").replace("moved", "stepped")
        expected = mine[twin]
        if found.shape != expected.shape or found.dtype != expected.dtype:
            wrong.append(f"{key}: {found.dtype}{found.shape} for {expected.dtype}{expected.shape}")
            continue
        size = max(1e-2, float(np.max(np.abs(expected), initial=0.0)))
        allowed = 0.0 if key.startswith(EXACT) else ALLOWED * size
        error = float(np.max(np.abs(found.astype(float) - expected), initial=0.0))
        if not error <= allowed:
            wrong.append(f"{key} is off by {error:.3g}, where {allowed:.3g} is allowed")
    return wrong
