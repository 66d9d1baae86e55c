"""Gradients of convolutions for their kernels, in slices of the lines of positions.

There are as many slices as a machine of many threads needs to be busy, and as results then to be
added up, in their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.graph import OPS, Attrs, Node, OpDef, Sample, TensorType, Value, apply, register
from kgen.ops.convolve import known_part, known_sizes


def _slices_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, grad = inputs
    return TensorType("float32", (attrs["slices"], *attrs["taps"], x.shape[-1], grad.shape[-1]))


def _slices(x: Any, grad: Any, *, slices: int, **attrs: Any) -> Any:
    lines = np.reshape(grad, (-1, *np.shape(grad)[-2:]))
    found = []
    for number in range(slices):
        first, last = (n * len(lines) // slices for n in (number, number + 1))
        part = np.zeros_like(lines)
        part[first:last] = lines[first:last]
        found.append(OPS["conv_filter"].reference(x, part.reshape(np.shape(grad)), **attrs))
    return np.stack(found)


def _slices_flops(node: Node) -> int:
    positions = known_part(node.inputs[1].shape[1:-1])
    return 2 * prod(known_sizes(node.output.shape[1:])) * prod(positions)


_PLAIN = {"taps": (3,), "strides": (1,), "dilation": (1,), "slices": 2}
_WIDE = {"taps": (2, 3), "strides": (2, 1), "dilation": (1, 2), "slices": 4}
register(
    OpDef(
        "filter_slices",
        _slices_shape,
        _slices,
        samples=(
            Sample(((3, 7, 3), (3, 5, 4)), _PLAIN, grad=()),
            Sample(((1, 6, 5, 1), (1, 3, 1, 17)), _WIDE, grad=()),
        ),
        doc="The gradient of a convolution for its kernel, over each of some slices of the lines "
        "of positions.",
        kernel="filter_slices",
        flops=_slices_flops,
    )
)


def filter_slices(node: Node, x: Value, grad: Value, slices: int, name: str) -> Value:
    """What a `conv_filter` node computes, of inputs x and grad: `[slices, *taps, in, out]`."""
    return apply("filter_slices", x, grad, hint=name, slices=slices, **node.attrs)
