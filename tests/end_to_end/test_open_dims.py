"""Models whose inputs leave dimensions open, against Keras, for sizes that change."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops, optimizers
from kgen.graph import BATCH, Builder, TensorType
from kgen.ops import dot, softmax
from kgen.runtime.engine import KEPT
from kgen.runtime.errors import DataError
from native import build, build_graph, build_text
from twins import Case, check_gradients, check_predictions, dense, double, numbers, one_hot

FILE = "e2e_open.k"


def steps() -> Any:
    x = keras.Input((None, 5), name="x")
    h = layers.LayerNormalization(name="n")(dense(9, activation="tanh", name="a")(x))
    h = ops.softmax(h, axis=1) * h
    y = dense(3, activation="softmax", name="b")(ops.mean(h, axis=1))
    model = keras.Model(x, y)
    sgd = optimizers.SGD(0.05, momentum=0.9)
    model.compile(sgd, "categorical_crossentropy", metrics=["accuracy"])
    return model


def each_step() -> Any:
    x = keras.Input((None, 3), name="x")
    h = dense(17, activation="relu", name="a")(x)
    h = h + ops.max(h, axis=1, keepdims=True)
    model = keras.Model(x, dense(2, name="b")(h))
    model.compile(optimizers.SGD(0.05), "mse", metrics=["mae"])
    return model


def pair() -> Any:
    x, z = keras.Input((None, 4), name="x"), keras.Input((None, 4), name="z")
    shared = dense(6, activation="tanh", name="shared")
    left, right = shared(x), shared(z)
    scores = ops.matmul(left, ops.transpose(right, (0, 2, 1)))
    read = ops.matmul(ops.softmax(scores, axis=-1), right)
    joined = layers.Concatenate(axis=1)([read, right])
    ends = joined[:, 0] + joined[:, -1] + read[:, -1]
    y = dense(1, name="b")(layers.Concatenate()([ops.mean(joined, axis=1), ends]))
    w = layers.Activation("sigmoid")(ops.mean(scores, axis=-1))
    model = keras.Model({"x": x, "z": z}, {"y": y, "w": w})
    model.compile(optimizers.SGD(0.05), {"y": "mse", "w": "mse"})
    return model


def data(name: str, rows: int, sizes: tuple[int, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    length = sizes[0]
    if name == "Series":
        return {"x": numbers((length, 5), rows, 1)}, {"y": one_hot(3, rows, 2)}
    if name == "EachStep":
        return {"x": numbers((length, 3), rows, 1)}, {"y": numbers((length, 2), rows, 2)}
    x = {"x": numbers((length, 4), rows, 1), "z": numbers((sizes[1], 4), rows, 3)}
    return x, {"y": numbers((1,), rows, 2), "w": numbers((length,), rows, 4)}


TWINS = {"Series": steps, "EachStep": each_step, "Pair": pair}


@pytest.mark.parametrize(
    ("name", "rows", "sizes", "threads"),
    [
        ("Series", 13, (7,), 1),
        ("EachStep", 9, (16,), 2),
        pytest.param("Pair", 11, (3, 17), 1, marks=pytest.mark.slow),
        pytest.param("Series", 37, (33,), 5, marks=pytest.mark.slow),
        pytest.param("Pair", 17, (33, 16), 5, marks=pytest.mark.slow),
    ],
)
def test_a_size_against_keras(name: str, rows: int, sizes: tuple[int, ...], threads: int) -> None:
    case = Case(FILE, name, TWINS[name], *data(name, rows, sizes), batch_size=4, threads=threads)
    check_predictions(case)
    if name != "EachStep":  # Keras does not spread the weights of rows over steps
        check_gradients(case, rows)
    for other in ((1, 1), (2, 40), (7, 1)):  # the same net, other sizes, then the first again
        case.x, case.y = data(name, 5, other)
        check_predictions(case)
        if name != "EachStep":
            check_gradients(case, 3)
    case.x, case.y = data(name, rows, sizes)
    check_predictions(case)


BATCHES = {
    "Series": [(4, (7,)), (3, (1,)), (4, (33,)), (4, (2,)), (1, (16,)), (4, (7,))],
    "EachStep": [(4, (7,)), (3, (1,)), (4, (33,)), (4, (2,)), (1, (16,))],
    "Pair": [(4, (7, 3)), (3, (1, 1)), (2, (33, 2)), (4, (2, 33)), (1, (16, 16)), (4, (7, 3))],
}


@pytest.mark.parametrize(("name", "threads"), [("Series", 2), ("EachStep", 1), ("Pair", 5)])
def test_sizes_change_from_batch_to_batch(name: str, threads: int) -> None:
    """Two epochs over a stream of batches, each of other sizes, end where Keras ends."""
    case = Case(FILE, name, TWINS[name], *data(name, 4, BATCHES[name][0][1]), threads=threads)
    case.assign()
    batches = [data(name, rows, sizes) for rows, sizes in BATCHES[name]]
    stream = [(case.one_or_all(x), case.one_or_all(y)) for x, y in batches]

    class Stream:
        def __iter__(self) -> Any:
            return iter(stream)

    found = case.net.fit(Stream(), epochs=2, verbose=0).history["loss"]
    with double():
        for _ in range(2):
            for x, y in stream:
                case.keras.train_on_batch(x, y)
        for path, variable in case.pairs.items():
            exact = np.asarray(variable.value)
            # Twelve steps, each with sums of some hundred float32 terms.
            limit = 12 * 300 * 2.0**-24 * max(1.0, float(np.abs(exact).max()))
            assert np.abs(case.net.weights[path] - exact).max() <= limit, path
    assert found[1] < found[0]
    figures = case.net.evaluate(Stream(), verbose=0, return_dict=True)
    assert np.isfinite(figures["loss"])


def test_predictions_of_a_stream_are_joined_where_no_axis_is_open() -> None:
    net = build(FILE).Series(seed=1)
    x = [numbers((length, 5), 3, length) for length in (2, 9)]
    assert net.predict(iter(x)).shape == (6, 3)
    each = build(FILE).EachStep(seed=1)
    with pytest.raises(DataError, match="differ"):
        each.predict(iter([numbers((length, 3), 3, length) for length in (2, 9)]))


def test_sizes_that_do_not_fit_are_refused() -> None:
    net = build(FILE).Pair(seed=1)
    x, z = numbers((5, 4), 3, 1), numbers((41, 4), 3, 2)
    with pytest.raises(DataError, match="takes a at most 40; cut longer data"):
        net.predict({"x": x, "z": z})
    y = {"y": numbers((1,), 3, 1), "w": numbers((4,), 3, 1)}
    with pytest.raises(DataError, match=r"target 'w' must have shape \(rows, 5\)"):
        net.fit({"x": x, "z": z[:, :9]}, y, verbose=0)
    with pytest.raises(DataError, match="its rows differ in size"):
        build(FILE).Series(seed=1).predict([numbers((2, 5), 1, 1)[0], numbers((3, 5), 1, 1)[0]])


def test_inputs_that_share_a_dimension_must_agree() -> None:
    module = build_text(
        """
model Shared:
    dim words >= 3
    input a: float32[words, 2]
    input b: float32[words]
    output y = mean(a, axis=[1, 2]) + b[:, 2]
"""
    )
    net = module.Shared(seed=0)
    a, b = numbers((4, 2), 5, 1), numbers((4,), 5, 2)
    np.testing.assert_allclose(net.predict([a, b]), a.mean((1, 2)) + b[:, 2], atol=1e-6)
    with pytest.raises(DataError, match="input 'b' has 5 words, but input 'a' has 4"):
        net.predict([a, numbers((5,), 5, 2)])
    with pytest.raises(DataError, match="has 2 words, but the model needs at least 3 words"):
        net.predict([a[:, :2], b[:, :2]])


def test_windows_raise_the_least_size() -> None:
    module = build_text(
        """
model Ends:
    dim steps
    input x: float32[steps, 2]
    output y = x[:, 4] + x[:, -3] + mean(x[:, 2:-1], axis=1)
"""
    )
    assert module.Ends.spec.dims[0].minimum == 5
    net = module.Ends(seed=0)
    x = numbers((6, 2), 3, 1)
    expected = x[:, 4] + x[:, -3] + x[:, 2:-1].mean(1)
    np.testing.assert_allclose(net.predict(x), expected, atol=1e-6)
    with pytest.raises(DataError, match="needs at least 5 steps"):
        net.predict(x[:, :4])


def test_a_fixed_batch_takes_whole_batches_only() -> None:
    net = build(FILE).Fixed(seed=0)
    x, y = numbers((3,), 8, 1), numbers((2,), 8, 2)
    assert len(net.fit(x, y, epochs=2, verbose=0).history["loss"]) == 2
    assert net.predict(x[:3]).shape == (3, 2)
    for call in (
        lambda: net.fit(x[:7], y[:7], verbose=0),
        lambda: net.fit(x, y, batch_size=2, verbose=0),
        lambda: net.evaluate(x[:6], y[:6], verbose=0),
        lambda: net.train_on_batch(x, y),
        lambda: net.fit(iter([(x[:3], y[:3])]), verbose=0),
    ):
        with pytest.raises(DataError, match="fixes the batch at 4"):
            call()


def test_what_is_kept_for_sizes_is_bounded() -> None:
    net = build(FILE).Series(seed=1)
    x = numbers((60, 5), 3, 1)
    found = {length: net.predict(x[:, :length]) for length in range(1, 60)}
    engine = net.engine
    assert len(engine.prepared) <= KEPT
    latest = [prepared for key, prepared in engine.prepared.items() if key[1] > 50]
    assert {id(p.memory.places[0][0].base) for p in latest} == {id(engine.shared.floats)}
    for length in (1, 30, 59):  # prepared again, or kept: the same figures
        np.testing.assert_array_equal(net.predict(x[:, :length]), found[length])


@pytest.mark.slow
def test_emulation(tmp_path: Path) -> None:
    """The same two steps without a compiler."""
    x, y = data("Pair", 5, (3, 9))
    net = build(FILE).Pair(seed=3)
    net.fit(x, y, batch_size=3, epochs=1, shuffle=False, verbose=0)
    script = f"""
import numpy as np
from native import build
from test_open_dims import FILE, data
net = build(FILE).Pair(seed=3)
net.fit(*data("Pair", 5, (3, 9)), batch_size=3, epochs=1, shuffle=False, verbose=0)
np.savez({str(tmp_path / "found.npz")!r}, **{{path: view for path, view in net.weights.items()}})
"""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True, timeout=300)
    for path, value in np.load(tmp_path / "found.npz").items():
        assert np.abs(value - net.weights[path]).max() <= 2 * 300 * 2.0**-24, path


@pytest.mark.parametrize("rows", [1, 7, 33])
def test_products_over_the_batch(rows: int) -> None:
    """Rows of the batch against one another: the batch is an axis like any other."""
    net, x = scores(), numbers((4,), rows, 1)
    weights = np.exp(x @ x.T)
    exact = weights / weights.sum(-1, keepdims=True) @ x
    found = net.predict(x, batch_size=rows)
    assert np.abs(found - exact).max() <= (rows + 20) * 2.0**-24 * 4


@cache
def scores() -> Any:
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 4)))
        scores = softmax(dot(x, x, contract=((1,), (1,))))
        y = dot(scores, x, contract=((1,), (0,)))
        return build_graph(builder.graph("scores", {"y": y}))(seed=0, threads=5)
