"""A run broken off amid accumulated gradients and averages, and gone on with, natively."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime.callbacks import BackupAndRestore, Callback
from native import build
from twins import numbers


class PowerCut(Exception):
    pass


class Breaks(Callback):
    """Ends the run as a crash would, after some steps."""

    left = 8

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise PowerCut


@pytest.mark.parametrize("name", ["Averaged", pytest.param("Factored", marks=pytest.mark.slow)])
def test_goes_on_bit_for_bit(name: str, tmp_path: Path) -> None:
    kind = getattr(build("e2e_optimizers.k"), name)
    x, y = numbers((5,), 13, 1), numbers((3,), 13, 2)
    options: dict[str, Any] = {"batch_size": 3, "epochs": 3, "verbose": 0}
    whole = kind(seed=4)
    logs = whole.fit(x, y, **options).history
    with pytest.raises(PowerCut):
        kind(seed=4).fit(x, y, callbacks=[BackupAndRestore(tmp_path, 1), Breaks()], **options)
    again = kind(seed=9)
    found = again.fit(x, y, callbacks=BackupAndRestore(tmp_path, 1), **options).history
    assert again.engine.step == whole.engine.step == 15
    np.testing.assert_array_equal(again.engine.weights, whole.engine.weights)
    for slot, values in whole.engine.slots.items():
        np.testing.assert_array_equal(again.engine.slots[slot], values, err_msg=slot)
    assert found["loss"] == logs["loss"][1:]
