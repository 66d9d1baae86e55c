"""The GPU that a run measures, and what its processes are told about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.modules import ROOT

VARIABLE = "KGEN_BENCHMARK_DEVICE"
PRECISION = "KGEN_BENCHMARK_PRECISION"
# No library takes the whole memory for itself.
SETTINGS = {
    VARIABLE: "cuda",
    "JAX_PLATFORMS": "cuda",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}
# Products and convolutions of everybody in float32, or everybody may round their operands to ten
# bits (TF32): libraries would do so here and there if nothing were said.
PRECISIONS = {
    "float32": {
        PRECISION: "float32",
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        "NVIDIA_TF32_OVERRIDE": "0",
    },
    "tf32": {
        PRECISION: "tf32",
        "JAX_DEFAULT_MATMUL_PRECISION": "tensorfloat32",
        "NVIDIA_TF32_OVERRIDE": "",
    },
}


class NoGpuError(Exception):
    """There is no GPU to measure on; the message says why."""


@dataclass(frozen=True)
class Gpu:
    """A GPU: its name, compute capability, bytes of memory and multiprocessors."""

    name: str
    capability: str
    memory: int
    multiprocessors: int

    def text(self) -> str:
        """The description above tables."""
        return (
            f"{self.name}, compute capability {self.capability}, {self.multiprocessors} "
            f"multiprocessors, {self.memory / 2**30:.3g} GiB"
        )


def device() -> str:
    """Where this process and its peers compute: `cpu` or `cuda`."""
    return os.environ.get(VARIABLE, "cpu")


def precision() -> str:
    """What this process and its peers round the operands of products to: `float32` or `tf32`."""
    return os.environ.get(PRECISION, "float32")


def use_gpu(precision: str = "float32") -> Gpu:
    """Make the processes that this one starts compute on the first visible GPU; tells which.

    They round operands as `precision` says.

    It is asked in a process of its own, so that this one holds none of its memory.

    Raises:
        NoGpuError: there is none, or it cannot be used.
    """
    found = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu.device"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(found.stdout) if found.returncode == 0 else {"error": found.stderr.strip()}
    if "error" in answer:
        raise NoGpuError(answer["error"])
    os.environ.update(SETTINGS)
    for name, value in PRECISIONS[precision].items():
        if value:
            os.environ[name] = value
        else:
            os.environ.pop(name, None)
    return Gpu(**answer)


def main() -> None:
    """Print the GPU's description, or why there is none, as JSON."""
    from kgen.runtime.errors import KgenRuntimeError

    try:
        from kgen.runtime.cuda.grid import IS_SIMULATED
        from kgen.runtime.cuda.probe import check_device, device_name

        if IS_SIMULATED:
            raise KgenRuntimeError("a simulator is nothing to measure: unset NUMBA_ENABLE_CUDASIM")
        check_device()
    except KgenRuntimeError as error:
        print(json.dumps({"error": str(error)}))
        return
    from numba import cuda

    one = cuda.get_current_device()
    print(
        json.dumps(
            {
                "name": device_name(),
                "capability": ".".join(map(str, one.compute_capability)),
                "memory": int(cuda.current_context().get_memory_info()[1]),
                "multiprocessors": int(one.MULTIPROCESSOR_COUNT),
            }
        )
    )


if __name__ == "__main__":
    main()
