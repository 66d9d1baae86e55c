"""Give every result memory of its own.

    before                              after
    %n = batch_size(w)                  %n = batch_size(w)
    metric loss = mean(%l / %n)         %n_copy = copy(n)
                                        metric loss = mean(%l / %n_copy)

A result that is an input, a constant, a plain function of the batch, or the
same as another result would have no buffer that the runtime could read. New values of
weights that are computed from one another's old ones are all moved aside before any is written.
New states are moved from where the loop leaves them that began with the old ones, and so are new
values of weights whose old ones something else needs: a kernel that makes more than the new value
might have to run before those that read the old one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from kgen import ops
from kgen.graph import Graph, Value, apply
from kgen.rewrite import reachable, rebuild

_NOT_STORED = (
    "array",
    "input",
    "weight",
    "constant",
    "batch_size",
    "size_of",
    "scalar_input",
    "broadcast_to",
    "index",
)


def pin(graph: Graph) -> Graph:
    """Copy results that would share or lack a buffer."""
    claimed: set[Value] = set()
    pinned: dict[tuple[str, str], Value] = {}

    def own(value: Value) -> Value:
        base = value
        while base.node.op.name == "reshape":
            base = base.node.inputs[0]
        if base.node.op.name in _NOT_STORED or base in claimed:
            value = ops.copy(value)
            base = value
        claimed.add(base)
        return value

    aside = _entangled(graph)
    moved = _read_elsewhere(graph)

    def extend(mapping: Mapping[Value, Value]) -> Mapping[str, Value]:
        for kind, values in (("output", graph.outputs), ("update", graph.updates)):
            for name, value in values.items():
                new = mapping[value]
                if kind == "update" and graph.weights[name].carried:
                    new = _moved(new)
                elif kind == "update" and name in aside:
                    new = _moved(_moved(new))
                elif kind == "update" and name in moved:
                    new = _moved(new)
                pinned[kind, name] = own(new)
        for index, metric in enumerate(graph.metrics):
            for place, value in enumerate(metric.totals):
                pinned[f"metric {index}", str(place)] = own(mapping[value])
        return {name: own(mapping[value]) for name, value in graph.gradients.items()}

    # Results are replaced after the copy, so the loss (a metric's numerator already) goes.
    built = rebuild(graph, lambda node, inputs: None, extend=extend, keep=pinned)
    return replace(
        built,
        outputs={name: pinned["output", name] for name in graph.outputs},
        updates={path: pinned["update", path] for path in graph.updates},
        loss=None,
        metrics=tuple(
            replace(
                metric,
                totals=tuple(
                    pinned[f"metric {index}", str(place)] for place in range(len(metric.totals))
                ),
            )
            for index, metric in enumerate(graph.metrics)
        ),
    )


def _entangled(graph: Graph) -> set[str]:
    """Weights with new values of which one depends on the old value of another."""
    found: set[str] = set()
    for path, value in graph.updates.items():
        needed = reachable([value])
        others = {p for p in graph.updates if p != path and graph.weights[p].value in needed}
        if others:
            found |= {path, *others}
    return found


def _read_elsewhere(graph: Graph) -> set[str]:
    """Weights with new values whose old ones are needed for more than these."""
    new = set(graph.updates.values())
    needed: set[Value] = set()
    waiting = graph.results()
    while waiting:
        value = waiting.pop()
        if value not in new and value not in needed:
            needed.add(value)
            waiting += value.node.inputs
    return {path for path in graph.updates if graph.weights[path].value in needed}


def _moved(value: Value) -> Value:
    """The value in memory of its own: a kernel that moves numbers takes part in no other."""
    flat = ops.reshape(value, value.shape or (1,))
    rank = flat.type.rank
    moved = apply("slice", flat, start=(0,) * rank, size=flat.shape, step=(1,) * rank)
    return ops.reshape(moved, value.shape)
