"""Let products meet the panels of a matrix turned over, instead of a transpose of it all.

before                                  after
%t = transpose(%w)                      %x = dot_turned(%g, %w)
%x = dot(%g, %t)

Each thread turns panels over as it copies them. What all of them had transposed would wait for a
barrier, and come to each from memory or from another's caches.
"""

from __future__ import annotations

from collections import Counter

from kgen import ops
from kgen.graph import BATCH, Graph, Node, Value
from kgen.rewrite import rebuild

# Terms of a sum that a thread has room for a panel of.
_LONGEST = 4096


def turn(graph: Graph) -> Graph:
    """Rewrite products of rows of the batch."""
    uses = Counter(value for node in graph.nodes for value in node.inputs)
    uses.update(graph.results())
    if not any(_is_fit(node, uses) for node in graph.nodes):
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not _is_fit(node, uses):
            return None
        rows, transposed = inputs
        return ops.dot_turned(rows, transposed.node.inputs[0], node.output.name)

    return rebuild(graph, rewrite)


def _is_fit(node: Node, uses: Counter[Value]) -> bool:
    if node.op.name != "dot" or node.attrs["contract"] != ((1,), (0,)):
        return False
    a, b = node.inputs
    if a.shape[:-1] != (BATCH,) or b.node.op.name != "transpose" or uses[b] > 1:
        return False
    inner, cols = b.shape
    return isinstance(cols, int) and isinstance(inner, int) and cols > 1 and inner <= _LONGEST
