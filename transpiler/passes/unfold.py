"""Write in simpler operations what has a kernel on some machines only.

before                          after
%y = attention(q, k, v)         %s = dot(q, k); %p = softmax(s); %y = dot(p, v)
"""

from __future__ import annotations

from kgen.graph import Graph, Node, Value, current
from kgen.rewrite import rebuild


def unfold(graph: Graph) -> Graph:
    """Expand what has both a kernel and a form in other operations."""
    return rebuild(graph, _rewrite)


def _rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if node.op.expand is None or not node.op.kernel:
        return None
    with current().naming(node.stem):
        expanded = node.op.expand(node, inputs)
    current().rename(expanded, node.output.name)
    return expanded
