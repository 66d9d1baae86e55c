"""Compute of a transposed convolution the positions that are used.

before                                          after
%y = conv_transpose(%x, %w, positions=(8, 12))  %z = conv_transpose(%x, %w, low=(0, 1),
%z = slice(%y, start=(0, 0, 1, 0), ...)                             positions=(7, 10))

So end the gradients of padded convolutions. It comes before `lower`, which wants whole strides of
positions and crops them itself.
"""

from __future__ import annotations

from kgen.graph import Graph, Node, Value, current
from kgen.rewrite import rebuild


def narrow(graph: Graph) -> Graph:
    """Let transposed convolutions leave out what a slice would."""
    return rebuild(graph, _rewrite)


def _rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if node.op.name != "slice" or inputs[0].node.op.name != "conv_transpose":
        return None
    conv, whole = inputs[0].node, inputs[0].shape
    start, kept, step = node.attrs["start"], node.attrs["size"], node.attrs["step"]
    if set(step) != {1} or start[0] or start[-1] or (kept[0], kept[-1]) != (whole[0], whole[-1]):
        return None
    low = tuple(n + begin for n, begin in zip(conv.attrs["low"], start[1:-1], strict=True))
    attrs = {**conv.attrs, "low": low, "positions": tuple(kept[1:-1])}
    return current().add(conv.op, conv.inputs, attrs, name=node.output.name)
