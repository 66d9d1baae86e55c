"""The instruction set that kernels are compiled for, and the tile geometry that follows from it.

`KGEN_ISA` forces a set below the best of this processor: `avx512`, `avx2` or `baseline` (plain
x86-64 with SSE2, or any other architecture). Forcing restricts Numba's code generation as well,
so that the machine code runs on a processor that has no more than the named set.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

import llvmlite.binding as llvm
from kgen.runtime.errors import EnvironmentVariableError
from numba.core import config

IS_X86 = platform.machine().lower() in ("x86_64", "amd64")


@dataclass(frozen=True)
class Isa:
    """One instruction set: its name, float32 lanes per vector, rows of a tile, fused multiply."""

    name: str
    lanes: int
    rows: int
    has_fma: bool
    cpu: str
    needs: tuple[str, ...]


ISAS = {
    "avx512": Isa(
        "avx512", 16, 8, True, "x86-64-v4", ("avx512f", "avx512bw", "avx512dq", "avx512vl")
    ),
    "avx2": Isa("avx2", 8, 4, True, "x86-64-v3", ("avx2", "fma", "bmi2")),
    "baseline": Isa("baseline", 4, 4, not IS_X86, "x86-64" if IS_X86 else "generic", ()),
}

# What numba-cuda's simulator emulates: the lanes of a warp.
WARP = Isa("warp", 32, 8, True, "", ())


def host_isas() -> list[str]:
    """Names of the sets this processor has, best first; `baseline` is always the last."""
    features = llvm.get_host_cpu_features() if IS_X86 else {}
    return [
        name for name, isa in ISAS.items() if all(features.get(need, False) for need in isa.needs)
    ]


def choose_isa(forced: str | None) -> Isa:
    """The set to compile for: `forced` if given, else the best of this processor.

    Raises EnvironmentVariableError if `forced` is unknown or beyond this processor.
    """
    available = host_isas()
    if config.ENABLE_CUDASIM:
        return WARP
    if not forced:
        return ISAS[available[0]]
    if forced not in ISAS:
        raise EnvironmentVariableError(
            f"KGEN_ISA={forced!r} is not an instruction set; use one of {', '.join(ISAS)}"
        )
    if forced not in available:
        raise EnvironmentVariableError(
            f"KGEN_ISA={forced!r} asks for instructions this processor lacks; "
            f"it has {', '.join(available)}"
        )
    if forced != available[0]:
        config.CPU_NAME = ISAS[forced].cpu
        config.CPU_FEATURES = ""
    return ISAS[forced]


ISA = choose_isa(os.environ.get("KGEN_ISA"))
LANES = ISA.lanes
ROWS = ISA.rows
HALF_ROWS = ROWS // 2
# Vectors a tile may have and stay in registers beside what is multiplied into it.
ACCUMULATORS = 28 if LANES == 16 else 12
