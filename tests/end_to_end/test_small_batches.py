"""Batches too small for a whole tile for each thread: single rows are shared, or their parts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import kgen
import numpy as np
import numpy.typing as npt
import pytest
import rounding_windows  # noqa: F401 - rules for windows
from float_errors import assert_errors
from kgen.compiler import elaborate_text, run_passes
from kgen.passes.unfold import unfold
from kgen.passes.winograd import winograd
from kgen.runtime import engine
from kgen.targets import CPU
from rounding import Near, bounds

MODELS = """
model Flat:
    \"\"\"Images; products whose tiles go from one image into the next; a dense head.\"\"\"
    input x: float32[7, 9, 3]
    h = x |> Conv2D(17, 3, padding="same", activation="relu") |> MaxPooling2D(2)
        |> Conv2D(20, 1, activation="gelu") |> DepthwiseConv2D(3, padding="same", use_bias=False)
        |> BatchNormalization() |> Conv2DTranspose(5, 3, strides=2)
    output y = h |> Flatten() |> Dense(13, activation="tanh") |> Dense(3)
    train:
        optimizer = SGD(0.1)
        loss = "mse"

model Words:
    \"\"\"Attention, norms, products over places, and a recurrent layer after them.\"\"\"
    input x: int32[11]
    e = Embedding(50, 24)(x)
    h = LayerNormalization()(e + MultiHeadAttention(3, 8, use_bias=False)(e, e))
    h = h |> Dense(150, activation="gelu") |> Dense(24) |> Softmax()
    output y = h |> LSTM(9) |> Dense(3)
    train:
        optimizer = SGD(0.1)
        loss = "mse"

model Series:
    \"\"\"Lines of which some are made together, by fewer products.\"\"\"
    input x: float32[18, 33]
    h = x |> Conv1D(48, 3, activation="relu") |> Conv1D(32, 3, padding="same", activation="relu")
    output y = h |> GlobalAveragePooling1D() |> Dense(3)
    train:
        optimizer = SGD(0.1)
        loss = "mse"

model Plain:
    \"\"\"Tiles hold rows of the batch, which are shared in whole ones.\"\"\"
    input x: float32[40]
    output y = x |> Dense(300, activation="relu") |> Dense(70, activation="tanh") |> Dense(3)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
BATCHES = (1, 2, 3, 5, 9, 14)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("small") / "models.k"
    file.write_text(MODELS)
    return kgen.load(file)


@pytest.fixture
def all_work_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ALONE", 0)


@cache
def data(name: str, rows: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    rng = np.random.default_rng(rows)
    y = rng.standard_normal((rows, 3), dtype=np.float32)
    if name == "Words":
        return rng.integers(0, 50, (rows, 11)).astype(np.int32), y
    shape = {"Flat": (7, 9, 3), "Series": (18, 33), "Plain": (40,)}[name]
    return rng.standard_normal((rows, *shape), dtype=np.float32), y


def in_float64(net: Any, rows: int) -> dict[str, npt.NDArray[Any]]:
    """The gradients that the model's graph gives without rounding to float32."""
    name = type(net).__name__
    (model,) = (m for m in elaborate_text(MODELS, "models.k") if m.name == name)
    assert model.train is not None
    plain = replace(CPU, passes=tuple(one for one in CPU.passes if one is not winograd))
    graph = unfold(run_passes(model.train, target=plain))
    x, y = data(name, rows)
    feeds = {
        "x": x,
        "y_target": y,
        "y_sample_weight": np.ones(rows, np.float32),
        **dict(net.weights),
    }
    needed = {path: Near.exact(feeds[path]) for path in (*graph.inputs, *graph.weights)}
    found = bounds(graph, needed)
    return {path: found[value].mid for path, value in graph.gradients.items()}


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("name", ["Flat", "Words", "Series", "Plain"])
@pytest.mark.parametrize("threads", [2, 5])
def test_threads_change_no_more_than_rounding(models: Any, name: str, threads: int) -> None:
    alone, net = (getattr(models, name)(seed=0, threads=count) for count in (1, threads))
    for path, value in alone.weights.items():
        net.weights[path] = value
    for rows in BATCHES:
        x, y = data(name, rows)
        expected, outputs = alone.gradients(x, y), alone.predict(x, batch_size=rows, verbose=0)
        exact = in_float64(alone, rows)
        for _ in range(3):
            for path, found in net.gradients(x, y).items():
                assert_errors(found, expected[path], exact[path], f"{path}, {rows} rows")
            again = net.predict(x, batch_size=rows, verbose=0)
            np.testing.assert_array_equal(again, outputs, f"{rows} rows")


def test_only_models_whose_tiles_hold_rows_share_whole_tiles(models: Any) -> None:
    by_tiles = {
        name: {step.by_tiles for step in (*programs.train, *programs.evaluate, *programs.predict)}
        for name in ("Flat", "Words", "Series", "Plain")
        for programs in (getattr(models, name).programs,)
    }
    assert by_tiles == {"Flat": {False}, "Words": {False}, "Series": {False}, "Plain": {True}}


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("name", ["Flat", "Words"])
def test_a_last_batch_of_one_row(models: Any, name: str) -> None:
    x, y = data(name, 9)
    nets = [getattr(models, name)(seed=0, threads=2) for _ in range(2)]
    for net in nets:
        net.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    for path, value in nets[0].weights.items():
        np.testing.assert_array_equal(nets[1].weights[path], value)
        assert np.isfinite(value).all()
