"""Rounded operands in the simulator, which has no tensor cores: NumPy rounds them there.

On a GPU (`-m gpu`) the same, by its tensor cores.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from children import GPU, SIMULATOR, run
from kgen.runtime.cuda.rounding import to_bfloat16, to_tf32

# A product of each kind, whose rows are lines of the first input and windows of the second.
MODEL = """\
model Net:
    input a: float32[17, 40]
    input b: float32[18, 32]
    output y = a |> Dense(70, use_bias=False, name="dense")
    output z = b |> Conv1D(40, 3, use_bias=False, name="conv")
"""
CHILD = """
import sys
import numpy as np
import kgen
folder = sys.argv[1]
data = dict(np.load(f"{folder}/data.npz"))
for precision in ("float32", "tf32", "bfloat16"):
    net = kgen.load(f"{folder}/net.k", target="cuda", precision=precision).Net(seed=1)
    kernels = {name: net.weights[f"{name}/kernel"] for name in ("dense", "conv")}
    np.savez(f"{folder}/{precision}.npz", **net.predict(data), **kernels)
"""
ROUNDINGS = {"float32": np.array, "tf32": to_tf32, "bfloat16": to_bfloat16}


@pytest.fixture(scope="module", params=[SIMULATOR, pytest.param(GPU, marks=pytest.mark.gpu)])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the inputs are, and what each precision makes of them."""
    made = tmp_path_factory.mktemp("rounded")
    (made / "net.k").write_text(MODEL)
    rng = np.random.default_rng(2)
    shapes = {"a": (3, 17, 40), "b": (3, 18, 32)}
    data = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    np.savez(made / "data.npz", allow_pickle=False, **data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_CACHE_DIR", str(made / "cache"))
        run(request.param, "-c", CHILD, str(made))
    return made


def off(found: npt.NDArray[np.float32], left: object, right: object) -> bool:
    """Whether a product is off by more than sums in float32 explain, rounded or cut."""
    a, b = (np.asarray(each, np.float64) for each in (left, right))
    allowed = (b.shape[0] + 1) * 2.0**-23 * (abs(a) @ abs(b))
    return bool((abs(found - a @ b) > allowed).any())


@pytest.mark.parametrize("precision", ROUNDINGS)
@pytest.mark.parametrize(("name", "output"), [("dense", "y"), ("conv", "z")])
def test_products_of_rounded_operands(folder: Path, precision: str, name: str, output: str) -> None:
    """Each precision's results are those of its own operands, and of no other's."""
    data, found = np.load(folder / "data.npz"), np.load(folder / f"{precision}.npz")
    rows, kernel = data["a"], found[name]
    if name == "conv":
        windows = np.lib.stride_tricks.sliding_window_view(data["b"], 3, axis=1)
        rows, kernel = windows.swapaxes(2, 3).reshape(3, 16, 96), kernel.reshape(96, 40)
    wrong = {
        other: off(found[output], rounded(rows), rounded(kernel))
        for other, rounded in ROUNDINGS.items()
    }
    assert wrong == {other: other != precision for other in ROUNDINGS}
