"""Convolutions with three taps an axis by Winograd's products: two outputs of an axis at a time.

Two outputs of a line that take 6 products of an input with a tap take 4, of sums of inputs with
sums of taps; a square of 2 by 2 outputs takes 16 for 36. With the matrices

    B = 1  0 -1  0      G = 1    0   0        A = 1  1  1  0
        0  1  1  0          1/2  1/2 1/2          0  1 -1 -1
        0 -1  1  0          1/2 -1/2 1/2
        0  1  0 -1          0    0   1

a pair of outputs is `A (G g * B d)` and a square `A (G g G' * B d B') A'`, g being the taps and d
the 4, or 4 by 4, inputs that they meet; the star multiplies element by element. An output depends
on the inputs under its own window alone, and is exactly zero where all those are. (A. Lavin, S.
Gray: Fast algorithms for convolutional neural networks, 2015, F(2, 3) and F(2x2, 3x3).) The
gradient for the taps is the sum over all pairs of `G' (B d * A' e)`, and over all squares of
`G' (B d B' * A' e A) G`, e being the outputs' gradients.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import minus
from kgen.graph import BATCH, THREADS, Attrs, Node, OpDef, TensorType, Value, apply, register
from kgen.ops.borders import bordered, with_border
from kgen.ops.convolve import known_part, known_sizes
from kgen.ops.precision import rounded

__all__ = ["winograd_kernel"]

_G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float64)
_A = np.array([[1, 1, 1, 0], [0, 1, -1, -1]], np.float64)


def _cells(d: Any, axis: int) -> Any:
    """B times d, along an axis; what is not finite stays where it matters."""
    d0, d1, d2, d3 = np.moveaxis(d, axis, 0)
    return np.stack([d0 - d2, d1 + d2, d2 - d1, d1 - d3], axis)


def _outputs(m: Any, axis: int) -> Any:
    """A times m, along an axis."""
    m0, m1, m2, m3 = np.moveaxis(m, axis, 0)
    return np.stack([m0 + m1 + m2, m1 - m2 - m3], axis)


def _kernel_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    (w,) = inputs
    rank = w.rank - 2
    assert w.shape[:-2] == (3,) * rank
    return TensorType("float32", (*(4,) * rank, *w.shape[-2:]))


def _kernel(w: Any) -> Any:
    sums = np.asarray(w, np.float64)
    for axis in range(sums.ndim - 2):
        sums = np.moveaxis(np.tensordot(_G, sums, (1, axis)), 0, axis)
    return rounded(sums, w)


def _kernel_flops(node: Node) -> int:
    *taps, channels, cols = known_sizes(node.output.shape)
    return (9 if len(taps) == 1 else 63) * channels * cols


def _shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, u = inputs
    around = with_border(x.shape, attrs)
    assert u.shape[:-2] == (4,) * (x.rank - 2) and u.shape[-2] == x.shape[-1]
    return TensorType("float32", (x.shape[0], *(minus(n, 2) for n in around[1:-1]), u.shape[-1]))


def _squares(x: Any) -> Any:
    """Sums of the four inputs an axis that each pair of outputs meets, in axes behind x's own."""
    axes = tuple(range(1, x.ndim - 1))
    found = np.lib.stride_tricks.sliding_window_view(x, (4,) * len(axes), axes)
    found = found[(slice(None), *(slice(None, None, 2) for _ in axes))]
    for axis in axes:
        found = _cells(found, -axis)
    return found


def _product(x: Any, u: Any, before: Sequence[int] = (), behind: Sequence[int] = ()) -> Any:
    wide = bordered(np.asarray(x, np.float64), before, behind)
    rank = wide.ndim - 2
    axes = range(1, rank + 1)
    found = _squares(wide)
    at, of = "hw"[:rank], "st"[:rank]
    sums = np.einsum(f"n{at}i{of},{of}io->n{at}{of}o", found, np.asarray(u, np.float64))
    places = [2 * pairs for pairs in sums.shape[1 : rank + 1]]
    for axis in axes:
        sums = _outputs(sums, rank + axis)
        # Two neighbours beside the place of their pair.
        sums = np.moveaxis(sums, rank + axis, 2 * axis)
    return rounded(sums.reshape(len(x), *places, u.shape[-1]), x, u)


def _flops(node: Node) -> int:
    channels, cols = known_sizes(node.inputs[1].shape[-2:])
    return _flops_of(known_part(node.output.shape[1:-1]), channels, cols, 2.0)


def _flops_of(positions: Sequence[int], channels: int, cols: int, sums: float) -> int:
    """The products of all pairs or squares, and the sums; `sums` are those for outputs, each."""
    rank = len(positions)
    outputs = 1 << rank
    products = outputs * outputs
    each = 2 * products * channels * cols + rank * products * channels
    return (each + int(sums * (products - outputs)) * cols) * (prod(positions) // outputs)


def _filter_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, grad = inputs
    assert x.shape[0] == grad.shape[0] == BATCH
    return TensorType("float32", (THREADS, *(3,) * (x.rank - 2), x.shape[-1], grad.shape[-1]))


def _filter(x: Any, grad: Any, before: Sequence[int] = (), behind: Sequence[int] = ()) -> Any:
    wide = bordered(np.asarray(x, np.float64), before, behind)
    rank = wide.ndim - 2
    axes = range(1, rank + 1)
    found = _squares(wide)
    # Beside each pair's place its two gradients, and four sums of them.
    shape = [size for extent in grad.shape[1:-1] for size in (extent // 2, 2)]
    slopes = np.asarray(grad, np.float64).reshape(len(grad), *shape, grad.shape[-1])
    for axis in axes:
        slopes = np.moveaxis(np.tensordot(_A, slopes, (0, 2 * axis)), 0, 2 * axis)
    at, of = "hw"[:rank], "st"[:rank]
    both = "".join(place + tap for place, tap in zip(at, of, strict=True))
    sums = np.einsum(f"n{at}i{of},n{both}o->{of}io", found, slopes)
    for axis in range(rank):
        sums = np.moveaxis(np.tensordot(_G, sums, (0, axis)), 0, axis)
    return rounded(sums[None], x, grad)


def _filter_flops(node: Node) -> int:
    x, grad = node.inputs
    (channels,), (*positions, cols) = known_sizes(x.shape[-1:]), known_part(grad.shape[1:])
    return _flops_of(positions, channels, cols, 1.5)


register(
    OpDef(
        "winograd_kernel",
        _kernel_shape,
        _kernel,
        doc="The sums of a kernel's taps that Winograd's products need, four an axis.",
        kernel="winograd_kernel",
        flops=_kernel_flops,
    )
)
register(
    OpDef(
        "winograd",
        _shape,
        _product,
        doc="A convolution with a kernel of 3 taps an axis of which Winograd's sums are given; it "
        "has an even number of positions along each.",
        kernel="winograd",
        tiled=True,
        flops=_flops,
    )
)


register(
    OpDef(
        "winograd_filter",
        _filter_shape,
        _filter,
        doc="The gradient of a convolution for its kernel of 3 taps an axis, over each thread's "
        "rows of the batch; the output has an even number of positions along each.",
        kernel="winograd_filter",
        flops=_filter_flops,
    )
)


def winograd_kernel(w: Value, name: str) -> Value:
    """`[3, 3, in, out]` to `[4, 4, in, out]`, `[3, in, out]` to `[4, in, out]`."""
    return apply("winograd_kernel", w, hint=name)
