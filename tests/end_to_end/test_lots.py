"""Batches that are predicted in lots: every row has the outputs it has by itself."""

from __future__ import annotations

from pathlib import Path

import kgen
import numpy as np
import pytest
from kgen.compiler import elaborate_text, lay_out
from kgen.schedule import KernelTable

LONG = """
model Long:
    input x: float32[90, 48]
    y = x |> Dense(48, activation="gelu") |> LayerNormalization() |> Dense(40)
    output mean = y |> GlobalAveragePooling1D()
    output most = y |> GlobalMaxPooling1D()
"""
DEPENDENT = """
model Dependent:
    input x: float32[90, 48]
    y = x |> Dense(48, activation="gelu") |> Dense(48)
    output z = y - mean(y, axis=0, keepdims=True)
"""
RECURRENT = """
model Recurrent:
    input x: float32[90, 48]
    output y = x |> LSTM(24, return_sequences=True)
"""
SHORT = """
model Short:
    input x: float32[48]
    output y = x |> Dense(32)
"""


def lot_of(text: str) -> int:
    """The rows of a lot of the only model in a text."""
    (model,) = elaborate_text(text, "lots.k")
    return lay_out(model, KernelTable()).predict.lot


def test_only_rows_apart_and_long_are_taken_in_lots() -> None:
    assert lot_of(LONG) > 0 == lot_of(LONG) % 8
    assert lot_of(DEPENDENT) == lot_of(RECURRENT) == lot_of(SHORT) == 0


def test_lots_give_what_rows_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    (tmp_path / "long.k").write_text(LONG)
    net = kgen.load(tmp_path / "long.k").Long(seed=3)
    lot = 2 * net.programs.predict[0].lot
    x = np.random.default_rng(1).standard_normal((3 * lot + 5, 90, 48), dtype=np.float32)
    whole = net(x)
    assert {prepared.capacity for prepared in net.engine.prepared.values()} == {lot}
    for part in (x[:lot], x[lot : 2 * lot], x[3 * lot :]):
        start = int(np.flatnonzero((x == part[0]).all((1, 2)))[0])
        for name, rows in net(part).items():
            np.testing.assert_array_equal(rows, whole[name][start : start + len(part)])
