"""Borders of zeros around the input of a convolution, which no memory holds.

Nodes of convolutions may have attributes `before` and `behind`: how many cells of zeros their
input has at both ends of each axis between the batch and the channels. The `border` pass gives
them. Kernels copy some lines of an image, with the zeros around them, to where they read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import plus
from kgen.graph import Attrs, Node, Shape

# Floats of the lines that are copied together: at most, and so many that they stay in caches.
_MOST, _BLOCK = 1 << 16, 1 << 15


def with_border(shape: Shape, attrs: Attrs) -> Shape:
    """An input's shape with its border."""
    if not attrs.get("before"):
        return shape
    sizes = zip(shape[1:-1], attrs["before"], attrs["behind"], strict=True)
    return (shape[0], *(plus(size, plus(low, high)) for size, low, high in sizes), shape[-1])


def bordered(x: Any, before: Sequence[int], behind: Sequence[int]) -> Any:
    """An array with its border."""
    if not before:
        return x
    return np.pad(x, [(0, 0), *zip(before, behind, strict=True), (0, 0)])


def line_block(node: Node, most: int = 1 << 30) -> int:
    """How many positions along the first axis share a copy of the lines that they read.

    Args:
        node: a convolution, or a part of its gradient for its kernel, of an input with a border.
        most: a number of positions of all axes that should not be exceeded.

    Returns:
        All of them, or so many that blocks are alike; 0 if the copy were too large. Of a
        transposed convolution, whether it were not.
    """
    if node.op.name == "conv_transpose":  # of whole images
        return int(prod(_known(with_border(node.inputs[0].shape, node.attrs)[1:])) <= _MOST)
    is_filter = node.op.name == "filter_parts"
    shape = _known(with_border(node.inputs[0].shape, node.attrs)[1:])
    positions = _known((node.inputs[1] if is_filter else node.output).shape[1:-1])
    taps: tuple[int, ...] = node.attrs["taps"] if is_filter else _known(node.inputs[1].shape[:-2])
    if len(positions) == 1:  # tiles go along the axis
        return positions[0] if prod(shape) <= _MOST else 0
    line, dilation = prod(shape[1:]), int(node.attrs["dilation"][0])
    reach = (taps[0] - 1) * dilation + 1
    if reach * line > _MOST:
        return 0
    stride: int = node.attrs["strides"][0]
    fitting = (_BLOCK // line - reach) // stride + 1
    fitting = max(1, min(fitting, most // prod(positions[1:])))
    return -(-positions[0] // -(-positions[0] // fitting))


def _known(shape: Shape) -> tuple[int, ...]:
    assert all(isinstance(size, int) for size in shape), shape
    return tuple(size for size in shape if isinstance(size, int))
