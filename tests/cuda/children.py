"""Processes whose kernels run in numba-cuda's simulator, on a GPU, or on the processor.

The simulator takes the place of numba-cuda when that is first imported: it needs a process of its
own, which works through many cases for what its start costs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
END_TO_END = HERE.parent / "end_to_end"
PROCESSOR = {"KGEN_TEST_TARGET": "cpu"}
# Without the compiler: what its tiles compute is compared with native code elsewhere.
EMULATED = {**PROCESSOR, "NUMBA_DISABLE_JIT": "1"}
GPU = {"KGEN_TEST_TARGET": "cuda"}
SIMULATOR = {**GPU, "NUMBA_ENABLE_CUDASIM": "1"}
SETTINGS = {"KGEN_TEST_TARGET", "NUMBA_DISABLE_JIT", "NUMBA_ENABLE_CUDASIM"}
TIMEOUT = 1500


def run(machine: Mapping[str, str], *command: str) -> str:
    """Run Python with a script, or `-m` and a module; gives what it printed.

    Raises:
        AssertionError: it failed; its message ends with what the process wrote.
    """
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    path = os.pathsep.join([str(HERE), str(END_TO_END), kept.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *command],
        env={**kept, **machine, "PYTHONPATH": path},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-8000:]
    return output
