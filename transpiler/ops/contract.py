"""Contraction: every product of matrices is one op, closed under differentiation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
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
from kgen.ops.shape import transpose

Axes = tuple[int, ...]


def free_axes(rank: int, *used: Axes) -> Axes:
    """The axes that are neither contracted nor batch."""
    return tuple(axis for axis in range(rank) if not any(axis in axes for axes in used))


def _infer(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    a, b = inputs
    (ca, cb), (ba, bb) = attrs["contract"], attrs["batch"]
    for kind, left, right in (("contracted", ca, cb), ("batch", ba, bb)):
        sizes = [a.shape[i] for i in left], [b.shape[i] for i in right]
        if sizes[0] != sizes[1]:
            raise ShapeError(
                f"cannot multiply {a} by {b}",
                help=f"the {kind} dimensions are {_sizes(sizes[0])} and {_sizes(sizes[1])}; "
                "they must be equal",
            )
    shape = [a.shape[i] for i in ba]
    shape += [a.shape[i] for i in free_axes(a.rank, ca, ba)]
    shape += [b.shape[i] for i in free_axes(b.rank, cb, bb)]
    return TensorType("float32", tuple(shape))


def _sizes(sizes: Sequence[object]) -> str:
    return ", ".join(map(str, sizes))


def _reference(a: Any, b: Any, contract: tuple[Axes, Axes], batch: tuple[Axes, Axes]) -> Any:
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    names_a = [next(letters) for _ in range(np.ndim(a))]
    names_b = [next(letters) for _ in range(np.ndim(b))]
    for left, right in zip((*contract[0], *batch[0]), (*contract[1], *batch[1]), strict=True):
        names_b[right] = names_a[left]
    out = [names_a[i] for i in batch[0]]
    out += [names_a[i] for i in free_axes(np.ndim(a), *(contract[0], batch[0]))]
    out += [names_b[i] for i in free_axes(np.ndim(b), *(contract[1], batch[1]))]
    subscripts = f"{''.join(names_a)},{''.join(names_b)}->{''.join(out)}"
    wide = (np.asarray(a, np.float64), np.asarray(b, np.float64))
    return rounded(np.einsum(subscripts, *wide), a, b)


def _gradient(node: Node, grad: Value) -> list[Value | None]:
    """d(a.b) for a is grad contracted with b over b's free axes, put in a's order; likewise b."""
    a, b = node.inputs
    (ca, cb), (ba, bb) = node.attrs["contract"], node.attrs["batch"]
    fa, fb = free_axes(a.type.rank, ca, ba), free_axes(b.type.rank, cb, bb)
    nb, na = len(ba), len(fa)
    grad_batch = tuple(range(nb))
    grad_fa = tuple(range(nb, nb + na))
    grad_fb = tuple(range(nb + na, nb + na + len(fb)))

    da = dot(grad, b, contract=(grad_fb, fb), batch=(grad_batch, bb))
    # `da` has axes (batch, fa, cb in b's order); say where each axis of a is.
    b_order = [cb.index(axis) for axis in sorted(cb)]
    source = [*ba, *fa, *(ca[i] for i in b_order)]
    da = transpose(da, [source.index(axis) for axis in range(a.type.rank)])

    db = dot(a, grad, contract=(fa, grad_fa), batch=(ba, grad_batch))
    a_order = [ca.index(axis) for axis in sorted(ca)]
    source = [*bb, *(cb[i] for i in a_order), *fb]
    db = transpose(db, [source.index(axis) for axis in range(b.type.rank)])
    return [da, db]


register(
    OpDef(
        "dot",
        _infer,
        _reference,
        _gradient,
        samples=(
            Sample(((3, 4), (4, 5)), {"contract": ((1,), (0,)), "batch": ((), ())}),
            Sample(((5, 4), (5, 3)), {"contract": ((0,), (0,)), "batch": ((), ())}),
            Sample(((3, 4), (5, 4)), {"contract": ((1,), (1,)), "batch": ((), ())}),
            Sample(((2, 3, 4), (4, 5)), {"contract": ((2,), (0,)), "batch": ((), ())}),
            Sample(((2, 3, 4), (2, 3, 5)), {"contract": ((0, 1), (0, 1)), "batch": ((), ())}),
            Sample(((2, 3, 4), (2, 4, 5)), {"contract": ((2,), (1,)), "batch": ((0,), (0,))}),
            Sample(((2, 3, 4), (2, 5, 4)), {"contract": ((2,), (2,)), "batch": ((0,), (0,))}),
            Sample(((2, 4), (2, 4)), {"contract": ((1,), (1,)), "batch": ((0,), (0,))}),
            Sample(((1, 1), (1, 1)), {"contract": ((1,), (0,)), "batch": ((), ())}),
        ),
        doc="Sum of products over the contracted axes; the result's axes are the batch axes, "
        "the free axes of a, the free axes of b.",
    )
)


def dot(
    a: Value, b: Value, *, contract: tuple[Axes, Axes], batch: tuple[Axes, Axes] = ((), ())
) -> Value:
    """Contract `a` with `b` (XLA's DotGeneral).

    Args:
        contract: the axes of a and of b that are summed over, pairwise.
        batch: the axes of a and of b that are matched and kept, in front.
    """
    return apply("dot", a, b, contract=contract, batch=batch)
