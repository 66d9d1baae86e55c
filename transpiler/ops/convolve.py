"""Convolutions over channels-last tensors: `[batch, *positions, channels]`.

All are `valid`: a window lies inside the input, which `pad` makes larger. A kernel has shape
`[*taps, channels in, channels out]`. Output position p reads input positions
`p * stride + tap * dilation`. The `border` pass leaves padding out again: an input then lacks
cells `before` and `behind` each axis, which kernels take for zeros.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from kgen.dims import floor_divide, minus, plus
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    Shape,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.borders import bordered, with_border
from kgen.ops.contract import dot
from kgen.ops.precision import rounded
from kgen.ops.shape import reshape

__all__ = ["conv", "conv_filter", "turn"]

Steps = Sequence[int]


def window_positions(
    what: str, x: TensorType, taps: Shape, strides: Steps, dilation: Steps
) -> Shape:
    """How often windows of `taps` fit into each axis between the batch and the channels.

    Raises:
        ShapeError: not even once.
    """
    found: list[Size] = []
    for axis, (size, tap) in enumerate(zip(x.shape[1:-1], taps, strict=True)):
        assert isinstance(tap, int)
        reach = (tap - 1) * dilation[axis] + 1
        count = plus(floor_divide(minus(size, reach), strides[axis]), 1)
        if isinstance(count, int) and count < 1:
            wide = f"{tap}" if reach == tap else f"{tap} (which spans {reach})"
            raise ShapeError(
                f"{what} of size {wide} does not fit into axis {axis + 1} of {x}, which has {size}",
                help='make the input larger or the window smaller, or use padding="same"',
            )
        found.append(count)
    return tuple(found)


def known_sizes(shape: Shape) -> tuple[int, ...]:
    assert all(isinstance(size, int) for size in shape), shape
    return tuple(size for size in shape if isinstance(size, int))


def windows(
    shape: Sequence[int], taps: Steps, strides: Steps, dilation: Steps
) -> Iterator[tuple[tuple[int, ...], tuple[slice, ...]]]:
    """Each tap and the input's cells that it meets at all positions."""
    counts = [
        (size - (tap - 1) * by - 1) // step + 1
        for size, tap, step, by in zip(shape[1:-1], taps, strides, dilation, strict=True)
    ]
    for place in np.ndindex(*taps):
        first = [at * by for at, by in zip(place, dilation, strict=True)]
        cells = (
            slice(start, start + (count - 1) * step + 1, step)
            for start, count, step in zip(first, counts, strides, strict=True)
        )
        yield place, (slice(None), *cells)


# --- convolution ---------------------------------------------------------------------


def _conv_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, w = inputs
    if w.rank != x.rank or x.shape[-1] != w.shape[-2]:
        raise ShapeError(
            f"a convolution of {x} with a kernel {w}",
            help="the kernel has an axis for each position, then the input's channels, "
            "then the output's",
        )
    around = TensorType("float32", with_border(x.shape, attrs))
    strides, dilation = attrs["strides"], attrs["dilation"]
    positions = window_positions("a kernel", around, w.shape[:-2], strides, dilation)
    return TensorType("float32", (x.shape[0], *positions, w.shape[-1]))


def _conv(
    x: Any, w: Any, strides: Steps, dilation: Steps, before: Steps = (), behind: Steps = ()
) -> Any:
    wide = bordered(np.asarray(x, np.float64), before, behind)
    kernel = np.asarray(w, np.float64)
    parts = [
        wide[cells] @ kernel[tap]
        for tap, cells in windows(wide.shape, w.shape[:-2], strides, dilation)
    ]
    return rounded(sum(parts[1:], parts[0]), x, w)


def _conv_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, w = node.inputs
    strides, dilation = node.attrs["strides"], node.attrs["dilation"]
    return [
        _onto(x, grad, turn(w), strides, dilation),
        conv_filter(x, grad, known_sizes(w.shape[:-2]), strides, dilation),
    ]


def _conv_flops(node: Node) -> int:
    return 2 * prod(known_sizes(node.inputs[1].shape)) * prod(known_part(node.output.shape[1:-1]))


def known_part(shape: Shape) -> tuple[int, ...]:
    return tuple(size for size in shape if isinstance(size, int))


_CONV_SAMPLES = (
    (((2, 7, 3), (3, 3, 4)), (1,), (1,)),
    (((2, 8, 2), (2, 2, 3)), (3,), (1,)),
    (((1, 9, 1), (3, 1, 1)), (1,), (3,)),
    (((2, 5, 6, 3), (3, 2, 3, 2)), (1, 1), (1, 1)),
    (((1, 6, 5, 1), (2, 3, 1, 17)), (2, 1), (1, 2)),
    (((1, 3, 4, 3, 2), (2, 2, 3, 2, 3)), (1, 2, 1), (1, 1, 1)),
)
register(
    OpDef(
        "conv",
        _conv_shape,
        _conv,
        _conv_gradient,
        samples=tuple(
            Sample(shapes, {"strides": strides, "dilation": dilation})
            for shapes, strides, dilation in _CONV_SAMPLES
        ),
        doc="Sum over the taps of a window and the input's channels, for each position and "
        "output channel.",
        kernel="conv",
        tiled=True,
        flops=_conv_flops,
    )
)


def conv(x: Value, w: Value, strides: Steps, dilation: Steps) -> Value:
    """Convolve `[batch, *positions, in]` with `[*taps, in, out]`, without padding."""
    if all(tap == 1 for tap in w.shape[:-2]) and all(step == 1 for step in strides):
        matrix = reshape(w, w.shape[-2:])
        return dot(x, matrix, contract=((x.type.rank - 1,), (0,)))
    return apply("conv", x, w, strides=tuple(strides), dilation=tuple(dilation))


# --- the kernel's gradient -------------------------------------------------------------


def _filter_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, grad = inputs
    return TensorType("float32", (*attrs["taps"], x.shape[-1], grad.shape[-1]))


def _filter(
    x: Any,
    grad: Any,
    taps: Steps,
    strides: Steps,
    dilation: Steps,
    before: Steps = (),
    behind: Steps = (),
) -> Any:
    wide = bordered(np.asarray(x, np.float64), before, behind)
    other = np.asarray(grad, np.float64)
    axes = list(range(x.ndim - 1))
    out = np.zeros((*taps, x.shape[-1], grad.shape[-1]))
    for tap, cells in windows(wide.shape, taps, strides, dilation):
        out[tap] = np.tensordot(wide[cells], other, (axes, axes))
    return rounded(out, x, grad)


def _filter_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, other = node.inputs
    strides, dilation = node.attrs["strides"], node.attrs["dilation"]
    return [
        _onto(x, other, turn(grad), strides, dilation),
        conv(x, grad, strides, dilation),
    ]


def _onto(x: Value, grad: Value, turned: Value, strides: Steps, dilation: Steps) -> Value:
    """The gradient for a convolution's input x; see `conv_transpose`."""
    attrs: dict[str, Any] = {"strides": strides, "dilation": dilation}
    attrs |= {"low": (0,) * len(strides), "positions": x.shape[1:-1]}
    return apply("conv_transpose", grad, turned, **attrs)


def _filter_flops(node: Node) -> int:
    positions = known_part(node.inputs[1].shape[1:-1])
    return 2 * prod(known_sizes(node.output.shape)) * prod(positions)


register(
    OpDef(
        "conv_filter",
        _filter_shape,
        _filter,
        _filter_gradient,
        samples=(
            Sample(((2, 7, 3), (2, 5, 4)), {"taps": (3,), "strides": (1,), "dilation": (1,)}),
            Sample(((2, 8, 2), (2, 3, 3)), {"taps": (2,), "strides": (3,), "dilation": (1,)}),
            Sample(
                ((1, 6, 5, 1), (1, 3, 1, 17)),
                {"taps": (2, 3), "strides": (2, 1), "dilation": (1, 2)},
            ),
        ),
        doc="The gradient of a convolution for its kernel, from the input and the output's "
        "gradient.",
        kernel="conv_filter",
        flops=_filter_flops,
    )
)


def conv_filter(x: Value, grad: Value, taps: Steps, strides: Steps, dilation: Steps) -> Value:
    """The gradient of `conv` for its kernel of `taps`."""
    if all(tap == 1 for tap in taps) and all(step == 1 for step in strides):
        axes = tuple(range(x.type.rank - 1))
        return reshape(dot(x, grad, contract=(axes, axes)), (*taps, x.shape[-1], grad.shape[-1]))
    attrs: dict[str, Any] = {"taps": tuple(taps), "strides": tuple(strides)}
    attrs["dilation"] = tuple(dilation)
    return apply("conv_filter", x, grad, **attrs)


# --- turning a kernel ------------------------------------------------------------------


def _turn_shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    *taps, channels, others = inputs[0].shape
    return TensorType("float32", (*taps, others, channels))


def _turn(w: Any) -> Any:
    return np.flip(np.swapaxes(w, -1, -2), tuple(range(w.ndim - 2)))


register(
    OpDef(
        "turn",
        _turn_shape,
        _turn,
        lambda n, g: [turn(g)],
        samples=(Sample(((3, 2, 4),)), Sample(((2, 3, 1, 17),)), Sample(((2, 2, 16, 32),))),
        doc="A convolution's kernel with its taps reversed and its channels exchanged.",
        kernel="turn",
    )
)


def turn(w: Value) -> Value:
    """`[*taps, in, out]` to `[*taps reversed, out, in]`; twice gives the kernel back."""
    if w.node.op.name == "turn":
        return w.node.inputs[0]
    return apply("turn", w)
