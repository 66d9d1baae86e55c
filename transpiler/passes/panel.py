"""Lay the matrices that a loop multiplies by in panels, once, before its first step.

before, in the loop                     after
%z = dot(%h, %w)                        %panels = transpose(reshape(%w))    the same at every step
                                        %z = dot_panels(%h, %panels)

Few rows of the batch meet a large matrix at every step: to copy its panels there, as a single
product does, would cost as much as the product.
"""

from __future__ import annotations

from dataclasses import replace

from kgen import ops
from kgen.graph import BATCH, Graph, Node, Value
from kgen.ops.panels import PANEL
from kgen.ops.scan import Loop, make
from kgen.rewrite import reachable, rebuild

# Floats of a matrix that fits into the first cache as it lies.
_SMALL = 1 << 13


def panel(graph: Graph) -> Graph:
    """Rewrite the loops of a graph for many rows of the batch."""
    if not any(node.op.name == "scan" for node in graph.nodes):
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "scan":
            return None
        loop: Loop = node.attrs["loop"]
        return make(replace(loop, body=_laid_out(loop)), inputs, node.output.name)

    return rebuild(graph, rewrite)


def _laid_out(loop: Loop) -> Graph:
    varying = {v for name, v in loop.body.inputs.items() if name not in loop.invariants}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not _is_product(node) or reachable([node.inputs[1]]) & varying:
            return None
        rows, matrix = inputs
        return ops.dot_panels(rows, ops.panels(matrix), node.output.name)

    return rebuild(loop.body, rewrite)


def _is_product(node: Node) -> bool:
    """Whether it is a product of rows of the batch with a large matrix of whole panels."""
    if node.op.name != "dot" or node.attrs["contract"] != ((1,), (0,)):
        return False
    a, b = node.inputs
    if a.shape[:-1] != (BATCH,) or b.type.rank != 2 or node.attrs["batch"][0]:
        return False
    m, n = b.shape
    return isinstance(m, int) and isinstance(n, int) and n % PANEL == 0 and m * n >= _SMALL
