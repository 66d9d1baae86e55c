"""Products with a matrix that lies in panels of neighbouring columns.

A panel holds `PANEL` columns of all rows on end, so that a tile reads it in one run: what a product
repeated over the steps of a loop copies anew at every step, laid out once before the loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import Attrs, Node, OpDef, ShapeError, TensorType, Value, apply, register
from kgen.ops.precision import rounded
from kgen.ops.shape import reshape

__all__ = ["PANEL", "dot_panels", "panels"]

PANEL = 64


def _shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    a, b = inputs
    if b.rank != 3 or a.shape[-1] != b.shape[1]:
        raise ShapeError(f"cannot multiply {a} by the panels {b}")
    count, _, width = b.shape
    assert isinstance(count, int) and isinstance(width, int)
    return TensorType("float32", (*a.shape[:-1], count * width))


def _product(a: Any, b: Any) -> Any:
    matrix = np.moveaxis(b.astype(np.float64), 0, 1).reshape(b.shape[1], -1)
    return rounded(a.astype(np.float64) @ matrix, a, b)


def _flops(node: Node) -> int:
    count, inner, width = node.inputs[1].shape
    assert isinstance(count, int) and isinstance(inner, int) and isinstance(width, int)
    return 2 * count * inner * width


register(
    OpDef(
        "dot_panels",
        _shape,
        _product,
        doc="Rows times a matrix whose columns lie in panels: `[panels, rows, columns]`.",
        kernel="dot_panels",
        tiled=True,
        flops=_flops,
    )
)


def panels(matrix: Value) -> Value:
    """`[m, n]` to `[n / PANEL, m, PANEL]`."""
    m, n = matrix.shape
    assert isinstance(n, int) and n % PANEL == 0
    apart = reshape(matrix, (m, n // PANEL, PANEL))
    return apply("transpose", apart, hint=f"{matrix.name}_panels", axes=(1, 0, 2))


def dot_panels(a: Value, b: Value, name: str) -> Value:
    """`[batch, m]` times the panels of `[m, n]`."""
    return apply("dot_panels", a, b, hint=name)
