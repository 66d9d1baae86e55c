"""The same seed gives the same training: again, with other threads, after an interruption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from native import build
from twins import RUNS, Case, labels, numbers, one_hot, simulate, spread

FILE = "e2e_repeat.k"
ROWS = 150


def trained(seed: int = 4, threads: int = 2, epochs: int = 3, net: Any = None) -> Any:
    net = build(FILE).Random(seed=seed, threads=threads) if net is None else net
    x, y = numbers((40,), ROWS, 1), labels(10, ROWS, 2)
    net.fit(x, y, batch_size=32, epochs=epochs, initial_epoch=net.epoch, verbose=0)
    return net


def same(a: Any, b: Any) -> bool:
    """Weights, optimizer state and history, bit for bit."""
    slots = all(
        np.array_equal(a.engine.slots[name], b.engine.slots[name]) for name in a.engine.slots
    )
    return slots and np.array_equal(a.engine.weights, b.engine.weights)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_reruns_are_identical(threads: int) -> None:
    first, second = trained(threads=threads), trained(threads=threads)
    assert same(first, second)
    assert first.history.history == second.history.history
    assert not same(first, trained(seed=5, threads=threads))


def test_resumed_training_is_identical(tmp_path: Path) -> None:
    whole = trained(epochs=5)
    half = trained(epochs=2)
    half.save(tmp_path / "half.safetensors")
    resumed = build(FILE).Random.load(tmp_path / "half.safetensors", threads=2)
    assert resumed.epoch == 2
    assert same(half, resumed)
    trained(epochs=5, net=resumed)
    assert same(whole, resumed)
    assert whole.history.history["loss"][2:] == resumed.history.history["loss"]


def no_twin() -> Any:
    """Stands where a Keras model is not needed."""
    import keras
    from twins import dense

    x = keras.Input((5,), name="x")
    h = keras.layers.BatchNormalization(name="norm")(dense(33, name="a")(x))
    h = keras.layers.LayerNormalization(name="layer")(dense(65, name="b")(h))
    return keras.Model(x, dense(17, name="y")(h))


def steady(rows: int, batch_size: int) -> Case:
    arrays = {"x": numbers((5,), rows, 1)}, {"y": one_hot(17, rows, 2)}
    return Case(FILE, "Steady", no_twin, *arrays, batch_size=batch_size)


def test_threads_change_no_more_than_rounding() -> None:
    case = steady(155, 64)
    found = {}
    for threads in (1, 2, 5):
        net = build(FILE).Steady(seed=0, threads=threads)
        net.set_weights(case.start)
        net.fit(case.x["x"], case.y["y"], batch_size=64, epochs=2, shuffle=False, verbose=0)
        found[threads] = {path: np.array(view) for path, view in net.weights.items()}
    runs = [simulate(case, 2, np.random.default_rng(seed))[0] for seed in range(RUNS)]
    for path, alone in found[1].items():
        allowed = 2 * spread([run[path] for run in runs], runs[0][path])
        assert np.median(allowed) < 1e-3
        for threads in (2, 5):
            assert np.all(np.abs(found[threads][path] - alone) <= allowed), (threads, path)


def masks(net: Any, row: int = 0, rows: int = 1) -> dict[str, np.ndarray]:
    """What each kernel was multiplied with in one row: far targets make the loss's sign known."""
    x = np.zeros((rows, 5000), np.float32)
    x[row] = 1.0
    far = np.full((rows, 1), 1e6, np.float32)
    y = {output.name: far for output in net.spec.outputs}
    gradients = net.gradients(x, y if len(y) > 1 else far)
    return {path: -rows * gradient[:, 0] for path, gradient in gradients.items()}


def test_dropout_keeps_its_share_and_scales() -> None:
    net = build(FILE).Masked(seed=1, threads=2)
    for mask in masks(net).values():
        kept = mask != 0
        deviation = (5000 * 0.3 * 0.7) ** 0.5
        assert abs(kept.sum() - 3500) < 6 * deviation
        np.testing.assert_allclose(mask[kept], 1 / 0.7, rtol=4 * 2.0**-24)


def test_dropout_masks_differ_and_repeat() -> None:
    net = build(FILE).Masked(seed=1, threads=1)
    first = masks(net)
    assert not np.array_equal(first["y/kernel"], first["z/kernel"])
    again = masks(build(FILE).Masked(seed=1, threads=2))
    assert all(np.array_equal(first[path], again[path]) for path in first)
    other = masks(build(FILE).Masked(seed=2, threads=1))
    rows = [masks(net, row, 3)["y/kernel"] for row in range(3)]
    np.testing.assert_array_equal(rows[0] != 0, first["y/kernel"] != 0)
    net.engine.step = 1
    later = masks(net)
    for mask in (other["y/kernel"], later["y/kernel"], rows[1], rows[2]):
        agree = np.mean((mask != 0) == (first["y/kernel"] != 0))
        chance = 0.7**2 + 0.3**2
        assert abs(agree - chance) < 6 * (chance * (1 - chance) / 5000) ** 0.5


def test_dropout_is_off_in_inference() -> None:
    net = build(FILE).Masked(seed=1)
    x = numbers((5000,), 3, 1)
    exact = x.astype(np.float64) @ net.weights["y/kernel"].astype(np.float64)
    allowed = 5000 * 2.0**-24 * (np.abs(x) @ np.abs(net.weights["y/kernel"]))
    assert np.all(np.abs(net(x)["y"] - exact) <= allowed)


def test_noise_has_its_mean_and_deviation() -> None:
    net = build(FILE).Noisy(seed=1)
    noise = masks(net)["y/kernel"].astype(np.float64) - 1.0
    assert abs(noise.mean()) < 6 * 0.25 / 5000**0.5
    assert abs(noise.std() - 0.25) < 6 * 0.25 / (2 * 5000) ** 0.5
    assert abs(np.mean(noise**4) / 0.25**4 - 3.0) < 6 * (96 / 5000) ** 0.5
