"""Let products that copy panels of a transpose make the panels of the matrix itself.

before                                  after
%t = transpose(%w)                      %x = dot_turned(%g, %w)
%x = dot(%g, %t)

A panel is turned over as it is copied. What was transposed for all threads would be written to
memory first, and come to each of them from there or from another's caches.
"""

from __future__ import annotations

from collections import Counter

from kgen import ops
from kgen.graph import BATCH, Graph, Node, Value
from kgen.rewrite import rebuild

# Terms of a sum, and columns, from which a product copies panels; the longest panel.
_LONG, _MANY, _LONGEST = 129, 128, 4096


def turn(graph: Graph) -> Graph:
    """Rewrite products of rows of the batch with large matrices."""
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
    if not isinstance(inner, int) or not isinstance(cols, int):
        return False
    return _LONG <= inner <= _LONGEST and cols >= _MANY
