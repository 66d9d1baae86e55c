"""Products by panels of their operands, within the bounds of rounding."""

from __future__ import annotations

import numpy as np
import pytest
from kgen import ops
from kgen.compiler import run_passes
from kgen.graph import BATCH, Builder, Initializer, TensorType, Value
from native import TARGET, build_graph, build_text
from rounding import Near, bounds

turned = pytest.mark.skipif(
    "turn" not in [one.__name__ for one in TARGET.passes], reason="only processors copy panels"
)
ZEROS = Initializer("Zeros", {})


def check(rows: int, inner: int, cols: int, threads: int, *, largest: bool = False) -> None:
    """`x . w' + b`, or only its largest numbers, so that the product itself is stored nowhere."""
    rng = np.random.default_rng(7)
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, inner)))
        w = builder.weight("w", (cols, inner), ZEROS)
        b = builder.weight("b", (cols,), ZEROS)
        y: Value = ops.dot(x, w, contract=((1,), (1,))) + b
        if largest:
            y = ops.max(y, 1, keepdims=True)
        graph = builder.graph("g", {"y": y})
    assert "dot_turned" in [node.op.name for node in run_passes(graph).nodes]
    net = build_graph(graph)(seed=0, threads=threads)
    feeds = {"x": rng.uniform(-1, 1, (rows, inner)).astype(np.float32)}
    weights = {
        "w": rng.uniform(-1, 1, (cols, inner)).astype(np.float32),
        "b": rng.uniform(-1, 1, cols).astype(np.float32),
    }
    for path, value in weights.items():
        net.weights[path] = value
    near = bounds(graph, {k: Near.exact(v) for k, v in (feeds | weights).items()})[y]
    found = net.predict(feeds["x"], batch_size=rows)
    assert found.shape == near.mid.shape
    assert np.all(np.abs(found - near.mid) <= near.rad), np.abs(found - near.mid).max()
    assert np.median(near.rad) <= 1e-2 * np.abs(near.mid).max()


@turned
@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(
    ("rows", "inner", "cols"),
    [
        (11, 129, 128),  # two blocks of terms, of which neither is whole vectors
        (300, 150, 200),  # rows for two rounds, and columns that no tile covers
        (5, 300, 131),
        (17, 10, 64),
        (9, 33, 7),
        (3, 1, 2),
        (1, 200, 129),
    ],
)
def test_turned(rows: int, inner: int, cols: int, threads: int) -> None:
    check(rows, inner, cols, threads)


@turned
@pytest.mark.parametrize("inner", [131, 1040, 4096])
def test_turned_without_a_place_for_sums(inner: int) -> None:
    check(11, inner, 140, 2, largest=True)


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(
    ("steps", "inputs", "units"),
    [
        (50, 64, 128),  # several blocks of steps for each thread
        (40, 200, 520),  # larger than what every model has summed by threads
        (3, 72, 136),  # columns that four vectors do not cover well
        (3, 68, 128),  # a last tile that would reach into the next thread's part
        (1, 64, 70),
        (1, 8, 70),  # a result too low for panels
    ],
)
def test_gradients_summed_over_sequences(steps: int, inputs: int, units: int, threads: int) -> None:
    """Also by threads that have no row of a batch, after one in which they had some."""
    module = build_text(f"""
model Sequences:
    input x: float32[{steps}, {inputs}]
    output y = x |> Dense({units}, use_bias=False)
    train:
        optimizer = "sgd"
        loss = "mse"
""")
    net = module.Sequences(seed=3, threads=threads)
    w = net.weights["dense/kernel"].astype(np.float64)
    rng = np.random.default_rng(5)
    for rows in (17, 1):
        x = rng.uniform(-1, 1, (rows, steps, inputs)).astype(np.float32)
        y = rng.uniform(-1, 1, (rows, steps, units)).astype(np.float32)
        flat = x.reshape(-1, inputs).astype(np.float64)
        share = 2 / y.size
        expected = flat.T @ (share * (flat @ w - y.reshape(-1, units)))
        sizes = share * (np.abs(flat) @ np.abs(w) + np.abs(y.reshape(-1, units)))
        bound = (len(flat) + inputs + 8) * 2.0**-24 * (np.abs(flat).T @ sizes)
        found = net.gradients(x, y)["dense/kernel"]
        assert np.all(np.abs(found - expected) <= bound)
        assert np.median(bound) <= 1e-2 * np.abs(expected).max()
