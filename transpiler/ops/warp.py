"""Images resampled along an affine map, each image along its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from kgen.graph import (
    BATCH,
    Attrs,
    Node,
    OpDef,
    Sample,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.precision import rounded

__all__ = ["FILL_MODES", "INTERPOLATIONS", "warp"]

FILL_MODES = ("constant", "nearest", "reflect", "wrap")
INTERPOLATIONS = ("bilinear", "nearest")


def _warped(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, transform = inputs
    if x.rank != 4 or transform.shape != (x.shape[0], 6):
        raise ShapeError(f"images and six numbers for each are needed, found {x} and {transform}")
    return TensorType("float32", (x.shape[0], *attrs["positions"], x.shape[3]))


def folded(places: Any, size: int, mode: str) -> Any:
    """Cells beyond an axis's ends, back to where `mode` has them."""
    if mode == "reflect":
        within = places % (2 * size)
        return np.minimum(within, 2 * size - 1 - within)
    return places % size if mode == "wrap" else np.clip(places, 0, size - 1)


Tap = tuple[Any, Any, Any, Any]


def _taps(
    transform: Any, size: Sequence[int], positions: Sequence[int], interpolation: str, mode: str
) -> Iterator[Tap]:
    """For each of the cells that make an output: its row, its column, its weight, if it is real."""
    t = np.asarray(transform, np.float64)[:, :, None, None]
    oy, ox = np.mgrid[: positions[0], : positions[1]]
    places = t[:, 3] * ox + t[:, 4] * oy + t[:, 5], t[:, 0] * ox + t[:, 1] * oy + t[:, 2]
    if interpolation == "nearest":
        firsts = [np.trunc(p + np.copysign(0.5, p)).astype(np.int64) for p in places]
        steps = [(0, 0)]
    else:
        firsts = [np.floor(p).astype(np.int64) for p in places]
        steps = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for step in steps:
        cells, weight, real = [], np.ones(()), np.ones((), bool)
        for axis in (0, 1):
            cell = firsts[axis] + step[axis]
            if interpolation == "bilinear":
                weight = weight * (1.0 - np.abs(places[axis] - cell))
            if mode == "constant":
                real = real & (cell >= 0) & (cell < size[axis])
            cells.append(folded(cell, size[axis], mode))
        yield cells[0], cells[1], weight, real


def _warp(
    x: Any, transform: Any, positions: Any, interpolation: str, mode: str, value: float
) -> Any:
    wide = np.asarray(x, np.float64)
    images = np.arange(len(wide))[:, None, None]
    out = np.zeros((len(wide), *positions, wide.shape[3]))
    for row, col, weight, real in _taps(transform, wide.shape[1:3], positions, interpolation, mode):
        part = np.where(real[..., None], wide[images, row, col], value)
        out += np.asarray(weight)[..., None] * part
    return rounded(out, x)


def _warp_gradient(node: Node, grad: Value) -> list[Value | None]:
    x, transform = node.inputs
    attrs = {key: node.attrs[key] for key in ("interpolation", "mode")}
    return [apply("unwarp", grad, transform, positions=x.shape[1:3], **attrs), None]


def _unwarp(grad: Any, transform: Any, positions: Any, interpolation: str, mode: str) -> Any:
    wide = np.asarray(grad, np.float64)
    images = np.arange(len(wide))[:, None, None]
    out = np.zeros((len(wide), *positions, wide.shape[3]))
    for row, col, weight, real in _taps(transform, positions, wide.shape[1:3], interpolation, mode):
        places = np.broadcast_arrays(images, row, col)
        np.add.at(out, tuple(places), np.asarray(weight * real)[..., None] * wide)
    return rounded(out, grad)


def _unwarp_gradient(node: Node, grad: Value) -> list[Value | None]:
    values, transform = node.inputs
    attrs = {key: node.attrs[key] for key in ("interpolation", "mode")}
    return [warp(grad, transform, values.shape[1:3], **attrs), None]


def _flops(node: Node) -> int:
    taps = 4 if node.attrs["interpolation"] == "bilinear" else 1
    total = 4 * taps
    for size in node.inputs[0].shape if node.op.name == "unwarp" else node.output.shape:
        total *= size if isinstance(size, int) else 1
    return total


_TURN = np.array([[0.8, -0.6, 1.3, 0.6, 0.8, -0.4], [1.1, 0.0, -2.7, 0.0, 0.7, 3.2]], np.float32)
_CASES = tuple(
    {"interpolation": interpolation, "mode": mode}
    for interpolation in INTERPOLATIONS
    for mode in FILL_MODES
)
register(
    OpDef(
        "warp",
        _warped,
        _warp,
        _warp_gradient,
        samples=tuple(
            Sample((shape, _TURN), {"positions": positions, "value": value, **case}, grad=(0,))
            for shape, positions, value, cases in (
                ((2, 5, 4, 3), (5, 4), 0.0, _CASES),
                ((2, 3, 1, 17), (2, 5), 0.5, _CASES[:1]),
            )
            for case in cases
        ),
        doc="Each output cell (x, y) read at (a x + b y + c, d x + e y + f) of its image.",
        kernel="warp",
        tiled=True,
        flops=_flops,
    )
)
register(
    OpDef(
        "unwarp",
        _warped,
        _unwarp,
        _unwarp_gradient,
        samples=tuple(
            Sample(((2, 3, 4, 3), _TURN), {"positions": (5, 4), **case}, grad=(0,))
            for case in _CASES
        ),
        doc="Each input cell added to where warp reads it, by the weight it has there.",
        kernel="unwarp",
        flops=_flops,
    )
)


def warp(
    x: Value,
    transform: Value,
    positions: Sequence[Size],
    *,
    interpolation: str = "bilinear",
    mode: str = "constant",
    value: float = 0.0,
) -> Value:
    """Images `[batch, height, width, channels]` read along an affine map.

    Args:
        transform: `[batch, 6]`: the column read for output (x, y) is `t0 x + t1 y + t2`, the row
            `t3 x + t4 y + t5`. It has no gradient.
        positions: height and width of the output.
        mode: what lies beyond the borders: `value` ("constant"), the nearest cell, the image
            mirrored with its edge cells repeated ("reflect"), or the image again ("wrap").
    """
    assert x.shape[0] == BATCH or isinstance(x.shape[0], int)
    return apply(
        "warp",
        x,
        transform,
        positions=tuple(positions),
        interpolation=interpolation,
        mode=mode,
        value=value,
    )
