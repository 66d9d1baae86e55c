"""Random graphs: emitted code agrees with exact values within the graph's own rounding bounds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graph_checks import STEPS, check_graph
from kgen.interpret import interpret
from random_graphs import Drawer, row_shape
from rounding import Near, bounds


@pytest.mark.parametrize("seed", range(3))
def test_native_code_of_random_graphs(seed: int) -> None:
    check_graph(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 124))
def test_native_code_of_more_random_graphs(seed: int) -> None:
    check_graph(seed)


@pytest.mark.parametrize(
    ("first", "last"), [(1000, 1010), pytest.param(2000, 2100, marks=pytest.mark.slow)]
)
def test_emulated_code_of_random_graphs(first: int, last: int) -> None:
    """Without the compiler there is time for many more."""
    script = Path(__file__).with_name("graph_checks.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(first), str(last)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]


@pytest.mark.parametrize("seed", range(20))
def test_bounds_hold_for_the_reference(seed: int) -> None:
    """The interpreter rounds every operation to float32, so it must stay inside too, and the
    bounds must be narrow enough to tell right from wrong."""
    graph = Drawer(seed).graph(STEPS)
    rng = np.random.default_rng(seed)
    feeds = {
        name: rng.uniform(-1.5, 1.5, row_shape(value, 5)).astype(np.float32)
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
