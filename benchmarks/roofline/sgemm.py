"""The cross-check of the measured peak: a product by BLAS."""

from __future__ import annotations

import os
import subprocess
import sys

SGEMM = """
import time
import numpy as np
a = np.ones(({n}, {n}), np.float32)
b = np.ones(({n}, {n}), np.float32)
a @ b
best = []
for _ in range({repeats}):
    start = time.perf_counter()
    a @ b
    best.append(time.perf_counter() - start)
print(2 * {n} ** 3 / sorted(best)[len(best) // 2])
"""


def sgemm_rate(threads: int, size: int = 1024, repeats: int = 15) -> float:
    """Operations a second of NumPy's float32 product, median, in a process with that many threads.

    Raises:
        subprocess.CalledProcessError: the process failed.
    """
    count = str(threads)
    names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    result = subprocess.run(
        [sys.executable, "-c", SGEMM.format(n=size, repeats=repeats)],
        env={**os.environ, **dict.fromkeys(names, count)},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(result.stdout)
