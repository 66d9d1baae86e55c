"""The command line with `--device cuda`, in the simulator, and PTX without a device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.cli import main

SMALL = """\
model Small:
    input x: float32[4]
    output y = x |> Dense(5, activation="tanh") |> Dense(3, activation="softmax")
    train:
        optimizer = "adam"
        loss = "sparse_categorical_crossentropy"
"""
DATA = ("--data", "data.npz")
WEIGHTS = ("--weights", "small.safetensors", *DATA)
SAVED = ("--checkpoint", "saved", "--resume", "-q", "--batch-size", "16")
GPU = ("--device", "cuda")
COMMANDS = (
    ("train", "small.k", *DATA, "--epochs", "2", *GPU, "--precision", "tf32", *SAVED),
    ("train", "small.k", *DATA, "--epochs", "3", *SAVED),
    ("evaluate", "small.k", *WEIGHTS, *GPU, "--json"),
    ("evaluate", "small.k", *WEIGHTS, "--json"),
    ("predict", "small.k", *WEIGHTS, "--device", "cuda", "-o", "cuda.npy"),
    ("predict", "small.k", *WEIGHTS, "-o", "cpu.npy"),
    ("selfcheck", "small.k", "--rows", "5", "--device", "cuda", "--json"),
    ("warm", "small.k", "--device", "cuda", "--json"),
    ("evaluate", "small.k", *WEIGHTS, *GPU, "--precision", "bfloat16", "--json"),
    ("warm", "small.k", *GPU, "--precision", "bfloat16"),
)
PTX = ("build", "small.k", "--target", "cuda", "--emit", "ptx")
# Runs commands one after another; their exit statuses and outputs as JSON.
RUNNER = """
import contextlib, io, json, sys
from kgen.cli import main
results = []
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(command)
    results.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and data for it."""
    return prepared(tmp_path_factory.mktemp("gpu"))


def prepared(made: Path) -> Path:
    """The folder, with a model and data for it."""
    (made / "small.k").write_text(SMALL)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((48, 4)).astype(np.float32)
    np.savez(made / "data.npz", x=x, y=x[:, :3].argmax(1))
    return made


@dataclass(frozen=True)
class Done:
    """Where commands ran, and their exit statuses, outputs, and messages."""

    folder: Path
    results: list[tuple[int, str, str]]


@pytest.fixture(scope="module", params=["1", pytest.param("0", marks=pytest.mark.gpu)])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The commands run in the simulator, or on a GPU."""
    folder = prepared(tmp_path_factory.mktemp("commands"))
    variables = {"NUMBA_ENABLE_CUDASIM": request.param, "KGEN_CACHE_DIR": str(folder / "cache")}
    run = subprocess.run(
        [sys.executable, "-c", RUNNER, json.dumps(COMMANDS)],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    results: list[Any] = json.loads(run.stdout)
    assert [status for status, _, _ in results] == [0] * len(COMMANDS), results
    return Done(folder, results)


def test_devices_take_turns_with_one_checkpoint(done: Done) -> None:
    assert "resuming after epoch 2" in done.results[1][2]
    history = json.loads((done.folder / "small.history.json").read_text())["loss"]
    assert len(history) == 3 and history[2] < history[1] < history[0]


def test_modules_stand_side_by_side(done: Done) -> None:
    modules = {path.name: path.read_text() for path in done.folder.glob("*.py")}
    assert set(modules) == {"small.py", "small_cuda.py"}
    assert "kgen.runtime.cuda" in modules["small_cuda.py"]
    assert "kgen.runtime.cuda" not in modules["small.py"]
    assert [path.name for path in done.folder.glob("*.safetensors")] == ["small.safetensors"]


def test_both_devices_compute_the_same(done: Done) -> None:
    cuda, cpu = json.loads(done.results[2][1]), json.loads(done.results[3][1])
    assert cuda["rows"] == 48 and cuda["loss"] == pytest.approx(cpu["loss"], rel=1e-5)
    found = np.load(done.folder / "cuda.npy")
    np.testing.assert_allclose(found, np.load(done.folder / "cpu.npy"), rtol=1e-5, atol=1e-6)


def test_precisions_take_the_same_weights(done: Done) -> None:
    """No product is large here, so nothing is rounded. The first that was trained was tf32's."""
    assert done.results[8][1] == done.results[2][1]
    assert "rounded to bfloat16" in (done.folder / "small_cuda.py").read_text()


def test_selfcheck_on_a_gpu_compares_no_threads(done: Done) -> None:
    names = [check["check"] for check in json.loads(done.results[6][1])]
    assert {"loss", "gradient dense/kernel", "optimizer step", "the same run twice"} <= set(names)
    assert not [name for name in names if "thread" in name]


def test_warm_builds_for_the_gpu(done: Done) -> None:
    facts = json.loads(done.results[7][1])
    assert Path(facts["module"]).name == "small_cuda.py" and facts["compiled"]["Small"] > 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("train", "small.k", *DATA, "--device", "cuda", "--threads", "2"), "--threads is for"),
        (
            ("predict", "small.k", *WEIGHTS, "--device", "cuda", "--threads", "2"),
            "--threads is for",
        ),
        (("train", "small.k", *DATA, "--device", "tpu"), "'cpu', 'cuda'"),
        (("build", "small.k", "--emit", "ptx"), "add that"),
        (("build", "small.k", "--target", "cuda", "--capability", "8.0"), "add that"),
        (("build", "small.k", "--target", "cuda", "--standalone"), "--standalone"),
        (
            ("build", "small.k", "--target", "cuda", "--emit", "ptx", "--capability", "8"),
            "not of the form 8.0",
        ),
        (
            ("build", "small.k", "--target", "cuda", "--emit", "ptx", "--capability", "3.5"),
            "--capability 3.5: CUDA here compiles for 7.5",
        ),
        (
            (*PTX, "--precision", "tf32", "--capability", "7.5"),
            "--capability 7.5: --precision tf32 needs 8.0 or more",
        ),
        (("build", "small.k", "--precision", "tf32"), "add --target cuda"),
        (("warm", "small.k", "--precision", "bfloat16"), "add --device cuda"),
        (("train", "small.k", *DATA, "--precision", "tf32"), "add --device cuda"),
        (("evaluate", "small.k", *WEIGHTS, "--precision", "tf32"), "add --device cuda"),
        (("predict", "small.k", *WEIGHTS, "--precision", "tf32"), "add --device cuda"),
        (("train", "small.k", *DATA, "--precision", "fp8"), "'float32', 'tf32', 'bfloat16'"),
    ],
)
def test_mistakes_exit_with_two(
    command: tuple[str, ...],
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KGEN_CACHE_DIR", str(folder / "cache"))
    assert main(list(command)) == 2
    assert words in capsys.readouterr().err


def test_ptx_needs_no_device(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("KGEN_CACHE_DIR", str(folder / "cache"))
    assert (
        main(["build", "small.k", "--target", "cuda", "--emit", "ptx", "--capability", "9.0"]) == 0
    )
    text = capsys.readouterr().out
    names = [line.split()[2].rstrip(",") for line in text.splitlines() if "// kernel" in line]
    assert len(names) == len(set(names)) > 5
    assert {"pick_scalars", "add_figures", "gather_rows", "scatter_rows", "advance"} <= set(names)
    assert text.count(".target sm_90") == text.count(".visible .entry") == len(names)


def test_targets_are_known_by_name(folder: Path) -> None:
    with pytest.raises(ValueError, match="no target 'gpu'; there are cpu, cuda"):
        kgen.load(folder / "small.k", target="gpu")
    with pytest.raises(ValueError, match="cannot be standalone"):
        kgen.build(folder / "small.k", target="cuda", standalone=True)


def test_precisions_are_known_by_name(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"no precision 'tf16'; there are float32, tf32, bfloat16"):
        kgen.load(folder / "small.k", target="cuda", precision="tf16")
    with pytest.raises(ValueError, match=r"target 'cpu' has not: build for the target 'cuda', or"):
        kgen.load(folder / "small.k", precision="tf32")
