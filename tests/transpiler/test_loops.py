"""Loops over time: what they compute, their gradients, and that no pass changes either.

Everything is evaluated in float64, where central differences with a step of 1e-5 leave an error
of about 1e-10 times the third derivative.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from kgen import ops
from kgen.graph import BATCH, Builder, Graph, Initializer, TensorType, Value
from kgen.interpret import interpret
from kgen.passes import PASSES
from kgen.passes.differentiate import differentiate
from kgen.rewrite import verify

STEP, TOLERANCE = 1e-5, 1e-7
ZEROS = Initializer("Zeros", {})
Arrays = dict[str, np.ndarray]


def product(x: Value, w: Value) -> Value:
    return ops.dot(x, w, contract=((x.type.rank - 1,), (0,)))


def gated(*, flipped: bool, outputs_flipped: bool | None) -> Graph:
    """Gates that are columns of one product, two states, sequences and last values in the loss."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 4, 3)))
        start = builder.input("start", TensorType("float32", (BATCH, 5)))
        w, u = builder.weight("w", (3, 15), ZEROS), builder.weight("u", (5, 15), ZEROS)
        scale = builder.weight("scale", (5,), ZEROS)

        def step(
            parts: Sequence[Value], states: Sequence[Value]
        ) -> tuple[list[Value], list[Value]]:
            h, c = states
            z = parts[0] + product(h, u)
            i, f, g = (ops.slice_axis(z, 1, 5 * k, 5 * k + 5) for k in range(3))
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g) * scale
            h = ops.tanh(c)
            return [h], [h, c]

        zeros = ops.broadcast_to(ops.constant(0.0), (BATCH, 5))
        done = ops.scan(
            step,
            [product(x, w)],
            [start, zeros],
            flipped=flipped,
            outputs_flipped=outputs_flipped,
        )
        y, (h, c) = done.outputs[0], done.carries
        loss = ops.sum(ops.square(y) * ops.exp(y)) + ops.sum(c * c * c) + ops.sum(h * done.last[0])
        return builder.graph("gated", {"y": y, "c": c}, loss=loss)


def summed() -> Graph:
    """Weights used otherwise than in products: their gradients are summed up in the loop."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 3, 4)))
        start = builder.input("start", TensorType("float32", (BATCH, 4)))
        w, u = builder.weight("w", (4,), ZEROS), builder.weight("u", (4, 4), ZEROS)
        inner = builder.weight("scale", (4,), ZEROS)
        rows = ops.square(product(start, builder.weight("rows", (4, 4), ZEROS)))

        def step(
            parts: Sequence[Value], states: Sequence[Value]
        ) -> tuple[list[Value], list[Value]]:
            h = ops.tanh(product(states[0] * rows, u * 0.5) + parts[0] * ops.exp(w)) + inner
            return [h - rows], [h]

        done = ops.scan(step, [x], [start])
        loss = ops.sum(ops.square(done.outputs[0])) + ops.sum(done.last[0])
        return builder.graph("summed", {"y": done.outputs[0]}, loss=loss)


GRAPHS = {
    "forwards": lambda: gated(flipped=False, outputs_flipped=None),
    "backwards": lambda: gated(flipped=True, outputs_flipped=None),
    "in order of time": lambda: gated(flipped=True, outputs_flipped=False),
    "summed": summed,
}


def feeds_of(graph: Graph) -> Arrays:
    rng = np.random.default_rng(3)
    values = {**graph.inputs, **{path: weight.value for path, weight in graph.weights.items()}}
    return {
        name: rng.normal(size=[2 if size == BATCH else size for size in value.shape])
        for name, value in values.items()
    }


def loss_of(graph: Graph, feeds: Arrays) -> float:
    assert graph.loss is not None
    return float(interpret(graph, feeds)[graph.loss])


@pytest.mark.parametrize("name", GRAPHS)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    graph = GRAPHS[name]()
    feeds = feeds_of(graph)
    derived = differentiate(graph)
    found = interpret(derived, feeds)
    for path, value in derived.gradients.items():
        exact = np.zeros_like(feeds[path])
        for place in np.ndindex(exact.shape):
            ends = []
            for sign in (1.0, -1.0):
                moved = feeds[path].copy()
                moved[place] += sign * STEP
                ends.append(loss_of(graph, feeds | {path: moved}))
            exact[place] = (ends[0] - ends[1]) / (2 * STEP)
        np.testing.assert_allclose(found[value], exact, atol=TOLERANCE * np.abs(exact).max())


@pytest.mark.parametrize("name", GRAPHS)
def test_no_pass_changes_results(name: str) -> None:
    graph = GRAPHS[name]()
    feeds = feeds_of(graph)
    derived = differentiate(graph)
    done = interpret(derived, feeds)
    expected = {path: done[value] for path, value in derived.gradients.items()}
    outputs = {key: done[value] for key, value in derived.outputs.items()}
    for one in PASSES:
        graph = one(graph)
        verify(graph)
        done = interpret(graph, feeds)
        for key, value in graph.outputs.items():
            np.testing.assert_allclose(done[value], outputs[key], rtol=1e-12, atol=1e-12)
        for path, value in graph.gradients.items():
            np.testing.assert_allclose(done[value], expected[path], rtol=1e-9, atol=1e-12)


def test_a_loop_is_trimmed_to_what_is_used() -> None:
    """Last values alone need no stacks; what is the same at every step is computed outside."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 4, 3)))
        w = builder.weight("w", (3, 3), ZEROS)

        def step(
            parts: Sequence[Value], states: Sequence[Value]
        ) -> tuple[list[Value], list[Value]]:
            h = product(states[0], ops.square(w)) + parts[0]
            return [ops.exp(h)], [h, states[1] + 1.0]

        zeros = ops.broadcast_to(ops.constant(0.0), (BATCH, 3))
        done = ops.scan(step, [x], [zeros, zeros])
        graph = builder.graph("last", {"y": done.carries[0]})
    for one in PASSES:
        graph = one(graph)
    (scan,) = [node for node in graph.nodes if node.op.name == "scan"]
    loop = scan.attrs["loop"]
    assert (loop.carries, loop.stacks) == (1, ())
    assert {n.op.name for n in loop.body.nodes} == {"input", "dot", "add"}
    assert "square" in [node.op.name for node in graph.nodes]
