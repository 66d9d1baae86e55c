"""Convolve with kernels of 3, or 3 by 3, by fewer products, where channels are many.

before                                  after
%y = conv(%x, %w)                       %u = winograd_kernel(%w)
                                        %y = winograd(%x, %u)
%dw = filter_parts(%x, %dy)             %dw = winograd_filter(%x, %dy)

For each pair of channels two outputs of a line cost 4 products instead of 6, and four of an image
16 instead of 36, and some sums for each channel. The kernel's sums are made once for the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from kgen.graph import BATCH, OPS, Graph, Node, Value, current
from kgen.ops.winograd import winograd_kernel
from kgen.rewrite import rebuild

# Channels, of input and output, from which products outweigh sums; pairs of channels of which all
# of a kernel's sums stay in a thread's caches, and for which it has room to sum them.
_MANY, _MOST, _MOST_SUMMED = 32, 1 << 14, 1 << 13
# Positions of an image, or of a line, from which the kernel's sums are little beside a batch of
# it, or a few.
_MANY_POSITIONS, _OF_LINES, _FOR_FEW = 64, 16, 1024
_STEPS, _BORDER = ("strides", "dilation"), ("before", "behind")


def winograd(graph: Graph) -> Graph:
    """Rewrite convolutions of lines and images of known size."""
    return _rewritten(graph, {1: _OF_LINES, 2: _MANY_POSITIONS})


def winograd_for_few(graph: Graph) -> Graph:
    """As `winograd`, for a row or a few, whose lines threads share."""
    return _rewritten(graph, {1: _FOR_FEW, 2: _FOR_FEW})


def _rewritten(graph: Graph, least: Mapping[int, int]) -> Graph:
    if not any(_is_fit(node, least) for node in graph.nodes):
        return graph
    kernels: dict[Value, Value] = {}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if not _is_fit(node, least):
            return None
        name = node.output.name
        border = {key: value for key, value in node.attrs.items() if key in _BORDER}
        if node.op.name == "filter_parts":
            return current().add(OPS["winograd_filter"], inputs, border, name=name)
        x, w = inputs
        if w not in kernels:
            kernels[w] = winograd_kernel(w, f"{w.name}_winograd")
        return current().add(OPS["winograd"], (x, kernels[w]), border, name=name)

    return rebuild(graph, rewrite)


def _is_fit(node: Node, least: Mapping[int, int]) -> bool:
    """Whether it is a convolution worth it, or a gradient for the kernel of one.

    `least` are the positions, by the number of axes.
    """
    is_filter = node.op.name == "filter_parts"
    if not is_filter and node.op.name != "conv":
        return False
    x, other = node.inputs
    batch, *positions, cols = other.shape if is_filter else node.output.shape
    taps = node.attrs["taps"] if is_filter else other.shape[:-2]
    channels = x.shape[-1]
    if any({*node.attrs[name]} != {1} for name in _STEPS):
        return False
    if batch != BATCH or {*taps} != {3} or len(taps) not in least:
        return False
    if not isinstance(channels, int) or not isinstance(cols, int):
        return False
    if cols % 16 or min(channels, cols) < _MANY:
        return False
    if channels * cols > (_MOST_SUMMED if is_filter and len(taps) == 2 else _MOST):
        return False
    known = [size for size in positions if isinstance(size, int) and size % 2 == 0]
    return len(known) == len(positions) and prod(known) >= least[len(taps)]
