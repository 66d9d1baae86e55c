"""Ask once for each window of a pooling whether its ReLU passes a gradient on.

before                                  after
%y = relu(%x)                           the same
%p = pool(%y, kind=max)
%u = unpool(%g, pool_where(%y))         %c = %p > 0
%b = %y > 0                             %h = where(%c, %g, 0)
%d = where(%b, %u, 0)                   %d = unpool(%h, pool_where(%y))

A window's gradient goes back to the place that its largest number came from, which is positive if
that number is. There are fewer windows than places.
"""

from __future__ import annotations

from collections import Counter

from kgen.graph import Graph, Node, Value, current
from kgen.passes.simplify import known_number
from kgen.rewrite import rebuild

_WINDOWS = "window", "strides", "low", "high"


def pooled(graph: Graph) -> Graph:
    """Rewrite the gradients of ReLUs that nothing but a pooling of maxima reads."""
    uses = Counter(value for node in graph.nodes for value in node.inputs)
    uses.update(graph.results())

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not (_is_sign(node) and uses[node.inputs[1]] == 1):
            return None
        (sign, back), zero = (value.node for value in inputs[:2]), inputs[2]
        gradient, places = back.inputs
        largest = _pool(sign.inputs[0], back)
        if largest is None or places.node.inputs[0] is not sign.inputs[0]:
            return None
        kept = current().add(sign.op, (largest, sign.inputs[1]), {}, name="kept")
        chosen = current().add(node.op, (kept, gradient, zero), node.attrs, name=gradient.name)
        return current().add(back.op, (chosen, places), back.attrs, name=node.output.name)

    return rebuild(graph, rewrite)


def _is_sign(node: Node) -> bool:
    """Whether it keeps what comes back from windows where a number is positive."""
    if node.op.name != "where" or known_number(node.inputs[2]) != 0.0:
        return False
    sign, back = (value.node for value in node.inputs[:2])
    return (
        (sign.op.name, back.op.name) == ("greater", "unpool")
        and known_number(sign.inputs[1]) == 0.0
        and back.inputs[1].node.op.name == "pool_where"
    )


def _pool(x: Value, back: Node) -> Value | None:
    """The largest numbers of the windows of `x` that `back` goes back from, if they are made."""
    wanted = {"kind": "max", **{name: back.attrs[name] for name in _WINDOWS}}
    nodes = (node for node in current().nodes if node.op.name == "pool" and node.inputs[0] is x)
    return next((node.output for node in nodes if node.attrs == wanted), None)
