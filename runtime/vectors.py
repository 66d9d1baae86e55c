"""NumPy side of the small vector interface that `vecmath` and `random` are written against.

`NumpyVector` here and `IrVector` in `lowering` offer the same operators and methods, so each
function is written once: it builds LLVM vector instructions for compiled kernels and computes on
arrays for the emulation. Both round every operation alike, hence give the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def fused_multiply_add(a: Array, b: Array, c: Array) -> Array:
    """`a * b + c` of float32 (or float64) arrays, rounded once.

    float32: the product is exact in float64; the sum is rounded to odd there (Boldo and
    Melquiond, "Emulation of a FMA and correctly rounded sums"), which makes the final rounding
    right. float64: the product's error term is added last, exact to about 2**-104.
    """
    with np.errstate(all="ignore"):
        if a.dtype == np.float32:
            product = a.astype(np.float64) * b.astype(np.float64)
            addend = np.asarray(c, np.float64)
            total = product + addend
            part = total - product
            error = (product - (total - part)) + (addend - part)
            bits = total.view(np.int64)
            inexact = np.isfinite(total) & (error != 0) & ((bits & 1) == 0)
            outward = np.where((error > 0) == (total > 0), 1, -1)
            odd = np.where(inexact, bits + outward, bits).view(np.float64)
            return odd.astype(np.float32)
        product = a * b
        split_a, split_b = a * 134217729.0, b * 134217729.0
        high_a, high_b = split_a - (split_a - a), split_b - (split_b - b)
        low_a, low_b = a - high_a, b - high_b
        error = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
        return np.asarray((product + c) + np.where(np.isfinite(error), error, 0.0))


class NumpyVector:
    """An array with the operators of a machine vector: float32, float64, int32 or a mask."""

    __slots__ = ("data",)

    def __init__(self, data: Array) -> None:
        self.data = data

    def _operand(self, other: Any) -> Array:
        if isinstance(other, NumpyVector):
            return other.data
        return np.broadcast_to(np.asarray(other).astype(self.data.dtype), self.data.shape)

    def __add__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data + self._operand(other))

    def __sub__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data - self._operand(other))

    def __mul__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data * self._operand(other))

    def __truediv__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data / self._operand(other))

    def __radd__(self, other: Any) -> NumpyVector:
        return NumpyVector(self._operand(other) + self.data)

    def __rsub__(self, other: Any) -> NumpyVector:
        return NumpyVector(self._operand(other) - self.data)

    def __rmul__(self, other: Any) -> NumpyVector:
        return NumpyVector(self._operand(other) * self.data)

    def __rtruediv__(self, other: Any) -> NumpyVector:
        return NumpyVector(self._operand(other) / self.data)

    def __neg__(self) -> NumpyVector:
        return NumpyVector(-self.data)

    def __and__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data & self._operand(other))

    def __or__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data | self._operand(other))

    def __xor__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data ^ self._operand(other))

    def __invert__(self) -> NumpyVector:
        return NumpyVector(~self.data)

    def __lshift__(self, count: int) -> NumpyVector:
        return NumpyVector(self.data << count)

    def __rshift__(self, count: int) -> NumpyVector:
        """Logical shift: zeros come in."""
        return NumpyVector((self.data.view(np.uint32) >> np.uint32(count)).view(np.int32))

    def arithmetic_shift(self, count: int) -> NumpyVector:
        """Shift right that keeps the sign."""
        return NumpyVector(self.data >> count)

    def __lt__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data < self._operand(other))

    def __le__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data <= self._operand(other))

    def __gt__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data > self._operand(other))

    def __ge__(self, other: Any) -> NumpyVector:
        return NumpyVector(self.data >= self._operand(other))

    def equals(self, other: Any) -> NumpyVector:
        """Lanes where both are equal (false where either is NaN)."""
        return NumpyVector(self.data == self._operand(other))

    def differs(self, other: Any) -> NumpyVector:
        """Lanes where the two differ (true where either is NaN)."""
        return NumpyVector(self.data != self._operand(other))

    def unsigned_less(self, other: Any) -> NumpyVector:
        """Integer lanes below `other`, both read as unsigned."""
        return NumpyVector(self.data.view(np.uint32) < self._operand(other).view(np.uint32))

    def choose(self, then: Any, otherwise: Any) -> NumpyVector:
        """Of a mask: `then` where set, else `otherwise`; at least one of them is a vector."""
        model = then if isinstance(then, NumpyVector) else otherwise
        return NumpyVector(np.where(self.data, model._operand(then), model._operand(otherwise)))

    def fma(self, factor: Any, addend: Any) -> NumpyVector:
        """`self * factor + addend`, rounded once where the processor can."""
        return NumpyVector(
            fused_multiply_add(self.data, self._operand(factor), self._operand(addend))
        )

    exact_fma = fma

    def sqrt(self) -> NumpyVector:
        """Correctly rounded square root."""
        return NumpyVector(np.sqrt(self.data))

    def floor(self) -> NumpyVector:
        """Largest whole number not above."""
        return NumpyVector(np.floor(self.data))

    def ceil(self) -> NumpyVector:
        """Smallest whole number not below."""
        return NumpyVector(np.ceil(self.data))

    def rint(self) -> NumpyVector:
        """Nearest whole number, ties to even."""
        return NumpyVector(np.rint(self.data))

    def magnitude(self) -> NumpyVector:
        """Absolute value: the sign bit cleared, NaN kept."""
        return NumpyVector(np.abs(self.data))

    def bits(self) -> NumpyVector:
        """The float32 bit patterns as int32."""
        return NumpyVector(np.ascontiguousarray(self.data).view(np.int32))

    def from_bits(self) -> NumpyVector:
        """The int32 bit patterns as float32."""
        return NumpyVector(np.ascontiguousarray(self.data).view(np.float32))

    def to_float(self) -> NumpyVector:
        """int32 values as float32."""
        return NumpyVector(self.data.astype(np.float32))

    def to_int(self) -> NumpyVector:
        """float32 values, cut towards zero, as int32; meaningless for NaN and beyond int32."""
        return NumpyVector(self.data.astype(np.int32))

    def double(self) -> NumpyVector:
        """float32 values as float64."""
        return NumpyVector(self.data.astype(np.float64))

    def single(self) -> NumpyVector:
        """float64 values rounded to float32."""
        return NumpyVector(self.data.astype(np.float32))
