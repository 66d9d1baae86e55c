"""The agreement of targets on a real device: `python -m pytest -m gpu -n0 tests/cuda`.

Everything that is checked in the simulator, and whole files of tests against Keras, which are run
for GPUs by `KGEN_TEST_TARGET=cuda`. Selected without a GPU, they fail with a DeviceError.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from agreement import differences, results
from children import GPU, HERE, PROCESSOR, run
from model_checks import DATA
from op_checks import CASES

END_TO_END = HERE.parent / "end_to_end"
# What runs in a process without the compiler, or compares instruction sets of processors.
ELSEWHERE = "not emulated and not bounds_hold"
SUITES = sorted(path.name for path in END_TO_END.glob("test_*.py"))
OF_PROCESSORS = {
    "test_examples_page.py",
    "test_few.py",
    "test_instruction_sets.py",
    "test_paced.py",
}
pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is wrong with each sample of an operation."""
    path = tmp_path_factory.mktemp("ops") / "results.json"
    run(GPU, str(HERE / "op_checks.py"), str(path), *CASES)
    found: dict[str, str] = json.loads(path.read_text())
    return found


@pytest.mark.parametrize("case", CASES)
def test_operation(wrong: dict[str, str], case: str) -> None:
    assert not wrong[case], wrong[case]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The processor's results and the GPU's."""
    folder = tmp_path_factory.mktemp("models")
    here, there = folder / "cpu", folder / "cuda"
    results(PROCESSOR, here, None, tuple(DATA))
    results(GPU, there, here, tuple(DATA))
    return here, there


@pytest.mark.parametrize("name", DATA)
def test_model(folders: tuple[Path, Path], name: str) -> None:
    assert not differences(*folders, name)


@pytest.mark.parametrize("suite", [name for name in SUITES if name not in OF_PROCESSORS])
def test_suite(suite: str) -> None:
    """Tests that know nothing of targets, for this one."""
    run(GPU, "-m", "pytest", "-n0", "-q", str(END_TO_END / suite), "-k", ELSEWHERE)
