"""Rows of a table by number: gather, and the sums that are its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.dims import is_measured
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    ShapeError,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.precision import rounded
from kgen.ops.shape import reshape

_PLACES = np.array([[0, 2, 1], [2, 2, 9]], np.int32)


def known(type_: TensorType) -> tuple[Any, ...]:
    """A shape whose sizes must all be known, or measured."""
    if any(not isinstance(size, int) and not is_measured(size) for size in type_.shape):
        raise ShapeError(f"a table needs rows of its own, found {type_}")
    return type_.shape


def _gather_rows(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    table, places = inputs
    if table.rank != 2:
        raise ShapeError(f"a table has rows and columns, found {table}")
    if places.dtype != "int32":
        raise ShapeError(
            f"indices are int32, found {places}",
            help='declare the input as int32, or convert with cast(x, "int32")',
        )
    return TensorType(table.dtype, (*places.shape, known(table)[1]))


def _held(places: Any, rows: int) -> Any:
    return np.clip(np.asarray(places, np.int64), 0, rows - 1)


def _gather_reference(table: Any, places: Any) -> Any:
    return np.asarray(table)[_held(places, len(table))]


def _gather_gradient(node: Node, grad: Value) -> list[Value | None]:
    table, places = node.inputs
    return [apply("scatter_rows", grad, places, rows=table.shape[0]), None]


def _scatter_rows(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    values, places = inputs
    if values.shape[:-1] != places.shape:
        raise ShapeError(f"each row of {values} needs one place, found {places}")
    if places.dtype != "int32":
        raise ShapeError(f"places are int32, found {places}")
    return TensorType("float32", (attrs["rows"], values.shape[-1]))


def _scatter_reference(values: Any, places: Any, rows: int) -> Any:
    wide = np.asarray(values, np.float64).reshape(-1, np.shape(values)[-1])
    total = np.zeros((rows, wide.shape[1]))
    np.add.at(total, _held(places, rows).reshape(-1), wide)
    return rounded(total, values)


def _scatter_gradient(node: Node, grad: Value) -> list[Value | None]:
    return [gather_rows(grad, node.inputs[1]), None]


def _scatter_flops(node: Node) -> int:
    count = 1
    for size in node.inputs[0].shape:
        count *= size if isinstance(size, int) else 1
    return count


register(
    OpDef(
        "gather_rows",
        _gather_rows,
        _gather_reference,
        _gather_gradient,
        samples=(
            Sample(((4, 5), _PLACES), grad=(0,)),
            Sample(((1, 1), np.zeros((3,), np.int32)), grad=(0,)),
            Sample(((7, 33), np.array([6, 0, 6], np.int32)), grad=(0,)),
        ),
        doc="Rows of a matrix by their numbers; numbers beyond its ends mean the first or last.",
        kernel="gather",
        tiled=True,
    )
)
register(
    OpDef(
        "scatter_rows",
        _scatter_rows,
        _scatter_reference,
        _scatter_gradient,
        samples=(
            Sample(((2, 3, 5), _PLACES), {"rows": 4}, grad=(0,)),
            Sample(((3, 33), np.array([6, 0, 6], np.int32)), {"rows": 7}, grad=(0,)),
        ),
        doc="A matrix of zeros to whose rows others are added, each at its place.",
        kernel="scatter",
        flops=_scatter_flops,
    )
)


def gather_rows(table: Value, places: Value) -> Value:
    """Rows of `table` by number: `[n, ...]` and `[...]` of int32 give `[..., ...]`.

    Numbers below 0 mean the first row, numbers beyond the table the last.
    """
    rest = known(table.type)[1:]
    if len(rest) == 1:
        return apply("gather_rows", table, places)
    flat = reshape(table, (table.shape[0], int(np.prod(rest))))
    return reshape(apply("gather_rows", flat, places), (*places.shape, *rest))


def scatter_rows(values: Value, places: Value, rows: int) -> Value:
    """A matrix of zeros to whose rows those of `values` are added, each at its place."""
    return apply("scatter_rows", values, places, rows=rows)
