"""Losses and weights that are NaN or infinite: where they began, and what they leave alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.runtime import retracing
from kgen.runtime.callbacks import BackupAndRestore, EarlyStopping, LambdaCallback, ModelCheckpoint
from kgen.runtime.finite import NonFiniteWarning

MODEL = """\
loss cross(y_true, y_pred):
    return {loss}

model A:
    input x: float32[4]
    h = x |> Dense(8)
    g = {middle}
    output y = g |> Dense(2, activation={activation})
    train:
        optimizer = SGD({rate})
        loss = cross
"""
USUAL = {
    "loss": "mean(square(y_pred - y_true), axis=-1)",
    "middle": "h",
    "activation": "None",
    "rate": "0.01",
}
RNG = np.random.default_rng(0)
X = RNG.standard_normal((64, 4)).astype(np.float32)
Y = RNG.standard_normal((64, 2)).astype(np.float32)
X[5] = 0.0


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "modules"))


def model(folder: Path, **changed: str) -> Any:
    (folder / "a.k").write_text(MODEL.format(**{**USUAL, **changed}))
    return kgen.load(folder / "a.k").A(seed=0)


def noted(net: Any, y: np.ndarray = Y, **options: Any) -> str:
    """What is warned of, once, in three epochs."""
    with pytest.warns(NonFiniteWarning) as caught:
        history = net.fit(X, y, **{"epochs": 3, "batch_size": 8, "verbose": 0} | options)
    (warning,) = caught
    assert warning.filename == __file__ and str(warning.message) == history.nonfinite
    assert history.epoch == [0, 1, 2], "training goes on, as in Keras"
    return str(warning.message)


@pytest.mark.parametrize(
    ("changed", "y", "size", "words"),
    [
        (
            {"rate": "50.0"},
            Y,
            8,
            r"^a\.k: the loss of A is (nan|inf) in epoch 1\. It began in step \d of it: before, "
            r"all weights were finite, the largest value \S+e\+\d+ in '\w+/kernel' \(line [68]\); "
            "the loss of its batch is (nan|inf)",
        ),
        (
            {"middle": "sqrt(square(h))"},
            Y,
            64,
            r"weights of A are NaN or infinite after epoch 1\. It began in step 1 of it.*loss of "
            r"its batch, \d\.\d+, but the gradients of 2 of 4 weights are not\. Of these "
            r"'dense/bias' \(line 6\) is applied last; next is 'dense_1/kernel' \(line 8\), "
            "whose gradient is finite",
        ),
        (
            {"loss": "mean(log(y_pred), axis=-1)", "activation": '"relu"'},
            Y,
            64,
            r"loss of A is -inf in epoch 1\. It began in step 1.*the outputs for it, in inference "
            r"mode, are finite, the largest [\d.]+ in 'y'",
        ),
        (
            {"rate": "3e38"},
            Y * 0 + 1e5,
            64,
            "the optimizer's step makes 4 of 4 weights, 'dense/kernel'.*, not finite",
        ),
    ],
    ids=["forward", "gradient", "loss", "optimizer"],
)
def test_where_it_began(
    changed: dict[str, str], y: np.ndarray, size: int, words: str, tmp_path: Path
) -> None:
    text = noted(model(tmp_path, **changed), y, batch_size=size)
    assert re.search(words, text), text


def test_a_loss_that_is_finite_is_not_spoken_of(tmp_path: Path) -> None:
    assert model(tmp_path).fit(X, Y, epochs=2, verbose=0).nonfinite is None


def test_of_a_large_model_the_weights_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And going through the epoch again changes nothing."""
    net = model(tmp_path, rate="50.0")
    noted(net)
    monkeypatch.setattr(retracing, "KEPT_BYTES", 0)
    plain = model(tmp_path, rate="50.0")
    text = noted(plain)
    assert re.search(r"At its end 4 of 4 weights, 'dense/kernel' \(line 6\), .* are not", text), (
        text
    )
    for path, view in net.weights.items():
        np.testing.assert_array_equal(view, plain.weights[path])
    assert net.engine.step == plain.engine.step


def test_of_batches_the_weights_are_named(tmp_path: Path) -> None:
    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            yield X, Y

    net = model(tmp_path, rate="50.0")
    with pytest.warns(NonFiniteWarning, match="At its end 4 of 4 weights"):
        net.fit(batches(), steps_per_epoch=8, epochs=2, verbose=0)


def test_weights_that_were_lost_before(tmp_path: Path) -> None:
    net = model(tmp_path)
    net.weights["dense/bias"][1] = np.inf
    assert "Before that epoch the values of 'dense/bias' (line 6) were not" in noted(net)


def test_only_the_validation_is_lost(tmp_path: Path) -> None:
    text = noted(model(tmp_path), validation_data=(X, np.full_like(Y, 1e30)))
    assert "the validation loss of A is inf in epoch 1. The weights are finite" in text


@pytest.mark.parametrize("weights_only", [False, True])
def test_files_are_not_ruined(weights_only: bool, tmp_path: Path) -> None:
    net = model(tmp_path)
    place, backups = tmp_path / "best.safetensors", tmp_path / "backups"

    def lose(epoch: int, logs: Any) -> None:
        if epoch == 1:
            net.weights["dense/bias"][0] = np.nan

    kept = [
        LambdaCallback(on_epoch_end=lose),
        ModelCheckpoint(place, save_weights_only=weights_only),
        BackupAndRestore(backups, delete_checkpoint=False),
    ]
    with pytest.warns(NonFiniteWarning) as caught:
        net.fit(X, Y, epochs=3, callbacks=kept, verbose=0)
    found = model(tmp_path)
    found.load_weights(place)
    assert all(np.isfinite(view).all() for view in found.weights.values())
    assert (backups / "epoch-1-batch-0.safetensors").exists()
    said = [str(warning.message) for warning in caught]
    assert f"weights of A are NaN or infinite: '{place}' is not written." in said


def test_nan_is_no_best(tmp_path: Path) -> None:
    stop = EarlyStopping("loss", patience=5, restore_best_weights=True)
    values = iter([np.nan, 2.0, 1.0, np.nan])
    put = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(loss=next(values)))
    model(tmp_path).fit(X, Y, epochs=4, callbacks=[put, stop], verbose=0)
    assert (stop.best, stop.best_epoch) == (1.0, 2)
