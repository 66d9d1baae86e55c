"""What `fit` and its kin refuse, and what is said first; interrupts while kernels compile."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.runtime import kernels
from kgen.runtime.callbacks import EarlyStopping
from kgen.runtime.errors import DataError, KgenRuntimeError
from kgen.runtime.kernels import Kernel

TRAINED = """
model A:
    input x: float32[4]
    output y = x |> Dense(2)
    train:
        loss = "mse"
"""
X, Y = np.ones((3, 4), np.float32), np.ones((3, 2), np.float32)


def model(tmp_path: Path, text: str) -> Any:
    (tmp_path / "a.k").write_text(text)
    return kgen.load(tmp_path / "a.k").A(seed=0)


@pytest.mark.parametrize("given", ["early", 3, [3], [[EarlyStopping()], object()]])
def test_what_is_no_callback(given: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="which is no callback"):
        model(tmp_path, TRAINED).fit(X, Y, callbacks=given, verbose=0)


def test_a_class_of_callbacks(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"write EarlyStopping\(\.\.\.\)"):
        model(tmp_path, TRAINED).fit(X, Y, callbacks=[EarlyStopping], verbose=0)


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch", "loss"])
def test_without_train_that_is_what_is_said(method: str, tmp_path: Path) -> None:
    net = model(tmp_path, TRAINED.partition("    train:")[0])
    with pytest.raises(KgenRuntimeError, match="no train: block"):
        getattr(net, method)(X, Y)


def test_calls_compute_what_predict_does(tmp_path: Path) -> None:
    net = model(tmp_path, TRAINED)
    for training in (False, None):
        np.testing.assert_array_equal(net(X, training=training), net(X))
    with pytest.raises(KgenRuntimeError, match=r"A\(x, training=True\): a call computes what"):
        net(X, training=True)


def test_a_model_without_weights_loads_its_own_file(tmp_path: Path) -> None:
    net = model(tmp_path, "model A:\n    input x: float32[4]\n    output y = x * 2\n")
    net.save_weights(tmp_path / "none.safetensors")
    report = net.load_weights(tmp_path / "none.safetensors")
    assert report.loaded == ()


PARTS = """
model Part:
    input x: float32[4]
    output y = x |> Dense(2)

model Whole:
    input x: float32[4]
    part = Part()
    output y = part(x)
"""


def test_attributes_of_keras(tmp_path: Path) -> None:
    (tmp_path / "a.k").write_text(PARTS)
    net = kgen.load(tmp_path / "a.k").Whole(seed=0)
    for name, remedy in (
        ("compile", "settings of train:"),
        ("layers", "net.summary"),
        ("trainable_weights", r"net\.weights\['dense/kernel'\]"),
        ("non_trainable_variables", r"net\.weights\['dense/kernel'\]"),
        ("output", r"view code\(x\) = h"),
        ("get_config", r"net\.save\(path\)"),
        ("train_step", r"steps are compiled from the \.k file"),
        ("predict_classes", r"argmax\(-1\)"),
        ("nothing", "no attribute 'nothing'$"),
    ):
        with pytest.raises(AttributeError, match=remedy):
            getattr(net, name)
        assert not hasattr(net.part, name)
    with pytest.raises(AttributeError, match=r"Whole\.part is a part of Whole .*use Whole's"):
        net.part.get_weights()
    with pytest.raises(KgenRuntimeError, match=r"trainable=False in a\.k"):
        net.part.trainable = False


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("loss", "mse", "settings of train:"),
        ("metrics", ["mae"], r"net\.metrics_names"),
        ("run_eagerly", True, "NUMBA_DISABLE_JIT=1"),
        ("jit_compile", False, "always compiled"),
    ],
)
def test_settings_of_keras_are_not_ignored(
    name: str, value: Any, remedy: str, tmp_path: Path
) -> None:
    net = model(tmp_path, TRAINED)
    with pytest.raises(KgenRuntimeError, match=f"'{name}' of A cannot be set: .*{remedy}"):
        setattr(net, name, value)
    assert net.loss(X, Y) >= 0


@pytest.mark.parametrize("fails", [False, True])
def test_an_interrupt_waits_for_the_kernel(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes when the kernel is compiled, as itself."""
    reached = []

    def translate(one: Kernel) -> Any:
        signal.raise_signal(signal.SIGINT)
        reached.append(one)
        if fails:
            raise ValueError("no")
        return one

    monkeypatch.setattr(kernels.Kernel, "_translate", translate)
    made = Kernel(lambda thread, threads, batch, clock, args: None)
    with pytest.raises(KeyboardInterrupt):
        made.compile()
    assert reached == [made]
