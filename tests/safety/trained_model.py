"""A small model with dropout, its data, and the emitted module in a folder with an odd name."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from kgen.compiler import compile_text

SOURCE = """
model Net:
    input x: float32[6]
    output y = x |> Dense(16, activation="relu") |> Dropout(0.25) |> Dense(3, activation="softmax")
    train:
        optimizer = Adam(1e-2)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
# What every script begins with; `together` makes all threads work, however small the step.
PREAMBLE = """
import os, signal, sys, time, warnings
import numpy as np
import net_module
rng = np.random.default_rng(0)
x = rng.standard_normal((96, 6), np.float32)
y = rng.integers(0, 3, 96).astype(np.int32)

def new(threads=1):
    net = net_module.Net(seed=0, threads=threads)
    net.engine.alone = net.engine.team
    return net
"""


def write_module(folder: Path) -> Path:
    """Emit the module into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "net_module.py").write_text(compile_text(SOURCE, "net.k").text)
    return folder


def start(
    script: str, folder: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """Start a script in a Python of its own, beside the module."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("KGEN_", "NUMBA_"))}
    return subprocess.Popen(
        [sys.executable, "-u", "-c", PREAMBLE + script],
        cwd=folder,
        env={**variables, "PYTHONPATH": str(folder), **(environment or {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(script: str, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a script to its end, which must be a good one; gives what it prints."""
    process = start(script, folder, environment)
    try:
        output, errors = process.communicate(timeout=240)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, errors
    return output
