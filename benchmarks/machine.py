"""What the figures were measured on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass
from typing import Any

from kgen.runtime.hardware import cache_sizes, cpu_name, memory_bytes, usable_cores

PACKAGES = (
    "numpy",
    "numba",
    "llvmlite",
    "numba-cuda",
    "torch",
    "jax",
    "keras",
    "tensorflow",
    "tensorflow-cpu",
)


@dataclass(frozen=True)
class Machine:
    """Processor, memory, versions, and the GPU, where one computes.

    `versions` holds installed packages only.
    """

    cpu: str
    cores: int
    isa: str
    caches: dict[str, int]
    memory: int
    system: str
    python: str
    versions: dict[str, str]
    load: float
    gpu: str = ""

    def lines(self) -> list[str]:
        """The description as printed above each table."""
        caches = ", ".join(f"{name} {bytes_text(size)}" for name, size in self.caches.items())
        versions = ", ".join(f"{name} {text}" for name, text in self.versions.items())
        return [
            *([self.gpu] if self.gpu else []),
            f"{self.cpu}, {self.cores} cores usable, {self.isa}"
            + (f", {caches}" if caches else "")
            + (f", {bytes_text(self.memory)} memory" if self.memory else ""),
            f"{self.system}, Python {self.python}, {versions}",
            f"load average before the run: {self.load:.1f}",
        ]

    def record(self) -> dict[str, Any]:
        """The description for `--json`."""
        return asdict(self)


def describe_machine(gpu: str = "") -> Machine:
    """Look at this machine; what the system does not tell is left empty.

    `gpu` describes the one that computes, if one does.
    """
    from kgen.runtime.isa import ISA

    versions = {"kgen": importlib.metadata.version("kgen-compiler")}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return Machine(
        cpu=cpu_name(),
        cores=usable_cores(),
        isa=ISA.name,
        caches=cache_sizes(),
        memory=memory_bytes(),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        versions=versions,
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0,
        gpu=gpu,
    )


def use_cores(count: int) -> None:
    """Keep this process, and those it starts, to `count` of its cores.

    Every library makes as many threads as it sees cores.

    Raises:
        ValueError: it has fewer, or the system does not let itself be told.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise ValueError("this system does not keep a process to some cores")
    cores = sorted(os.sched_getaffinity(0))
    if count > len(cores):
        raise ValueError(f"{len(cores)} cores are usable, not {count}")
    os.sched_setaffinity(0, cores[:count])


def bytes_text(size: float) -> str:
    """`512 B`, `48 KiB`, `2 MiB`, `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"
