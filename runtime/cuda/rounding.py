"""The numbers that tensor cores multiply, as float32 with fewer bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# The bits of a float32 that are left out, and those of its exponent.
_TF32_REST = np.uint32((1 << 13) - 1)
_BFLOAT16_REST = np.uint32((1 << 16) - 1)
_EXPONENT = np.uint32(0x7F800000)


def to_tf32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """float32 values of any shape to 10 bits behind the point: the nearest, the larger of two.

    As `cvt.rna.tf32.f32` does it; NaN has all bits but that of the sign.
    """
    bits = np.asarray(values, np.float32).view(np.uint32)
    half = (_TF32_REST >> np.uint32(1)) + np.uint32(1)
    return _finish(bits, (bits + half) & ~_TF32_REST, np.uint32(0x7FFFFFFF))


def to_bfloat16(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """float32 values of any shape to 7 bits behind the point: the nearest, the even one of two.

    As `cvt.rn.bf16x2.f32` does it; NaN has all bits that there are but that of the sign.
    """
    bits = np.asarray(values, np.float32).view(np.uint32)
    half = (_BFLOAT16_REST >> np.uint32(1)) + ((bits >> np.uint32(16)) & np.uint32(1))
    return _finish(bits, (bits + half) & ~_BFLOAT16_REST, np.uint32(0x7FFF0000))


def _finish(bits: Any, rounded: Any, nan: np.uint32) -> npt.NDArray[np.float32]:
    """Infinities stay as they are."""
    is_special = (bits & _EXPONENT) == _EXPONENT
    is_nan = is_special & ((bits & ~_EXPONENT & np.uint32(0x7FFFFFFF)) != 0)
    found = np.where(is_nan, nan, np.where(is_special, bits, rounded))
    return np.asarray(found, np.uint32).view(np.float32)
