"""Emulated elementwise functions of tiles (see `tiles`)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.isa import LANES
from kgen.runtime.tile_memory import Tile
from kgen.runtime.vecmath import ONE_ARGUMENT, vector_power
from kgen.runtime.vectors import NumpyVector

Mask = npt.NDArray[np.bool_]


def zeros(rows: int, vectors: int) -> Tile:
    """A tile of zeros."""
    return np.zeros((rows, vectors, LANES), np.float32)


def full(rows: int, vectors: int, value: float) -> Tile:
    """A tile with one value in all lanes."""
    return np.full((rows, vectors, LANES), value, np.float32)


def select(mask: Mask, a: Any, b: Any) -> Tile:
    """`a` where the mask is set, else `b`; either may be a number."""
    return np.asarray(np.where(mask, a, b), np.float32)


def maximum(a: Any, b: Any) -> Tile:
    """The larger, lane by lane; NaN if either is."""
    return np.asarray(np.maximum(a, b), np.float32)


def minimum(a: Any, b: Any) -> Tile:
    """The smaller, lane by lane; NaN if either is."""
    return np.asarray(np.minimum(a, b), np.float32)


def apply_emulated(name: str, tile: Tile) -> Tile:
    """One of the functions of `vecmath` on an emulated tile."""
    with np.errstate(all="ignore"):
        return np.asarray(ONE_ARGUMENT[name](NumpyVector(tile)).data, np.float32)


def power(x: Any, y: Any) -> Tile:
    """`x ** y`, lane by lane, with NumPy's special cases."""
    a, b = np.broadcast_arrays(np.asarray(x, np.float32), np.asarray(y, np.float32))
    with np.errstate(all="ignore"):
        return np.asarray(vector_power(NumpyVector(a), NumpyVector(b)).data, np.float32)


def exp(tile: Tile) -> Tile:
    """e ** x (`vecmath.vector_exp`)."""
    return apply_emulated("exp", tile)


def expm1(tile: Tile) -> Tile:
    """e ** x - 1 (`vecmath.vector_expm1`)."""
    return apply_emulated("expm1", tile)


def log(tile: Tile) -> Tile:
    """Natural logarithm (`vecmath.vector_log`)."""
    return apply_emulated("log", tile)


def log1p(tile: Tile) -> Tile:
    """log(1 + x) (`vecmath.vector_log1p`)."""
    return apply_emulated("log1p", tile)


def tanh(tile: Tile) -> Tile:
    """Hyperbolic tangent (`vecmath.vector_tanh`)."""
    return apply_emulated("tanh", tile)


def sigmoid(tile: Tile) -> Tile:
    """1 / (1 + e ** -x) (`vecmath.vector_sigmoid`)."""
    return apply_emulated("sigmoid", tile)


def erf(tile: Tile) -> Tile:
    """Error function (`vecmath.vector_erf`)."""
    return apply_emulated("erf", tile)


def sin(tile: Tile) -> Tile:
    """Sine (`vecmath.vector_sin`)."""
    return apply_emulated("sin", tile)


def cos(tile: Tile) -> Tile:
    """Cosine (`vecmath.vector_cos`)."""
    return apply_emulated("cos", tile)


def sign(tile: Tile) -> Tile:
    """-1, 0 or 1; NaN stays."""
    return apply_emulated("sign", tile)


def square(tile: Tile) -> Tile:
    """x * x."""
    return apply_emulated("square", tile)


def reciprocal(tile: Tile) -> Tile:
    """1 / x, correctly rounded."""
    return apply_emulated("reciprocal", tile)


def sqrt(tile: Tile) -> Tile:
    """Square root, correctly rounded."""
    return apply_emulated("sqrt", tile)


def rsqrt(tile: Tile) -> Tile:
    """1 / sqrt(x), at most 2 ulp."""
    return apply_emulated("rsqrt", tile)


def floor(tile: Tile) -> Tile:
    """Largest whole number not above."""
    return apply_emulated("floor", tile)


def ceil(tile: Tile) -> Tile:
    """Smallest whole number not below."""
    return apply_emulated("ceil", tile)


def rint(tile: Tile) -> Tile:
    """Nearest whole number, ties to even."""
    return apply_emulated("rint", tile)


def absolute(tile: Tile) -> Tile:
    """Magnitude."""
    return apply_emulated("absolute", tile)


TILE_FUNCTIONS = {
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "tanh": tanh,
    "sigmoid": sigmoid,
    "erf": erf,
    "sin": sin,
    "cos": cos,
    "sign": sign,
    "square": square,
    "reciprocal": reciprocal,
    "sqrt": sqrt,
    "rsqrt": rsqrt,
    "floor": floor,
    "ceil": ceil,
    "rint": rint,
    "absolute": absolute,
}
