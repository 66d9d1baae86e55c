"""Convolve with kernels of 3 by 3 by fewer products, where channels are many.

before                                  after
%y = conv(%x, %w)                       %u = winograd_kernel(%w)
                                        %y = winograd(%x, %u)

Four outputs cost 16 products for each pair of channels instead of 36, and some sums for each
channel. The kernel's sums are made once for all images.
"""

from __future__ import annotations

from kgen.graph import BATCH, OPS, Graph, Node, Value, current
from kgen.ops.winograd import winograd_kernel
from kgen.rewrite import rebuild

# Channels, of input and output, from which products outweigh sums; pairs of channels of which all
# of a kernel's sums stay in a thread's caches.
_MANY, _MOST = 32, 1 << 14
# Positions of an image from which the kernel's sums are little beside it and a batch, or a few.
_MANY_POSITIONS, _FOR_FEW = 64, 1024
_STEPS = {"strides": (1, 1), "dilation": (1, 1)}


def winograd(graph: Graph) -> Graph:
    """Rewrite convolutions of images of known size."""
    return _rewritten(graph, _MANY_POSITIONS)


def winograd_for_few(graph: Graph) -> Graph:
    """As `winograd`, for a row or a few, whose lines threads share."""
    return _rewritten(graph, _FOR_FEW)


def _rewritten(graph: Graph, positions: int) -> Graph:
    if not any(_is_fit(node, positions) for node in graph.nodes):
        return graph
    kernels: dict[Value, Value] = {}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not _is_fit(node, positions):
            return None
        x, w = inputs
        if w not in kernels:
            kernels[w] = winograd_kernel(w, f"{w.name}_winograd")
        border = {name: value for name, value in node.attrs.items() if name not in _STEPS}
        return current().add(OPS["winograd"], (x, kernels[w]), border, name=node.output.name)

    return rebuild(graph, rewrite)


def _is_fit(node: Node, least: int) -> bool:
    if node.op.name != "conv" or any(node.attrs[name] != one for name, one in _STEPS.items()):
        return False
    *taps, channels, cols = node.inputs[1].shape
    batch, *positions, _ = node.output.shape
    if batch != BATCH or taps != [3, 3] or not isinstance(channels, int):
        return False
    if not isinstance(cols, int) or channels % 16 or cols % 16 or min(channels, cols) < _MANY:
        return False
    high, wide = positions
    if not isinstance(high, int) or not isinstance(wide, int) or high % 2 or wide % 2:
        return False
    return channels * cols <= _MOST and high * wide >= least
