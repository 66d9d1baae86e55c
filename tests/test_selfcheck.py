"""`selfcheck` finds what it is there to find."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kgen
import numpy as np
import pytest
from kgen.compiler import elaborate_text
from kgen.graph import Node, Value
from kgen.model import Model
from kgen.selfcheck import selfcheck

SOURCE = """\
model Small:
    input x: float32[4]
    output y = x |> Dense(8, activation="tanh") |> Dropout(0.3) |> Dense(3)
    train:
        optimizer = "adam"
        loss = "mse"
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Model, Any]:
    """A model and its emitted class."""
    folder = tmp_path_factory.mktemp("selfcheck")
    path = folder / "small.k"
    path.write_text(SOURCE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KGEN_CACHE_DIR", str(folder / "cache"))
        return elaborate_text(SOURCE, "small.k")[0], kgen.load(path).Small


def failures(model: Model, kind: Any) -> set[str]:
    """The checks that fail."""
    return {check.what for check in selfcheck(model, kind) if not check.passed}


def test_a_sound_model_passes(built: tuple[Model, Any]) -> None:
    assert failures(*built) == set()


def test_steps_of_each_weight_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adafactor sees weights and slots in their own shapes."""
    monkeypatch.setenv("KGEN_CACHE_DIR", str(tmp_path / "cache"))
    text = SOURCE.replace("adam", "adafactor").replace("Dense(8, ", "Dense(2, ")
    path = tmp_path / "small.k"
    path.write_text(text)
    (model,) = elaborate_text(text, "small.k")
    checks = list(selfcheck(model, kgen.load(path).Small, rows=5, threads=()))
    assert "optimizer step" in {check.what for check in checks}
    assert all(check.passed for check in checks)


def test_wrong_outputs_are_found(built: tuple[Model, Any]) -> None:
    model, kind = built

    class Wrong(kind):  # type: ignore[misc]
        def predict(self, x: Any, **options: Any) -> Any:
            return super().predict(x, **options) * np.float32(1.001)

    assert failures(model, Wrong) == {"output y"}


def test_a_wrong_gradient_is_found(built: tuple[Model, Any]) -> None:
    model, kind = built

    class Wrong(kind):  # type: ignore[misc]
        def gradients(self, *arguments: Any, **options: Any) -> Any:
            found = super().gradients(*arguments, **options)
            found["dense/bias"][2] *= 1.001
            return found

    assert failures(model, Wrong) == {"gradient dense/bias"}


def test_a_wrong_step_is_found(built: tuple[Model, Any]) -> None:
    model, kind = built

    class Wrong(kind):  # type: ignore[misc]
        def train_on_batch(self, *arguments: Any, **options: Any) -> Any:
            before = self.weights["dense/kernel"].copy()
            figures = super().train_on_batch(*arguments, **options)
            self.weights["dense/kernel"] += 0.001 * (self.weights["dense/kernel"] - before)
            return figures

    assert failures(model, Wrong) == {"optimizer step"}


def test_threads_that_disagree_are_found(built: tuple[Model, Any]) -> None:
    model, kind = built

    class Wrong(kind):  # type: ignore[misc]
        def train_on_batch(self, *arguments: Any, **options: Any) -> Any:
            figures = super().train_on_batch(*arguments, **options)
            if self.engine.threads == 5:
                self.weights["dense/kernel"][0, 0] += 0.01
            return figures

    assert failures(model, Wrong) == {"1 thread and 5"}


def test_a_wrong_derivative_is_found(built: tuple[Model, Any]) -> None:
    """Finite differences catch what native code and its reference agree on."""
    model, kind = built
    assert model.train is not None
    tanh = next(node.op for node in model.train.nodes if node.op.name == "tanh")
    right = tanh.gradient
    assert right is not None

    def wrong(node: Node, grad: Value) -> list[Value | None]:
        return [part * 1.001 for part in right(node, grad) if part is not None]

    object.__setattr__(tanh, "gradient", wrong)
    try:
        found = failures(model, kind)
    finally:
        object.__setattr__(tanh, "gradient", right)
    assert {"finite differences dense/kernel", "finite differences dense/bias"} <= found
