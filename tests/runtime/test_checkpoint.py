"""Files: whole or not at all, and exact."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime import modelbase, tensorfiles
from kgen.runtime.callbacks import ModelCheckpoint
from kgen.runtime.errors import WeightError
from kgen.runtime.optimizers import RMSprop
from kgen.runtime.schedules import ExponentialDecay, PiecewiseConstantDecay
from kgen.runtime.tensorfiles import CheckpointWriteError
from linear_engine import LinearEngine, linear_model, linear_spec
from safetensors.numpy import load_file, save_file


@pytest.fixture(autouse=True)
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)


def trained(epochs: int = 1) -> Any:
    rng = np.random.default_rng(0)
    net = linear_model()(seed=3)
    net.fit(rng.normal(size=(50, 3)), rng.normal(size=(50, 2)), epochs=epochs, verbose=0)
    return net


def state(net: Any) -> tuple[Any, ...]:
    engine = net.engine
    return (
        engine.weights.tobytes(),
        {name: flat.tobytes() for name, flat in engine.slots.items()},
        engine.step,
        engine.seed,
        net.epoch,
        net.optimizer.learning_rate,
    )


def test_a_saved_model_comes_back_exactly(tmp_path: Path) -> None:
    net = trained()
    net.optimizer.learning_rate = 0.0123
    path = tmp_path / "run.safetensors"
    net.save(path)
    other = type(net).load(path, threads=2)
    assert state(other) == state(net)
    assert other.engine.threads == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.safetensors"]
    assert set(load_file(path)) >= {"y_dense/kernel", "optimizer:velocity:y_dense/kernel"}


@pytest.mark.parametrize(
    "schedule",
    [
        ExponentialDecay(0.1, 10, 0.5, staircase=True),
        PiecewiseConstantDecay([5, 8], np.array([0.1, 0.05, 0.3])),
    ],
)
def test_a_schedule_set_by_hand_comes_back(tmp_path: Path, schedule: Any) -> None:
    net = trained()
    net.optimizer.learning_rate = schedule
    net.save(tmp_path / "run")
    other = type(net).load(tmp_path / "run")
    np.testing.assert_array_equal(other.optimizer.scalars(0, 20), net.optimizer.scalars(0, 20))


def test_a_schedule_not_known_here(tmp_path: Path) -> None:
    class Wavy(ExponentialDecay):
        pass

    net = trained()
    net.optimizer.learning_rate = Wavy(0.1, 10, 0.5)
    net.save(tmp_path / "run")
    with pytest.raises(WeightError, match="no schedule Wavy"):
        type(net).load(tmp_path / "run")


def test_a_model_without_optimizer(tmp_path: Path) -> None:
    model = linear_model(replace(linear_spec(slots={}), optimizer=None))
    net = model(seed=4)
    net.save(tmp_path / "run")
    np.testing.assert_array_equal(model.load(tmp_path / "run").engine.weights, net.engine.weights)


def test_nan_weights_of_a_failed_run_can_be_kept(tmp_path: Path) -> None:
    net = trained()
    net.weights["y_dense/bias"][:] = np.nan
    net.save(tmp_path / "w")
    assert np.isnan(type(net).load(tmp_path / "w").weights["y_dense/bias"]).all()


def test_the_same_state_makes_the_same_file(tmp_path: Path) -> None:
    net = trained()
    for name in "abc":
        net.save(tmp_path / name)
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1


def test_weights_alone(tmp_path: Path) -> None:
    net = trained()
    net.save_weights(tmp_path / "w")
    net.save(tmp_path / "c")
    for name in ("w", "c"):
        other = type(net)(seed=9)
        report = other.load_weights(tmp_path / name)
        assert report.loaded == tuple(net.weights) and not report.missing + report.unexpected
        np.testing.assert_array_equal(other.engine.weights, net.engine.weights)
        assert other.engine.step == 0
    with pytest.raises(WeightError, match=r"weights only.*load_weights"):
        type(net).load(tmp_path / "w")


def test_by_name_across_architectures(tmp_path: Path) -> None:
    net = trained()
    net.save_weights(tmp_path / "w")
    wider = linear_model(linear_spec(outputs=[("y", 2, None), ("extra", 1, None)]))(seed=1)
    before = wider.engine.weights.copy()
    with pytest.raises(WeightError, match=r"lacks 'extra_dense/kernel'.*by_name=True"):
        wider.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(wider.engine.weights, before)
    report = wider.load_weights(tmp_path / "w", by_name=True)
    assert report.missing == ("extra_dense/kernel", "extra_dense/bias")
    np.testing.assert_array_equal(wider.weights["y_dense/kernel"], net.weights["y_dense/kernel"])
    np.testing.assert_array_equal(wider.weights["extra_dense/kernel"].reshape(-1), before[8:11])
    wider.save_weights(tmp_path / "wide")
    report = net.load_weights(tmp_path / "wide", by_name=True)
    assert report.unexpected == ("extra_dense/bias", "extra_dense/kernel")


@pytest.mark.parametrize("by_name", [False, True])
def test_a_shape_that_differs_changes_nothing(tmp_path: Path, by_name: bool) -> None:
    other = linear_model(linear_spec(outputs=[("y", 4, None)]))(seed=1)
    other.save(tmp_path / "w")
    net = trained()
    before = state(net)
    with pytest.raises(WeightError, match=r"'y_dense/kernel' has shape \(3, 2\).*\(3, 4\)"):
        net.load_weights(tmp_path / "w", by_name=by_name)
    assert state(net) == before
    with pytest.raises(WeightError, match=r"\(3, 4\)"):
        type(net).load(tmp_path / "w")


def test_nothing_in_common(tmp_path: Path) -> None:
    save_file({"y_dens/kernel": np.zeros((3, 2), np.float32)}, tmp_path / "w")
    with pytest.raises(WeightError, match="Did you mean 'y_dens/kernel'"):
        trained().load_weights(tmp_path / "w", by_name=True)


def test_half_precision_is_widened(tmp_path: Path) -> None:
    net = trained()
    save_file({k: v.astype(np.float16) for k, v in net.weights.items()}, tmp_path / "w")
    other = type(net)(seed=1)
    other.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(
        other.engine.weights, net.engine.weights.astype(np.float16).astype(np.float32)
    )


def test_another_optimizer(tmp_path: Path) -> None:
    net = trained()
    net.save(tmp_path / "c")
    spec = replace(linear_spec(slots={"mean_square": 0.0}), optimizer=RMSprop())
    with pytest.raises(WeightError, match=r"'mean_square' of.*SGD.*RMSprop.*load_weights"):
        linear_model(spec).load(tmp_path / "c")
    with pytest.raises(WeightError, match="trained with SGD, this model with RMSprop"):
        linear_model(replace(spec, slots={})).load(tmp_path / "c")


@pytest.mark.parametrize(
    ("fingerprint", "what"),
    [
        ("a-y-x", "its loss and optimizer's steps"),
        ("x-y-c", "its outputs and loss"),
        ("", "its outputs and loss and optimizer's steps"),
    ],
)
def test_a_model_that_computes_something_else(tmp_path: Path, fingerprint: str, what: str) -> None:
    net = linear_model(replace(linear_spec(), fingerprint="a-b-c", version="9"))(seed=1)
    net.save(tmp_path / "c")
    assert state(type(net).load(tmp_path / "c")) == state(net)
    other = linear_model(replace(linear_spec(), fingerprint=fingerprint))
    with pytest.raises(
        WeightError, match=rf"saved \(by kgen 9; this is 0\).*computes {what} other"
    ):
        other.load(tmp_path / "c")
    assert not other(seed=2).load_weights(tmp_path / "c").missing


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.HDF5"])
def test_names_of_keras_files(tmp_path: Path, name: str) -> None:
    net = trained()
    with pytest.raises(WeightError, match=r"\.safetensors.*save_weights"):
        net.save(tmp_path / name)
    if name != "m.weights.h5":
        with pytest.raises(WeightError, match=r"end with '\.weights\.h5'.*\.safetensors"):
            net.save_weights(tmp_path / name)
    keep = ModelCheckpoint(tmp_path / f"{{epoch}}{name}")
    with pytest.raises(WeightError, match=r"\.safetensors"):
        net.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=3, callbacks=keep, verbose=0)
    assert net.epoch == 1 and not list(tmp_path.iterdir())


def corrupt_files(folder: Path, good: bytes) -> dict[str, bytes]:
    numpy_file = folder / "n.npy"
    np.save(numpy_file, np.zeros(3))
    archive = folder / "n.npz"
    np.savez(archive, a=np.zeros(3))
    return {
        "empty": b"",
        "header cut": good[:20],
        "data cut": good[:-1],
        "longer": good + b"\0",
        "header length": b"\xff" * 8 + good[8:],
        "text": b"hello, this is not a checkpoint at all",
        "numpy": numpy_file.read_bytes(),
        "archive": archive.read_bytes(),
        "pickle": b"\x80\x04\x95" + b"0" * 50,
        "hdf5": b"\x89HDF\r\n\x1a\n" + b"0" * 50,
    }


def test_corrupt_and_foreign_files(tmp_path: Path) -> None:
    net = trained()
    net.save(tmp_path / "good")
    before = state(net)
    for name, content in corrupt_files(tmp_path, (tmp_path / "good").read_bytes()).items():
        bad = tmp_path / "bad"
        bad.write_bytes(content)
        for read in (net.load_weights, type(net).load):
            with pytest.raises(
                WeightError, match=r"bad' is (truncated|not a safetensors|a zip)"
            ) as e:
                read(bad)
            # load_weights reads HDF5 files and archives, as far as they are Keras's.
            foreign = ("numpy", "pickle") + (("archive", "hdf5") if read == type(net).load else ())
            assert ("not a safetensors file but" in str(e.value)) == (name in foreign)
    assert state(net) == before
    with pytest.raises(FileNotFoundError):
        net.load_weights(tmp_path / "none")


def test_every_flipped_header_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    net = trained()
    net.save(tmp_path / "good")
    good = (tmp_path / "good").read_bytes()
    header = 8 + int.from_bytes(good[:8], "little")
    bad = tmp_path / "bad"
    for place in range(0, header, 7):
        bad.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        other = type(net)(seed=1)
        before = state(other)
        try:
            other.load_weights(bad)
        except WeightError:
            assert state(other) == before


def test_broken_metadata(tmp_path: Path) -> None:
    net = trained()
    net.save(tmp_path / "c")
    tensors = load_file(tmp_path / "c")
    meta = {"content": "checkpoint", "optimizer": "SGD", "step": "many", "seed": "1", "epoch": "0"}
    save_file(tensors, tmp_path / "c", metadata=meta)
    with pytest.raises(WeightError, match=r"metadata.*many"):
        type(net).load(tmp_path / "c")


def test_overwriting(tmp_path: Path) -> None:
    net = trained()
    path = tmp_path / "w"
    net.save_weights(path)
    old = path.read_bytes()
    net.weights["y_dense/bias"] = [5.0, 6.0]
    with pytest.raises(FileExistsError, match="overwrite=True"):
        net.save_weights(path, overwrite=False)
    assert path.read_bytes() == old
    net.save_weights(path)
    assert path.read_bytes() != old


def test_the_file_has_usual_rights_and_links_are_followed(tmp_path: Path) -> None:
    net = trained()
    plain = tmp_path / "plain"
    plain.touch()
    (tmp_path / "link").symlink_to("w")
    net.save(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


@pytest.mark.parametrize("step", ["mkdir", "save", "flush", "rename"])
def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    net = trained()
    path = tmp_path / "run"
    net.save(path)
    old = path.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(30, "Read-only file system")

    net.weights["y_dense/bias"] = [5.0, 6.0]
    owner: Any = {
        "mkdir": (Path, "mkdir"),
        "save": (tensorfiles._safetensors().numpy, "save_file"),
        "flush": (tensorfiles, "_flush"),
        "rename": (Path, "replace"),
    }[step]
    with monkeypatch.context() as patch:
        patch.setattr(*owner, fail)
        with pytest.raises(CheckpointWriteError, match=r"Read-only.*previous file is unchanged"):
            net.save(path)
    assert path.read_bytes() == old
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_impossible_places(tmp_path: Path) -> None:
    net = trained()
    with pytest.raises(CheckpointWriteError, match="No such file"):
        net.save(tmp_path / "no" / "run")
    with pytest.raises(CheckpointWriteError, match="is a folder"):
        net.save(tmp_path)
    assert not list(tmp_path.iterdir())


def test_messages_name_the_target(tmp_path: Path) -> None:
    """Not the temporary file beside it, which nobody asked for."""
    net = trained()
    (tmp_path / "file").touch()
    for write, name in (
        (net.save, "run"),
        (net.save_weights, "run"),
        (net.save_weights, "run.weights.h5"),
    ):
        target = tmp_path / "file" / name
        with pytest.raises(CheckpointWriteError) as caught:
            write(target)
        assert str(caught.value) == f"cannot write '{target}': Not a directory."


def test_messages_of_libraries_name_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any, path: Path, **__: Any) -> None:
        raise OSError(f"unable to open '{path}' for writing.")

    monkeypatch.setattr(tensorfiles._safetensors().numpy, "save_file", fail)
    with pytest.raises(CheckpointWriteError) as caught:
        trained().save(tmp_path / "run")
    run = tmp_path / "run"
    assert str(caught.value) == f"cannot write '{run}': unable to open '{run}' for writing."


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np
import linear_engine
linear_engine.install()
net = linear_engine.linear_model(
    linear_engine.linear_spec(inputs=(linear_engine.Input("x", "float32", (20000,)),))
)(seed=1)
"""


def script(body: str) -> list[str]:
    return [sys.executable, "-c", SCRIPT.format(tests=str(Path(__file__).parent)) + body]


@pytest.mark.skipif(os.name != "posix", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    body = f"""
net.save_weights({str(path)!r})
import resource
from kgen.runtime.schedules import ExponentialDecay, PiecewiseConstantDecay
from kgen.runtime.tensorfiles import CheckpointWriteError
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
net.weights["y_dense/bias"] = [5.0, 6.0]
try:
    net.save_weights({str(path)!r})
except CheckpointWriteError as error:
    print(error)
"""
    done = subprocess.run(script(body), capture_output=True, text=True, check=True, timeout=60)
    assert "previous file is unchanged" in done.stdout
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
    np.testing.assert_array_equal(load_file(path)["y_dense/bias"], [0.0, 0.0])


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    body = f"""
print("ready", flush=True)
while True:
    for value in range(1000):
        net.engine.weights[:] = value
        net.save({str(path)!r})
"""
    rng = np.random.default_rng(0)
    for _ in range(6):
        process = subprocess.Popen(script(body), stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
        process.stdout.close()
        if path.exists():
            values = np.concatenate([load_file(path)[n].ravel() for n in ("y_dense/kernel",)])
            assert (values == values[0]).all()
    # What the killed ones left is swept up by the next writer.
    finish = f"net.save({str(path)!r})"
    subprocess.run(script(finish), check=True, timeout=60)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_missing_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match="pip install safetensors"):
        trained().save(tmp_path / "w")
