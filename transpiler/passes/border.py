"""Leave out padding with zeros that only convolutions read.

before                                  after
%p = pad(%x, low=(0, 1, 1, 0), ...)     %y = conv(%x, %w, before=(1, 1), behind=(1, 1))
%y = conv(%p, %w)

A padded copy of a tensor is written and read again; the kernels of convolutions copy the few
lines that they work on to where they are near.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from kgen.graph import BATCH, Graph, Node, Value, current
from kgen.ops.borders import line_block
from kgen.rewrite import rebuild

# Positions of an image from which to copy its lines is little beside what is done with them.
_MANY_POSITIONS = 36


def border(graph: Graph) -> Graph:
    """Give convolutions the tensor itself, and the cells of zeros around it as attributes."""
    readers: dict[Value, list[Node]] = {}
    for node in graph.nodes:
        for value in node.inputs:
            readers.setdefault(value, []).append(node)
    results = set(graph.results())
    dropped = {
        node.output
        for node in graph.nodes
        if _is_border(node)
        and node.output not in results
        and all(_takes_border(node, reader) for reader in readers.get(node.output, ()))
    }
    if not dropped:
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not node.inputs or node.inputs[0] not in dropped:
            return None
        attrs = {**node.attrs, **_cells(node.inputs[0].node)}
        inner = inputs[0].node.inputs[0]
        return current().add(node.op, (inner, *inputs[1:]), attrs, name=node.output.name)

    return rebuild(graph, rewrite)


def _cells(pad: Node) -> dict[str, Sequence[int]]:
    return {"before": tuple(pad.attrs["low"][1:-1]), "behind": tuple(pad.attrs["high"][1:-1])}


def _is_border(node: Node) -> bool:
    """Whether it is padding with zeros of images of known size, around them."""
    if node.op.name != "pad" or node.attrs["value"] != 0.0:
        return False
    (x,) = node.inputs
    if x.type.rank < 3 or x.shape[0] != BATCH or x.dtype != "float32":
        return False
    low, high, between = (node.attrs[name] for name in ("low", "high", "interior"))
    ends = (low[0], high[0], low[-1], high[-1], *between)
    known = all(isinstance(size, int) for size in (*x.shape[1:], *low, *high))
    return known and not any(ends) and all(size >= 0 for size in (*low, *high))


def _takes_border(pad: Node, reader: Node) -> bool:
    """Whether a node reads the padded tensor as the input of a convolution of many positions."""
    is_filter = reader.op.name == "filter_parts"
    known = reader.op.name in ("conv", "conv_transpose", "filter_parts")
    if not known or reader.inputs[1] is pad.output:
        return False
    result = reader.inputs[1] if is_filter else reader.output
    positions = prod(size for size in result.shape[1:-1] if isinstance(size, int))
    return positions >= _MANY_POSITIONS and line_block(reader) > 0
