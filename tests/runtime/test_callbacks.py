"""Callbacks: decisions are those of Keras's own, fed with the same figures."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from kgen.runtime import modelbase
from kgen.runtime.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TerminateOnNaN,
)
from kgen.runtime.finite import NonFiniteWarning
from kgen.runtime.schedules import ExponentialDecay
from linear_engine import LinearEngine, linear_model

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture(autouse=True)
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)


def arrays(count: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3)).astype(np.float32)
    return x, x @ rng.normal(size=(3, 2)).astype(np.float32)


class Subject:
    """What a monitoring callback needs of a model; its one weight is the epoch."""

    def __init__(self) -> None:
        class Settings:
            learning_rate: Any = 1.0

        self.optimizer = Settings()
        self.stop_training = False
        self.weight = 0.0

    def get_weights(self) -> list[np.ndarray]:
        return [np.array([self.weight])]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weight = float(weights[0][0])


def run(callback: Any, values: list[float]) -> tuple[Any, ...]:
    """Epochs run, the rate after each, the weight at the end."""
    subject = Subject()
    callback.set_model(subject)
    callback.on_train_begin({})
    rates = []
    epoch = -1
    for epoch, value in enumerate(values):
        subject.weight = float(epoch)
        callback.on_epoch_end(epoch, {"val_loss": value})
        rates.append(float(subject.optimizer.learning_rate))
        if subject.stop_training:
            break
    callback.on_train_end({})
    return epoch, rates, subject.weight


def curves() -> Iterator[list[float]]:
    rng = np.random.default_rng(7)
    for _ in range(12):
        yield [round(float(v), 2) for v in 1.0 / np.arange(1, 15) + rng.normal(scale=0.2, size=14)]
    yield [1.0] * 6
    yield [float(n) for n in range(6)]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"patience": 2},
        {"patience": 3, "min_delta": 0.1},
        {"patience": 2, "mode": "max"},
        {"patience": 2, "baseline": 0.3},
        {"patience": 1, "restore_best_weights": True},
        {"patience": 2, "restore_best_weights": True, "start_from_epoch": 3},
    ],
)
def test_early_stopping_decides_as_keras(settings: dict[str, Any]) -> None:
    keras = pytest.importorskip("keras")
    for values in curves():
        expected = run(keras.callbacks.EarlyStopping(**settings), values)
        assert run(EarlyStopping(**settings), values) == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5, "min_delta": 0.05},
        {"patience": 1, "cooldown": 2},
        {"patience": 1, "min_lr": 0.05},
        {"patience": 2, "mode": "max", "min_delta": 0.0},
    ],
)
def test_reduce_on_plateau_decides_as_keras(settings: dict[str, Any]) -> None:
    keras = pytest.importorskip("keras")
    for values in curves():
        expected = run(keras.callbacks.ReduceLROnPlateau(**settings), values)
        found = run(ReduceLROnPlateau(**settings), values)
        assert found[0] == expected[0]
        # Both multiply float64 numbers in the same order.
        np.testing.assert_allclose(found[1], expected[1], rtol=1e-12)


def test_auto_mode() -> None:
    assert not EarlyStopping("val_loss").rises()
    assert not EarlyStopping("val_mean_squared_error").rises()
    assert EarlyStopping("val_sparse_categorical_accuracy").rises()
    with pytest.raises(ValueError, match="mode='min'"):
        EarlyStopping("val_fancy").rises()
    with pytest.raises(ValueError, match="'auto', 'min' or 'max'"):
        EarlyStopping(mode="down")
    with pytest.raises(ValueError, match="below 1"):
        ReduceLROnPlateau(factor=1.0)


def test_a_missing_figure_warns() -> None:
    with pytest.warns(UserWarning, match="'val_loss'.*'loss'"):
        linear_model()(seed=0).fit(*arrays(), callbacks=[EarlyStopping()], verbose=0)


def test_early_stopping_restores_weights() -> None:
    net = linear_model()(seed=0)
    kept: list[list[np.ndarray]] = []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(net.get_weights()))
    stop = EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True)
    history = net.fit(*arrays(), epochs=20, callbacks=[keep, stop], verbose=0)
    assert len(history.epoch) < 20
    for mine, best in zip(net.get_weights(), kept[stop.best_epoch], strict=True):
        np.testing.assert_array_equal(mine, best)


def test_learning_rate_scheduler() -> None:
    net = linear_model()(seed=0)
    schedule = LearningRateScheduler(lambda epoch, rate: rate * 0.5)
    history = net.fit(*arrays(), epochs=3, callbacks=[schedule], verbose=0)
    np.testing.assert_allclose(history.history["learning_rate"], [0.025, 0.0125, 0.00625])
    assert net.optimizer.learning_rate == 0.00625
    assert linear_model().spec.optimizer.learning_rate == 0.05
    by_epoch = LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = net.fit(*arrays(), epochs=2, callbacks=[by_epoch], verbose=0)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.05])
    with pytest.raises(ValueError, match="finite number, not nan"):
        nan = LearningRateScheduler(lambda epoch: float("nan"))
        net.fit(*arrays(), callbacks=[nan], verbose=0)


def test_schedules_and_schedulers_do_not_mix() -> None:
    net = linear_model()(seed=0)
    net.optimizer.learning_rate = ExponentialDecay(0.1, 10, 0.5)
    for callback in (LearningRateScheduler(lambda epoch: 0.1), ReduceLROnPlateau("loss")):
        with pytest.raises(ValueError, match="ExponentialDecay"):
            net.fit(*arrays(), callbacks=[callback], verbose=0)


def test_warnings_show_the_line_that_called(tmp_path: Path) -> None:
    net = linear_model()(seed=0)
    net.engine.weights[0] = np.nan
    watching = [ModelCheckpoint(tmp_path / "a.safetensors"), EarlyStopping("nowhere")]
    with pytest.warns(UserWarning) as caught:
        net.fit(*arrays(), callbacks=watching, verbose=0)
    assert {type(one.message) for one in caught} == {NonFiniteWarning, UserWarning}
    assert {one.filename for one in caught} == {__file__}
    assert not list(tmp_path.iterdir())


def test_terminate_on_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    net = linear_model()(seed=0)
    net.engine.on_step = lambda: net.engine.totals.__setitem__(0, np.nan)
    with pytest.warns(NonFiniteWarning):
        history = net.fit(*arrays(), epochs=5, callbacks=[TerminateOnNaN()], verbose=0)
    assert history.epoch == [0] and net.engine.step == 1
    with pytest.raises(RuntimeError, match="batch 0"):
        net.fit(*arrays(), callbacks=TerminateOnNaN(raise_error=True), verbose=0)


def test_csv_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    net = linear_model()(seed=0)
    history = net.fit(
        *arrays(), epochs=2, validation_split=0.25, callbacks=CSVLogger(path), verbose=0
    )
    net.fit(
        *arrays(),
        epochs=3,
        initial_epoch=2,
        validation_split=0.25,
        callbacks=CSVLogger(path, append=True),
        verbose=0,
    )
    with path.open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["epoch"] for row in table] == ["0", "1", "2"]
    assert list(table[0]) == ["epoch", "loss", "root", "val_loss", "val_root"]
    assert [float(row["val_loss"]) for row in table[:2]] == history.history["val_loss"]
    net.fit(*arrays(), callbacks=CSVLogger(path, separator=";"), verbose=0)
    assert path.read_text().splitlines()[0] == "epoch;loss;root;val_loss;val_root"
    assert path.read_text().splitlines()[1].endswith(";NA;NA")


def test_model_checkpoint(tmp_path: Path) -> None:
    x, y = arrays()
    model = linear_model()
    net = model(seed=0)
    every = ModelCheckpoint(tmp_path / "deep" / "run-{epoch:02d}-{val_loss:.4f}.safetensors")
    best = ModelCheckpoint(tmp_path / "best", save_best_only=True, save_weights_only=True)
    history = net.fit(x, y, epochs=3, validation_split=0.25, callbacks=[every, best], verbose=0)
    names = sorted(path.name for path in (tmp_path / "deep").iterdir())
    losses = history.history["val_loss"]
    assert names == [f"run-0{n + 1}-{loss:.4f}.safetensors" for n, loss in enumerate(losses)]
    assert model.load(tmp_path / "deep" / names[1]).epoch == 2
    other = model(seed=1)
    other.load_weights(tmp_path / "best")
    expected = model.load(tmp_path / "deep" / names[int(np.argmin(losses))])
    np.testing.assert_array_equal(other.engine.weights, expected.engine.weights)


def test_checkpoints_by_batches(tmp_path: Path) -> None:
    net = linear_model()(seed=0)
    by_batch = ModelCheckpoint(tmp_path / "at-{epoch}-{batch}", save_freq=3)
    net.fit(*arrays(64), batch_size=16, epochs=3, callbacks=[by_batch], verbose=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["at-1-3", "at-2-2", "at-3-1", "at-3-4"]
    assert not ModelCheckpoint("x").__dict__.get("on_train_batch_end")
    with pytest.raises(ValueError, match=r"cannot fill in.*'epoch', 'loss', 'root'"):
        bad = ModelCheckpoint(tmp_path / "{val_acc}", "loss")
        net.fit(*arrays(), callbacks=[bad], verbose=0)
    for pattern in ("{loss:d}", "{loss.there}", "{epoch!q}"):
        with pytest.raises(ValueError, match="cannot fill in"):
            net.fit(*arrays(), callbacks=[ModelCheckpoint(tmp_path / pattern, "loss")], verbose=0)
    several = {"f1": np.ones(2)}
    with pytest.raises(ValueError, match="cannot fill in"):
        ModelCheckpoint(tmp_path / "{f1:.2f}").on_epoch_end(0, several)
    with pytest.raises(ValueError, match="save_freq"):
        ModelCheckpoint("x", save_freq="batch")


class Recorder(Callback):
    """Writes down the calls it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []


def _record(event: str) -> Any:
    def hook(self: Recorder, *arguments: Any) -> None:
        places = [str(a) for a in arguments if isinstance(a, int)]
        self.calls.append(" ".join([event.removeprefix("on_"), *places]))

    return hook


for _event in (
    *("on_train_begin", "on_train_end", "on_epoch_begin", "on_epoch_end", "on_train_batch_begin"),
    *("on_train_batch_end", "on_test_begin", "on_test_end", "on_test_batch_end"),
    *("on_predict_begin", "on_predict_end", "on_predict_batch_begin", "on_predict_batch_end"),
):
    setattr(Recorder, _event, _record(_event))


def test_order_of_calls_is_keras() -> None:
    keras = pytest.importorskip("keras")
    x, y = arrays(8)

    class Theirs(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        calls: ClassVar[list[str]] = []

    for name in [n for n in vars(Recorder) if n.startswith("on_")]:
        hook = vars(Recorder)[name]
        setattr(Theirs, name, lambda self, *a, hook=hook, **k: hook(self, *a))
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    net.compile("sgd", "mse")
    settings: dict[str, Any] = {
        "batch_size": 3,
        "epochs": 2,
        "validation_split": 0.25,
        "verbose": 0,
    }
    net.fit(x, y, callbacks=[Theirs()], **settings)
    mine = Recorder()
    linear_model()(seed=0).fit(x, y, callbacks=[mine], **settings)
    assert mine.calls == Theirs.calls
    assert mine.params == {"verbose": 0, "epochs": 2, "steps": 2}


def test_predicting_is_one_prediction_to_callbacks() -> None:
    x, _ = arrays(8)
    net = linear_model()(seed=0)
    expected = net.predict(x)
    for source in (x, (x[i : i + 3] for i in (0, 3, 6))):
        watch = Recorder()
        outputs: list[np.ndarray] = []
        keep = LambdaCallback(
            on_predict_batch_end=lambda batch, logs, to=outputs: to.append(logs["outputs"])
        )
        size = 3 if source is x else None
        net.predict(source, batch_size=size, callbacks=[watch, keep])
        batches = [f"predict_batch_{what} {k}" for k in range(3) for what in ("begin", "end")]
        assert watch.calls == ["predict_begin", *batches, "predict_end"]
        np.testing.assert_array_equal(np.concatenate(outputs), expected)


def test_keras_callbacks_run(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    seen: list[tuple[int, float]] = []
    net = linear_model()(seed=0)
    history = net.fit(
        *arrays(),
        epochs=4,
        validation_split=0.25,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"]))
            ),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            keras.callbacks.ReduceLROnPlateau(patience=1),
            keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True),
            keras.callbacks.CSVLogger(str(tmp_path / "log.csv")),
            keras.callbacks.TerminateOnNaN(),
        ],
    )
    assert seen == list(enumerate(history.history["loss"]))
    assert net.optimizer.learning_rate < 0.05
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 5


def test_duck_typed_callbacks() -> None:
    class Bare:
        def __init__(self) -> None:
            self.batches: list[int] = []

        def on_batch_end(self, batch: int, logs: Any) -> None:
            self.batches.append(batch)

    bare = Bare()
    linear_model()(seed=0).fit(*arrays(64), batch_size=16, callbacks=[[bare]], verbose=0)
    assert bare.batches == [0, 1, 2, 3]


def test_lambda_callback() -> None:
    ends: list[int] = []
    callback = LambdaCallback(on_test_end=lambda logs: ends.append(1))
    net = linear_model()(seed=0)
    net.evaluate(*arrays(), callbacks=callback, verbose=0)
    net.fit(*arrays(), validation_split=0.5, epochs=2, callbacks=callback, verbose=0)
    assert len(ends) == 3
    with pytest.raises(TypeError, match="on_epoch_over"):
        LambdaCallback(on_epoch_over=print)


def test_history_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    net = linear_model()(seed=0)
    history = net.fit(*arrays(), epochs=4, validation_split=0.5, validation_freq=2, verbose=0)
    assert len(history.history["val_loss"]) == 2 and len(history.history["loss"]) == 4
    history.plot(tmp_path / "h.svg")
    assert "<svg" in (tmp_path / "h.svg").read_text()
    assert "4 epochs" in repr(history)


def test_history_plot_names_the_missing_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="matplotlib"):
        History().plot(tmp_path / "h.png")
