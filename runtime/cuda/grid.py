"""Where a warp is in the grid, and whether there is a GPU at all.

Under numba-cuda's simulator (`NUMBA_ENABLE_CUDASIM=1`) a simulated thread stands for a whole
warp: kernels then run as Python over the emulated tiles, whose rows are 32 lanes wide.
"""

from __future__ import annotations

from numba.core import config

IS_SIMULATED = bool(config.ENABLE_CUDASIM)
# Warps of a block, and blocks for each multiprocessor of the device.
WARPS = 8
BLOCKS = 4
# The grid in the simulator: few warps, whose slices of the work are uneven.
SIMULATED_BLOCKS = 3


if IS_SIMULATED:
    from numba import cuda

    @cuda.jit(device=True)  # type: ignore[untyped-decorator]
    def warps() -> tuple[int, int]:
        """This warp's number in the grid, and how many there are."""
        return cuda.grid(1), cuda.gridsize(1)
else:
    from kgen.runtime.cuda.lowering import warps  # noqa: F401
