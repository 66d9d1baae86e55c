"""Layers that keep their states from batch to batch, against Keras, and against themselves.

Keras's own `fit` and `predict` do not carry states with JAX. What layers keep is compared with
its stateful layers called batch by batch; training, with a twin whose states are inputs and
outputs.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest
import rounding_gathers  # noqa: F401  (adds rules)
import rounding_windows  # noqa: F401  (adds rules)
from keras import layers, ops
from kgen.runtime.callbacks import BackupAndRestore, Callback
from kgen.runtime.errors import DataError, KgenRuntimeError, WeightError
from native import build
from twins import RUNS, Arrays, Case, assert_near, dense, double, numbers, simulate, spread

FILE = "e2e_states.k"
RATE = 0.05


def kept(*, stateful: bool) -> Any:
    """The twin of `Kept`; without states of its own it takes them, and gives the new ones."""

    def options(**more: Any) -> dict[str, Any]:
        return {"stateful": stateful, "return_state": not stateful, **more}

    starts: list[Any] = []
    ends: list[Any] = []

    def apply(layer: Any, x: Any, sizes: Any) -> Any:
        if stateful:
            return layer(x)
        given = [[keras.Input(batch_shape=(4, n)) for n in some] for some in sizes]
        flat = [one for some in given for one in some]
        # Keras passes no mask on to a layer that is given states, too.
        y, *after = layer(x, initial_state=given if len(given) > 1 else flat, mask=mask)
        starts.extend(flat)
        ends.extend(keras.tree.flatten(after))
        return y

    x = keras.Input(batch_shape=(4, 5, 3), name="x")
    mask = ops.any(ops.not_equal(x, 0.0), axis=-1)
    h = layers.Masking(name="m")(x)
    h = apply(layers.LSTM(4, return_sequences=True, name="a", **options()), h, [[4, 4]])
    both = layers.GRU(3, return_sequences=True, name="g", **options())
    h = apply(layers.Bidirectional(both, merge_mode="sum", name="b"), h, [[3, 3]])
    turned: dict[str, Any] = {"go_backwards": True, "activation": jax.numpy.tanh}
    back = layers.SimpleRNN(3, return_sequences=True, name="s", **options(**turned))
    h = apply(back, h, [[3]])
    cells = [layers.LSTMCell(2, name="l"), layers.GRUCell(3, name="u")]
    stack = layers.RNN(layers.StackedRNNCells(cells, name="k"), name="r", **options())
    y = dense(2, name="y")(apply(stack, h, [[2, 2], [3]]))
    return keras.Model(x, y) if stateful else keras.Model([x, *starts], [y, *ends])


@pytest.fixture(scope="module")
def case() -> Case:
    x = numbers((5, 3), 20, seed=1)
    x[::2, 3:] = 0.0
    x[1::3, 0] = 0.0
    x[5] = 0.0
    y = {"y": numbers((2,), 20, seed=2)}
    twin = lambda: kept(stateful=False)  # noqa: E731
    made = Case(FILE, "Kept", twin, {"x": x}, y, batch_size=4, threads=2)
    made.assign()
    made.start |= made.net.states.copies()
    return made


def begin(case: Case) -> Any:
    """The net with its starting weights, and nothing kept."""
    case.net.set_weights({path: case.start[path] for path in case.net.weights})
    case.net.reset_states()
    return case.net


@pytest.mark.slow
def test_states_carry_over(case: Case) -> None:
    """Predictions batch by batch, and what is kept, as Keras's stateful layers have it."""
    net = begin(case)
    x, kept_by_keras = case.x["x"], []
    with double():
        twin = kept(stateful=True)
        twin.set_weights([case.start[v.path].astype(np.float64) for v in twin.weights])
        outputs = [np.asarray(twin(x[row : row + 4])) for row in range(0, 20, 4)]
        for name in "asr":
            kept_by_keras += keras.tree.flatten(twin.get_layer(name).states)
        both = twin.get_layer("b")
        kept_by_keras[2:2] = [*both.forward_layer.states, *both.backward_layer.states]
        kept_by_keras = [np.asarray(state) for state in kept_by_keras]
    # Values below 1, each after 5 batches of 5 steps through 4 layers of less than 32 roundings.
    bound = 5 * 5 * 4 * 32 * 2.0**-24
    found = net.predict(x)
    np.testing.assert_allclose(found, np.concatenate(outputs), rtol=0, atol=bound)
    assert len(net.states) == len(kept_by_keras)
    for (path, state), exact in zip(net.states.items(), kept_by_keras, strict=True):
        np.testing.assert_allclose(state, exact, rtol=0, atol=bound, err_msg=path)
    net.reset_states()
    np.testing.assert_array_equal(net(x[:4]), found[:4])
    np.testing.assert_array_equal(net.predict_on_batch(x[4:8]), found[4:8])


def trained(case: Case, epochs: int) -> tuple[Arrays, list[float]]:
    """Weights, states and losses by epoch of Keras's twin, trained by plain gradient descent."""
    x, y = case.x["x"], case.y["y"]
    with double():
        twin = case.keras
        fixed = [v.value for v in twin.non_trainable_variables]
        values = [v.value for v in twin.trainable_variables]
        states = [np.zeros(one.shape) for one in twin.inputs[1:]]

        def loss(values: Any, x: Any, y: Any, states: Any) -> Any:
            (found, *after), _ = twin.stateless_call(values, fixed, [x, *states], training=True)
            return ops.mean(ops.square(found - y)), after

        step = jax.jit(jax.value_and_grad(loss, has_aux=True))
        losses = []
        for _ in range(epochs):
            total = 0.0
            for row in range(0, 20, 4):
                (one, states), slopes = step(values, x[row : row + 4], y[row : row + 4], states)
                values = [v - RATE * slope for v, slope in zip(values, slopes, strict=True)]
                total += float(one) / 5
            losses.append(total)
        pairs = zip(twin.trainable_variables, values, strict=True)
        final = {variable.path: np.asarray(value) for variable, value in pairs}
        named = dict(zip(case.net.states, map(np.asarray, states), strict=True))
    return final | named, losses


@pytest.mark.slow
def test_training_goes_on_from_states(case: Case) -> None:
    """Ten steps, in order; gradients stop at what was kept."""
    net = begin(case)
    history = net.fit(case.x["x"], case.y["y"], epochs=2, shuffle=False, verbose=0).history
    with double():
        for path, value in case.start.items():
            if path in case.pairs:
                case.pairs[path].assign(value.astype(np.float64))
    exact, losses = trained(case, 2)
    runs = [simulate(case, 2, np.random.default_rng(seed)) for seed in range(RUNS)]
    rad = spread([logs["loss"] for _, logs in runs], losses)
    assert_near(history["loss"], losses, rad, "loss by epoch")
    found = {**net.weights, **net.states}
    assert set(found) == set(exact)
    for path, value in exact.items():
        rad = spread([weights[path] for weights, _ in runs], value)
        assert_near(found[path], value, rad, f"{path} after training")


# --- what a model offers -----------------------------------------------------------

X = numbers((2, 2), 12, seed=3)
Y = numbers((1,), 12, seed=4)


@pytest.fixture
def net() -> Any:
    return build(FILE).Bare(seed=3)


def test_one_layer_as_keras_has_it(net: Any) -> None:
    """The states after each call of a layer; values below 1, after 4 steps of 16 roundings."""
    twin = layers.GRU(3, stateful=True)
    twin.build((3, 2, 2))
    twin.set_weights([net.weights[f"read/gru_cell/{v.name}"] for v in twin.weights])
    for row in (0, 3):
        expected = np.asarray(twin(X[row : row + 3]))
        np.testing.assert_allclose(net.code(X[row : row + 3]), expected, rtol=0, atol=2.0**-18)
        np.testing.assert_allclose(
            net.states["read/state"], np.asarray(twin.states[0]), rtol=0, atol=2.0**-18
        )


def test_states_are_no_weights(net: Any) -> None:
    net.predict(X)
    assert list(net.states) == ["read/state"] and net.states["read/state"].any()
    assert not [path for path in net.weights if "state" in path]
    assert net.count_params() == 2 * 9 + 3 * 9 + 18 + 7


def test_resetting(net: Any) -> None:
    with pytest.raises(KgenRuntimeError, match=r"no layer 'reed' .*read"):
        net.reset_states("reed")
    first = net.predict(X[:3])
    assert np.any(net.predict(X[:3]) != first)
    net.reset_states("read")
    assert not net.states["read/state"].any()
    np.testing.assert_array_equal(net.predict(X[:3]), first)


def test_every_call_keeps_its_states_but_those_that_only_ask(net: Any) -> None:
    x, y = X[:3], Y[:3]
    seen: list[bytes] = [net.states["read/state"].tobytes()]
    for call in (net.train_on_batch, net.test_on_batch, net.evaluate):
        call(x, y)
        seen.append(net.states["read/state"].tobytes())
    net.code(x)
    seen.append(net.states["read/state"].tobytes())
    assert len(set(seen)) == 5
    net.gradients(x, y)
    net.loss(x, y)
    assert net.states["read/state"].tobytes() == seen[-1]


def test_a_view_keeps_what_it_computes(net: Any) -> None:
    np.testing.assert_array_equal(net.code(X[:3]), net.states["read/state"])
    twice = net.code(X[:3])
    other = build(FILE).Bare(seed=3)
    other(X[:3])  # calls the layer twice
    np.testing.assert_array_equal(other.states["read/state"], twice)


def test_other_rows_than_the_batch_has(net: Any) -> None:
    for call in (
        lambda: net(X[:4]),
        lambda: net.predict(X[:4]),
        lambda: net.predict(X[:4], batch_size=4),
        lambda: net.predict(iter([X[:4]])),
        lambda: net.code(X[:4]),
        lambda: net.train_on_batch(X[:4], Y[:4]),
        lambda: net.fit(X[:4], Y[:4]),
    ):
        with pytest.raises(DataError, match="3"):
            call()
    assert not net.states["read/state"].any()


def test_predicting_in_other_batches(net: Any) -> None:
    """Row by row, the same sequences give what they give together."""
    together = net.predict(X)
    one = net.with_batch(1)
    for row in range(3):
        one.reset_states()
        alone = one.predict(X[row::3])
        np.testing.assert_allclose(alone, together[row::3], rtol=0, atol=64 * 2.0**-24)
    assert one.states["read/state"].shape == (1, 3)
    four = net.with_batch(4)
    assert four(X[:4]).shape == (4, 1)
    with pytest.raises(DataError, match=r"batches of 4.*with_batch\(3\)"):
        four(X[:3])
    before = net.states.copies()
    net.weights["y/kernel"][...] = 0.0
    assert np.ptp(four(X[:4])) == 0.0, "it follows the weights"
    np.testing.assert_array_equal(net.states["read/state"], before["read/state"])
    with pytest.raises(DataError, match="rows"):
        net.with_batch(0)


def test_resuming(tmp_path: Path, net: Any) -> None:
    """Interrupted between two epochs and gone on with, bit for bit as in one go."""
    net.fit(X, Y, epochs=4, shuffle=False, verbose=0)
    half = build(FILE).Bare(seed=3)
    half.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    half.save(tmp_path / "half.safetensors")
    again = build(FILE).Bare.load(tmp_path / "half.safetensors")
    np.testing.assert_array_equal(again.states["read/state"], half.states["read/state"])
    again.fit(X, Y, epochs=4, initial_epoch=2, shuffle=False, verbose=0)
    for path, value in {**net.weights, **net.states}.items():
        other = {**again.weights, **again.states}[path]
        assert value.tobytes() == other.tobytes(), path


class Breaks(Callback):
    """Ends a run in the middle of its second epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches += 1
        if self.batches == 6:
            raise RuntimeError("crash")


def test_going_on_after_a_crash(tmp_path: Path, net: Any) -> None:
    """In the middle of an epoch: a new process finds the states of the last batch before."""
    options: dict[str, Any] = {"batch_size": 3, "shuffle": False, "verbose": 0, "epochs": 3}
    net.fit(X, Y, **options)
    for callbacks in ([Breaks()], []):
        again = build(FILE).Bare(seed=3)
        keeper = BackupAndRestore(tmp_path / "backup", save_freq=1)
        with pytest.raises(RuntimeError, match="crash") if callbacks else nullcontext():
            again.fit(X, Y, callbacks=[keeper, *callbacks], **options)
    for path, value in {**net.weights, **net.states}.items():
        other = {**again.weights, **again.states}[path]
        assert value.tobytes() == other.tobytes(), path


def test_weights_alone_leave_states_as_they_are(tmp_path: Path, net: Any) -> None:
    net.predict(X)
    net.save(tmp_path / "all.safetensors")
    net.save_weights(tmp_path / "weights.safetensors")
    other = build(FILE).Bare(seed=4)
    for name in ("all", "weights"):
        other.load_weights(tmp_path / f"{name}.safetensors")
        assert not other.states["read/state"].any()
    with pytest.raises(WeightError, match="weights only"):
        build(FILE).Bare.load(tmp_path / "weights.safetensors")
