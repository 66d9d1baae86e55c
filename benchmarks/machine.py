"""What the figures were measured on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "numba", "llvmlite", "torch", "jax", "keras", "tensorflow", "tensorflow-cpu")
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Machine:
    """Processor, memory, versions; `versions` holds installed packages only."""

    cpu: str
    cores: int
    isa: str
    caches: dict[str, int]
    memory: int
    system: str
    python: str
    versions: dict[str, str]
    load: float

    def lines(self) -> list[str]:
        """The description as printed above each table."""
        caches = ", ".join(f"{name} {bytes_text(size)}" for name, size in self.caches.items())
        versions = ", ".join(f"{name} {text}" for name, text in self.versions.items())
        return [
            f"{self.cpu}, {self.cores} cores usable, {self.isa}"
            + (f", {caches}" if caches else "")
            + (f", {bytes_text(self.memory)} memory" if self.memory else ""),
            f"{self.system}, Python {self.python}, {versions}",
            f"load average before the run: {self.load:.1f}",
        ]

    def record(self) -> dict[str, Any]:
        """The description for `--json`."""
        return asdict(self)


def describe_machine() -> Machine:
    """Look at this machine; what the system does not tell is left empty."""
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
    )


def usable_cores() -> int:
    """The cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


def cpu_name() -> str:
    """The processor's name."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cache_sizes() -> dict[str, int]:
    """Bytes of the first core's data caches, as `L1`, `L2`, `L3`."""
    found: dict[str, int] = {}
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        with contextlib.suppress(OSError, ValueError, KeyError):
            if (index / "type").read_text().strip() == "Instruction":
                continue
            text = (index / "size").read_text().strip()
            level = (index / "level").read_text().strip()
            found[f"L{level}"] = int(text[:-1]) * UNITS[text[-1]]
    return found


def memory_bytes() -> int:
    """Physical memory, 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0


def bytes_text(size: float) -> str:
    """`512 B`, `48 KiB`, `2 MiB`, `1.5 GiB`."""
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} GiB"
