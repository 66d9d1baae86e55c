"""Random graphs: native code agrees with exact values within the graph's own rounding bounds."""

from __future__ import annotations

import numpy as np
import pytest
from kgen.interpret import interpret
from kgen.rewrite import verify
from native import build_graph
from random_graphs import Drawer
from rounding import Near, bounds

STEPS = 24
BATCHES = (1, 2, 8, 13, 33)


def check_graph(seed: int, steps: int = STEPS) -> None:
    graph = Drawer(seed).graph(steps)
    verify(graph)
    rng = np.random.default_rng(seed)
    net = build_graph(graph)(seed=0)
    for path, view in net.weights.items():
        view[...] = rng.uniform(-1.0, 1.0, view.shape)
    weights = {path: np.array(view) for path, view in net.weights.items()}
    for rows in BATCHES:
        feeds = {
            name: rng.uniform(-1.5, 1.5, (rows, *value.shape[1:])).astype(np.float32)
            for name, value in graph.inputs.items()
        }
        arrays = {**feeds, **weights}
        exact = bounds(graph, {name: Near.exact(a) for name, a in arrays.items()})
        found = net(feeds)
        if len(graph.outputs) == 1:
            found = {next(iter(graph.outputs)): found}
        for name, value in graph.outputs.items():
            near = exact[value]
            assert found[name].shape == near.mid.shape
            assert np.all(np.isfinite(found[name])), f"{name}, {rows} rows:\n{graph}"
            wrong = np.abs(found[name] - near.mid) > near.rad
            assert not wrong.any(), (
                f"seed {seed}: {name} = %{value.name} with {rows} rows is off by up to "
                f"{np.abs(found[name] - near.mid).max():.3g}, allowed {near.rad.max():.3g}, at "
                f"{np.argwhere(wrong)[:4].tolist()}\n{graph}"
            )


@pytest.mark.parametrize("seed", range(8))
def test_random_graph_native_agrees(seed: int) -> None:
    check_graph(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_random_graphs_native_agree(seed: int) -> None:
    check_graph(seed)


@pytest.mark.parametrize("seed", range(20))
def test_bounds_hold_for_the_reference(seed: int) -> None:
    """The interpreter rounds every operation to float32, so it must stay inside too, and the
    bounds must be narrow enough to tell right from wrong."""
    graph = Drawer(seed).graph(STEPS)
    rng = np.random.default_rng(seed)
    feeds = {
        name: rng.uniform(-1.5, 1.5, (5, *value.shape[1:])).astype(np.float32)
        for name, value in graph.inputs.items()
    }
    feeds |= {
        path: rng.uniform(-1.0, 1.0, weight.shape).astype(np.float32)
        for path, weight in graph.weights.items()
    }
    exact = bounds(graph, {name: Near.exact(a) for name, a in feeds.items()})
    found = interpret(graph, feeds)
    for value in graph.outputs.values():
        assert np.all(np.abs(found[value] - exact[value].mid) <= exact[value].rad)
        assert np.median(exact[value].rad) < 1e-3 * max(1.0, np.abs(exact[value].mid).max())
