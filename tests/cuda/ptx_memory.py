"""The interpreter's address space: bound arrays, module variables, shared and local memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from ptx_errors import PtxError

Array = npt.NDArray[Any]

_ALIGNMENT = 256
_GUARD = 4096
SHARED_BASE = 0x0100_0000
LOCAL_BASE = 0x4000_0000
GLOBAL_BASE = 0x7000_0000_0000


@dataclass
class Region:
    """`size` bytes at `base`: one array, or a variable of which every row of threads has its own.

    `data`: the bytes, rows of `stride` one after the other; `rows`: the row of every lane, None
    where all threads see the same bytes. `root`, `root_offset`: the memory that arrays bound
    under several addresses have in common.
    """

    name: str
    space: str
    base: int
    size: int
    data: Array
    granule: int
    stride: int = 0
    rows: Array | None = None
    writable: bool = True
    root: int = 0
    root_offset: int = 0
    root_size: int = 0
    root_array: Any = None
    views: dict[int, Array] = field(default_factory=dict)

    def view(self, width: int) -> Array:
        """The bytes as unsigned integers of `width` bytes."""
        found = self.views.get(width)
        if found is None:
            whole = len(self.data) // width * width
            found = self.data[:whole].view(f"u{width}")
            self.views[width] = found
        return found


class Memory:
    """Arrays under the addresses by which kernels reach them.

    The addresses are made up (every array is followed by a gap that belongs to none), so that an
    index out of bounds never reaches another array; the data stay where they are.

    Attributes:
        regions: what is bound, by ascending address; bases: their addresses.
        shadows: who used the memory at each root, where races are looked for.
        launches: how many were watched for races.
    """

    def __init__(self) -> None:
        self.regions: list[Region] = []
        self.bases: list[int] = []
        self.shadows: dict[int, Any] = {}
        self.launches = 0
        self._known: dict[tuple[int, int], int] = {}
        self._top = GLOBAL_BASE

    def address(self, array: Array, name: str = "") -> int:
        """Where kernels find a contiguous array's data; binds the array on first sight."""
        key = (array.ctypes.data, array.nbytes)
        known = self._known.get(key)
        if known is not None and self.regions[known].writable >= array.flags.writeable:
            return self.regions[known].base
        if array.flags.c_contiguous:
            flat = array.reshape(-1)
        elif array.flags.f_contiguous:
            flat = array.T.reshape(-1)
        else:
            raise PtxError("only contiguous arrays can be bound")
        root = array
        while isinstance(root.base, np.ndarray):
            root = root.base
        self._known[key] = len(self.regions)
        self.regions.append(
            Region(
                name or f"array {len(self.regions)} {array.dtype}{list(array.shape)}",
                "global",
                self._top,
                array.nbytes,
                flat.view(np.uint8),
                min(root.itemsize, 4),
                writable=array.flags.writeable,
                root=root.ctypes.data,
                root_offset=array.ctypes.data - root.ctypes.data,
                root_size=root.nbytes,
                root_array=root,
            )
        )
        base = self._top
        self.bases.append(base)
        self._top += (array.nbytes + _GUARD + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT
        return base


def place(variables: Iterable[tuple[str, int, int]], space: str, rows: Array) -> list[Region]:
    """Regions of (name, size, alignment) in shared or local memory; `rows`: the row per lane."""
    top = SHARED_BASE if space == "shared" else LOCAL_BASE
    count = int(rows.max()) + 1 if len(rows) else 1
    regions = []
    for name, size, alignment in variables:
        stride = max(-(-size // 16) * 16, 16)
        data = np.zeros(count * stride, np.uint8)
        granule = min(alignment, 4)
        region = Region(name, space, top, size, data, granule, stride, rows, root_size=len(data))
        region.root, region.root_array = data.ctypes.data, data
        regions.append(region)
        top += (size + _GUARD + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT
    return regions
