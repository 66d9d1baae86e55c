"""Reverse-mode differentiation: the gradient of the loss, written in nodes of the same graph.

before                              after
%w = weight(path=dense/kernel)      %w = weight(path=dense/kernel)
%y = dot(x, w)                      %y = dot(x, w)
%loss = sum(y)                      %loss = sum(y)
loss = %loss                        %d_y = broadcast_to(1.0)
                                    %d_w = dot(x, d_y)
                                    gradient dense/kernel = %d_w
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kgen import ops
from kgen.graph import Graph, Node, Value, constant, current
from kgen.rewrite import reachable, rebuild


def gradients(loss: Value, wrt: Sequence[Value]) -> list[Value]:
    """The gradient of a scalar for each of `wrt`, as nodes of the current builder.

    A value the loss does not depend on gets zeros.
    """
    builder = current()
    needed = reachable([loss])
    order = [node for node in builder.nodes if node.output in needed]
    active = _active(order, wrt)
    pending: dict[Value, Value] = {loss: ops.broadcast_to(constant(1.0), loss.shape)}
    for node in reversed(order):
        grad = pending.get(node.output)
        if grad is None or node.output not in active or not node.inputs:
            continue
        builder.span = node.span
        assert node.op.gradient is not None, f"{node.op.name} has no gradient"
        made = len(builder.nodes)
        with builder.naming(f"d_{node.stem}" if node.stem else "d"):
            parts = node.op.gradient(node, grad)
        for value, part in zip(node.inputs, parts, strict=True):
            if part is None or value not in active:
                continue
            known = pending.get(value)
            total = part if known is None else known + part
            if total.node in builder.nodes[made:]:
                builder.rename(total, f"d_{value.name}")
            pending[value] = total
    return [_gradient(value, pending) for value in wrt]


def _gradient(value: Value, pending: Mapping[Value, Value]) -> Value:
    found = pending.get(value)
    return ops.broadcast_to(constant(0.0), value.shape) if found is None else found


def _active(order: Sequence[Node], wrt: Sequence[Value]) -> set[Value]:
    """What depends on `wrt`: the rest needs no gradient."""
    active = set(wrt)
    for node in order:
        if node.op.name != "stop_gradient" and any(value in active for value in node.inputs):
            active.add(node.output)
    return active


def differentiate(graph: Graph) -> Graph:
    """Add the gradient of the loss for every trainable weight."""
    if graph.loss is None or graph.gradients:
        return graph
    trainable = {path: w.value for path, w in graph.weights.items() if w.trainable}
    loss = graph.loss

    def extend(mapping: Mapping[Value, Value]) -> Mapping[str, Value]:
        found = gradients(mapping[loss], [mapping[value] for value in trainable.values()])
        return dict(zip(trainable, found, strict=True))

    return rebuild(graph, lambda node, inputs: None, extend=extend)
