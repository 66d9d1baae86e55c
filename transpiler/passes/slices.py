"""Let several blocks of a GPU sum each tile of a convolution's gradient for its kernel.

before                                  after
%dw = conv_filter(%x, %dy)              %parts = filter_slices(%x, %dy)    [slices, ...]
                                        %dw = sum(%parts, axis 0)

A small kernel has few tiles, and each of them sums over all positions of all images: most of the
GPU would wait. The second sum is short, and always in the same order.
"""

from __future__ import annotations

from kgen import ops
from kgen.dims import product
from kgen.graph import Graph, Node, Value, apply
from kgen.rewrite import rebuild

# Blocks that keep a large GPU busy, slices that are the most for it and for a line of an image,
# numbers of a tile, and positions of an image from which it pays.
_BLOCKS = 512
_MOST = 64
_OF_A_LINE = 8
_TILE = 1024
_POSITIONS = 64


def slices(graph: Graph) -> Graph:
    """Sum gradients of convolutions' kernels in slices, where there are few tiles."""
    counts = {node: _slices(node) for node in graph.nodes if node.op.name == "conv_filter"}
    if all(count < 2 for count in counts.values()):
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        count = counts.get(node, 1)
        if count < 2:
            return None
        name = node.output.name
        parts = ops.filter_slices(node, inputs[0], inputs[1], count, f"{name}_slices")
        return apply("sum", parts, hint=name, axes=(0,), keepdims=False)

    return rebuild(graph, rewrite)


def _slices(node: Node) -> int:
    """How many slices a gradient pays for; one if it should stay whole."""
    grad = node.inputs[1]
    size, positions = product(node.output.shape), product(grad.shape[1:-1])
    if not isinstance(size, int) or not isinstance(positions, int) or positions < _POSITIONS:
        return 1
    lines = product(grad.shape[1:-2])
    assert isinstance(lines, int)
    return min(_MOST, _OF_A_LINE * lines, _BLOCKS // -(-size // _TILE))
