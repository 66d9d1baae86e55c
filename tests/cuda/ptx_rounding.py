"""Rounding as the processor does it: fused products, directed modes, subnormals flushed.

Directed results come from a float64 value rounded to odd, which keeps every later rounding to
float32 right (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from kgen.runtime.vectors import fused_multiply_add
from ptx_memory import Array

_LOW = np.uint64((1 << 29) - 1)
_HALF = np.uint64(1 << 28)
_ONE = np.uint64(1)
_SUBNORMAL = np.uint64((np.array(2.0**-126).view(np.uint64) << np.uint64(1)) - np.uint64(1))
_TINY = np.float32(2.0**-126)
ROUNDINGS = ("rn", "rz", "rm", "rp")


def flush(values: Array) -> Array:
    """Subnormal float32 values as zeros of their sign."""
    return np.where(np.abs(values) < _TINY, np.copysign(np.float32(0), values), values)


def flushing(function: Callable[..., Array]) -> Callable[..., Array]:
    """The `.ftz` form of a float32 function."""

    def flushed(*arrays: Array) -> Array:
        return flush(function(*(flush(each) for each in arrays)))

    return flushed


def saturate(values: Array) -> Array:
    """`.sat`: into [0, 1], NaN to 0."""
    one, zero = values.dtype.type(1), values.dtype.type(0)
    return np.asarray(np.where(values > 0, np.minimum(values, one), zero))


def fma(a: Array, b: Array, c: Array) -> Array:
    """`a * b + c`, rounded once.

    float32: the sum in float64, rounded again, is right unless it lies halfway between float32
    values or is subnormal; only then the slower exact way is taken.
    """
    if a.dtype != np.float32:
        return np.asarray(fused_multiply_add(a, b, c))
    total = a.astype(np.float64)
    total *= b
    total += c
    bits = total.view(np.uint64)
    doubtful = (bits & _LOW) == _HALF
    doubtful |= (bits << _ONE) - _ONE < _SUBNORMAL
    if doubtful.any():
        return np.asarray(fused_multiply_add(a, b, c))
    return total.astype(np.float32)


def _odd_sum(x: Array, y: Array) -> Array:
    """The float64 sum, rounded to odd where it is not exact."""
    total = x + y
    part = total - x
    error = (x - (total - part)) + (y - part)
    bits = total.view(np.int64)
    inexact = np.isfinite(total) & (error != 0) & ((bits & 1) == 0)
    outward = np.where((error > 0) == (total > 0), 1, -1)
    return np.where(inexact, bits + outward, bits).view(np.float64)


def narrow(values: Array, mode: str, kind: Any = np.float32) -> Array:
    """float64 values in a narrower type, rounded by `mode`."""
    nearest = values.astype(kind)
    if mode == "rn":
        return nearest
    back = nearest.astype(np.float64)
    down, up = nearest.dtype.type(-np.inf), nearest.dtype.type(np.inf)
    lower = np.where(back > values, np.nextafter(nearest, down), nearest)
    upper = np.where(back < values, np.nextafter(nearest, up), nearest)
    # Beyond the largest finite value nearest is infinite already; nextafter brings it back.
    if mode == "rm":
        return lower
    if mode == "rp":
        return upper
    return np.where(values > 0, lower, upper)


def directed(opcode: str, mode: str) -> Callable[..., Array]:
    """add, sub, mul or fma of float32 under the rounding `mode`."""

    def compute(a: Array, b: Array, *rest: Array) -> Array:
        x, y = a.astype(np.float64), b.astype(np.float64)
        if opcode == "mul":
            exact = x * y
        elif opcode == "fma":
            exact = _odd_sum(x * y, rest[0].astype(np.float64))
        else:
            exact = _odd_sum(x, y if opcode == "add" else -y)
        result = narrow(exact, mode)
        if mode == "rm" and opcode != "mul":
            # An exact zero sum of operands with unlike signs is -0 when rounding down.
            last = rest[0] if rest else (b if opcode == "add" else -b)
            first = x * y if rest else a
            unlike = np.signbit(first) != np.signbit(last)
            return np.where((result == 0) & unlike, np.float32(-0.0), result)
        return result

    return compute
