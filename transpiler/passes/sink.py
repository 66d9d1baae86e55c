"""Look rows up within the loop that reads them step by step.

before                                          after
%z = add(gather_rows(%table, %places), %bias)   %s = scan(%places, %h0, %table, %bias)
%s = scan(%z, %h0)                                   (%z_step = add(gather_rows(%table, ...
     (%h = tanh(add(%z_step, ...)))                   %h = tanh(add(%z_step, ...)))

What many steps would read from memory, row by row and far apart, each step takes from a table
that the caches hold.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from kgen.graph import BATCH, Graph, Node, Value, current
from kgen.ops.scan import BodyBuilder, Loop, close, make, readers, step_type
from kgen.rewrite import rebuild


def sink(graph: Graph) -> Graph:
    """Move gathers that only loops read into their bodies."""
    users, results = readers(graph), set(graph.results())
    sunk = {
        sequence
        for node in graph.nodes
        if node.op.name == "scan"
        for sequence in node.inputs[: len(node.attrs["loop"].sequences)]
        if _is_looked_up(sequence, users, results)
        and all(_reads_steps(user, sequence) for user in users[sequence])
    }
    if not sunk:
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan" or sunk.isdisjoint(node.inputs):
            return None
        loop: Loop = node.attrs["loop"]
        found = [
            _chain(inputs[position]) if sequence in sunk else []
            for position, sequence in enumerate(node.inputs[: len(loop.sequences)])
        ]
        return _with_lookups(loop, inputs, found, node.output.name)

    return rebuild(graph, rewrite)


def _is_looked_up(
    value: Value, users: Mapping[Value, Sequence[Node]], results: Collection[Value]
) -> bool:
    """Whether it is rows of a table, perhaps with the same numbers added to all, and only that."""
    node = value.node
    if value in results:
        return False
    if node.op.name == "gather_rows":
        return node.inputs[1].type.rank == 2 and node.inputs[1].shape[0] == BATCH
    if node.op.name != "add":
        return False
    rows, same = node.inputs
    alone = rows.shape == value.shape and same.type.rank <= 1 and users[rows] == [node]
    return alone and _is_looked_up(rows, users, results)


def _reads_steps(user: Node, sequence: Value) -> bool:
    if user.op.name != "scan":
        return False
    return sequence not in user.inputs[len(user.attrs["loop"].sequences) :]


def _chain(value: Value) -> list[Node]:
    """The nodes that make a sequence, the gather first."""
    node = value.node
    return [node] if node.op.name == "gather_rows" else [*_chain(node.inputs[0]), node]


def _with_lookups(
    loop: Loop, inputs: Sequence[Value], found: Sequence[Sequence[Node]], title: str
) -> Value:
    """The loop with the nodes of some sequences in its body."""
    inner = BodyBuilder(current())
    mapping: dict[Value, Value] = {}
    outer = list(inputs)
    lookups = dict(zip(loop.names, found, strict=False))
    for position, (name, value) in enumerate(loop.body.inputs.items()):
        if name in loop.invariants:
            mapping[value] = outer[position]
            continue
        chain = lookups.get(name)
        if not chain:
            mapping[value] = inner.input(name, value.type)
            continue
        table, places = chain[0].inputs
        outer[position] = places
        step = inner.input(f"{name}_place", step_type(places.type))
        made = inner.add(chain[0].op, (table, step), chain[0].attrs, name=name)
        for node in chain[1:]:
            made = inner.add(node.op, (made, node.inputs[1]), node.attrs, name=f"{name}_row")
        mapping[value] = made
    for node in loop.body.nodes:
        if node.op.name != "input":
            sources = tuple(mapping[value] for value in node.inputs)
            mapping[node.output] = inner.add(
                node.op, sources, node.attrs, name=node.output.name, span=node.span
            )
    body, captured = close(inner, {key: mapping[v] for key, v in loop.body.outputs.items()})
    count = len(loop.sequences) + loop.carries
    return make(replace(loop, body=body), [*outer[:count], *captured], title)
