"""Every operation and its gradient in the simulator, beside the NumPy references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from children import HERE, SIMULATOR, run
from op_checks import CASES

Wrong = dict[str, str]


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Wrong:
    """What is wrong with each sample."""
    results = tmp_path_factory.mktemp("ops") / "results.json"
    run(SIMULATOR, str(HERE / "op_checks.py"), str(results), *CASES)
    found: Wrong = json.loads(Path(results).read_text())
    return found


@pytest.mark.parametrize("case", CASES)
def test_operation(wrong: Wrong, case: str) -> None:
    assert not wrong[case], wrong[case]
