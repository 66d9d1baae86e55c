"""Data on their way to the device while it works: pages move on a stream of their own.

Without it each page would move when a kernel first meets it, and the kernel would wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt
from cuda.bindings import driver
from kgen.runtime.cuda.graphs import checked
from numba import cuda

# Bytes of a data set's largest array that are sent at a time, with the same rows of the others.
PIECE = 1 << 24
# Bytes of an array that has pages to itself.
LEAST = 1 << 16


class Ahead:
    """Sends managed arrays to the current device, row after row, the rows of all of them together.

    A device that cannot move pages while it works (`CONCURRENT_MANAGED_ACCESS`) has all of them
    moved by its driver before each launch; nothing is sent there.
    """

    def __init__(self) -> None:
        device = cuda.get_current_device().id
        asked = driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS
        self.can_send = bool(checked(driver.cuDeviceGetAttribute(asked, device)))
        self.place = driver.CUmemLocation()
        self.place.type = driver.CUmemLocationType.CU_MEM_LOCATION_TYPE_DEVICE
        self.place.id = device
        self.stream = cuda.stream()
        # What is on its way must not be freed.
        self.sent: list[tuple[Any, Sequence[npt.NDArray[Any]]]] = []

    def send(self, arrays: Sequence[npt.NDArray[Any]]) -> None:
        """Begin to move these arrays, whose rows belong together, and return at once.

        Raises:
            DeviceError: the driver refuses.
        """
        self.sent = [(event, kept) for event, kept in self.sent if not event.query()]
        arrays = [array for array in arrays if array.nbytes >= LEAST]
        if not self.can_send or not arrays:
            return
        stream = driver.CUstream(int(self.stream))
        pieces = -(-max(array.nbytes for array in arrays) // PIECE)
        for piece in range(pieces):
            for array in arrays:
                first, last = (array.nbytes * n // pieces for n in (piece, piece + 1))
                if last > first:
                    start = int(array.ctypes.data) + first
                    checked(driver.cuMemPrefetchAsync(start, last - first, self.place, 0, stream))
        event = cuda.event(timing=False)
        event.record(self.stream)
        self.sent.append((event, arrays))
