"""Every example at its own sizes: a call with one row gives what `predict` gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.inspecting.samples import sample_data
from kgen.runtime.model import Model

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.k"))
# Both programs add the same terms in float32; where one takes Winograd's sums, or tiles of another
# shape, roundings differ: by some of them in each layer, relative to the largest number.
TOLERANCE = 64 * 2.0**-24
LEAST = 20


def listed(outputs: Any) -> list[np.ndarray]:
    """One output, several, or several by name."""
    found = outputs.values() if isinstance(outputs, dict) else outputs
    return list(found) if isinstance(found, list | tuple | type({}.values())) else [found]


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_call_with_one_row_is_predict(path: Path) -> None:
    module = kgen.load(path)
    models = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Model)]
    for model in models:
        if model is Model or not model.programs.predict:
            continue
        net = model(seed=0) if model.spec.batch is None else model(seed=0).with_batch(1)
        dims = {dim.name: max(LEAST, dim.minimum) for dim in net.spec.dims}
        inputs, _ = sample_data(net.spec, 1, dims=dims)
        x = inputs[0] if len(inputs) == 1 else inputs
        called = listed(net(x))
        if net.spec.states:
            net.reset_states()
        for one, other in zip(called, listed(net.predict(x, verbose=0)), strict=True):
            assert np.abs(other).max() > 0 and np.isfinite(other).all()
            assert np.abs(one - other).max() <= TOLERANCE * np.abs(other).max()
