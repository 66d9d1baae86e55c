"""What the system tells about this machine."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path

from kgen.runtime.errors import EnvironmentVariableError

MAX_THREADS = 1024
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def usable_cores() -> int:
    """The cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count() -> int:
    """Threads to use: `KGEN_NUM_THREADS`, else the cores this process may run on.

    Raises EnvironmentVariableError if the variable is not a whole number up to `MAX_THREADS`.
    """
    wish = os.environ.get("KGEN_NUM_THREADS")
    if wish:
        if not wish.isdecimal() or not 1 <= int(wish) <= MAX_THREADS:
            raise EnvironmentVariableError(
                f"KGEN_NUM_THREADS={wish!r} is not a number of threads; use 1 to {MAX_THREADS}"
            )
        return int(wish)
    return min(usable_cores(), MAX_THREADS)


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
            found[f"L{level}"] = int(text[:-1]) * _UNITS[text[-1]]
    return found


def memory_bytes() -> int:
    """Physical memory, 0 where the system does not tell."""
    with contextlib.suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 0
