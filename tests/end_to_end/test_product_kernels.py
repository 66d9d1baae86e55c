"""Products whose panels are turned over as they are copied, within the bounds of rounding."""

from __future__ import annotations

import numpy as np
import pytest
from kgen import ops
from kgen.compiler import run_passes
from kgen.graph import BATCH, Builder, Initializer, TensorType, Value
from native import TARGET, build_graph
from rounding import Near, bounds

pytestmark = pytest.mark.skipif(
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


@pytest.mark.parametrize("inner", [131, 1040, 4096])
def test_turned_without_a_place_for_sums(inner: int) -> None:
    check(11, inner, 140, 2, largest=True)
