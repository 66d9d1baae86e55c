"""A single row is shared among threads by its parts: by lines of an image, by words of a text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import kgen
import numpy as np
import numpy.typing as npt
import pytest
import rounding_windows  # noqa: F401 - rules for windows
from float_errors import assert_errors
from kgen.compiler import elaborate_text
from kgen.passes.unfold import unfold
from kgen.runtime import few as quick
from kgen.runtime.errors import DataError
from kgen.runtime.sharing import PATIENCE
from rounding import Near, bounds

MODELS = """
model Flat:
    \"\"\"Images: borders, strides, dilation, pooling of several kinds, and odd channels.\"\"\"
    input x: float32[19, 13, 3]
    output y = x |> Conv2D(17, 3, padding="same", activation="relu") |> MaxPooling2D(2)
        |> Conv2D(33, 3, dilation_rate=2) |> BatchNormalization()
        |> DepthwiseConv2D(3, padding="same") |> UpSampling2D(2)
        |> AveragePooling2D(3, strides=2, padding="same")
        |> Conv2DTranspose(5, 3, strides=2, padding="same") |> Flatten() |> Dense(130)

model Line:
    \"\"\"One axis, of which tiles take several places; one output channel.\"\"\"
    input x: float32[61, 5]
    output y = x |> Conv1D(40, 4, strides=2) |> LayerNormalization() |> ZeroPadding1D(2)
        |> SeparableConv1D(12, 3, activation="gelu") |> Conv1D(1, 3, padding="causal")

model Words:
    \"\"\"Whole numbers in; attention, norms and products over places.\"\"\"
    input x: int32[23]
    e = Embedding(50, 24)(x)
    h = LayerNormalization()(e + MultiHeadAttention(3, 8)(e, e))
    output y = h |> Dense(70, activation="gelu") |> Dense(24) |> Softmax() |> LSTM(9)

model Told:
    \"\"\"Words that are met again are multiplied once.\"\"\"
    input x: int32[17]
    output y = x |> Embedding(60, 20) |> LSTM(16, return_sequences=True) |> Dense(130)
"""
LAYOUTS = {"Flat": (19, 13, 3), "Line": (61, 5), "Words": (23,), "Told": (17,)}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("parts") / "models.k"
    file.write_text(MODELS)
    return kgen.load(file)


@pytest.fixture
def all_work_shared(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(quick, "WORTH_SHARING", 0)
    monkeypatch.setattr(quick, "WORTH_MEETING", 0)
    yield


def rows_for(name: str) -> npt.NDArray[Any]:
    rng, shape = np.random.default_rng(3), LAYOUTS[name]
    if len(shape) == 1:
        return rng.integers(0, 50, (40, *shape)).astype(np.int32)
    return rng.standard_normal((40, *shape), dtype=np.float32)


def in_float64(net: Any, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What the model's graph gives for `x` without rounding to float32."""
    name = type(net).__name__
    graph = unfold(next(m.predict for m in elaborate_text(MODELS, "models.k") if m.name == name))
    feeds = {"x": Near.exact(x)} | {path: Near.exact(value) for path, value in net.weights.items()}
    return bounds(graph, feeds)[graph.outputs["y"]].mid


@pytest.mark.usefixtures("all_work_shared")
@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("threads", ["2", "3", "5"])
def test_parts_of_rows_make_the_same_numbers(
    models: Any, name: str, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGEN_NUM_THREADS", "1")
    x, alone = rows_for(name), getattr(models, name)(seed=0)
    monkeypatch.setenv("KGEN_NUM_THREADS", threads)
    net = getattr(models, name)(seed=0)
    for path, value in alone.weights.items():
        net.weights[path] = value
    expected, exact = alone.predict(x, batch_size=40, verbose=0), in_float64(alone, x)
    seen: list[int] = []
    for rows in (1, 2, 4, 7, 17, 40):
        net(x[:rows])
        few = net._quick[x[:rows].shape]
        shared, run = few.helpers.shared, few.run
        shared[PATIENCE] = 1 << 60
        few.helpers.wake()
        while few.helpers.ready < int(threads) - 1:
            time.sleep(0.001)
        few.run = lambda *work, run=run: seen.append(run(*work)) or seen[-1]
        try:
            for _ in range(5):
                few.how = few.together
                found = net(x[:rows])
        finally:
            few.run = run
            shared[PATIENCE] = 0
        np.testing.assert_array_equal(found, alone(x[:rows]))
        assert_errors(found, expected[:rows], exact[:rows], f"{rows} rows")
        while few.helpers.ready > 0:
            time.sleep(0.001)
    # A call that follows at once may find a helper still on its way.
    assert int(threads) in {abs(number) for number in seen} <= {1, int(threads)}


def test_indices_beyond_the_table_are_refused_one_by_one_as_well(models: Any) -> None:
    net, x = models.Words(seed=0), rows_for("Words")[:1]
    net(x)
    assert net._quick[x.shape].kinds == [(np.dtype(np.int32), 50)]
    for wrong in (50, -1):
        x[0, 22] = wrong
        with pytest.raises(DataError, match=str(wrong)):
            net(x)
    x[0, 22] = 49
    np.testing.assert_array_equal(net(x), net(x.astype(np.int64)))
