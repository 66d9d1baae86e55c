"""Sums over the batch of which each thread makes a part, over its own rows: `[threads, ...]`.

What follows from the rows of the batch then needs no barrier, and no row of another thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.graph import (
    BATCH,
    OPS,
    THREADS,
    Attrs,
    Node,
    OpDef,
    Shape,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.precision import rounded


def _sum_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (x,) = inputs
    assert x.shape[0] == BATCH and x.rank == 2
    return TensorType("float32", (THREADS, *x.shape[1:]))


def _sum(x: Any) -> Any:
    return rounded(np.sum(x, axis=0, dtype=np.float64), x)[None]


def _dot_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    a, b = inputs
    assert a.shape[0] == BATCH and a.shape[:-1] == b.shape[:-1]
    return TensorType("float32", (THREADS, a.shape[-1], b.shape[-1]))


def _dot(a: Any, b: Any) -> Any:
    wide = (np.reshape(v, (-1, v.shape[-1])).astype(np.float64) for v in (a, b))
    left, right = wide
    return rounded(left.T @ right, a, b)[None]


def _known(shape: Shape) -> int:
    return prod(size for size in shape if isinstance(size, int))


register(
    OpDef(
        "sum_parts",
        _sum_shape,
        _sum,
        doc="The sum of each thread's rows of the batch.",
        kernel="sum_parts",
        flops=lambda node: _known(node.inputs[0].shape),
    )
)
register(
    OpDef(
        "dot_parts",
        _dot_shape,
        _dot,
        doc="The transpose of one matrix times another, over each thread's rows of the batch.",
        kernel="dot_parts",
        flops=lambda node: 2 * _known(node.inputs[0].shape) * _known(node.inputs[1].shape[-1:]),
    )
)


def _filter_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, grad = inputs
    assert x.shape[0] == grad.shape[0] == BATCH
    return TensorType("float32", (THREADS, *attrs["taps"], x.shape[-1], grad.shape[-1]))


def _filter(x: Any, grad: Any, **attrs: Any) -> Any:
    return OPS["conv_filter"].reference(x, grad, **attrs)[None]


register(
    OpDef(
        "filter_parts",
        _filter_shape,
        _filter,
        doc="The gradient of a convolution for its kernel, over each thread's rows of the batch.",
        kernel="filter_parts",
        flops=lambda node: 2 * _known(node.output.shape) * _known(node.inputs[1].shape[1:-1]),
    )
)


def sum_parts(x: Value, name: str) -> Value:
    """`[batch, n]` to `[threads, n]`."""
    return apply("sum_parts", x, hint=name)


def dot_parts(a: Value, b: Value, name: str) -> Value:
    """`[batch, ..., m]` and `[batch, ..., n]` to `[threads, m, n]`."""
    return apply("dot_parts", a, b, hint=name)


def filter_parts(node: Node, x: Value, grad: Value, name: str) -> Value:
    """What a `conv_filter` node computes, of inputs x and grad: `[threads, *taps, in, out]`."""
    return apply("filter_parts", x, grad, hint=name, **node.attrs)
