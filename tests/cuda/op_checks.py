"""Every sample of every operation as kernels of the chosen target, beside the references.

As a script, `op_checks.py RESULTS NAME:INDEX ...` checks some in a process of their own, whose
environment says what runs the kernels, and writes what went wrong with each.
"""

from __future__ import annotations

import json
import sys
import traceback
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import rounding_gathers  # noqa: F401 (adds its rules)
import rounding_windows  # noqa: F401 (adds its rules)
from kgen import ops
from kgen.diagnostics import KgenError
from kgen.graph import (
    BATCH,
    OPS,
    Builder,
    Graph,
    Initializer,
    Metric,
    Sample,
    ShapeError,
    TensorType,
    Value,
)
from kgen.interpret import interpret
from kgen.passes.differentiate import differentiate
from native import build_graph
from rounding import RULES, Near, bounds

EPS = float(np.finfo(np.float32).eps)
# What float32 allows an operation without a rule of its own in `rounding`: sines and the like,
# and derivatives of a few steps.
LOOSE = 64 * EPS
CASES = [f"{name}:{index}" for name, op in OPS.items() for index in range(len(op.samples))]
# What may have the batch, of each operation's inputs, where that is not all of them. Places that
# are fed must be within the table; some of the samples' are not.
BATCHED = {"conv": (0,), "conv_transpose": (0,), "depthwise": (0,), "turn": (), "scatter_rows": ()}


@dataclass
class Case:
    """A graph of one operation: what it computes, a loss of that, and what is fed.

    What has the first input's leading axis has a batch there if the operation takes one; otherwise
    it works on weights, as updates do.
    """

    name: str
    index: int
    batched: bool
    feeds: dict[str, np.ndarray] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sample: Sample = OPS[self.name].samples[self.index]
        rng = np.random.default_rng(17)
        self.arrays = [
            shape
            if isinstance(shape, np.ndarray)
            else rng.uniform(self.sample.low, self.sample.high, shape).astype(np.float32)
            for shape in self.sample.shapes
        ]
        if self.name == "as_int":  # which is given whole numbers
            self.arrays = [np.trunc(array) for array in self.arrays]
        self.graph = self._graph(rng)

    def _graph(self, rng: np.random.Generator) -> Graph:
        with Builder() as builder:
            inputs = [self._input(builder, n, array) for n, array in enumerate(self.arrays)]
            y = ops.as_float(builder.add(OPS[self.name], inputs, dict(self.sample.attrs)))
            sizes = y.shape[1:] if y.shape[:1] == (BATCH,) else y.shape
            if not all(isinstance(size, int) for size in sizes):
                raise ShapeError("the batch is not in front")
            rows = self.arrays[0].shape[0] if self.batched else 1
            self.feeds["one"] = np.ones((rows, 1), np.float32)
            one = builder.input("one", TensorType("float32", (BATCH, 1)))
            result = y
            if y.shape[:1] != (BATCH,):  # the same for each row of a batch
                result = ops.reshape(y, (1, prod(y.shape))) * one  # type: ignore[arg-type]
            shape = result.shape[1:]
            self.feeds["c"] = rng.uniform(-1.0, 1.0, (rows, *shape)).astype(np.float32)  # type: ignore[arg-type]
            weighing = builder.input("c", TensorType("float32", (BATCH, *shape)))
            if not self.weights or self.sample.grad == ():
                return builder.graph(self.name, {"y": result})
            loss = ops.sum(result * weighing)
            count = ops.batch_size(one)
            metric = Metric("loss", (loss * count, count))
            return builder.graph(self.name, {"y": result}, loss=loss, metrics=[metric])

    def _input(self, builder: Builder, position: int, array: np.ndarray) -> Value:
        """An input plus a weight of zeros, for the gradient; or a weight; or numbers."""
        key = f"x{position}"
        start = Initializer("Zeros", {})
        whole = array.dtype == np.int32
        may_have = position in BATCHED.get(self.name, (position,))
        if self.batched and may_have and array.shape[:1] == self.arrays[0].shape[:1]:
            kind = TensorType("int32" if whole else "float32", (BATCH, *array.shape[1:]))
            self.feeds[key] = array
            value = builder.input(key, kind)
            if whole or array.ndim == 1 or not self._is_differentiated(position):
                return value
            self.weights[f"w{position}"] = np.zeros(array.shape[1:], np.float32)
            return value + builder.weight(f"w{position}", array.shape[1:], start)
        if whole:
            return ops.array(array)
        self.weights[key] = array
        return builder.weight(key, array.shape, start)

    def _is_differentiated(self, position: int) -> bool:
        return self.sample.grad is None or position in self.sample.grad

    def expected(self) -> dict[str, Near]:
        """Results and gradients, with how far float32 may be from them."""
        whole = differentiate(self.graph)
        wanted = {**whole.outputs, **whole.gradients}
        feeds = {**self.feeds, **self.weights}
        names = {node.op.name for node in whole.nodes} - {"input", "weight"}
        if names <= set(RULES):
            near = bounds(whole, {name: Near.exact(array) for name, array in feeds.items()})
            return {name: near[value] for name, value in wanted.items()}
        exact = interpret(whole, feeds)
        return {name: _loose(exact[value]) for name, value in wanted.items()}

    def found(self) -> dict[str, Any]:
        """What kernels make of it."""
        net = build_graph(self.graph)(seed=0)
        for path, value in self.weights.items():
            net.weights[path] = value
        named = self.feeds
        given = {name: named[name] for name in self.graph.inputs}
        found = {"y": net(given)}
        if self.graph.loss is not None:
            found |= net.gradients(given)
        return found


def _loose(exact: Any) -> Near:
    mid = np.asarray(exact, np.float64)
    finite = np.abs(mid[np.isfinite(mid)])
    return Near(mid, np.full(mid.shape, LOOSE * max(1.0, float(np.max(finite, initial=0.0)))))


def case_of(name: str, index: int) -> Case:
    """The sample with a batch where it can have one."""
    sample = OPS[name].samples[index]
    if not sample.shapes or not BATCHED.get(name, (0,)):
        return Case(name, index, batched=False)
    try:
        return Case(name, index, batched=True)
    except (KgenError, ShapeError):
        return Case(name, index, batched=False)


def check(name: str, index: int) -> None:
    """Results and gradients of one sample are within what float32 allows."""
    case = case_of(name, index)
    expected, found = case.expected(), case.found()
    assert set(found) == set(expected), f"{set(found)} for {set(expected)}"
    for key, near in expected.items():
        got = np.asarray(found[key], np.float64)
        assert got.shape == near.mid.shape, f"{key}: {got.shape} for {near.mid.shape}"
        wrong = ~((np.abs(got - near.mid) <= near.rad) | (got == near.mid))
        assert not wrong.any(), (
            f"{key} at {np.argwhere(wrong)[:4].tolist()}: {got[wrong][:4]} for "
            f"{near.mid[wrong][:4]} within {near.rad[wrong][:4]}\n{case.graph}"
        )


def main(results: str, *cases: str) -> None:
    """Check each; those that are right have an empty text in the results."""
    texts = {}
    for case in cases:
        name, index = case.split(":")
        texts[case] = ""
        try:
            check(name, int(index))
        except Exception:
            texts[case] = traceback.format_exc()
    Path(results).write_text(json.dumps(texts))


if __name__ == "__main__":
    main(*sys.argv[1:])
