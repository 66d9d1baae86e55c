"""The same training on every instruction set, and in the emulation without a compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from kgen.runtime.isa import ISAS, host_isas
from rounding import Near, bounds
from test_repeatable import FILE, steady
from twins import RUNS, Case, simulate, spread

SCRIPT = Path(__file__).with_name("run_model.py")


@pytest.fixture(scope="module")
def case() -> Case:
    return steady(23, 5)


def check(case: Case, folder: Path, variables: dict[str, str]) -> None:
    """Train in a process with these variables, and compare with what the graphs give."""
    data, result = folder / "data.npz", folder / "result.npz"
    np.savez(data, allow_pickle=False, x=case.x["x"], y=case.y["y"], **case.start)
    subprocess.run(
        [sys.executable, str(SCRIPT), FILE, "Steady", str(data), str(result)],
        env={**os.environ, **variables},
        check=True,
        timeout=500,
    )
    found = dict(np.load(result))
    feeds = {"x": Near.exact(case.x["x"])} | case.exact_weights()
    near = bounds(case.model.predict, feeds)[case.model.predict.outputs["y"]]
    assert np.all(np.abs(found["outputs"] - near.mid) <= near.rad)
    runs = [simulate(case, 2, np.random.default_rng(seed))[0] for seed in range(RUNS)]
    for path in case.start:
        middle = np.mean([run[path] for run in runs], axis=0)
        allowed = spread([run[path] for run in runs], middle)
        assert np.median(allowed) < 1e-3
        assert np.all(np.abs(found[path] - middle) <= allowed), path


@pytest.mark.parametrize("isa", ISAS)
def test_instruction_set(case: Case, tmp_path: Path, isa: str) -> None:
    if isa not in host_isas():
        pytest.skip(f"this processor has no {isa}")
    check(case, tmp_path, {"KGEN_ISA": isa})


# Within the bounds of their rounding: convolutions by Winograd's products, with borders, and the
# gradients of their kernels, and a product with panels that are turned over.
PRODUCTS = {
    "sums": """
from test_window_kernels import check, conv, framed
check(framed(conv, (9, 10, 32), (3, 3), 48, before=(1, 1), behind=(0, 1)), 2)
check(framed(conv, (16, 33), (3,), 32, before=(2,), behind=(0,)), 2)
""",
    "filters": """
from test_window_kernels import check, conv_filter, framed
check(framed(conv_filter, (8, 8, 36), (3, 3), 32, before=(1, 1), behind=(1, 1)), 2)
check(framed(conv_filter, (16, 33), (3,), 48, before=(1,), behind=(1,)), 2)
""",
    "turned": """
from test_product_kernels import check
check(7, 139, 133, 2)
""",
}


@pytest.mark.parametrize("kind", PRODUCTS)
@pytest.mark.parametrize(
    "how",
    [
        "avx512",
        "avx2",
        *(pytest.param(h, marks=pytest.mark.slow) for h in ("baseline", "emulated")),
    ],
)
def test_products(how: str, kind: str) -> None:
    if how not in (*host_isas(), "emulated"):
        pytest.skip(f"this processor has no {how}")
    variables = {"NUMBA_DISABLE_JIT": "1"} if how == "emulated" else {"KGEN_ISA": how}
    found = subprocess.run(
        [sys.executable, "-c", PRODUCTS[kind]],
        env={**os.environ, **variables, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-4000:]


def test_emulation(case: Case, tmp_path: Path) -> None:
    check(case, tmp_path, {"NUMBA_DISABLE_JIT": "1"})
