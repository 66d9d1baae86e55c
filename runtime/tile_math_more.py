"""Emulated elementwise functions of tiles from `vecmath_more` (see `tiles`)."""

from __future__ import annotations

import numpy as np
from kgen.runtime.tile_memory import Tile
from kgen.runtime.vecmath_more import MORE_FUNCTIONS
from kgen.runtime.vectors import NumpyVector


def apply_more(name: str, tile: Tile) -> Tile:
    """One of the functions of `vecmath_more` on an emulated tile."""
    with np.errstate(all="ignore"):
        return np.asarray(MORE_FUNCTIONS[name](NumpyVector(tile)).data, np.float32)


def arccos(tile: Tile) -> Tile:
    """Inverse cosine (`vecmath_more.vector_arccos`)."""
    return apply_more("arccos", tile)


def arccosh(tile: Tile) -> Tile:
    """Inverse hyperbolic cosine (`vecmath_more.vector_arccosh`)."""
    return apply_more("arccosh", tile)


def arcsin(tile: Tile) -> Tile:
    """Inverse sine (`vecmath_more.vector_arcsin`)."""
    return apply_more("arcsin", tile)


def arcsinh(tile: Tile) -> Tile:
    """Inverse hyperbolic sine (`vecmath_more.vector_arcsinh`)."""
    return apply_more("arcsinh", tile)


def arctan(tile: Tile) -> Tile:
    """Inverse tangent (`vecmath_more.vector_arctan`)."""
    return apply_more("arctan", tile)


def arctanh(tile: Tile) -> Tile:
    """Inverse hyperbolic tangent (`vecmath_more.vector_arctanh`)."""
    return apply_more("arctanh", tile)


def cbrt(tile: Tile) -> Tile:
    """Cube root (`vecmath_more.vector_cbrt`)."""
    return apply_more("cbrt", tile)


def cosh(tile: Tile) -> Tile:
    """Hyperbolic cosine (`vecmath_more.vector_cosh`)."""
    return apply_more("cosh", tile)


def erfc(tile: Tile) -> Tile:
    """1 - erf(x) (`vecmath_more.vector_erfc`)."""
    return apply_more("erfc", tile)


def erfinv(tile: Tile) -> Tile:
    """The y whose erf is x (`vecmath_more.vector_erfinv`)."""
    return apply_more("erfinv", tile)


def exp2(tile: Tile) -> Tile:
    """2 ** x (`vecmath_more.vector_exp2`)."""
    return apply_more("exp2", tile)


def log10(tile: Tile) -> Tile:
    """Logarithm to base 10 (`vecmath_more.vector_log10`)."""
    return apply_more("log10", tile)


def log2(tile: Tile) -> Tile:
    """Logarithm to base 2 (`vecmath_more.vector_log2`)."""
    return apply_more("log2", tile)


def sinh(tile: Tile) -> Tile:
    """Hyperbolic sine (`vecmath_more.vector_sinh`)."""
    return apply_more("sinh", tile)


def tan(tile: Tile) -> Tile:
    """Tangent (`vecmath_more.vector_tan`)."""
    return apply_more("tan", tile)


MORE_TILE_FUNCTIONS = {
    "arccos": arccos,
    "arccosh": arccosh,
    "arcsin": arcsin,
    "arcsinh": arcsinh,
    "arctan": arctan,
    "arctanh": arctanh,
    "cbrt": cbrt,
    "cosh": cosh,
    "erfc": erfc,
    "erfinv": erfinv,
    "exp2": exp2,
    "log10": log10,
    "log2": log2,
    "sinh": sinh,
    "tan": tan,
}
