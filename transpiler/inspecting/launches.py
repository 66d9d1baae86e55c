"""How kernels are launched on a GPU, and what the device tells about them if there is one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from kgen.compiler import write_module
from kgen.inspecting.facts import Inspected
from kgen.loading import import_file
from kgen.runtime.errors import MissingPackageError
from kgen.targets import CUDA


def enter_launches(found: Inspected) -> None:
    """Enter grid and block of each kernel.

    Registers and occupancy are None without a device, everything without numba-cuda.
    """
    blocks, threads, has_device = _grid()
    units, measured = None, {}
    found.facts["device"] = None
    if has_device:
        from numba import cuda

        device = cuda.get_current_device()
        units = device.MULTIPROCESSOR_COUNT
        found.facts["device"] = device.name.decode()
        measured = _measured(found, threads)
    for kernel in found.facts["kernels"]:
        kernel["launch"] = {
            "blocks_a_multiprocessor": blocks,
            "blocks": blocks * units if units is not None else None,
            "threads_a_block": threads,
            "registers": None,
            "occupancy": None,
            **measured.get(kernel["name"], {}),
        }


def _grid() -> tuple[Any, Any, bool]:
    """Blocks a multiprocessor, threads a block, and whether there is a device."""
    try:
        from kgen.runtime.cuda.grid import BLOCKS, IS_SIMULATED
        from kgen.runtime.cuda.warp import WARPS
    except MissingPackageError:
        return None, None, False
    from numba import cuda

    return BLOCKS, WARPS * CUDA.lanes, not IS_SIMULATED and cuda.is_available()


def _measured(found: Inspected, threads: int) -> dict[str, dict[str, Any]]:
    """Registers of a thread, and the part of a multiprocessor's warps that can be at work."""
    from numba import cuda

    device = cuda.get_current_device()
    most = device.MAX_THREADS_PER_MULTI_PROCESSOR
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="kgen-inspect-") as folder:
        path = Path(folder) / "inspected.py"
        path.write_text(write_module(found.phases, found.kernels, CUDA).text, encoding="utf-8")
        module = import_file(path)
        for kernel in found.kernels:
            compiled = getattr(module, kernel.name).launcher
            (registers,) = compiled.get_regs_per_thread().values()
            function = next(iter(compiled.overloads.values()))._codelibrary.get_cufunc()
            active = cuda.current_context().get_active_blocks_per_multiprocessor(
                function, threads, 0
            )
            results[kernel.name] = {"registers": registers, "occupancy": active * threads / most}
    return results
