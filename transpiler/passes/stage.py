"""Give steps that have inner axes memory of their own inside a loop.

before                                  after
%z = add(x_step, h_before)              %here = reshape(copy(reshape(x_step)))
step.y = %z                             %z = add(here, h_before)
                                        step.y = %(z copied row by row)

A step of a sequence `[batch, time, ...]` is a row for each of the batch, with the other steps in
between. Kernels that walk its inner axes want a whole tensor, so they are given a copy. Where
loops alone use a sequence, its steps lie together and need none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from kgen import ops
from kgen.dims import product
from kgen.graph import Builder, Graph, Node, Value, apply, current
from kgen.ops.scan import Loop, make, readers, stack_key, steps_lie_together
from kgen.rewrite import rebuild


def stage(graph: Graph) -> Graph:
    """Copy the steps of sequences that do not lie together where they are more than a matrix."""
    if not any(node.op.name == "scan" for node in graph.nodes):
        return graph
    users, results = readers(graph), set(graph.results())

    def apart(sequence: Value) -> bool:
        return not steps_lie_together(sequence, users, results)

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan":
            return None
        loop: Loop = node.attrs["loop"]
        read = {
            name
            for name, sequence in zip(loop.names, node.inputs[: len(loop.sequences)], strict=False)
            if apart(sequence)
        }
        written = {
            stack_key(user.attrs["key"], user.attrs["flipped"])
            for user in users[node.output]
            if user.attrs["kind"] == "stack" and apart(user.output)
        }
        body = _staged(loop.body, read, written)
        return make(replace(loop, body=body), inputs, node.output.name)

    return rebuild(graph, rewrite)


def _staged(body: Graph, read: Collection[str], written: Collection[str]) -> Graph:
    """The body with copies of the steps that it reads and writes, where they have inner axes."""
    walked = {_root(n.output) for n in body.nodes if n.output.type.rank > 2}
    builder = Builder()
    with builder:
        mapping = {value: builder.input(name, value.type) for name, value in body.inputs.items()}
        for name, value in body.inputs.items():
            if name in read and value in walked:
                mapping[value] = _copied(mapping[value])
        for node in body.nodes:
            if node.op.name != "input":
                inputs = tuple(mapping[value] for value in node.inputs)
                mapping[node.output] = current().add(
                    node.op, inputs, node.attrs, name=node.output.name, span=node.span
                )
        results = {
            key: _copied(mapping[value])
            if key in written and _root(value) in walked
            else mapping[value]
            for key, value in body.outputs.items()
        }
    return replace(builder.graph("step", results), weights={})


def _root(value: Value) -> Value:
    while value.node.op.name == "reshape":
        value = value.node.inputs[0]
    return value


def _copied(value: Value) -> Value:
    """The value, copied as a row for each of the batch."""
    rows = ops.reshape(value, (value.shape[0], product(value.shape[1:])))
    return ops.reshape(apply("copy", rows, hint=f"{value.name}_row"), value.shape)
