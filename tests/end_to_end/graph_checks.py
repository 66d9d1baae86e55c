"""Checks of random graphs; as a script, `graph_checks.py FIRST LAST` checks a range of seeds."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from kgen.passes.differentiate import differentiate
from kgen.rewrite import verify
from native import build_graph
from random_graphs import Drawer, row_shape
from rounding import Near, bounds

STEPS = 24
BATCHES = (1, 2, 8, 13, 33)


def check_graph(seed: int, batches: Sequence[int] = BATCHES) -> None:
    """What a random graph computes, for batches of some sizes, is within its rounding bounds.

    Odd seeds have a loss, of which the gradients are checked too.
    """
    trained = seed % 2 == 1
    graph = Drawer(seed, trained=trained).graph(STEPS)
    verify(graph)
    whole = differentiate(graph)
    rng = np.random.default_rng(seed)
    net = build_graph(graph)(seed=0)
    for view in net.weights.values():
        view[...] = rng.uniform(-1.0, 1.0, view.shape)
    weights = {path: np.array(view) for path, view in net.weights.items()}
    for rows in batches:
        feeds = {
            name: rng.uniform(-1.5, 1.5, row_shape(value, rows)).astype(np.float32)
            for name, value in graph.inputs.items()
        }
        arrays = {**feeds, **weights}
        exact = bounds(whole, {name: Near.exact(a) for name, a in arrays.items()})
        found = net(feeds)
        if len(graph.outputs) == 1:
            found = {next(iter(graph.outputs)): found}
        expected = {**whole.outputs, **whole.gradients}
        if trained:
            found = {**found, **net.gradients(feeds)}
        for name, value in expected.items():
            near = exact[value]
            assert found[name].shape == near.mid.shape
            error = np.abs(found[name] - near.mid)
            wrong = ~(error <= near.rad)
            assert not wrong.any(), (
                f"seed {seed}: {name} = %{value.name} with {rows} rows is off by up to "
                f"{error.max():.3g}, allowed {near.rad.max():.3g}, at "
                f"{np.argwhere(wrong)[:4].tolist()}\n{whole}"
            )


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2])):
        check_graph(number, batches=(1, 13))
