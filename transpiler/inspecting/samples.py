"""Made-up data of the shapes a model wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from kgen.runtime.dims import filled

OPEN = 16  # the length given to an open dimension
WORDS = 8  # whole-number inputs and labels without a stated range lie below this


def sample_data(
    spec: Any, rows: int, *, length: int = OPEN, dims: Mapping[str, int] | None = None
) -> tuple[list[Any], list[Any]]:
    """Inputs and targets for `rows` rows: standard normal numbers, one-hot rows, labels, bits.

    Open dimensions become what `dims` says by name, or `length`, or the least that they may be.
    """
    if dims is None:
        dims = {dim.name: max(length, dim.minimum) for dim in spec.dims}
    rng = np.random.default_rng(0)
    inputs: list[Any] = []
    for one in spec.inputs:
        shape = (rows, *filled(one.shape, one.dims, dims))
        if one.dtype == "int32":
            inputs.append(rng.integers(0, min(one.limit or WORDS, WORDS), shape).astype(np.int32))
        else:
            inputs.append(rng.standard_normal(shape, np.float32))
    targets: list[Any] = []
    for one in spec.targets:
        shape = (rows, *filled(one.shape, one.dims, dims))
        if one.dtype == "int32":
            targets.append(rng.integers(0, one.classes or WORDS, shape).astype(np.int32))
        elif shape[-1] > 1:
            labels = rng.integers(0, shape[-1], shape[:-1])
            targets.append(np.eye(shape[-1], dtype=np.float32)[labels])
        else:
            targets.append(rng.integers(0, 2, shape).astype(np.float32))
    return inputs, targets
