"""Tensor functions that multiply and sum: products of matrices, distances, norms of rows."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from kgen import ops
from kgen.graph import BATCH, Shape, ShapeError, Value
from kgen.layers import merging
from kgen.layers.activations import in_range
from kgen.layers.family import function
from kgen.layers.function_kinds import OptionalTOrNumbers, known, tensor
from kgen.layers.kinds import (
    Axes,
    Bool,
    Float,
    Int,
    Integer,
    NonNegativeFloat,
    OptionalAxes,
    OptionalT,
    OptionalX,
    Several,
    String,
    T,
    XOrXs,
)

_INTS = Several("a list of axes", Integer("an axis"), or_one=True)
_TensordotAxes: TypeAlias = Annotated[
    Any, Several("a number of axes, or the axes of each", _INTS, or_one=True)
]


@function("matmul")
def matmul(x1: T, x2: T) -> Value:
    """The matrix product over the last axis of x1 and the last but one of x2.

    Axes in front of the matrices go together, or are repeated where one has size 1 or none.
    """
    a, b = ops.as_float(x1), ops.as_float(x2)
    last, rows = a.type.rank - 1, max(b.type.rank - 2, 0)
    if not a.type.rank or not b.type.rank or a.shape[last] != b.shape[rows]:
        size = b.shape[rows] if b.type.rank else "none"
        raise ShapeError(
            f"cannot multiply {a.type} by {b.type}",
            help=f"the last axis of the first must be the rows of the second, {size}",
        )
    lead_a, lead_b = a.shape[:-2], b.shape[:-2]
    names = _LETTERS[: max(len(lead_a), len(lead_b))]
    left = names[len(names) - len(lead_a) :] + ("mk" if a.type.rank > 1 else "k")
    right = names[len(names) - len(lead_b) :] + ("kn" if b.type.rank > 1 else "k")
    out = names + ("m" if a.type.rank > 1 else "") + ("n" if b.type.rank > 1 else "")
    a, b = _repeated(a, b, left, right), _repeated(b, a, right, left)
    found = ops.einsum(f"{left},{right}->{out}", a, b)
    if found.shape.count(BATCH) > 1:
        raise ShapeError(
            f"cannot multiply {x1.type} by {x2.type}",
            help="the batch is an axis of both, and goes together in front of the matrices",
        )
    return found


_LETTERS = "abcdefgh"


def _repeated(x: Value, other: Value, own: str, others: str) -> Value:
    """x, axes of size one in front of its matrices as large as the other's."""
    shape = tuple(
        other.shape[others.index(letter)]
        if size == 1 and letter in others and letter not in "mkn"
        else size
        for letter, size in zip(own, x.shape, strict=True)
    )
    return ops.broadcast_to(x, shape)


@function("dot")
def dot(
    x1: XOrXs, x2: OptionalX = None, axes: OptionalAxes = None, normalize: Bool = False
) -> Value:
    """The product of x1's last axis with x2's last but one; of a list, as by the layer Dot."""
    if isinstance(x1, list):
        if axes is None or x2 is not None:
            raise ShapeError("a list of two tensors needs axes", help="write dot([a, b], axes=-1)")
        return merging.dot(x1, axes=axes, normalize=normalize)
    if not isinstance(x1, Value) or not isinstance(x2, Value):
        raise ShapeError("dot needs two tensors", help="write dot(a, b), or dot([a, b], axes=-1)")
    return _contracted(x1, x2, (x1.type.rank - 1,), (max(x2.type.rank - 2, 0),))


def _contracted(a: Value, b: Value, left: tuple[int, ...], right: tuple[int, ...]) -> Value:
    """The sum of products over some axes of each; the rest one after the other."""
    names = "abcdefghijklmnopqrstuvwxyz"
    own = list(names[: a.type.rank])
    others = list(names[a.type.rank : a.type.rank + b.type.rank])
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(f"cannot multiply {a.type} by {b.type} over axes {i} and {j}")
        others[j] = own[i]
    out = [x for i, x in enumerate(own) if i not in left]
    out += [x for j, x in enumerate(others) if j not in right]
    return ops.einsum(f"{''.join(own)},{''.join(others)}->{''.join(out)}", a, b)


@function("tensordot")
def tensordot(x1: T, x2: T, axes: _TensordotAxes = 2) -> Value:
    """The sum of products over so many last axes of x1 and first of x2, or over those given."""
    if isinstance(axes, int):
        left = tuple(range(x1.type.rank - axes, x1.type.rank))
        return _contracted(x1, x2, left, tuple(range(axes)))
    if len(axes) != 2:
        raise ShapeError(f"axes are given for each of two tensors, found {len(axes)}")
    pair = [(one,) if isinstance(one, int) else tuple(one) for one in axes]
    if len(pair[0]) != len(pair[1]):
        raise ShapeError(f"{len(pair[0])} axes cannot go with {len(pair[1])}")
    left = tuple(in_range(x1, axis) for axis in pair[0])
    return _contracted(x1, x2, left, tuple(in_range(x2, axis) for axis in pair[1]))


@function("einsum")
def einsum(subscripts: String, x1: T, x2: OptionalT = None, x3: OptionalT = None) -> Value:
    """The sum of products that an equation such as "bij,bjk->bik" says."""
    operands = [ops.as_float(x) for x in (x1, x2, x3) if x is not None]
    return ops.einsum(subscripts, *operands)


@function("inner")
def inner(x1: T, x2: T) -> Value:
    """The sum of products over the last axes."""
    if 0 in (x1.type.rank, x2.type.rank):
        return x1 * x2
    return _contracted(x1, x2, (x1.type.rank - 1,), (x2.type.rank - 1,))


@function("outer")
def outer(x1: T, x2: T) -> Value:
    """The products of all elements of x1, by rows, with all of x2, by columns."""
    flat = [ops.reshape(x, (_elements(x),)) for x in (x1, x2)]
    return ops.expand_dims(flat[0], 1) * flat[1]


def _elements(x: Value) -> int:
    count = 1
    for size in x.shape:
        count *= known(size, str(x.type))
    return count


@function("vdot")
def vdot(x1: T, x2: T) -> Value:
    """The sum of the products of all elements."""
    if x1.shape != x2.shape:
        raise ShapeError(f"{x1.type} and {x2.type} differ in shape")
    return ops.sum(x1 * x2)


@function("kron")
def kron(x1: T, x2: T) -> Value:
    """Every element of x1 times all of x2, laid out as blocks."""
    rank = max(x1.type.rank, x2.type.rank)
    pair = [ops.reshape(x, (*[1] * (rank - x.type.rank), *x.shape)) for x in (x1, x2)]
    left: list[Any] = []
    right: list[Any] = []
    shape: list[Any] = []
    for m, n in zip(pair[0].shape, pair[1].shape, strict=True):
        left += [m, 1]
        right += [1, n]
        shape.append(m if n == 1 else known(m, str(x1.type)) * known(n, str(x2.type)))
    product = ops.reshape(pair[0], tuple(left)) * ops.reshape(pair[1], tuple(right))
    return ops.reshape(product, tuple(shape))


@function("cross")
def cross(x1: T, x2: T, axis: Int = -1) -> Value:
    """The vector product of vectors of three along an axis."""
    a, b = ops.moveaxis(x1, axis, -1), ops.moveaxis(x2, axis, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(f"vectors of 3 are needed, found {x1.type} and {x2.type}")
    rank_a, rank_b = a.type.rank - 1, b.type.rank - 1
    u = [ops.slice_axis(a, rank_a, i, i + 1) for i in range(3)]
    v = [ops.slice_axis(b, rank_b, i, i + 1) for i in range(3)]
    parts = [u[(i + 1) % 3] * v[(i + 2) % 3] - u[(i + 2) % 3] * v[(i + 1) % 3] for i in range(3)]
    return ops.moveaxis(ops.concatenate(parts, parts[0].type.rank - 1), -1, axis)


@function("cdist")
def cdist(x: T, y: T) -> Value:
    """The Euclidean distances of the rows of x from those of y: `[..., m, n]`."""
    if min(x.type.rank, y.type.rank) < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(f"rows of {x.type} and {y.type} have no distance")
    apart = ops.expand_dims(x, -2) - ops.expand_dims(y, -3)
    square = ops.sum(ops.square(apart), -1)
    some = square > 0.0
    return ops.where(some, ops.sqrt(ops.where(some, square, 1.0)), 0.0)


@function("normalize", "l2_normalize")
def normalize(x: T, axis: Axes = -1, order: Float = 2.0, epsilon: NonNegativeFloat = 1e-7) -> Value:
    """x over its norm along an axis, the Euclidean one unless told."""
    x = ops.as_float(x)
    if order == 2.0:
        return merging.unit(x, axis, epsilon)
    size = ops.absolute(x)
    if order == 1.0:
        norm = ops.sum(size, axis, keepdims=True)
    elif order == float("inf"):
        norm = ops.max(size, axis, keepdims=True)
    elif order > 0.0:
        norm = ops.power(ops.sum(ops.power(size, order), axis, keepdims=True), 1.0 / order)
    else:
        raise ShapeError(f"the order of a norm is positive, found {order}")
    return x / ops.maximum(norm, epsilon)


@function("layer_normalization")
def layer_normalization(
    x: T,
    gamma: OptionalTOrNumbers = None,
    beta: OptionalTOrNumbers = None,
    axis: Axes = -1,
    epsilon: NonNegativeFloat = 1e-3,
) -> Value:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over some axes."""
    centred = x - ops.mean(x, axis, keepdims=True)
    y = centred * ops.rsqrt(ops.mean(ops.square(centred), axis, keepdims=True) + epsilon)
    y = y if gamma is None else y * tensor(gamma)
    return y if beta is None else y + tensor(beta)


@function("rms_normalization")
def rms_normalization(
    x: T, scale: OptionalTOrNumbers = None, axis: Axes = -1, epsilon: NonNegativeFloat = 1e-7
) -> Value:
    """scale * x / sqrt(mean(x^2) + epsilon), the mean over some axes."""
    y = x * ops.rsqrt(ops.mean(ops.square(x), axis, keepdims=True) + epsilon)
    return y if scale is None else y * tensor(scale)


@function("batch_normalization")
def batch_normalization(
    x: T,
    mean: T,
    variance: T,
    axis: Int,
    offset: OptionalT = None,
    scale: OptionalT = None,
    epsilon: NonNegativeFloat = 1e-3,
) -> Value:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, for each index of an axis."""
    axis = in_range(x, axis)
    shape: Shape = tuple(size if a == axis else 1 for a, size in enumerate(x.shape))
    if BATCH in shape:
        raise ShapeError("statistics are of an axis other than the batch")
    spread = [None if v is None else ops.reshape(v, shape) for v in (mean, variance, offset, scale)]
    assert spread[0] is not None and spread[1] is not None
    factor = ops.rsqrt(spread[1] + epsilon)
    y = (x - spread[0]) * (factor if spread[3] is None else factor * spread[3])
    return y if spread[2] is None else y + spread[2]
