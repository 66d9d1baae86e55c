"""Compiling many kernels, with a helper process that may do anything."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from kgen.runtime import compiling
from kgen.runtime.pipeline import without_collector

SCRIPT = """
import os, sys, time
from kgen.runtime import compiling
from kgen.runtime.kernels import kernel
from kgen.runtime.tiles import LANES, load, matrix, share, store

{kernels}

KERNELS = [{names}]

def die(kernels):
    os._exit(3)

def hang(kernels):
    time.sleep(60)

def crash(kernels):
    os.abort()

def nothing(kernels):
    return []

behaviour = sys.argv[1]
if behaviour == "alone":
    compiling.start_helpers = nothing
elif behaviour != "help":
    compiling.help_out = globals()[behaviour]
seen = []
compiling.compile_kernels(KERNELS, lambda done, total, name: seen.append((done, total)))
assert all(one.is_cached() and one.address for one in KERNELS)
assert seen[-1] == (len(KERNELS), len(KERNELS)), seen
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child left")
"""

KERNEL = """
@kernel
def add_{n}(thread, threads, batch, clock, args):
    x = matrix(args, 0, batch, {cols})
    first, last = share(batch, 8, thread, threads)
    for i in range(first, last):
        for j in range(0, {cols}, LANES):
            store(x, i, j, load(x, i, j, 1, 1) + {n}.0)
"""


@pytest.mark.parametrize(
    ("behaviour", "threads"),
    [("help", 2), ("help", 3), ("alone", 2), ("die", 3), ("hang", 2), ("crash", 2)],
)
def test_all_kernels_are_compiled_whatever_helpers_do(
    behaviour: str, threads: int, tmp_path: Path
) -> None:
    kernels = "\n".join(KERNEL.format(n=n, cols=8 + n) for n in range(5))
    names = ", ".join(f"add_{n}" for n in range(5))
    script = tmp_path / "kernels.py"
    script.write_text(textwrap.dedent(SCRIPT).format(kernels=kernels, names=names))
    environment = {**os.environ, "KGEN_NUM_THREADS": str(threads), "NUMBA_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, str(script), behaviour],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == "no child left\n"


def test_no_helper_where_forking_is_unsafe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    monkeypatch.setitem(sys.modules, "jax", sys)
    assert not compiling.start_helpers([None] * 9)  # type: ignore[list-item]


def test_no_helper_for_few_kernels_or_one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in compiling.UNSAFE:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setenv("KGEN_NUM_THREADS", "2")
    assert not compiling.start_helpers([None] * 3)  # type: ignore[list-item]
    monkeypatch.setenv("KGEN_NUM_THREADS", "1")
    assert not compiling.start_helpers([None] * 9)  # type: ignore[list-item]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    """Whether a kernel compiles or fails."""
    before = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        with without_collector():
            assert not gc.isenabled()
        assert gc.isenabled() == enabled
        with pytest.raises(ValueError, match="no"), without_collector():
            raise ValueError("no")
        assert gc.isenabled() == enabled
    finally:
        gc.enable() if before else gc.disable()
