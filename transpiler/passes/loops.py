"""What loops over time need besides: passes applied to their bodies, and bodies kept small.

before                                          after `trim`
%s = scan(x, h0, unused, loop=...)              %s = scan(x, h0, loop=...)  the body computes
%h = scan_output(s, kind=last, key=h)           h and what it takes, nothing else
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kgen.graph import Graph, Node, Value, current
from kgen.ops.scan import BodyBuilder, Loop, close, make, next_of, stack_key
from kgen.rewrite import reachable, rebuild


def with_bodies(one: Callable[[Graph], Graph]) -> Callable[[Graph], Graph]:
    """A pass that treats the bodies of loops as well, before the graph they are in."""

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan":
            return None
        loop: Loop = node.attrs["loop"]
        attrs = {"loop": replace(loop, body=whole(loop.body))}
        return current().add(node.op, inputs, attrs, name=node.output.name)

    def whole(graph: Graph) -> Graph:
        if any(node.op.name == "scan" for node in graph.nodes):
            graph = rebuild(graph, rewrite)
        return one(graph)

    whole.__name__ = one.__name__
    return whole


def trim(graph: Graph) -> Graph:
    """Leave in every loop what is used of it."""
    live = reachable(graph.results())
    used: dict[Value, list[Node]] = {}
    for node in graph.nodes:
        if node.op.name == "scan_output" and node.output in live:
            used.setdefault(node.inputs[0], []).append(node)

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan":
            return None
        return _trimmed(node, inputs, used[node.output])

    return rebuild(graph, rewrite) if used else graph


def _trimmed(node: Node, inputs: Sequence[Value], outputs: Sequence[Node]) -> Value:
    loop: Loop = node.attrs["loop"]
    body = loop.body
    by_name = {n.output.name: n.output for n in body.nodes}
    stacks = list(
        dict.fromkeys(
            (n.attrs["key"], n.attrs["flipped"]) for n in outputs if n.attrs["kind"] == "stack"
        )
    )
    results = {
        stack_key(key, flipped): by_name[key]
        if loop.stacks is None
        else body.outputs[stack_key(key, flipped)]
        for key, flipped in stacks
    }
    carries = [n.attrs["key"] for n in outputs if n.attrs["kind"] == "last"]
    while True:
        roots = [*results.values(), *(body.outputs[next_of(name)] for name in carries)]
        needed = reachable(roots)
        more = [c for c in loop.carried if c not in carries and body.inputs[c] in needed]
        if not more:
            break
        carries += more
    results |= {next_of(name): body.outputs[next_of(name)] for name in carries}
    kept = [
        position
        for position, name in enumerate(loop.names)
        if name in carries or body.inputs[name] in needed
    ]
    kept = kept if any(p < len(loop.sequences) for p in kept) else [0, *kept]
    wanted = {body.inputs[loop.names[position]] for position in kept}
    nodes = tuple(n for n in body.nodes if n.op.name != "input" or n.output in wanted)
    names = [loop.names[position] for position in kept]
    small = replace(
        body, nodes=nodes, inputs={name: body.inputs[name] for name in names}, outputs=results
    )
    sequences = tuple(f for p, f in enumerate(loop.sequences) if p in kept)
    new = Loop(
        rebuild(small, lambda node, inputs: None),
        sequences,
        len(carries),
        loop.length,
        tuple(stacks),
    )
    return make(new, [inputs[position] for position in kept], node.output.name)


def hoist(graph: Graph) -> Graph:
    """Compute outside of a loop what is the same at every step, such as a transposed weight."""

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan":
            return None
        loop: Loop = node.attrs["loop"]
        return _hoisted(loop, inputs, node.output.name)

    has_loops = any(node.op.name == "scan" for node in graph.nodes)
    return rebuild(graph, rewrite) if has_loops else graph


def _hoisted(loop: Loop, inputs: Sequence[Value], title: str) -> Value:
    inner = BodyBuilder(current())
    outer = dict(zip(loop.names, inputs, strict=True))
    mapping: dict[Value, Value] = {}
    for name, value in loop.body.inputs.items():
        if name in loop.invariants:
            mapping[value] = outer[name]
        else:
            mapping[value] = inner.input(name, value.type)
    for node in loop.body.nodes:
        if node.op.name != "input":
            sources = tuple(mapping[value] for value in node.inputs)
            mapping[node.output] = inner.add(
                node.op, sources, node.attrs, name=node.output.name, span=node.span
            )
    body, captured = close(inner, {key: mapping[v] for key, v in loop.body.outputs.items()})
    count = len(loop.sequences) + loop.carries
    return make(replace(loop, body=body), [*inputs[:count], *captured], title)
