"""Start-up and memory: fresh processes, from nothing to the first finished step."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.modules import module_path
from benchmarks.peers.session import PeerUnavailable, Session
from benchmarks.peers.tasks import TASKS

STEPS = 5
PERSISTENT = ("jax", "keras-jax")  # those with caches that must be asked for


@dataclass
class Startup:
    """Seconds to the first step and bytes at the peak, by peer, one figure a round."""

    cold: dict[str, list[float]] = field(default_factory=dict)
    warm: dict[str, list[float]] = field(default_factory=dict)
    cold_memory: dict[str, list[float]] = field(default_factory=dict)
    warm_memory: dict[str, list[float]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def caches(folder: Path, *, persistent: bool) -> dict[str, str]:
    """Variables that keep every compiled thing in `folder`.

    JAX keeps nothing by default; with `persistent` it keeps all, to its advantage when warm.
    """
    found = {
        "NUMBA_CACHE_DIR": str(folder / "numba"),
        "TORCHINDUCTOR_CACHE_DIR": str(folder / "inductor"),
        "TRITON_CACHE_DIR": str(folder / "triton"),
        "CUDA_CACHE_PATH": str(folder / "cuda"),
        "XDG_CACHE_HOME": str(folder / "user"),
    }
    if persistent:
        found |= {
            "JAX_COMPILATION_CACHE_DIR": str(folder / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }
    return found


def start(peer: str, task: str, folder: Path, *, persistent: bool) -> tuple[float, int]:
    """Seconds from process start to the first finished step, and bytes at the peak after a few.

    Raises:
        PeerUnavailable: it did not come that far.
    """
    module = module_path(TASKS[task].source.name, folder)
    environment = caches(folder, persistent=persistent)
    with Session("start", peer, task, module, STEPS, environment) as session:
        session.answer()
        seconds = time.perf_counter() - session.started
        return seconds, int(session.answer()["memory"])


def measure_startup(
    task: str, peers: Sequence[str], rounds: int, built: Path, progress: Callable[[str], None]
) -> Startup:
    """Cold and warm starts of every peer, in turn.

    Each round gives a peer an empty folder for its caches. kgen starts from its emitted module
    `built`, `kgen-source` from the `.k` file.
    """
    found = Startup()
    for number in range(rounds):
        for peer in peers:
            if peer in found.skipped:
                continue
            progress(f"{task}: starts of {peer}, round {number + 1} of {rounds}")
            folder = Path(tempfile.mkdtemp(prefix="kgen-bench-"))
            try:
                shutil.copy(built, folder)
                seconds, memory = start(peer, task, folder, persistent=False)
                found.cold.setdefault(peer, []).append(seconds)
                found.cold_memory.setdefault(peer, []).append(memory)
                if peer in PERSISTENT:  # others have filled their caches
                    start(peer, task, folder, persistent=True)
                seconds, memory = start(peer, task, folder, persistent=True)
                found.warm.setdefault(peer, []).append(seconds)
                found.warm_memory.setdefault(peer, []).append(memory)
            except PeerUnavailable as error:
                found.skipped[peer] = str(error)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return found
