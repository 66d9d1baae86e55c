"""Whether there is a GPU that kernels can run on, and if not, why."""

from __future__ import annotations

from typing import Any

from kgen.runtime.errors import DeviceError
from numba import cuda

# What CUDA 13 still compiles for; the exchange between lanes needs 7.0.
LEAST_CAPABILITY = (7, 5)
# What the numbers of tensor cores need.
TENSOR_CAPABILITY = (8, 0)
ELSEWHERE = "build it with --target cpu, or run it in the simulator with NUMBA_ENABLE_CUDASIM=1"


def check_device() -> None:
    """That there is a GPU, its driver, and what compiles for it.

    Raises:
        DeviceError: saying what is missing.
    """
    from numba.cuda.cudadrv import nvvm
    from numba.cuda.cudadrv.error import CudaDriverError, CudaSupportError

    try:
        cuda.current_context()
        device = cuda.get_current_device()
    except (CudaSupportError, CudaDriverError) as error:
        reason = " ".join(str(error).split()).rstrip(".: ")
        raise DeviceError(
            f"no NVIDIA GPU can be used: {reason}. Check what nvidia-smi shows and "
            f"CUDA_VISIBLE_DEVICES says; or {ELSEWHERE}."
        ) from error
    capability = tuple(device.compute_capability)
    if capability < LEAST_CAPABILITY:
        raise DeviceError(
            f"{device_name()} has compute capability {_dotted(capability)}; kernels need "
            f"{_dotted(LEAST_CAPABILITY)} or more. Choose another GPU with CUDA_VISIBLE_DEVICES, "
            f"or {ELSEWHERE}."
        )
    if not nvvm.is_available():
        raise DeviceError(
            f"kernels cannot be compiled for {device_name()}: the library libNVVM was not found. "
            "Install CUDA's compilers with: pip install 'kgen-compiler[cuda]'."
        )


def check_precision(precision: str) -> None:
    """That there is a GPU, and that it multiplies what a module rounds the operands to.

    Raises:
        DeviceError: saying what is missing.
    """
    check_device()
    capability = tuple(cuda.get_current_device().compute_capability)
    if precision != "float32" and capability < TENSOR_CAPABILITY:
        raise DeviceError(
            f"{device_name()} has compute capability {_dotted(capability)}; this module multiplies "
            f"{precision} numbers, which needs {_dotted(TENSOR_CAPABILITY)} or more. Build it with "
            "--precision float32, or choose another GPU with CUDA_VISIBLE_DEVICES."
        )


def device_name() -> str:
    """What the current device calls itself."""
    name: Any = cuda.get_current_device().name
    return name.decode() if isinstance(name, bytes) else str(name)


def _dotted(capability: tuple[int, ...]) -> str:
    return ".".join(map(str, capability))
