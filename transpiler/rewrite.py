"""Walking and copying graphs: what every pass is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from kgen.graph import Builder, Graph, Node, Value, constant

Rewrite: TypeAlias = Callable[[Node, tuple[Value, ...]], Value | None]
Extend: TypeAlias = Callable[[Mapping[Value, Value]], Mapping[str, Value]]


def rebuild(
    graph: Graph,
    rewrite: Rewrite,
    *,
    extend: Extend | None = None,
    keep: Mapping[Any, Value] | None = None,
) -> Graph:
    """Copy a graph, giving `rewrite` each live node and its new inputs.

    `rewrite` returns the value to use instead, or None to keep the node.
    `extend` may add nodes at the end; it is given the new value of each old
    one and returns gradients by weight path. Nodes that neither a result nor
    `keep` (filled by then) needs are left out; inputs and weights always stay.
    """
    live = reachable(graph.results())
    mapping: dict[Value, Value] = {}
    with Builder() as builder:
        for node in graph.nodes:
            if node.output not in live and node.op.name not in ("input", "weight"):
                continue
            inputs = tuple(mapping[value] for value in node.inputs)
            builder.span = node.span
            new = rewrite(node, inputs)
            if new is None and node.op.name == "constant":
                new = constant(node.attrs["value"])
            elif new is None:
                new = builder.add(node.op, inputs, node.attrs, name=node.output.name)
            mapping[node.output] = new
        builder.inputs = {name: mapping[value] for name, value in graph.inputs.items()}
        builder.weights = {
            path: replace(weight, value=mapping[weight.value])
            for path, weight in graph.weights.items()
        }
        gradients = {path: mapping[value] for path, value in graph.gradients.items()}
        if extend is not None:
            gradients.update(extend(mapping))
        built = builder.graph(
            graph.name,
            {name: mapping[value] for name, value in graph.outputs.items()},
            updates={path: mapping[value] for path, value in graph.updates.items()},
            loss=mapping[graph.loss] if graph.loss is not None else None,
            metrics=[
                replace(m, totals=tuple(mapping[value] for value in m.totals))
                for m in graph.metrics
            ],
            gradients=gradients,
        )
    needed = reachable([*built.results(), *(keep or {}).values()]) | {
        *built.inputs.values(),
        *(weight.value for weight in built.weights.values()),
    }
    return replace(built, nodes=tuple(n for n in built.nodes if n.output in needed))


def reachable(roots: Iterable[Value]) -> set[Value]:
    """Every value the roots depend on, themselves included."""
    found: set[Value] = set()
    stack = list(roots)
    while stack:
        value = stack.pop()
        if value not in found:
            found.add(value)
            stack.extend(value.node.inputs)
    return found


def verify(graph: Graph) -> None:
    """Check order and re-run every shape rule.

    Raises:
        AssertionError: a node uses a value before it is made, or its type is not
            what the rule gives; the pass that ran last is at fault.
    """
    seen: set[Value] = set()
    names: set[str] = set()
    for node in graph.nodes:
        for value in node.inputs:
            assert value in seen, f"%{value.name} used before it is made, in {node}"
        expected = node.op.infer([value.type for value in node.inputs], node.attrs)
        assert expected == node.output.type, f"{node}: the rule gives {expected}"
        assert node.output.name not in names, f"%{node.output.name} is named twice"
        names.add(node.output.name)
        seen.add(node.output)
    for value in graph.results():
        assert value in seen, f"result %{value.name} is never made"
