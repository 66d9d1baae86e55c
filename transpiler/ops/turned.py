"""Products with the transpose of a matrix, which is left where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import Attrs, Node, OpDef, ShapeError, TensorType, Value, apply, register
from kgen.ops.precision import rounded

__all__ = ["dot_turned"]


def _shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    a, b = inputs
    if b.rank != 2 or a.shape[-1] != b.shape[1]:
        raise ShapeError(f"cannot multiply {a} by the transpose of {b}")
    return TensorType("float32", (*a.shape[:-1], b.shape[0]))


def _product(a: Any, b: Any) -> Any:
    return rounded(np.asarray(a, np.float64) @ np.asarray(b, np.float64).T, a, b)


def _flops(node: Node) -> int:
    cols, inner = node.inputs[1].shape
    assert isinstance(cols, int) and isinstance(inner, int)
    return 2 * cols * inner


register(
    OpDef(
        "dot_turned",
        _shape,
        _product,
        doc="Rows times the transpose of a matrix: `[..., k]` by `[n, k]` to `[..., n]`.",
        kernel="dot_turned",
        tiled=True,
        flops=_flops,
    )
)


def dot_turned(a: Value, b: Value, name: str) -> Value:
    """`[batch, k]` times the transpose of `[n, k]`."""
    return apply("dot_turned", a, b, hint=name)
