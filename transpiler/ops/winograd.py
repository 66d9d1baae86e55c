"""Convolutions with kernels of 3 by 3 by Winograd's products: squares of 2 by 2 outputs at a time.

Four outputs that take 36 products of an input with a tap take 16, of sums of inputs with sums of
taps. With the matrices

    B = 1  0 -1  0      G = 1    0   0        A = 1  1  1  0
        0  1  1  0          1/2  1/2 1/2          0  1 -1 -1
        0 -1  1  0          1/2 -1/2 1/2
        0  1  0 -1          0    0   1

an output square is `A (G g G' * B d B') A'`, g being the taps and d the 4 by 4 inputs that they
meet; the star multiplies element by element. An output depends on the inputs under its own window
alone, and is exactly zero where all those are. (A. Lavin, S. Gray: Fast algorithms for
convolutional neural networks, 2015, F(2x2, 3x3).)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.dims import minus
from kgen.graph import Attrs, Node, OpDef, TensorType, Value, apply, register
from kgen.ops.borders import bordered, with_border
from kgen.ops.convolve import known_part, known_sizes
from kgen.ops.precision import rounded

__all__ = ["winograd_kernel"]

_G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]], np.float64)


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
    assert w.shape[:-2] == (3, 3)
    return TensorType("float32", (4, 4, *w.shape[-2:]))


def _kernel(w: Any) -> Any:
    return rounded(np.einsum("sy,tx,yxio->stio", _G, _G, np.asarray(w, np.float64)), w)


def _kernel_flops(node: Node) -> int:
    channels, cols = known_sizes(node.output.shape[-2:])
    return 63 * channels * cols


def _shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, u = inputs
    around = with_border(x.shape, attrs)
    assert u.shape[:-2] == (4, 4) and u.shape[-2] == x.shape[-1]
    return TensorType("float32", (x.shape[0], *(minus(n, 2) for n in around[1:-1]), u.shape[-1]))


def _product(x: Any, u: Any, before: Sequence[int] = (), behind: Sequence[int] = ()) -> Any:
    wide = bordered(np.asarray(x, np.float64), before, behind)
    found = np.lib.stride_tricks.sliding_window_view(wide, (4, 4), (1, 2))[:, ::2, ::2]
    squares = _cells(_cells(found, -1), -2)
    products = np.einsum("nhwist,stio->nhwsto", squares, np.asarray(u, np.float64))
    sums = _outputs(_outputs(products, -2), -3)
    n, high, across, _, _, cols = sums.shape
    together = np.swapaxes(sums, 2, 3).reshape(n, 2 * high, 2 * across, cols)
    return rounded(together, x, u)


def _flops(node: Node) -> int:
    channels, cols = known_sizes(node.inputs[1].shape[-2:])
    high, wide = known_part(node.output.shape[1:-1])
    return (32 * channels * cols + 32 * channels + 24 * cols) * (high * wide // 4)


register(
    OpDef(
        "winograd_kernel",
        _kernel_shape,
        _kernel,
        doc="The 16 sums of a kernel's taps that Winograd's products need: `[4, 4, in, out]`.",
        kernel="winograd_kernel",
        flops=_kernel_flops,
    )
)
register(
    OpDef(
        "winograd",
        _shape,
        _product,
        doc="A convolution with a kernel of 3 by 3 of which Winograd's sums are given; it has an "
        "even number of lines and of positions in each.",
        kernel="winograd",
        tiled=True,
        flops=_flops,
    )
)


def winograd_kernel(w: Value, name: str) -> Value:
    """`[3, 3, in, out]` to `[4, 4, in, out]`."""
    return apply("winograd_kernel", w, hint=name)
