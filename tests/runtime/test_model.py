"""`Model` against a small NumPy engine: Keras's semantics, resuming, refusals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from kgen.runtime import modelbase
from kgen.runtime.callbacks import Callback, LambdaCallback, LearningRateScheduler
from kgen.runtime.errors import DataError, KgenRuntimeError, WeightError
from kgen.runtime.evaluation import CallPacer
from kgen.runtime.optimizers import SGD, Adam
from kgen.runtime.spec import Input
from linear_engine import LinearEngine, linear_model, linear_spec

os.environ.setdefault("KERAS_BACKEND", "jax")


@pytest.fixture(autouse=True)
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelbase, "Engine", LinearEngine)


def arrays(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3)).astype(np.float32)
    return x, (x @ rng.normal(size=(3, 2)) + 0.1).astype(np.float32)


def state(net: Any) -> tuple[Any, ...]:
    slots = {name: flat.tobytes() for name, flat in net.engine.slots.items()}
    return net.engine.weights.tobytes(), slots, net.engine.step


def test_initial_weights_depend_on_seed_and_path_alone() -> None:
    model = linear_model()
    np.testing.assert_array_equal(model(seed=5).engine.weights, model(seed=5).engine.weights)
    assert model(seed=5).engine.weights[0] != model(seed=6).engine.weights[0]
    wider = linear_model(linear_spec(outputs=[("first", 4, None), ("y", 2, None)]))(seed=5)
    np.testing.assert_array_equal(
        wider.weights["y_dense/kernel"], model(seed=5).weights["y_dense/kernel"]
    )
    drawn = model()
    np.testing.assert_array_equal(model(seed=drawn.seed).engine.weights, drawn.engine.weights)
    for wrong in (-1, 1.5, 2**63, "a"):
        with pytest.raises(DataError, match="seed"):
            model(seed=wrong)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="threads"):
        model(threads=0)


def test_fit_follows_keras() -> None:
    """Same rows, order, weights and rates: figures agree to float32 rounding of 20 steps."""
    keras = pytest.importorskip("keras")
    x, y = arrays(40)
    weight = np.linspace(0.5, 2.0, 40).astype(np.float32)
    net = linear_model()(seed=0)
    # Without the stand-in's noise.
    zero = type("Zero", (), {"normal": lambda self: 0.0})()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("numpy.random.default_rng", lambda *_: zero)
        theirs = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
        theirs.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
        theirs.set_weights([w.copy() for w in net.get_weights()[:2]])
        settings: dict[str, Any] = {
            "batch_size": 7,
            "epochs": 4,
            "shuffle": False,
            "verbose": 0,
            "validation_split": 0.3,
            "sample_weight": weight,
            "validation_freq": 2,
        }
        history = net.fit(x, y, **settings)
    expected = theirs.fit(x, y, **settings).history
    assert set(history.history) - {"root", "val_root"} == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(history.history[name], values, rtol=2e-5)
    for mine, other in zip(net.get_weights(), theirs.get_weights(), strict=False):
        np.testing.assert_allclose(mine, other, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(net.predict(x), theirs.predict(x, verbose=0), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(
        net.evaluate(x, y, verbose=0)[0], theirs.evaluate(x, y, verbose=0), rtol=2e-5
    )
    assert history.epoch == [0, 1, 2, 3] and net.history is history and net.epoch == 4


def test_chunking_does_not_change_results(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = arrays(301)
    results = []
    for steps in ([1], [3, 100], [7], [1000]):
        pace = iter(steps * 1000)
        monkeypatch.setattr(
            CallPacer, "note", lambda self, *_, pace=pace: setattr(self, "steps", next(pace))
        )
        net = linear_model()(seed=2)
        history = net.fit(x, y, batch_size=8, epochs=3, verbose=0, validation_split=0.1)
        results.append((state(net), history.history))
    assert all(result == results[0] for result in results)


def test_calls_grow_until_they_last_long_enough() -> None:
    net = linear_model()(seed=0)
    net.fit(*arrays(3000), batch_size=1, verbose=0)
    calls = net.engine.calls
    assert calls[:2] == [1, 8] and sum(calls) == 3000 and len(calls) < 300
    watched = linear_model()(seed=0)
    watched.fit(
        *arrays(30), batch_size=1, callbacks=LambdaCallback(on_batch_end=lambda *_: None), verbose=0
    )
    assert watched.engine.calls == [1] * 30


def test_every_row_once_an_epoch_in_a_new_order() -> None:
    net = linear_model()(seed=0)
    seen: list[np.ndarray] = []
    train = net.engine.train
    net.engine.train = lambda arrays, order, *rest: (  # type: ignore[method-assign]
        seen.append(order),
        train(arrays, order, *rest),
    )[1]
    net.fit(*arrays(20), batch_size=32, epochs=3, verbose=0)
    assert all(sorted(order) == list(range(20)) for order in seen)
    assert len({order.tobytes() for order in seen}) == 3
    seen.clear()
    net.fit(*arrays(20), shuffle=False, verbose=0)
    assert seen == [None]


@pytest.mark.parametrize("steps", [None, 4])
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, steps: int | None) -> None:
    x, y = arrays(101)
    model = linear_model()
    settings: dict[str, Any] = {
        "batch_size": 16,
        "verbose": 0,
        "validation_split": 0.1,
        "steps_per_epoch": steps,
    }
    rate = LearningRateScheduler(lambda epoch, rate: rate * 0.8)
    whole = model(seed=11)
    history = whole.fit(x, y, epochs=7, callbacks=[rate], **settings)
    first = model(seed=11)
    first.fit(x, y, epochs=3, callbacks=[rate], **settings)
    first.save(tmp_path / "run")
    second = model.load(tmp_path / "run")
    rest = second.fit(x, y, epochs=7, initial_epoch=second.epoch, callbacks=[rate], **settings)
    assert state(second) == state(whole)
    assert rest.epoch == [3, 4, 5, 6]
    for name, values in rest.history.items():
        assert values == history.history[name][3:]


def test_fewer_steps_than_batches_go_round_the_data() -> None:
    net = linear_model()(seed=0)
    seen: list[int] = []
    train = net.engine.train
    net.engine.train = (
        lambda arrays, order, first, last, *rest: (  # type: ignore[method-assign]
            seen.extend(order[first:last]),
            train(arrays, order, first, last, *rest),
        )[1]
    )
    net.fit(*arrays(50), batch_size=10, epochs=5, steps_per_epoch=3, verbose=0)
    assert net.engine.step == 15
    for start in range(0, 150, 50):
        assert sorted(seen[start : start + 50]) == list(range(50))
    with pytest.raises(DataError, match="only 5 batches of 10"):
        net.fit(*arrays(50), batch_size=10, steps_per_epoch=6, verbose=0)


def test_validation_takes_the_last_rows_and_is_not_trained_on() -> None:
    x, y = arrays(40)
    x[30:], y[30:] = 1.0, 5.0
    net = linear_model()(seed=0)
    history = net.fit(x, y, validation_split=0.25, epochs=2, verbose=0)
    expected = net.evaluate(x[30:], y[30:], return_dict=True, verbose=0)
    assert history.history["val_loss"][-1] == expected["loss"]
    same = linear_model()(seed=0)
    same.fit(x[:30], y[:30], epochs=2, verbose=0)
    assert state(net) == state(same)
    other = linear_model()(seed=0)
    given = other.fit(
        x[:30],
        y[:30],
        validation_data=(x[30:], y[30:], np.full(10, 2.0)),
        validation_batch_size=3,
        epochs=2,
        verbose=0,
    )
    np.testing.assert_allclose(
        given.history["val_loss"], np.multiply(history.history["val_loss"], 2.0), rtol=1e-6
    )
    partly = linear_model()(seed=0)
    partly.fit(
        x, y, validation_data=(x, y), validation_steps=1, validation_freq=[2], epochs=3, verbose=0
    )
    assert len(partly.history.history["val_loss"]) == 1


def test_which_epochs_end_with_a_validation() -> None:
    x, y = arrays(10)
    for frequency, count in ((np.int64(2), 2), ([1, 4, 9], 2), ((5,), 1), (6, 0)):
        history = linear_model()(seed=0).fit(
            x, y, epochs=5, validation_split=0.2, validation_freq=frequency, verbose=0
        )
        assert len(history.history.get("val_loss", [])) == count
    without = linear_model()(seed=0).fit(x, y, validation_split=None, verbose=0)  # type: ignore[arg-type]
    assert "val_loss" not in without.history


def test_streams_train_like_arrays() -> None:
    x, y = arrays(50)

    class Loader:
        def __iter__(self) -> Any:
            for start in range(0, 50, 8):
                yield x[start : start + 8], y[start : start + 8]

    net, same = linear_model()(seed=0), linear_model()(seed=0)
    history = net.fit(Loader(), epochs=2, validation_data=Loader(), verbose=0)
    other = same.fit(x, y, batch_size=8, shuffle=False, epochs=2, validation_data=(x, y), verbose=0)
    assert state(net) == state(same)
    np.testing.assert_allclose(history.history["val_loss"], other.history["val_loss"], rtol=1e-12)
    np.testing.assert_allclose(
        net.evaluate(Loader(), verbose=0), same.evaluate(x, y, batch_size=8, verbose=0), rtol=1e-12
    )
    np.testing.assert_array_equal(net.predict(Loader()), same.predict(x, batch_size=8))
    np.testing.assert_array_equal(net.predict(Loader(), steps=2), net.predict(x[:16], batch_size=8))


def test_validation_batches_begin_anew_each_epoch() -> None:
    x, y = arrays(12)

    class Loader:
        def __iter__(self) -> Any:
            return ((x[i : i + 3], y[i : i + 3]) for i in range(0, 12, 3))

    settings: dict[str, Any] = {"epochs": 3, "shuffle": False, "verbose": 0}
    net, same = linear_model()(seed=0), linear_model()(seed=0)
    found = net.fit(x, y, validation_data=Loader(), validation_steps=2, **settings)
    expected = same.fit(x, y, validation_data=(x[:6], y[:6]), validation_batch_size=3, **settings)
    assert found.history == expected.history


def test_validation_from_a_generator() -> None:
    x, y = arrays(12)
    net = linear_model()(seed=0)
    pair = [(x, y)]
    net.fit(x, y, epochs=3, initial_epoch=2, validation_data=iter(pair), verbose=0)
    net.fit(x, y, epochs=3, validation_freq=[3], validation_data=iter(pair), verbose=0)
    with pytest.raises(DataError, match=r"validation_data can be .* 2 epochs; give validation_st"):
        net.fit(x, y, epochs=5, validation_freq=2, validation_data=iter(pair), verbose=0)
    with (
        pytest.warns(UserWarning, match=r"validation_data ran out .* Lower validation_steps"),
        pytest.raises(DataError, match="validation_data yields no batches"),
    ):
        net.fit(x, y, epochs=2, validation_data=iter(pair), validation_steps=2, verbose=0)


def test_an_exhausted_generator_ends_training() -> None:
    x, y = arrays(8)
    net = linear_model()(seed=0)
    with pytest.warns(UserWarning, match="ran out"):
        history = net.fit(((x, y) for _ in range(5)), steps_per_epoch=3, epochs=4, verbose=0)
    assert history.epoch == [0, 1] and net.engine.step == 5
    with pytest.raises(DataError, match="no batches"):
        net.fit(iter([]), verbose=0)


@pytest.mark.parametrize(
    ("settings", "fragment"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 1.5}, "batch_size"),
        ({"epochs": -1}, "epochs"),
        ({"initial_epoch": -1}, "initial_epoch"),
        ({"validation_split": 1.0}, "validation_split"),
        ({"validation_split": -0.1}, "validation_split"),
        ({"validation_split": float("nan")}, "validation_split"),
        ({"validation_split": "0.1x"}, "validation_split"),
        ({"steps_per_epoch": 0}, "steps_per_epoch"),
        ({"validation_freq": 0}, "validation_freq"),
        ({"validation_freq": range(3)}, "validation_freq, unless it is a list of epochs,"),
        ({"validation_data": (1, 2, 3, 4)}, "validation_data: a batch must be x"),
        ({"validation_data": np.ones(3)}, "validation_data: input 'x'"),
        ({"validation_data": (np.ones((2, 3)),)}, "validation_data: y is missing"),
        ({"validation_data": (np.ones((2, 3)), np.ones((3, 2)))}, "has 3"),
        ({"validation_data": (np.ones((2, 4)), np.ones((2, 2)))}, "(2, 4)"),
        ({"class_weight": {0: 1.0}, "sample_weight": np.ones(50)}, "together"),
        ({"shuffle": "batch"}, "shuffle"),
        ({"sample_weight": np.ones(49)}, "has 49"),
    ],
)
def test_refused_arguments_change_nothing(settings: dict[str, Any], fragment: str) -> None:
    net = linear_model()(seed=0)
    before = state(net)
    calls: list[int] = []
    watch = LambdaCallback(on_train_begin=lambda logs: calls.append(1))
    with pytest.raises(DataError) as caught:
        net.fit(*arrays(), callbacks=[watch], **{"verbose": 0, **settings})
    assert fragment in str(caught.value)
    assert state(net) == before and not calls


def test_refused_with_streams() -> None:
    net = linear_model()(seed=0)
    stream = [arrays()]
    for settings, remedy in (
        ({"y": 1}, r"let the batches be \(x, y\)"),
        ({"batch_size": 3}, "let the batches have the size wanted"),
        ({"validation_split": 0.1}, "as validation_data"),
        ({"sample_weight": 1}, r"let the batches be \(x, y\)"),
    ):
        with pytest.raises(DataError, match=f"{next(iter(settings))} cannot be given.*{remedy}"):
            net.fit(iter(stream), verbose=0, **settings)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="verbose"):
        net.fit(*arrays(), verbose=3)


def test_zero_epochs() -> None:
    net = linear_model()(seed=0)
    before = state(net)
    assert net.fit(*arrays(), epochs=0, verbose=0).history == {}
    assert net.fit(*arrays(), epochs=2, initial_epoch=2, verbose=0).epoch == []
    assert state(net) == before


def test_a_model_without_train_block() -> None:
    model = linear_model()
    model.programs = SimpleNamespace(predict=True, train=(), evaluate=(), gradient=())
    net = model(seed=0)
    assert net.predict(arrays()[0]).shape == (50, 2)
    for call in (net.fit, net.evaluate, net.gradients, net.loss, net.train_on_batch):
        with pytest.raises(KgenRuntimeError, match=r"linear\.k.*no train: block"):
            call(*arrays())


def test_stop_training_from_a_batch() -> None:
    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            assert set(logs) == {"loss", "root"}
            self.model.stop_training = batch == 2

    net = linear_model()(seed=0)
    history = net.fit(*arrays(), batch_size=5, epochs=3, callbacks=[Stop()], verbose=0)
    assert net.engine.step == 3 and history.epoch == [0]


def test_ctrl_c_between_chunks_leaves_a_step_boundary() -> None:
    x, y = arrays(64)
    net = linear_model()(seed=0)

    def press() -> None:
        if net.engine.step == 21:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)

    net.engine.on_step = press
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        net.fit(x, y, batch_size=4, epochs=3, verbose=0)
    assert signal.getsignal(signal.SIGINT) is handler
    # 16 steps are an epoch: one was done, the second broken off at the end of a call.
    assert 21 <= net.engine.step < 48 and net.history.epoch == [0] and net.epoch == 1
    assert net.engine.weights[-1] == net.engine.step == sum(net.engine.calls)
    net.engine.on_step = None
    net.fit(x, y, verbose=0)


def test_fit_in_another_thread() -> None:
    net = linear_model()(seed=0)
    thread = threading.Thread(target=lambda: net.fit(*arrays(), verbose=0))
    thread.start()
    thread.join()
    assert net.engine.step == 2


def test_several_inputs_and_outputs() -> None:
    spec = linear_spec(
        inputs=(Input("left", "float32", (3,)), Input("words", "int32", (2,))),
        outputs=[("price", 1, None), ("label", 3, 3)],
    )
    net = linear_model(spec)(seed=0)
    left, words = arrays()[0], np.arange(100).reshape(50, 2) % 5
    price, label = left[:, 0], np.arange(50) % 3
    net.fit([left, words], {"label": label, "price": price}, epochs=2, verbose=0)
    same = linear_model(spec)(seed=0)
    same.fit({"words": words, "left": left}, [price, label], epochs=2, verbose=0)
    assert state(net) == state(same)
    outputs = net.predict([left, words])
    assert list(outputs) == ["price", "label"] and outputs["label"].shape == (50, 3)
    np.testing.assert_array_equal(net([left, words])["price"], outputs["price"])
    assert isinstance(net.evaluate([left, words], [price, label], verbose=0), float)
    pieces = net.predict(iter([({"left": left, "words": words},), ([left, words],)]))
    assert pieces["price"].shape == (100, 1)


def test_classifier() -> None:
    net = linear_model(linear_spec(outputs=[("label", 3, 3)]))(seed=0)
    x = arrays(90)[0]
    y = np.arange(90) % 3
    x[np.arange(90), y] += 3.0
    history = net.fit(x, y, epochs=20, class_weight={0: 2.0}, verbose=0)
    assert history.history["accuracy"][-1] > 0.9
    assert net.metrics_names == ["loss", "accuracy"]
    np.testing.assert_allclose(
        net.evaluate(x, y, verbose=0), list(net.evaluate(x, y, return_dict=True).values())
    )


def test_predicting() -> None:
    net = linear_model()(seed=0)
    x, _ = arrays(70)
    expected = x @ net.weights["y_dense/kernel"] + net.weights["y_dense/bias"]
    # Products of three terms: rounding of a few units in the last place.
    for found in (net(x), net.forward(x), net.predict(x), net.predict_on_batch(x.tolist())):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net(x[:1]), expected[:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net(x[::2]), expected[::2], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net(x.astype(np.float64)), expected, rtol=1e-5, atol=1e-6)
    assert net.predict(x, batch_size=32, steps=2).shape == (64, 2)
    assert net.predict(x[:0]).shape == net(x[:0]).shape == (0, 2)
    with pytest.raises(DataError, match=r"\(rows, 3\).*\(1, 4\)"):
        net(np.zeros((1, 4), np.float32))
    with pytest.raises(DataError, match="NaN"):
        net.predict(np.full((1, 3), np.nan))
    assert np.isnan(net(np.full((1, 3), np.nan, np.float32))).all()


def test_batches() -> None:
    x, y = arrays(10)
    net, same = linear_model()(seed=0), linear_model()(seed=0)
    before = net.test_on_batch(x, y)
    assert net.train_on_batch(x, y) == before
    same.fit(x, y, shuffle=False, batch_size=10, verbose=0)
    assert state(net) == state(same)
    assert net.train_on_batch(x, y, return_dict=True)["loss"] < before[0]
    assert net.loss(x, y) == net.test_on_batch(x, y, return_dict=True)["loss"]
    with pytest.raises(DataError, match="has 9"):
        net.train_on_batch(x, y[:9])


def test_gradients() -> None:
    x, y = arrays(10)
    net = linear_model()(seed=0)
    weight = np.linspace(1.0, 2.0, 10)
    before = state(net)
    gradients = net.gradients(x, y, weight)
    assert state(net) == before
    assert list(gradients) == ["y_dense/kernel", "y_dense/bias"]
    bias = net.weights["y_dense/bias"]
    step = 1e-2
    losses = []
    for sign in (1.0, -1.0):
        bias[0] = sign * step
        losses.append(net.loss(x, y, weight))
    # The loss is quadratic, so the central difference is exact but for float32 rounding.
    slope = (losses[0] - losses[1]) / (2 * step)
    np.testing.assert_allclose(gradients["y_dense/bias"][0], slope, rtol=1e-3)


def test_evaluation_inside_training_keeps_the_figures() -> None:
    x, y = arrays()
    plain, watched = linear_model()(seed=0), linear_model()(seed=0)
    evaluate = LambdaCallback(
        on_train_batch_end=lambda batch, logs: watched.evaluate(x, y, verbose=0)
    )
    expected = plain.fit(x, y, epochs=2, batch_size=8, verbose=0).history
    found = watched.fit(x, y, epochs=2, batch_size=8, callbacks=[evaluate], verbose=0)
    assert found.history == expected


def test_weights_by_path() -> None:
    net = linear_model()(seed=0)
    assert list(net.weights) == ["y_dense/kernel", "y_dense/bias", "counter/steps"]
    net.weights["y_dense/bias"][1] = 3.0
    assert net.get_weights()[1][1] == 3.0
    net.weights["y_dense/bias"] = [1, 2]
    np.testing.assert_array_equal(net.weights["y_dense/bias"], [1.0, 2.0])
    for value, fragment in (
        ([1.0], r"\(2,\).*\(1,\)"),
        (["a", "b"], "dtype"),
        ([1.0, float("nan")], "NaN"),
        ([1.0, 1e300], "range of float32"),
    ):
        with pytest.raises(WeightError, match=fragment):
            net.weights["y_dense/bias"] = value
    np.testing.assert_array_equal(net.weights["y_dense/bias"], [1.0, 2.0])
    with pytest.raises(WeightError, match="Did you mean 'y_dense/bias'"):
        net.weights["y_dense/bais"]
    assert "y_dense/kernel" in net.weights and "none" not in net.weights
    assert "(3, 2)" in repr(net.weights)


def test_setting_all_weights() -> None:
    net, other = linear_model()(seed=0), linear_model()(seed=1)
    other.set_weights(net.get_weights())
    np.testing.assert_array_equal(other.engine.weights, net.engine.weights)
    other.set_weights({"y_dense/bias": [7, 8]})
    before = other.engine.weights.copy()
    with pytest.raises(WeightError, match="3 weights, but 1"):
        other.set_weights([1.0])
    with pytest.raises(WeightError, match="y_dense/bias"):
        other.set_weights([np.zeros((3, 2)), np.zeros(3), np.zeros(1)])
    for value, fragment in (
        (None, "not NoneType"),
        ((w for w in net.get_weights()), "not generator"),
        ({"y_dense/kernel": [[1.0, 2.0], [3.0], [4.0]]}, "'y_dense/kernel' cannot be made an arr"),
    ):
        with pytest.raises(WeightError, match=fragment):
            other.set_weights(value)  # type: ignore[arg-type]
    np.testing.assert_array_equal(other.engine.weights, before)
    assert net.count_params() == 9


def test_weights_of_the_model_itself_may_be_set() -> None:
    net = linear_model(linear_spec(outputs=[("a", 2, None), ("b", 2, None)]))(seed=0)
    a, b = (net.weights[f"{name}_dense/kernel"].copy() for name in "ab")
    net.set_weights(
        {
            "a_dense/kernel": net.weights["b_dense/kernel"],
            "b_dense/kernel": net.weights["a_dense/kernel"],
        }
    )
    np.testing.assert_array_equal(net.weights["a_dense/kernel"], b)
    np.testing.assert_array_equal(net.weights["b_dense/kernel"], a)


def test_what_the_file_settles_cannot_be_set() -> None:
    net = linear_model()(seed=0)
    for name, value, fragment in (
        ("trainable", False, "trainable=False in linear.k"),
        ("weights", [], "set_weights"),
        ("optimizer", Adam(0.1), r"SGD\(.* are compiled, and Adam\("),
        ("optimizer", SGD(0.1, momentum=0.5), "write the optimizer in linear.k"),
        ("optimizer", "sgd", "'sgd'"),
    ):
        with pytest.raises(KgenRuntimeError, match=fragment):
            setattr(net, name, value)
    for name in ("lr", "momentum"):
        with pytest.raises(AttributeError, match=f"'{name}' of SGD.* only learning_rate"):
            setattr(net.optimizer, name, 0.5)
    net.optimizer = SGD(0.25)
    assert net.optimizer.learning_rate == 0.25
    net.note = "anything else is the user's own affair"


def test_torch_parameters_as_weights() -> None:
    torch = pytest.importorskip("torch")
    net = linear_model()(seed=0)
    net.weights["y_dense/bias"] = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    net.set_weights({"y_dense/kernel": torch.nn.Parameter(torch.ones(3, 2))})
    assert net.weights["y_dense/bias"].tolist() == [1.0, 2.0]
    assert (net.weights["y_dense/kernel"] == 1.0).all()


def test_stateless_models_have_no_states() -> None:
    with pytest.raises(KgenRuntimeError, match="no layer that carries state"):
        linear_model()(seed=0).reset_states()
    with pytest.raises(KgenRuntimeError, match="any number of rows"):
        linear_model()(seed=0).with_batch(2)


IMPORTS = """
import sys
import kgen.runtime.engine
before = set(sys.modules)
import kgen.runtime.model
print(*sorted(set(sys.modules) - before))
"""


def test_importing_is_cheap() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = done.stdout.split()
    for heavy in ("rich", "safetensors", "csv", "matplotlib", "difflib", "tempfile", "inspect"):
        assert heavy not in loaded
