"""A model against itself: native results against NumPy, finite differences, other thread counts.

The reference is the model's own graph, evaluated in float64 with the NumPy form of each op, on
weights, rows and random draws that the native code is given too. How far float32 may be off is
measured, not guessed: the same graph evaluated by NumPy in float32 deviates from float64 by some
amount, and native code may deviate by `SLACK` times as much (it adds in another order, and its
exp, log and the like are accurate to a few units in the last place) plus `FLOOR` of the largest
entry, 64 units in the last place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from kgen.dims import evaluate
from kgen.graph import BATCH, Graph, Shape, Value
from kgen.interpret import interpret, open_sizes
from kgen.model import Model
from kgen.passes.differentiate import differentiate
from kgen.runtime.isa import LANES
from kgen.runtime.tile_random import normal, random_key, uniform

SLACK = 32.0
FLOOR = 64 * 2.0**-23
STEP = 1e-6
ENTRIES = 6
THREADS = (2, 5)

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: the largest deviation, and what is allowed."""

    model: str
    what: str
    deviation: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether the deviation is within bounds (NaN is not)."""
        return bool(self.deviation <= self.allowed)


def selfcheck(
    model: Model, kind: Any, *, rows: int = 37, seed: int = 0, threads: tuple[int, ...] = THREADS
) -> Iterator[Check]:
    """Every check of a model, whose emitted class is `kind`.

    Args:
        rows: of the made-up data; by default no whole number of tiles.
        threads: thread counts that one thread is compared with; none on a GPU, where the number
            of warps is the device's.
    """
    rng = np.random.default_rng(seed)
    net = _prepared(kind, seed, 1, None)
    weights = _shaken(net, rng)
    net = _prepared(kind, seed, 1, weights)
    rows = next((i.batch for i in model.inputs if i.batch is not None), rows)
    sizes = {dim.name: dim.minimum + 3 for dim in net.spec.dims} | {BATCH.name: rows}
    for dim in net.spec.dims:
        if dim.maximum is not None:
            sizes[dim.name] = min(sizes[dim.name], dim.maximum)
    x = {i.name: _rows(rng, i.dtype, _known(i.shape, sizes)) for i in model.inputs}
    yield from _forward(model, net, x)
    y: dict[str, np.ndarray] = {}
    if model.train is not None:
        y = {
            t.output: _targets(rng, t.dtype, _known(t.shape, sizes), t.classes)
            for t in model.targets
        }
        net.states.put({path: np.zeros_like(state) for path, state in net.states.items()})
        feeds = _feeds(model, net, x, y)
        yield from _loss(model, net, x, y, feeds)
        yield from _gradients(model, net, x, y, feeds, rng)
        yield from _update(model, _prepared(kind, seed, 1, weights), x, y)
    alone = _outcome(_prepared(kind, seed, 1, weights), x, y)
    again = _outcome(_prepared(kind, seed, 1, weights), x, y)
    yield Check(model.name, "the same run twice", _difference(alone, again), 0.0)
    for count in threads:
        many = _outcome(_prepared(kind, seed, count, weights), x, y)
        scale = max(float(np.abs(array).max(initial=0.0)) for array in alone.values())
        what = f"1 thread and {count}"
        yield Check(model.name, what, _difference(alone, many), 64 * FLOOR * max(scale, 1.0))


# --- the parts -----------------------------------------------------------------


def _forward(model: Model, net: Any, x: Arrays) -> Iterator[Check]:
    graph = model.predict
    if not graph.outputs:
        return
    feeds = {**x, **net.weights, **net.states.copies()}
    exact, single = _in_float64(graph, feeds), interpret(graph, feeds)
    found = net.predict(x, batch_size=len(next(iter(x.values()))))
    outputs = found if isinstance(found, dict) else {net.spec.outputs[0].name: found}
    for name, value in graph.outputs.items():
        native = outputs[name].reshape(exact[value].shape)
        yield _compared(model, f"output {name}", native, exact[value], single[value])


def _loss(model: Model, net: Any, x: Arrays, y: Arrays, feeds: Arrays) -> Iterator[Check]:
    graph = model.evaluate
    assert graph is not None and graph.loss is not None
    value, rows = next(m.totals for m in graph.metrics if m.name == "loss")
    exact, single = _in_float64(graph, feeds), interpret(graph, feeds)
    native = np.array(net.loss(x, y or None))
    yield _compared(model, "loss", native, exact[value] / exact[rows], single[value] / single[rows])


def _gradients(
    model: Model, net: Any, x: Arrays, y: Arrays, feeds: Arrays, rng: np.random.Generator
) -> Iterator[Check]:
    """Native gradients against the differentiated graph, and that against finite differences."""
    assert model.train is not None
    graph = differentiate(model.train)
    assert graph.loss is not None
    draws = _draws(graph, feeds, net.seed, net.engine.step)
    exact = _in_float64(graph, {**feeds, **draws})
    single = interpret(graph, {**feeds, **draws})
    native = net.gradients(x, y or None)
    for path, value in graph.gradients.items():
        yield _compared(model, f"gradient {path}", native[path], exact[value], single[value])
    loss_draws = _draws(model.train, feeds, net.seed, net.engine.step)
    double = {**_wide(feeds), **_wide(loss_draws)}

    def loss(path: str, weight: np.ndarray) -> float:
        assert model.train is not None and model.train.loss is not None
        return float(interpret(model.train, {**double, path: weight})[model.train.loss])

    for path, value in graph.gradients.items():
        gradient = exact[value]
        deviation = 0.0
        scale = float(np.abs(gradient).max(initial=0.0))
        for direction in _directions(gradient.shape, rng):
            start = double[path]
            up, down = loss(path, start + STEP * direction), loss(path, start - STEP * direction)
            slope = (up - down) / (2 * STEP)
            deviation = max(deviation, abs(slope - float((gradient * direction).sum())))
        # Central differences in float64: rounding of the loss / STEP, and STEP^2 of curvature.
        allowed = 1e-5 * max(scale, 1e-3)
        yield Check(model.name, f"finite differences {path}", deviation, allowed)


def _directions(shape: tuple[int, ...], rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Some single entries, and one direction in which all entries take part."""
    size = int(np.prod(shape))
    for place in rng.choice(size, min(ENTRIES, size), replace=False):
        direction = np.zeros(size)
        direction[place] = 1.0
        yield direction.reshape(shape)
    whole = rng.standard_normal(shape)
    yield whole / max(float(np.linalg.norm(whole)), 1e-9)


def _update(model: Model, net: Any, x: Arrays, y: Arrays) -> Iterator[Check]:
    """The optimizer's first step, given the native gradients."""
    engine = net.engine
    net.gradients(x, y or None)
    state = {"weights": engine.weights[: engine.gradients.size], "gradients": engine.gradients}
    state = {name: array.copy() for name, array in {**state, **engine.slots}.items()}
    exact, single = _stepped(model, net, _wide(state)), _stepped(model, net, state)
    net.train_on_batch(x, y or None)
    before = state["weights"].astype(np.float64)
    after = engine.weights[: before.size]
    yield _compared(model, "optimizer step", after - before, exact - before, single - before)


def _stepped(model: Model, net: Any, state: Arrays) -> np.ndarray:
    """The weights that the optimizer's graphs, one after another, make of flat buffers."""
    assert model.optimizer is not None
    state = {name: array.copy() for name, array in state.items()}
    offsets = {weight.path: weight.offset for weight in net.spec.weights}
    scalars = dict(zip(model.optimizer.scalars, net.optimizer.scalars(0, 1)[0], strict=True))

    def share(name: str, value: Value) -> np.ndarray:
        buffer, _, path = name.partition(":")
        shape = [size for size in value.shape if isinstance(size, int)]
        start = offsets[path] if path else 0
        return state[buffer][start : start + math.prod(shape)].reshape(shape)

    for graph in model.optimizer.updates(state["weights"].size):
        feeds = {name: share(name, value) for name, value in graph.inputs.items()}
        for node in graph.nodes:
            if node.op.name == "scalar_input":
                feeds[node.output.name] = np.asarray(scalars[node.attrs["key"]])
        found = interpret(graph, feeds)
        for name, value in graph.outputs.items():
            share(name, value)[...] = found[value]
    return state["weights"]


# --- data ----------------------------------------------------------------------


def _prepared(kind: Any, seed: int, threads: int, weights: Arrays | None) -> Any:
    """A fresh model whose every step is shared by all threads, however small it is."""
    net = kind(seed, threads=threads)
    net.engine.alone = net.engine.team
    if weights is not None:
        net.set_weights(dict(weights))
    return net


def _shaken(net: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The initial weights moved a little, so that none is 0 or equals another by design."""
    trainable = {weight.path: weight.trainable for weight in net.spec.weights}
    return {
        path: (
            value + 0.05 * rng.standard_normal(value.shape)
            if trainable[path]
            else value + 0.1 * rng.random(value.shape)
        ).astype(np.float32)
        for path, value in net.weights.items()
    }


def _known(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of rows where the open dimensions have these sizes."""
    return tuple(evaluate(size, sizes) for size in (BATCH, *shape))


def _rows(rng: np.random.Generator, dtype: str, sizes: tuple[int, ...]) -> np.ndarray:
    if dtype == "float32":
        return rng.standard_normal(sizes).astype(np.float32)
    return rng.integers(0, 2, sizes).astype(np.int32)


def _targets(
    rng: np.random.Generator, dtype: str, sizes: tuple[int, ...], classes: int | None
) -> np.ndarray:
    """Class numbers, rows that add up to 1, or zeros and ones: what every loss can take."""
    if dtype != "float32":
        return rng.integers(0, classes or 2, sizes).astype(np.int32)
    if sizes[1:] in ((), (1,)) or sizes[-1] == 1:
        return rng.integers(0, 2, sizes).astype(np.float32)
    parts: np.ndarray = rng.random(sizes) + 0.1
    parts /= parts.sum(-1, keepdims=True)
    return parts.astype(np.float32)


def _feeds(model: Model, net: Any, x: Arrays, y: Arrays) -> dict[str, np.ndarray]:
    """What the training graph reads: inputs, targets, sample weights of 1, and weights."""
    rows = len(next(iter(x.values())))
    feeds = {**x, **{path: value.copy() for path, value in net.weights.items()}}
    feeds |= net.states.copies()
    for target in model.targets:
        feeds[target.input] = y[target.output]
        feeds[target.sample_weight] = np.ones(rows, np.float32)
    return feeds


def _draws(graph: Graph, feeds: Arrays, seed: int, step: int) -> dict[str, np.ndarray]:
    """The random numbers that native code draws in this step, by node."""
    draws = {}
    clock = (0, step, seed, 0)
    sizes = open_sizes(graph, feeds)
    for node in graph.nodes:
        if node.op.name in ("random_uniform", "random_normal"):
            shape = [evaluate(size, sizes) for size in node.output.shape]
            count = int(np.prod(shape))
            draw = uniform if node.op.name == "random_uniform" else normal
            keys = random_key(clock, node.attrs["stream"])
            numbers = draw(*keys, 0, 0, count, 1, -(-count // LANES))
            draws[node.output.name] = numbers.reshape(-1)[:count].reshape(shape)
    return draws


# --- comparing -----------------------------------------------------------------


def _wide(feeds: Arrays) -> dict[str, np.ndarray]:
    return {
        name: array.astype(np.float64) if array.dtype == np.float32 else array
        for name, array in feeds.items()
    }


def _in_float64(graph: Graph, feeds: Arrays) -> dict[Value, np.ndarray]:
    return interpret(graph, _wide(feeds))


def _compared(
    model: Model, what: str, native: np.ndarray, exact: np.ndarray, single: np.ndarray
) -> Check:
    scale = float(np.abs(exact).max(initial=0.0))
    lost = float(np.abs(single - exact).max(initial=0.0))
    deviation = float(np.abs(native - exact).max(initial=0.0))
    return Check(model.name, what, deviation, SLACK * lost + FLOOR * scale)


def _outcome(net: Any, x: Arrays, y: Arrays) -> dict[str, np.ndarray]:
    """Outputs, and the weights after three steps."""
    found = net.predict(x) if net.spec.outputs else {}
    outputs = found if isinstance(found, dict) else {"output": found}
    result = {f"output {name}": value for name, value in outputs.items()}
    if y or net.programs.train:
        for _ in range(3):
            net.train_on_batch(x, y or None)
    return result | {path: value.copy() for path, value in net.weights.items()}


def _difference(one: Arrays, other: Arrays) -> float:
    return max(
        float(np.abs(one[name].astype(np.float64) - other[name]).max(initial=0.0)) for name in one
    )
