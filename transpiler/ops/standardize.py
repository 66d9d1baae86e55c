"""Standardizing over axes, kept whole until derivatives are taken: few passes, and stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import Attrs, Node, OpDef, Sample, ShapeError, TensorType, Value, apply, register
from kgen.ops import elementwise as e
from kgen.ops.composite import count, mean
from kgen.ops.precision import rounded
from kgen.ops.reduce import sum as reduce_sum

__all__ = ["standardize"]


def _shape(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    x, scale = inputs
    kept = tuple(1 if axis in attrs["axes"] else size for axis, size in enumerate(x.shape))
    if scale.shape != kept:
        raise ShapeError(f"a scale {scale} of what is left of {x} over axes {attrs['axes']}")
    return TensorType("float32", x.shape)


def _reference(x: Any, scale: Any, axes: tuple[int, ...], epsilon: float) -> Any:
    wide = np.asarray(x, np.float64)
    centred = wide - wide.mean(axes, keepdims=True)
    variance = np.square(centred).mean(axes, keepdims=True)
    return rounded(centred / np.sqrt(variance + epsilon) * np.asarray(scale, np.float64), x, scale)


def _parts(x: Value, attrs: Attrs) -> tuple[Value, Value]:
    """x less its mean, and the reciprocal of its standard deviation."""
    centred = x - mean(x, attrs["axes"], keepdims=True)
    variance = mean(e.square(centred), attrs["axes"], keepdims=True)
    return centred, e.rsqrt(variance + attrs["epsilon"])


def _expand(node: Node, inputs: tuple[Value, ...]) -> Value:
    x, scale = inputs
    centred, factor = _parts(x, node.attrs)
    return centred * (factor * scale)


def _gradient(node: Node, grad: Value) -> list[Value | None]:
    """What all elements share is the gradient's part along a constant and along x itself.

    Ioffe and Szegedy, "Batch normalization", 2015, section 3, with both sums taken once.
    """
    x, scale = node.inputs
    axes = node.attrs["axes"]
    centred, factor = _parts(x, node.attrs)
    total = reduce_sum(grad, axes, keepdims=True)
    along = reduce_sum(grad * centred, axes, keepdims=True) * factor
    cells = count(x, axes)
    shared = total / cells + centred * (factor * along / cells)
    return [(grad - shared) * (factor * scale), along]


register(
    OpDef(
        "standardize",
        _shape,
        _reference,
        _gradient,
        samples=(
            Sample(((7, 3), (1, 3)), {"axes": (0,), "epsilon": 1e-3}),
            Sample(((2, 3, 4, 5), (1, 1, 1, 5)), {"axes": (0, 1, 2), "epsilon": 1e-3}),
            Sample(((2, 3, 4), (1, 3, 1)), {"axes": (0, 2), "epsilon": 0.1}),
            Sample(((4, 5), (4, 1)), {"axes": (1,), "epsilon": 1e-3}),
        ),
        doc="A scale times the distance from the mean over axes, in standard deviations.",
        expand=_expand,
    )
)


def standardize(x: Value, scale: Value, axes: Sequence[int], epsilon: float) -> Value:
    """`scale * (x - mean) / sqrt(variance + epsilon)`, mean and variance of x over axes.

    Args:
        scale: of x's rank, with 1 for each of the axes.
    """
    return apply("standardize", x, scale, axes=tuple(axes), epsilon=epsilon)
