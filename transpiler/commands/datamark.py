"""Whether data are the same as before, told by a checksum of what they hold."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kgen.commands.datafiles import Part

# Of larger arrays so many bytes are looked at, in blocks that are spread over the rows.
WHOLE_BYTES = 256 << 20
BLOCKS = 64


def mark_of(part: Part, spec: Any) -> str:
    """A checksum of the rows' values in order, as the model takes them, with names and weights.

    The kind of file and the type of its numbers have no part in it.
    """
    dtypes = {item.name: item.dtype for item in spec.inputs}
    dtypes |= {item.output: item.dtype for item in spec.targets}
    mark = _marked(part.inputs, dtypes, 0)
    mark = _marked(part.targets, dtypes, mark)
    mark = _marked(part.sample_weight or {}, {}, mark)
    return f"{mark:08x}"


def _marked(arrays: Mapping[str, Any], dtypes: Mapping[str, str], mark: int) -> int:
    for name, array in sorted(arrays.items()):
        mark = zlib.crc32(f"{name} {array.shape[:1]}".encode(), mark)
        if np.dtype(array.dtype).kind not in "fiub" or not array.shape:
            continue  # which is refused, with a better reason, when training begins
        for block in _blocks(array):
            with np.errstate(invalid="ignore", over="ignore"):
                values = np.ascontiguousarray(block, dtypes.get(name, "float32"))
            mark = zlib.crc32(values.data, mark)
    return mark


def _blocks(array: Any) -> Iterator[np.ndarray]:
    """All rows a block at a time, or, of an array that is large, some that are spread over it."""
    rows = len(array)
    row = max(1, math.prod(array.shape[1:]) * np.dtype(array.dtype).itemsize)
    size = max(1, WHOLE_BYTES // BLOCKS // row)
    blocks = -(-rows // size)
    starts: Iterable[int] = range(0, rows, size)
    if blocks > BLOCKS:
        starts = [place * (rows - size) // (BLOCKS - 1) for place in range(BLOCKS)]
    for start in starts:
        yield np.asarray(array[start : start + size])
