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

from collections.abc import Callable, Mapping, Sequence

from kgen import ops
from kgen.diagnostics import fail
from kgen.graph import Graph, Node, Value, constant, current
from kgen.passes.loop_gradient import loop_gradient
from kgen.rewrite import reachable, rebuild


def gradients(loss: Value, wrt: Sequence[Value]) -> list[Value]:
    """The gradient of a scalar for each of `wrt`, as nodes of the current builder.

    A value the loss does not depend on gets zeros.
    """
    pending = pull_back({loss: ops.broadcast_to(constant(1.0), loss.shape)}, wrt)
    return [_gradient(value, pending) for value in wrt]


def pull_back(given: Mapping[Value, Value], wrt: Sequence[Value]) -> dict[Value, Value]:
    """From gradients for some values to those for all that they and `wrt` are linked by."""
    builder = current()
    needed = reachable(given)
    order = [node for node in builder.nodes if node.output in needed]
    active = _active(order, wrt)
    pending = dict(given)
    projected: dict[Value, list[tuple[Value, Value]]] = {}
    for node in reversed(order):
        grad = pending.get(node.output)
        if node.output not in active or not node.inputs:
            continue
        if node.op.name == "scan_output" and grad is not None:
            projected.setdefault(node.inputs[0], []).append((node.output, grad))
            continue
        builder.span = node.span
        made = len(builder.nodes)
        with builder.naming(f"d_{node.stem}" if node.stem else "d"):
            parts: Sequence[Value | None]
            if node.output in projected:
                parts = loop_gradient(node, projected[node.output], active, pull_back)
            elif grad is None:
                continue
            else:
                parts = _parts(node, grad)
        for value, part in zip(node.inputs, parts, strict=True):
            if part is None or value not in active:
                continue
            known = pending.get(value)
            total = part if known is None else known + part
            if total.node in builder.nodes[made:]:
                builder.rename(total, f"d_{value.name}")
            pending[value] = total
    return pending


def _parts(node: Node, grad: Value) -> Sequence[Value | None]:
    """What a node's rule gives for its inputs; some operations can be differentiated only once."""
    if node.op.gradient is None and node.op.expand is not None:
        return _through(node, grad, node.op.expand)
    if node.op.gradient is None:
        fail(
            "K0701",
            f"the derivative of `{node.op.name}` is not supported yet",
            node.span,
            help="a gradient of a gradient needs operations that can be differentiated twice",
        )
    return node.op.gradient(node, grad)


def _through(
    node: Node, grad: Value, expand: Callable[[Node, tuple[Value, ...]], Value]
) -> Sequence[Value | None]:
    """The derivatives of an operation without a rule, as those of what it is written in."""
    inputs = tuple(ops.stop_gradient(value) for value in node.inputs)
    found = pull_back({expand(node, inputs): grad}, inputs)
    return [found.get(value) for value in inputs]


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
