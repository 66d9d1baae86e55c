"""`kgen train`: runs that are gone on with, and runs that end with weights of no use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from kgen.commands import datamark
from kgen.commands.datafiles import Part
from kgen.commands.datamark import mark_of
from safetensors.numpy import load_file

from tests.runtime.linear_engine import linear_spec
from tests.test_cli import cache
from tests.test_cli import kgen as run
from tests.test_cli_results import strict

__all__ = ["cache"]
MODEL = """\
model Small:
    input x: float32[4]
    h = x |> Dense(3, activation={activation}, name="h")
    output y = h |> Dense(2, name="last")
    train:
        optimizer = SGD({rate})
        loss = "mse"
"""
RNG = np.random.default_rng(0)
X = RNG.standard_normal((48, 4)).astype(np.float32)
Y = RNG.standard_normal((48, 2)).astype(np.float32)


def prepare(folder: Path, rate: str = "0.1", activation: str = '"relu"') -> None:
    (folder / "small.k").write_text(MODEL.format(rate=rate, activation=activation))
    np.savez(folder / "data.npz", x=X, y=Y, test_x=X[:16], test_y=Y[:16])


def train(folder: Path, *options: object, data: str = "data.npz") -> Any:
    return run("train", "small.k", "--data", data, "--epochs", 4, "-q", *options, cwd=folder)


def test_other_data_of_the_same_size_are_refused(tmp_path: Path) -> None:
    prepare(tmp_path)
    resumed = ["--checkpoint", "run", "--resume"]
    assert train(tmp_path, *resumed, "--epochs", 2).returncode == 0
    before = (tmp_path / "run" / "last.safetensors").read_bytes()
    np.savez(tmp_path / "other.npz", x=X[::-1], y=Y)
    done = train(tmp_path, *resumed, data="other.npz")
    assert done.returncode == 1
    assert "the run in run was trained on other data: it would not go on the same" in done.stderr
    assert "Give the same options and data, or another --checkpoint folder" in done.stderr
    assert (tmp_path / "run" / "last.safetensors").read_bytes() == before
    # The same numbers from another kind of file are the same data.
    with h5py.File(tmp_path / "same.h5", "w") as file:
        file["x"], file["y"] = X.astype(float), Y
    done = train(tmp_path, *resumed, data="same.h5")
    assert done.returncode == 0 and "resuming after epoch 2" in done.stderr, done.stderr


def test_a_run_of_another_activation_is_refused(tmp_path: Path) -> None:
    prepare(tmp_path)
    resumed = ["--checkpoint", "run", "--resume"]
    assert train(tmp_path, *resumed, "--epochs", 2).returncode == 0
    prepare(tmp_path, activation='"tanh"')
    done = train(tmp_path, *resumed)
    assert done.returncode == 1
    assert "was saved by a model that computes its outputs and loss otherwise" in done.stderr


def part(x: Any = X, y: Any = Y, **weights: Any) -> Part:
    return Part({"x": x}, {"y": y}, weights or None)


def test_what_marks_data(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = linear_spec()
    mark = mark_of(part(), spec)
    assert mark_of(part(X.astype(float), np.asfortranarray(Y)), spec) == mark
    for other in (part(X[:-1]), part(X[::-1]), part(y=-Y), part(y=np.ones(48))):
        assert mark_of(other, spec) != mark
    assert mark_of(part(y=Y * 2, y_weight=X), spec) != mark_of(part(y=Y * 2), spec)
    for odd in (np.array("a"), np.array(["a"] * 48), np.array([None] * 48), np.zeros((0, 4))):
        assert mark_of(part(odd), spec) != mark
    monkeypatch.setattr(datamark, "WHOLE_BYTES", 64 * 32)
    large = np.zeros((1000, 4))
    ends = [large.copy() for _ in range(2)]
    ends[0][0, 0] = ends[1][-1, -1] = 1.0
    assert len({mark_of(part(one), spec) for one in (large, *ends)}) == 3


def test_lost_weights_are_not_written(tmp_path: Path) -> None:
    prepare(tmp_path)
    first = train(tmp_path, "--epochs", 1)
    assert first.returncode == 0
    good = (tmp_path / "small.safetensors").read_bytes()
    prepare(tmp_path, rate="3e38")
    done = train(tmp_path, "--json", "--checkpoint", "run")
    assert done.returncode == 1
    assert done.stderr.count("warning: small.k: ") == 1
    assert "'h/kernel' (line 3)" in done.stderr
    assert "error: after epoch 1 4 of 4 weights, 'h/kernel' (line 3), " in done.stderr
    assert "small.safetensors is left as an earlier run wrote it." in done.stderr
    assert (tmp_path / "small.safetensors").read_bytes() == good
    assert not (tmp_path / "run").exists()
    results: Any = strict(done.stdout)
    assert results["weights"] is None and "held_out" not in results
    assert results["nonfinite"].startswith("small.k: ")
    assert len(strict((tmp_path / "small.history.json").read_text())["loss"]) == 1  # type: ignore[index]


def test_no_epochs_leave_the_results_of_an_earlier_run(tmp_path: Path) -> None:
    prepare(tmp_path)

    def results() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.glob("small.*")}

    done = train(tmp_path, "--epochs", 0)
    assert done.returncode == 0 and "--epochs 0 trains nothing" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["held", "module"]
    assert set(results()) == {"small.k", "small.py"}
    assert train(tmp_path, "--epochs", 1, "--checkpoint", "run").returncode == 0
    before = results()
    assert {"small.safetensors", "small.history.json"} < set(before)
    done = train(tmp_path, "--epochs", 0, "--json")
    found: Any = strict(done.stdout)
    assert found["weights"] is None and found["history"] is None and "plot" not in found
    assert results() == before
    # A checkpoint has epochs behind it, whose results are written.
    (tmp_path / "small.safetensors").unlink()
    done = train(tmp_path, "--epochs", 0, "--checkpoint", "run", "--resume")
    assert done.returncode == 0 and "trains nothing" not in done.stderr
    assert set(results()) == set(before)


def test_the_checkpoint_stays_at_the_last_good_epoch(tmp_path: Path) -> None:
    prepare(tmp_path, rate="PiecewiseConstantDecay([3], [0.1, 3e38])")
    done = train(tmp_path, "--checkpoint", "run")  # two steps an epoch
    assert done.returncode == 1
    assert f"{Path('run', 'last.safetensors')} has the weights after epoch 2." in done.stderr
    kept = load_file(tmp_path / "run" / "last.safetensors")
    assert all(np.isfinite(array).all() for array in kept.values())
    assert [line.split()[0] for line in done.stdout.splitlines()][:2] == ["module", "history"]
