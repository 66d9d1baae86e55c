"""The trained model's module, emitted and compiled once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.safety.trained_model import run, write_module


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the module and its compiled kernels."""
    place = write_module(tmp_path_factory.mktemp("safety") / "neuer Ordner \u00e4 \u6a21")
    run("net = new(); net.fit(x, y, verbose=0); net.evaluate(x, y, verbose=0); net(x)", place)
    return place
