"""What two targets found of the same model, compared; see `model_checks`.

Both round every operation to float32, but add up in different orders. Of a sum of n terms each
target rounds n times, every time by up to half a unit in the last place (U) of what was added up so
far. If roundings are as good as drawn, evenly and each by itself, one is off by U / sqrt(3), the n
of both targets together by sqrt(2 n / 3) U, and what is compared by some times that. Sums here have
at most 400 terms, with all positions of a convolution. What is added up on the way is taken to be
at most as large as the largest number of its kind in the model, as of all gradients: some sums
cancel, as a bias's gradient does before a normalisation. A layer that is small beside others is
held to its own size as well: no order of n sums can exceed 2 n U of what its largest array holds,
where one array, as that bias, may hold no more than roundings.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path

import numpy as np
from children import HERE, run

U = float(np.finfo(np.float32).eps) / 2
TERMS = 400
DEVIATIONS = 4  # of what is to be expected: 65 U
ALLOWED = DEVIATIONS * sqrt(2 * TERMS / 3) * U
# Known to the last bit: random numbers are counted, not drawn one after another.
EXACT = ("initial", "moved")


def results(
    machine: dict[str, str], folder: Path, other: Path | None, names: Sequence[str]
) -> None:
    """Let a process find what there is to be found."""
    script = str(HERE / "model_checks.py")
    folder.mkdir()
    run(machine, script, str(folder), "" if other is None else str(other), *names)


def size(*arrays: np.ndarray) -> float:
    """The largest number there is; small ones are taken for some more."""
    return max(1e-2, *(float(np.max(np.abs(array), initial=0.0)) for array in arrays))


def layer(key: str) -> str:
    """The kind of a result, and the layer if it is of one: 'gradient: dense' of its bias."""
    return key.rpartition("/")[0] or key


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
        kind = twin.partition(":")[0]
        alike = [one for other, one in mine.items() if other.partition(":")[0] == kind]
        near = [one for other, one in mine.items() if layer(other) == layer(twin)]
        allowed = min(ALLOWED * size(*alike), 2 * TERMS * U * size(*near))
        allowed = 0.0 if key.startswith(EXACT) else allowed
        error = float(np.max(np.abs(found.astype(float) - expected), initial=0.0))
        if not error <= allowed:
            wrong.append(f"{key} is off by {error:.3g}, where {allowed:.3g} is allowed")
    return wrong
