"""Numbers that a module brings along: as they are, or packed into text."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.kernels import aligned


def constant_array(
    dtype: str, shape: tuple[int, ...], values: Sequence[float] | npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Numbers for kernels to read, row by row; `dtype` is float32 or int32."""
    memory = aligned(math.prod(shape)).view(dtype)
    memory[:] = values
    return memory


def packed_array(dtype: str, shape: tuple[int, ...], text: str) -> npt.NDArray[Any]:
    """The same from base64 of the deflated little-endian bytes."""
    data = zlib.decompress(base64.b64decode(text))
    return constant_array(dtype, shape, np.frombuffer(data, np.dtype(dtype).newbyteorder("<")))
