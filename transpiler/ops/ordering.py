"""Running sums, orders of rows, and elements of rows by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import (
    BATCH,
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
from kgen.ops.window import pad

__all__ = ["accumulate", "argsort", "cumprod", "cumsum", "take_along"]


# --- along an axis, one element after the other --------------------------------------


def _running(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    shape, axis = inputs[0].shape, attrs["axis"]
    if shape[axis] == BATCH:
        raise ShapeError(f"axis {axis} of {inputs[0]} is the batch, whose samples stay apart")
    if any(type_.shape != shape for type_ in inputs):
        raise ShapeError(f"{inputs[0]} and {inputs[1]} differ in shape")
    return TensorType("float32", shape)


def _sums(x: Any, axis: int, reverse: bool) -> Any:
    wide = np.asarray(x, np.float64)
    if reverse:
        return rounded(np.flip(np.cumsum(np.flip(wide, axis), axis), axis), x)
    return rounded(np.cumsum(wide, axis), x)


def _recurrence(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    factors = np.moveaxis(np.asarray(a, np.float64), axis, 0)
    terms = np.moveaxis(np.asarray(b, np.float64), axis, 0)
    found, last = np.empty(terms.shape), np.zeros(terms.shape[1:])
    order = range(len(terms))
    for k in reversed(order) if reverse else order:
        last = factors[k] * last + terms[k]
        found[k] = last
    return rounded(np.moveaxis(found, 0, axis), a, b)


def _recurrence_gradient(node: Node, grad: Value) -> list[Value | None]:
    """With y_k = a_k y_{k-1} + b_k: s_k = g_k + a_{k+1} s_{k+1} is b's, s_k y_{k-1} a's."""
    a, axis, reverse = node.inputs[0], node.attrs["axis"], node.attrs["reverse"]
    back = accumulate(_shifted(a, axis, not reverse), grad, axis, not reverse)
    return [back * _shifted(node.output, axis, reverse), back]


def _shifted(x: Value, axis: int, reverse: bool) -> Value:
    """Each element one place further, or back; 0 where none comes from."""
    low = [0] * x.type.rank
    low[axis] = -1 if reverse else 1
    return pad(x, low, [-n for n in low])


_ALONG = ({"axis": 1, "reverse": False}, {"axis": 1, "reverse": True})
register(
    OpDef(
        "cumsum",
        _running,
        _sums,
        lambda n, g: [cumsum(g, n.attrs["axis"], not n.attrs["reverse"])],
        samples=(
            *(Sample(((3, 7),), attrs) for attrs in _ALONG),
            Sample(((2, 4, 17),), {"axis": 1, "reverse": False}),
            Sample(((2, 1, 3),), {"axis": 2, "reverse": True}),
        ),
        doc="Sums of the elements up to each along an axis; from each on, if in reverse.",
        kernel="running",
        flops=lambda node: _elements(node),
    )
)
register(
    OpDef(
        "accumulate",
        _running,
        _recurrence,
        _recurrence_gradient,
        samples=(
            *(Sample(((3, 7), (3, 7)), attrs) for attrs in _ALONG),
            Sample(((2, 3, 18), (2, 3, 18)), {"axis": 1, "reverse": False}),
        ),
        doc="y_k = a_k y_{k-1} + b_k along an axis, from y = 0 on; backwards if in reverse.",
        kernel="running",
        flops=lambda node: 2 * _elements(node),
    )
)


def _elements(node: Node) -> int:
    count = 1
    for size in node.output.shape:
        count *= size if isinstance(size, int) else 1
    return count


def cumsum(x: Value, axis: int, reverse: bool = False) -> Value:
    """Sums of the elements up to each along an axis; from each on, if in reverse."""
    return apply("cumsum", x, axis=axis % x.type.rank, reverse=reverse)


def accumulate(a: Value, b: Value, axis: int, reverse: bool = False) -> Value:
    """y_k = a_k y_{k-1} + b_k along an axis, from y = 0 on; backwards if in reverse."""
    return apply("accumulate", a, b, axis=axis % a.type.rank, reverse=reverse)


def cumprod(x: Value, axis: int) -> Value:
    """Products of the elements up to each along an axis; zeros have derivatives too."""
    axis = axis % x.type.rank
    one, rest = [0] * x.type.rank, [0] * x.type.rank
    size = x.shape[axis]
    if not isinstance(size, int):
        raise ShapeError(f"the size of axis {axis} of {x.type} is not known")
    one[axis], rest[axis] = 1 - size, size - 1
    first = pad(pad(x, [0] * x.type.rank, one), [0] * x.type.rank, rest)
    return accumulate(x, first, axis)


# --- orders ---------------------------------------------------------------------------


def _order(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    size = inputs[0].shape[-1]
    if not isinstance(size, int) or size < attrs["size"]:
        raise ShapeError(f"the last axis of {inputs[0]} has no {attrs['size']} elements")
    return TensorType("int32", (*inputs[0].shape[:-1], attrs["size"]))


def _argsort(x: Any, size: int, descending: bool) -> Any:
    keys = -np.asarray(x) if descending else np.asarray(x)
    return np.argsort(keys, axis=-1, kind="stable")[..., :size].astype(np.int32)


def _pairs(node: Node) -> int:
    size = node.inputs[0].shape[-1]
    assert isinstance(size, int)
    kept: int = node.attrs["size"]
    return _elements(node) // kept * size * size


register(
    OpDef(
        "argsort",
        _order,
        _argsort,
        lambda n, g: [None],
        samples=(
            Sample(((3, 7),), {"size": 7, "descending": False}, grad=()),
            Sample(((2, 3, 33),), {"size": 5, "descending": True}, grad=()),
            Sample(((2, 1),), {"size": 1, "descending": False}, grad=()),
        ),
        doc="The places of the first elements of each row in ascending or descending order; of "
        "equal ones the one in front comes first, NaNs come last.",
        kernel="order",
        flops=_pairs,
    )
)


def argsort(x: Value, size: int, descending: bool = False) -> Value:
    """The places of the `size` first elements of each row, in order, as int32.

    Each element is compared with each: meant for rows of up to some thousand.
    """
    return apply("argsort", x, size=size, descending=descending)


# --- elements by place ------------------------------------------------------------------


def _taken(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, places = inputs
    if places.dtype != "int32":
        raise ShapeError(
            f"indices are int32, found {places}",
            help='declare the input as int32, or convert with cast(x, "int32")',
        )
    if x.shape[:-1] != places.shape[:-1]:
        raise ShapeError(f"the rows of {x} and of the places {places} do not agree")
    return TensorType(x.dtype, places.shape)


def _take_along(x: Any, places: Any) -> Any:
    held = np.clip(np.asarray(places, np.int64), 0, np.shape(x)[-1] - 1)
    return np.take_along_axis(np.asarray(x), held, -1)


def _spread(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("float32", (*inputs[0].shape[:-1], attrs["size"]))


def _add_along(x: Any, places: Any, size: int) -> Any:
    rows = np.asarray(x, np.float64).reshape(-1, np.shape(x)[-1])
    total = np.zeros((len(rows), size))
    held = np.clip(np.asarray(places, np.int64), 0, size - 1).reshape(rows.shape)
    np.add.at(total, (np.arange(len(rows))[:, None], held), rows)
    return rounded(total.reshape(*np.shape(x)[:-1], size), x)


_PLACES = np.array([[0, 2, 2, 1], [4, 4, 9, 0]], np.int32)
register(
    OpDef(
        "take_along",
        _taken,
        _take_along,
        lambda n, g: [add_along(g, n.inputs[1], n.inputs[0].shape[-1]), None],
        samples=(
            Sample(((2, 5), _PLACES), grad=(0,)),
            Sample(((2, 2, 5), np.stack([_PLACES, _PLACES[::-1]])), grad=(0,)),
        ),
        doc="Elements of each row by their places; places beyond its ends mean the first or last.",
        kernel="take_along",
    )
)
register(
    OpDef(
        "add_along",
        _spread,
        _add_along,
        lambda n, g: [take_along(g, n.inputs[1]), None],
        samples=(Sample(((2, 4), _PLACES), {"size": 5}, grad=(0,)),),
        doc="Rows of zeros to which elements are added, each at its place.",
        kernel="add_along",
        flops=lambda node: _elements(node),
    )
)


def take_along(x: Value, places: Value) -> Value:
    """Elements of each row by place: `[..., n]` and int32 `[..., k]` give `[..., k]`."""
    return apply("take_along", x, places)


def add_along(x: Value, places: Value, size: object) -> Value:
    """Rows of `size` zeros to which the elements of `x` are added, each at its place."""
    return apply("add_along", x, places, size=size)
