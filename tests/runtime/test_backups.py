"""Runs that are broken off and gone on with, and callbacks that write figures down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kgen.runtime import modelbase
from kgen.runtime.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    JSONLogger,
    OrbaxCheckpoint,
    ProgbarLogger,
    RemoteMonitor,
    SwapEMAWeights,
    TensorBoard,
)
from kgen.runtime.errors import WeightError
from kgen.runtime.history import History
from kgen.runtime.optimizers import SGD
from kgen.runtime.progress import figure_text
from linear_engine import LinearEngine, linear_model, linear_spec


@pytest.fixture(autouse=True)
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)


def arrays(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3)).astype(np.float32)
    return x, x @ rng.normal(size=(3, 2)).astype(np.float32)


class PowerCut(Exception):
    pass


class Breaks(Callback):
    """Ends the run as a crash would, after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.left -= 1
        if not self.left:
            raise PowerCut


def state(net: Any) -> tuple[Any, ...]:
    slots = {name: flat.tobytes() for name, flat in net.engine.slots.items()}
    return net.engine.weights.tobytes(), slots, net.engine.step, net.epoch, net.seed


@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("steps_per_epoch", [None, 3])
@pytest.mark.parametrize("crash", [1, 8, 11])
def test_broken_run_goes_on_bit_for_bit(
    tmp_path: Path, save_freq: Any, steps_per_epoch: int | None, crash: int
) -> None:
    options: dict[str, Any] = {
        "epochs": 4, "batch_size": 9, "verbose": 0, "steps_per_epoch": steps_per_epoch,
    }  # fmt: skip
    whole = linear_model()(seed=5)
    expected = whole.fit(*arrays(), **options).history
    folder = tmp_path / "backup"
    backup = {"backup_dir": folder, "save_freq": save_freq, "double_checkpoint": True}
    broken = linear_model()(seed=5)
    with pytest.raises(PowerCut):
        callbacks = [BackupAndRestore(**backup), Breaks(crash)]
        broken.fit(*arrays(), callbacks=callbacks, **options)
    # The seed of the new process is another one; the backup knows the right one.
    again = linear_model()(seed=5 if crash < 3 else 77)
    history = again.fit(*arrays(), callbacks=BackupAndRestore(**backup), **options)
    assert state(again) == state(whole)
    assert not folder.exists()
    for name, values in expected.items():
        assert values[-len(history.epoch) :] == history.history[name]


def test_backup_is_kept_on_wish_and_must_fit(tmp_path: Path) -> None:
    options: dict[str, Any] = {"batch_size": 9, "verbose": 0}
    keeping = BackupAndRestore(tmp_path / "b", delete_checkpoint=False)
    net = linear_model()(seed=5)
    net.fit(*arrays(), epochs=2, callbacks=keeping, **options)
    assert len(list((tmp_path / "b").iterdir())) == 2
    # Nothing is left to do: the run has its two epochs.
    after = linear_model()(seed=1)
    assert after.fit(*arrays(), epochs=2, callbacks=keeping, **options).epoch == []
    assert state(after)[:3] == state(net)[:3]
    (tmp_path / "b" / "epoch-2-batch-0.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightError, match="cannot be gone on from"):
        net.fit(*arrays(), epochs=3, callbacks=keeping, **options)
    (tmp_path / "b" / "backup.json").write_text("{")
    with pytest.raises(WeightError, match="damaged"):
        net.fit(*arrays(), epochs=3, callbacks=keeping, **options)
    for wrong in (0, True, "batch"):
        with pytest.raises(ValueError, match="save_freq"):
            BackupAndRestore(tmp_path, save_freq=wrong)  # type: ignore[arg-type]


def test_figures_of_several_numbers(tmp_path: Path) -> None:
    logs = {"loss": 0.5, "f1_score": np.array([0.25, 1.0])}
    written, lines = CSVLogger(tmp_path / "f.csv"), JSONLogger(tmp_path / "f.jsonl")
    history = History()
    for callback in (written, lines, history):
        callback.on_train_begin()
        callback.on_epoch_end(0, dict(logs))
    assert '0,"[0.25, 1.0]",0.5' in (tmp_path / "f.csv").read_text()
    assert json.loads((tmp_path / "f.jsonl").read_text()) == {
        "epoch": 0, "loss": 0.5, "f1_score": [0.25, 1.0],
    }  # fmt: skip
    assert figure_text(logs["f1_score"]) == "[0.2500 1.0000]"
    assert "f1_score=[0.2500 1.0000]" in repr(history)
    with pytest.raises(ValueError, match="2 numbers"):
        EarlyStopping("f1_score", mode="max").on_epoch_end(0, logs)


def test_json_lines_append(tmp_path: Path) -> None:
    net = linear_model()(seed=1)
    for append in (False, True):
        logger = JSONLogger(tmp_path / "log", append=append)
        net.fit(*arrays(), epochs=2, verbose=0, callbacks=logger)
    rows = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [0, 1, 0, 1]
    assert rows[-1]["loss"] == net.history.history["loss"][-1]


@pytest.mark.parametrize("kind", [RemoteMonitor, ProgbarLogger, OrbaxCheckpoint])
def test_refused_by_name(kind: Any) -> None:
    with pytest.raises(NotImplementedError, match=kind.__name__):
        kind("anything", more=1)


class FakeWriter:
    made: dict[str, list[tuple[str, float, int]]] = {}  # noqa: RUF012

    def __init__(self, folder: str) -> None:
        self.rows = self.made.setdefault(Path(folder).name, [])

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.rows.append((name, value, step))

    def add_histogram(self, name: str, values: np.ndarray, step: int) -> None:
        self.rows.append((name, float(values.size), step))

    def flush(self) -> None: ...

    def close(self) -> None: ...


def test_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    module = ModuleType("tensorboardX")
    module.SummaryWriter = FakeWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    net = linear_model()(seed=1)
    board = TensorBoard(tmp_path, histogram_freq=1, update_freq=2, write_steps_per_second=True)
    net.fit(*arrays(), epochs=2, batch_size=25, verbose=0, validation_split=0.2, callbacks=board)
    train, validation = FakeWriter.made["train"], FakeWriter.made["validation"]
    losses = [value for name, value, _ in train if name == "epoch_loss"]
    assert losses == net.history.history["loss"]
    assert [(n, s) for n, _, s in validation if n == "epoch_loss"] == [
        ("epoch_loss", 0), ("epoch_loss", 1),
    ]  # fmt: skip
    assert ("batch_loss", 2) in [(n, s) for n, _, s in train]
    assert any(name.endswith("kernel") for name, _, _ in train)
    with pytest.raises(ValueError, match="write_graph"):
        TensorBoard(tmp_path, write_graph=True)
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"kgen-compiler\[tensorboard\]"):
        TensorBoard(tmp_path)


def test_swapping_averages(tmp_path: Path) -> None:
    """Validation and callbacks behind it see the average; training goes on with the weights."""
    kind = linear_model()
    net = kind(seed=1)
    with pytest.raises(ValueError, match="use_ema"):
        net.evaluate(*arrays(), verbose=0, callbacks=SwapEMAWeights())
    net = linear_model(replace(linear_spec(), optimizer=SGD(0.1, use_ema=True)))(seed=1)
    net.engine.slots["average"] = np.full(net.spec.trainable, 0.25, np.float32)
    weights = net.engine.weights[: net.spec.trainable].copy()
    seen = []

    class Looks(Callback):
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(net.engine.weights[: net.spec.trainable].copy())

    net.evaluate(*arrays(), verbose=0, callbacks=[SwapEMAWeights(), Looks()])
    assert all(np.all(one == 0.25) for one in seen) and seen
    np.testing.assert_array_equal(net.engine.weights[: net.spec.trainable], weights)
    assert np.all(net.engine.slots["average"] == 0.25)


def test_no_epochs_leave_the_weights() -> None:
    """`fit` ends with the average in the weights, but not where it trained nothing, as Keras's."""
    net = linear_model(replace(linear_spec(), optimizer=SGD(0.1, use_ema=True)))(seed=1)
    net.engine.step = 1
    net.engine.slots["average"] = np.full(net.spec.trainable, 0.25, np.float32)
    weights = net.engine.weights.copy()
    net.fit(*arrays(), epochs=0, verbose=0)
    np.testing.assert_array_equal(net.engine.weights, weights)
    net.fit(*arrays(), epochs=1, initial_epoch=1, verbose=0)
    assert np.all(net.engine.weights[: net.spec.trainable] == 0.25)
