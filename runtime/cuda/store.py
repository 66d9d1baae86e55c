"""The memory that a process holds on its GPU, by what it is for."""

from __future__ import annotations

import functools
import itertools
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.cuda.probe import device_name
from kgen.runtime.errors import DeviceError
from numba import cuda

# The buffers that a message names.
NAMED = 6
# Bytes of an array that small ones are cut from, and where they may start in it.
CHUNK = 1 << 16
ALIGNMENT = 256
ENDLESS = 1 << 62


class Store:
    """Gives out arrays that both the host and kernels can reach, as long as there is room.

    Managed memory would not end by itself: beyond the device's own, pages move to and fro at each
    use, many times slower. So more than was free at the beginning is refused.

    Args:
        make: a new array of a shape and a dtype.
        info: bytes of the device that are free now, and all of them.
        refusals: what `make` raises when it cannot.
        title: what messages call the device.
    """

    def __init__(
        self,
        make: Callable[[Any, Any], npt.NDArray[Any]],
        info: Callable[[], tuple[int, int]],
        refusals: tuple[type[Exception], ...],
        title: str,
    ) -> None:
        self.make = make
        self.info = info
        self.refusals = refusals
        self.title = title
        self.room = info()[0]
        self.held: dict[int, tuple[str, int]] = {}
        self.numbers = itertools.count()

    def take(self, shape: Any, dtype: Any, name: str) -> npt.NDArray[Any]:
        """A zeroed array; `name` says what for.

        Raises:
            DeviceError: there is no room, telling who has it.
        """
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if sum(self.holdings().values()) + size > self.room:
            raise self._full(name, size)
        try:
            array = self.make(shape, dtype)
        except self.refusals as error:
            raise self._full(name, size) from error
        array[...] = 0
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        number = next(self.numbers)
        self.held[number] = name, size
        weakref.finalize(owner, self.held.pop, number, None).atexit = False
        return array

    def holdings(self) -> Counter[str]:
        """Bytes of the arrays that are alive, by name."""
        found: Counter[str] = Counter()
        for name, size in list(self.held.values()):
            found[name] += size
        return found

    def _full(self, name: str, size: int) -> DeviceError:
        free, total = self.info()
        holdings = self.holdings()
        listed = [f"{what} {size:,}" for what, size in holdings.most_common(NAMED)]
        if len(holdings) > NAMED:
            listed.append(f"others {sum(holdings.values()) - _largest(holdings):,}")
        return DeviceError(
            f"{self.title} has no room for {name}, {size:,} bytes: {free:,} of its {total:,} bytes "
            f"are free, {self.room:,} were before this process took any. It holds, in bytes: "
            f"{'; '.join(listed) or 'nothing yet'}. A smaller batch_size, or fewer rows at a time, "
            "need less."
        )


def _largest(holdings: Counter[str]) -> int:
    return sum(size for _, size in holdings.most_common(NAMED))


class Pool:
    """Small arrays cut from common ones, since each that is given out by itself takes whole pages.

    A common array goes once nothing that was cut from it is in use.

    Args:
        size: bytes of a common array; arrays of more than a quarter come from the store.
    """

    def __init__(self, store: Store, size: int) -> None:
        self.store = store
        self.size = size
        self.rest = np.zeros(0, np.uint8)

    def take(self, count: int, dtype: Any, name: str) -> npt.NDArray[Any]:
        """A zeroed array of `count` elements; `name` says what for, should it be large.

        Raises:
            DeviceError: there is no room.
        """
        wanted = count * np.dtype(dtype).itemsize
        if wanted > self.size // 4:
            return self.store.take(count, dtype, name)
        whole = -(-wanted // ALIGNMENT) * ALIGNMENT
        if whole > self.rest.size:
            self.rest = self.store.take(self.size, np.uint8, "constants and other small arrays")
        cut, self.rest = self.rest[:wanted], self.rest[whole:]
        return cut.view(dtype)


@functools.cache
def store() -> Store:
    """That of the current device."""
    from numba.cuda.cudadrv.error import CudaDriverError

    def managed(shape: Any, dtype: Any) -> npt.NDArray[Any]:
        return np.asarray(cuda.managed_array(shape, dtype))

    def info() -> tuple[int, int]:
        free, total = cuda.current_context().get_memory_info()
        return int(free), int(total)

    return Store(managed, info, (CudaDriverError, MemoryError), device_name())


def endless_store(make: Callable[[Any, Any], npt.NDArray[Any]] = np.zeros) -> Store:
    """One of the processor's memory, as if there were no end of it."""
    return Store(make, lambda: (ENDLESS, ENDLESS), (), "the processor")
