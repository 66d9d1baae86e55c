"""Rounded operands in the simulator, which has no tensor cores: NumPy rounds them there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from children import SIMULATOR, run
from kgen.runtime.cuda.rounding import to_bfloat16, to_tf32

MODEL = """\
model Net:
    input x: float32[17, 40]
    output y = x |> Dense(70, use_bias=False)
"""
CHILD = """
import sys
import numpy as np
import kgen
folder = sys.argv[1]
x = np.load(f"{folder}/x.npy")
for precision in ("float32", "tf32", "bfloat16"):
    net = kgen.load(f"{folder}/net.k", target="cuda", precision=precision).Net(seed=1)
    np.savez(f"{folder}/{precision}.npz", y=net.predict(x), kernel=net.weights["dense/kernel"])
"""


def test_products_of_rounded_operands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each precision's results are those of its own operands, and of no other's."""
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "net.k").write_text(MODEL)
    x = np.random.default_rng(2).normal(size=(3, 17, 40)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    run(SIMULATOR, "-c", CHILD, str(tmp_path))
    for precision, rounded in (("float32", np.array), ("tf32", to_tf32), ("bfloat16", to_bfloat16)):
        found = np.load(tmp_path / f"{precision}.npz")
        left, right = (rounded(each).astype(np.float64) for each in (x, found["kernel"]))
        allowed = 41 * 2.0**-24 * (abs(left) @ abs(right))
        assert (abs(found["y"] - left @ right) <= allowed).all(), precision
        if precision != "float32":
            exact = x.astype(np.float64) @ found["kernel"]
            assert (abs(found["y"] - exact) > allowed).any(), precision
