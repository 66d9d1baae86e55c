"""Names of a model that its Python module uses as well: they build and run, or are refused."""

from __future__ import annotations

from pathlib import Path

import kgen
import numpy as np
import pytest
from kgen.compiler import elaborate_text
from kgen.diagnostics import KgenError
from kgen.reserved import RESERVED
from kgen.runtime import tiles

OPEN = """
model A:
    dim {name}
    input x: float32[{name}, 4]
    output y = x |> Dense(2)
"""
LOOP = """
model A:
    dim {name}
    input x: float32[{name}, 4]
    output y = x |> LSTM(2)
"""
INPUT = """
model A:
    dim n
    input {name}: float32[n, 4]
    output y = {name} |> Dense(3) |> LSTM(2)
"""
VIEW = """
model A:
    input x: float32[4]
    h = x |> Dense(3, activation="tanh")
    output y = h |> Dense(2)
    view {name}(h) = h * 2
"""
OPEN_NAMES = ("m", "n", "t", "range", "compute_dense", "gradient_of_dense_add", "sync")
LOOP_NAMES = ("m", "lstm_add_2", "lstm_start_1_before_", "lstm_step", "compute_lstm_add")
INPUT_NAMES = ("range", "share_rows", "share_block", "m", "col_max", "step_in_call")
VIEWS = ("tanh", "range", "zeros", "LANES", "Spec", "Model", "__class__", "_forward", "fit")


def predicted(tmp_path: Path, text: str) -> np.ndarray:
    (tmp_path / "a.k").write_text(text)
    net = kgen.load(tmp_path / "a.k").A(seed=0)
    return np.asarray(net.predict(np.ones((3, 5, 4), np.float32), verbose=0))


def test_kernels_keep_all_tile_functions() -> None:
    assert set(tiles.__all__) <= RESERVED


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_dims(name: str, tmp_path: Path) -> None:
    assert predicted(tmp_path, OPEN.format(name=name)).shape == (3, 5, 2)


@pytest.mark.parametrize("name", LOOP_NAMES)
def test_dims_beside_loops(name: str, tmp_path: Path) -> None:
    assert predicted(tmp_path, LOOP.format(name=name)).shape == (3, 2)


@pytest.mark.parametrize("name", INPUT_NAMES)
def test_inputs(name: str, tmp_path: Path) -> None:
    assert predicted(tmp_path, INPUT.format(name=name)).shape == (3, 2)


@pytest.mark.parametrize("name", ["update", "double", "compute_dense"])
def test_views(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.k").write_text(VIEW.format(name=name))
    net = kgen.load(tmp_path / "a.k").A(seed=0)
    h = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(getattr(net, name)(h), 2 * h)
    assert net.predict(np.ones((3, 4), np.float32), verbose=0).shape == (3, 2)


@pytest.mark.parametrize("name", VIEWS)
def test_views_that_would_hide_something(name: str) -> None:
    with pytest.raises(KgenError, match="K0517"):
        elaborate_text(VIEW.format(name=name), "a.k")
