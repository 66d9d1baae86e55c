"""A call with a few rows takes a path of its own: it must give what `predict` gives."""

from __future__ import annotations

import os
import time
from pathlib import Path

import kgen
import numpy as np
import pytest
from kgen.runtime import engine
from kgen.runtime import few as quick
from kgen.runtime.errors import DataError
from kgen.runtime.quick import OFTEN, QUICK_SHAPES
from kgen.runtime.sharing import PATIENCE

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_call_is_predict_whatever_the_rows_and_the_weights(tmp_path: Path) -> None:
    model = kgen.load(EXAMPLES / "02_mlp.k").Mlp
    net = model(seed=0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 20), dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 200)]
    before = net(x[:1])
    net.fit(x, y, verbose=0)
    assert not np.array_equal(net(x[:1]), before)
    for rows in (1, 3, 8, 33, 64, 65, 200):
        expected = net.predict(x[:rows], batch_size=rows, verbose=0)
        np.testing.assert_array_equal(net(x[:rows]), expected)
    backwards = x[::-1][:5]
    np.testing.assert_array_equal(net(backwards), net(np.ascontiguousarray(backwards)))
    net.save(tmp_path / "net.safetensors")
    again = model.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(again(x[:4]), net(x[:4]))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_that_share_rows_change_nothing(
    monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """A row of pictures is much work: helpers take rows of their own where those come out even."""
    monkeypatch.setenv("KGEN_NUM_THREADS", str(threads))
    net = kgen.load(EXAMPLES / "29_denoising_autoencoder.k").DenoisingAutoencoder(seed=0)
    x = np.random.default_rng(0).random((13, 28, 28, 1), dtype=np.float32)
    expected = net.predict(x, verbose=0)
    for rows in (*range(1, 14), 4, 1):
        np.testing.assert_array_equal(net(x[:rows]), expected[:rows])
        few = net._quick[rows, 28, 28, 1]
        parts = rows < 2 * threads and rows % threads != 0
        assert few.shares and few.block[quick.PARTS_WORD] == parts


WIDE = """
model Wide:
    input x: float32[300]
    output y = x |> Dense(512, activation="relu") |> Dense(512, activation="tanh") |> Dense(3)
    train:
        loss = "mse"
"""


def test_threads_that_share_columns_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls in quick succession, with helpers and without, from the first to the last."""
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    (tmp_path / "wide.k").write_text(WIDE)
    net = kgen.load(tmp_path / "wide.k").Wide(seed=0)
    x = np.random.default_rng(0).standard_normal((9, 300), dtype=np.float32)
    expected = net.predict(x, verbose=0)
    few = (net(x[:1]), net._quick[1, 300])[1]
    shared, run, seen = few.helpers.shared, few.run, []
    monkeypatch.setattr(few, "run", lambda *work: seen.append(run(*work)) or seen[-1])
    shared[PATIENCE] = 1 << 60  # helpers stay once they have come
    few.helpers.wanted(0.0)
    few.helpers.wanted(0.0)
    while few.helpers.ready < 1:
        time.sleep(0.001)
    for call in range(200):
        few.how = few.together
        rows = 1 + call % few.most
        np.testing.assert_array_equal(net(x[:rows]), expected[:rows])
    assert 2 in {abs(threads) for threads in seen} <= {1, 2}
    child = os.fork()
    if child == 0:
        same = all(np.array_equal(net(x[:2]), expected[:2]) for _ in range(50))
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    shared[PATIENCE] = 0
    while few.helpers.ready > 0:
        time.sleep(0.001)
    seen.clear()
    few.how = few.alone
    np.testing.assert_array_equal(net(x[:1]), expected[:1])
    assert seen == [1]
    before = net(x[:1])
    net.fit(x, np.ones((9, 3), np.float32), verbose=0)
    assert not np.array_equal(net(x[:1]), before)
    np.testing.assert_array_equal(net(x[:1]), net.predict(x[:1], verbose=0))


def test_calls_that_are_much_work_read_rows_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Helpers are waited for; small calls in between find what they are given."""
    monkeypatch.setenv("KGEN_NUM_THREADS", "3")
    (tmp_path / "wide.k").write_text(WIDE)
    net = kgen.load(tmp_path / "wide.k").Wide(seed=0)
    x = np.random.default_rng(0).standard_normal((300, 300), dtype=np.float32)
    first = net(x[:128])
    few = net._quick[128, 300]
    assert few.least < few.large < 128 <= few.most
    expected = net.predict(x, batch_size=150, verbose=0)
    np.testing.assert_array_equal(first, expected[:128])
    for rows in (few.large, 128, few.large - 1, few.least, 33, few.most, few.large - 1):
        np.testing.assert_array_equal(net(x[:rows]), expected[:rows])
        np.testing.assert_array_equal(net(x[-rows:]), expected[-rows:])
    small, whole = few.least, few.most
    for _ in range(300):  # a helper that is late must not meet the next call's rows
        np.testing.assert_array_equal(net(x[:small]), expected[:small])
        np.testing.assert_array_equal(net(x[-whole:]), expected[-whole:])
    rows = few.large - 1
    np.testing.assert_array_equal(net(x[-rows:]), expected[-rows:])
    apart = x[::3][:70]
    np.testing.assert_array_equal(net(apart), expected[::3][:70])
    assert (few.sources[0][: few.large - 1] == x[-few.large + 1 :]).all()


def test_rows_that_lie_apart_are_weights_like_others(tmp_path: Path) -> None:
    """The second kernel is wide enough for padding between its rows."""
    (tmp_path / "wide.k").write_text(WIDE)
    module = kgen.load(tmp_path / "wide.k")
    assert [w.step for w in module.Wide.spec.weights] == [528, 0, 528, 0, 0, 0]
    net = module.Wide(seed=1)
    kernels = [net.weights[f"dense{n}/kernel"].copy() for n in ("", "_1", "_2")]
    biases = [net.weights[f"dense{n}/bias"] for n in ("", "_1", "_2")]
    assert [k.shape for k in kernels] == [(300, 512), (512, 512), (512, 3)]
    x = np.random.default_rng(0).standard_normal((150, 300), dtype=np.float32)
    h = np.tanh(np.maximum(x.astype(float) @ kernels[0] + biases[0], 0) @ kernels[1] + biases[1])
    # Three products of up to 512 terms of size one or less, rounded to 2^-24 each.
    bound = 3 * 512 * 2.0**-24 * (np.abs(h) @ np.abs(kernels[2]) + 1)
    found = net.predict(x, batch_size=150, verbose=0)
    assert (np.abs(found - (h @ kernels[2] + biases[2])) < bound).all()
    net.fit(x, np.ones((150, 3), np.float32), epochs=2, verbose=0)
    for number, start in enumerate(kernels):
        assert (net.weights[list(net.weights)[2 * number]] != start).any()
    net.save(tmp_path / "net.safetensors")
    again = module.Wide.load(tmp_path / "net.safetensors")
    for path, value in net.weights.items():
        np.testing.assert_array_equal(again.weights[path], value)
    np.testing.assert_array_equal(again(x[:2]), net(x[:2]))


OPEN = """
model Open:
    dim length
    input words: int32[length]
    output y = words |> Embedding(40, 24) |> Conv1D(20, 3, padding="same", activation="relu")
        |> LSTM(16, return_sequences=True) |> Dense(3)
"""


def test_open_sizes_that_come_often_have_quick_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    for name in ("WORTH_SHARING", "WORTH_MEETING"):
        monkeypatch.setattr(quick, name, 0)
    (tmp_path / "open.k").write_text(OPEN)
    net = kgen.load(tmp_path / "open.k").Open(seed=0)
    rng = np.random.default_rng(0)
    x = {n: rng.integers(0, 40, (1 + n % 2, n)).astype(np.int32) for n in range(1, 12)}
    expected = {n: net._forward(words) for n, words in x.items()}
    together = 0
    for n, words in x.items():
        for _ in range(2 * OFTEN):
            np.testing.assert_array_equal(net(words), expected[n])
        call = net._quick[words.shape]
        for _ in range(200):
            call.how = call.together
            np.testing.assert_array_equal(net(words), expected[n])
            together += call.run(call.together) == 2
    assert together
    assert len(net._quick) == QUICK_SHAPES
    net.weights["dense/bias"] += 1.0
    np.testing.assert_array_equal(net(x[11]), net._forward(x[11]))
    assert not np.array_equal(net(x[11]), expected[11])
    np.testing.assert_array_equal(net(x[11].astype(np.int64)), net(x[11]))
    x[11][0, 0] = 40
    with pytest.raises(DataError, match="40"):
        net(x[11])
    for _ in range(2 * OFTEN):  # the oldest had to make room, and comes again
        np.testing.assert_array_equal(net(x[1]), net._forward(x[1]))
    assert x[1].shape in net._quick


def test_open_sizes_of_much_memory_have_no_quick_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "QUICK", 100)
    (tmp_path / "open.k").write_text(OPEN)
    net = kgen.load(tmp_path / "open.k").Open(seed=0)
    for _ in range(2 * OFTEN):
        net(np.ones((1, 9), np.int32))
    assert not net._quick


PLACED = """
model Placed:
    input words: int32[40]
    output y = words |> Embedding(50, 64) |> LSTM(64) |> Dense(2)
"""


def test_quick_calls_take_little_memory_wherever_that_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program's memory may be laid out at run time though it has no open sizes."""
    (tmp_path / "placed.k").write_text(PLACED)
    model = kgen.load(tmp_path / "placed.k").Placed
    x = np.arange(120, dtype=np.int32).reshape(3, 40) % 50
    assert model.programs.predict[0].rows == 0
    expected = model(seed=0).predict(x, verbose=0)
    for limit, least, most in ((100, 0, 0), (400_000, 5, 40), (engine.QUICK, 41, quick.FEW)):
        monkeypatch.setattr(engine, "QUICK", limit)
        net = model(seed=0)
        net.compile_program("predict")
        assert least <= max((rows for rows, _ in net._quick), default=0) <= most
        np.testing.assert_array_equal(net(x), expected)


SEVERAL = """
model Several:
    input x: float32[30]
    input word: int32[2]
    words = word |> Embedding(9, 16) |> Flatten()
    both = [x |> Dense(32, activation="relu"), words] |> Concatenate()
    output first = both |> Dense(4)
    output second = both |> Dense(700) |> Dense(700) |> Dense(2)
"""


def test_several_inputs_and_outputs_have_quick_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    (tmp_path / "several.k").write_text(SEVERAL)
    net = kgen.load(tmp_path / "several.k").Several(seed=0)
    rng = np.random.default_rng(0)
    x = {
        "x": rng.standard_normal((64, 30), dtype=np.float32),
        "word": rng.integers(0, 9, (64, 2)).astype(np.int32),
    }
    forward, slow = net._forward, []
    monkeypatch.setattr(net, "_forward", lambda given: slow.append(1) or forward(given))
    net({name: rows[:1] for name, rows in x.items()})
    net({name: rows[:5] for name, rows in x.items()})
    slow.clear()
    for rows in (1, 2, 4, 5, 30, 64):
        some = {name: array[:rows] for name, array in x.items()}
        expected = forward(some)
        backwards = dict(reversed(some.items()))
        for given in (some, backwards, list(some.values()), tuple(some.values())):
            found = net(given)
            assert list(found) == ["first", "second"]
            for name, array in found.items():
                np.testing.assert_array_equal(array, expected[name], f"{name}, {rows}")
    assert not slow
    one = {name: array[:1] for name, array in x.items()}
    wide = net({**one, "word": one["word"].astype(np.int64)})
    np.testing.assert_array_equal(wide["first"], net(one)["first"])
    assert slow
    with pytest.raises(DataError, match="word"):
        net({**one, "word": np.full((1, 2), 9, np.int32)})
    with pytest.raises(DataError, match="rows"):
        net({**one, "word": x["word"][:2]})
    with pytest.raises(DataError, match="lacks 'word'"):
        net({"x": one["x"]})


PAIR = """
model Pair:
    dim here
    dim there
    input left: float32[here, 3]
    input right: float32[there, 3]
    read = LSTM(8)
    output y = [read(left), read(right)] |> Concatenate() |> Dense(2)
"""


def test_several_inputs_of_open_sizes_that_come_often(tmp_path: Path) -> None:
    (tmp_path / "pair.k").write_text(PAIR)
    net = kgen.load(tmp_path / "pair.k").Pair(seed=0)
    rng = np.random.default_rng(0)
    shapes = [(4, 7), (7, 4), (1, 1)]
    pairs = [
        [rng.standard_normal((1, n, 3), dtype=np.float32) for n in lengths] for lengths in shapes
    ]
    expected = [net._forward(pair) for pair in pairs]
    for _ in range(2 * OFTEN):
        for pair, y in zip(pairs, expected, strict=True):
            np.testing.assert_array_equal(net(pair), y)
    assert set(net._quick) == {tuple(one.shape for one in pair) for pair in pairs}
