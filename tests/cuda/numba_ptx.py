"""Python functions compiled by numba-cuda to PTX, loaded for the interpreter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

from numba import cuda, types
from ptx_machine import Argument, PtxModule, load_ptx
from ptx_memory import Array, Memory

# From 10.0 on, a newer compiler writes PTX in another style.
CAPABILITIES = [(8, 0), (9, 0), (10, 0)]


class Kernel:
    """One kernel of the interpreter, launched by position like a compiled one."""

    def __init__(
        self,
        function: Callable[..., None],
        signature: Sequence[Any],
        cc: tuple[int, int] = (8, 0),
        memory: Memory | None = None,
        **options: Any,
    ) -> None:
        # Device functions ask for the capability of a device, which need not be there.
        device = SimpleNamespace(compute_capability=cc)
        with mock.patch("numba.cuda.dispatcher.get_current_device", lambda: device):
            self.text: str = cuda.compile_ptx(
                function, types.void(*signature), device=False, cc=cc, **options
            )[0]
        self.module: PtxModule = load_ptx(self.text, memory)
        (self.name,) = self.module.entries

    def __call__(self, grid: Any, block: Any, *args: Any, **options: Any) -> int:
        """Launch; pass arrays to pointers, `array_arguments(a)` to arguments of array type."""
        return self.module.launch(self.name, grid, block, args, **options)


def array_arguments(array: Array) -> list[Argument]:
    """An argument of numba's array type, spread out as its kernels take it."""
    return [0, 0, array.size, array.itemsize, array, *array.shape, *array.strides]


def pointer(kind: Any) -> Any:
    """numba's type of a pointer to `kind`, for signatures."""
    return types.CPointer(kind)
