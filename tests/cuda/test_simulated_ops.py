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


SUITES = (
    "test_window_kernels.py",
    "test_random_graphs.py",
    "test_functions_native.py",
    "test_warp_native.py",
)


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_suite(suite: str) -> None:
    """Whole files of tests, those that need the compiler left out."""
    here = HERE.parent / "end_to_end" / suite
    run(SIMULATOR, "-m", "pytest", "-n0", "-q", str(here), "-k", "not emulated and not bounds_hold")
