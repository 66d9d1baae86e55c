"""Predicting in batches of any size; models without `train:`; several models in one file."""

from __future__ import annotations

import numpy as np
import pytest
from kgen.runtime.errors import KgenRuntimeError
from native import build, elaborated
from rounding import Near, bounds
from twins import numbers

FILE = "e2e_repeat.k"
ROWS = 40


def test_every_batch_size_predicts_the_same() -> None:
    net = build(FILE).Untrained(seed=3)
    rng = np.random.default_rng(0)
    arrays = {"k": rng.integers(0, 4, (ROWS, 3)).astype(np.int32), "x": numbers((7,), ROWS, 1)}
    graph = elaborated(FILE)["Untrained"].predict
    feeds = {name: Near.exact(array) for name, array in arrays.items()}
    feeds |= {path: Near.exact(view) for path, view in net.weights.items()}
    near = bounds(graph, feeds)
    for size in range(1, ROWS + 1):
        found = net.predict(arrays, batch_size=size)
        alone = net({name: array[:size] for name, array in arrays.items()})
        for name, value in graph.outputs.items():
            mid, rad = near[value].mid, near[value].rad
            assert np.all(np.abs(found[name] - mid) <= rad), (name, size)
            assert np.all(np.abs(alone[name] - mid[:size]) <= rad[:size]), (name, size)


def test_rows_do_not_depend_on_their_batch() -> None:
    net = build(FILE).Random(seed=3)
    x = numbers((40,), 70, 1)
    alone = np.concatenate([net(x[row : row + 1]) for row in range(len(x))])
    np.testing.assert_array_equal(net(x), net.predict(x, batch_size=70))
    graph = elaborated(FILE)["Random"].predict
    feeds = {"x": Near.exact(x)}
    feeds |= {path: Near.exact(view) for path, view in net.weights.items()}
    near = bounds(graph, feeds)[graph.outputs["y"]]
    assert np.all(np.abs(net(x) - near.mid) <= near.rad)
    assert np.all(np.abs(alone - near.mid) <= near.rad)


def test_without_a_train_block() -> None:
    net = build(FILE).Untrained(seed=3)
    assert net.optimizer is None
    with pytest.raises(KgenRuntimeError, match="train"):
        net.fit({"k": np.zeros((2, 3), np.int32), "x": numbers((7,), 2, 1)}, None, verbose=0)


def test_models_of_one_file_are_apart() -> None:
    module = build(FILE)
    random, steady = module.Random(seed=1), module.Steady(seed=1)
    before = {path: np.array(view) for path, view in steady.weights.items()}
    random.train_on_batch(numbers((40,), 9, 1), np.arange(9, dtype=np.int32))
    assert all(np.array_equal(view, before[path]) for path, view in steady.weights.items())
    assert random.spec.name == "Random"
    assert steady.spec.name == "Steady"
