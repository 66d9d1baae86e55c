"""Small models in the simulator beside the processor: predictions, gradients, training, files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from agreement import differences, results
from children import EMULATED, PROCESSOR, SIMULATOR
from model_checks import DATA, FILE
from native import TARGET, build

# Dropout and momentum; two inputs and outputs, a loss of one's own.
DEFAULT = ("Mlp", "Several")
REST = tuple(name for name in DATA if name not in DEFAULT)
Results = tuple[Path, Path]


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The processor's results and the simulator's; the processor does without its compiler."""
    folder = tmp_path_factory.mktemp("few")
    here, there = folder / "cpu", folder / "cuda"
    results(EMULATED, here, None, DEFAULT)
    results(SIMULATOR, there, here, DEFAULT)
    return here, there


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """As `few`, in native code."""
    folder = tmp_path_factory.mktemp("many")
    here, there = folder / "cpu", folder / "cuda"
    results(PROCESSOR, here, None, REST)
    results(SIMULATOR, there, here, REST)
    return here, there


@pytest.mark.parametrize("name", DEFAULT)
def test_model(few: Results, name: str) -> None:
    assert not differences(*few, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", REST)
def test_more_models(many: Results, name: str) -> None:
    assert not differences(*many, name)


def test_dropout_is_at_work(few: Results) -> None:
    """Otherwise that it is the same on both would say nothing."""
    found = np.load(few[0] / "Mlp.npz")
    assert np.ravel(found["step 0"])[0] != np.ravel(found["loss"])[0]


def test_files_move_back(few: Results) -> None:
    """What a GPU's module saved is the same to a processor's; the other way is in the results."""
    assert TARGET.name == "cpu"
    for name in DEFAULT:
        model: Any = getattr(build(FILE), name)
        expected = np.load(few[1] / f"{name}.npz")
        net = model(seed=1)
        net.load_weights(few[1] / f"{name}_weights.safetensors")
        again = model.load(few[1] / f"{name}.safetensors")
        for path, value in net.weights.items():
            np.testing.assert_array_equal(value, expected[f"stepped: {path}"])
            np.testing.assert_array_equal(again.weights[path], value)
