"""Numbers known at build time, as source of the emitted module."""

from __future__ import annotations

import base64
import zlib
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen import pycode

# Above this, nobody reads them.
_READABLE = 256


def array_text(name: str, values: npt.NDArray[Any]) -> str:
    """`NAME = constant_array(...)`, or packed where they are many or not finite."""
    shape, dtype = pycode.literal(values.shape), pycode.quoted(str(values.dtype))
    numbers = [_number(value) for value in values.reshape(-1)]
    if len(numbers) <= _READABLE and np.isfinite(values).all():
        return pycode.call("constant_array", [dtype, shape, _rows(numbers)], 0, f"{name} = ")
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    data = base64.b64encode(zlib.compress(little.tobytes(), 9)).decode("ascii")
    lines = "\n    ".join(pycode.quoted(part) for part in wrap(data, 80))
    return f"{name} = packed_array(\n    {dtype},\n    {shape},\n    {lines},\n)"


def _number(value: Any) -> str:
    """The shortest text that gives the number back."""
    if isinstance(value, np.integer):
        return str(int(value))
    short = str(value)
    return short if np.float32(float(short)) == value else repr(float(value))


def _rows(numbers: list[str]) -> str:
    """A list display, as full lines."""
    line = f"[{', '.join(numbers)}]"
    return line if len(line) < 60 else "[\n" + "".join(f"        {n},\n" for n in numbers) + "    ]"
