"""How kernels are compiled: tiles of products stay in registers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from kgen.runtime.isa import LANES
from kgen.runtime.kernel_cache import KernelCache, host_cpu
from kgen.runtime.kernels import Kernel, kernel
from kgen.runtime.memory import rows_for
from kgen.runtime.pipeline import scheduled
from kgen.runtime.tiles import matrix, maximum, outer, store, zeros
from numba.core import config

ROWS_28_BY_2 = rows_for(28, 2)
ROWS_31_BY_4 = rows_for(31, 4)


def two(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    a = matrix(args, 0, batch, 784)
    b = matrix(args, 1, 96, 32)
    c = matrix(args, 2, batch, 32)
    for i in range(0, batch, ROWS_28_BY_2):
        acc = zeros(ROWS_28_BY_2, 2)
        for k in range(96):
            acc = outer(acc, a, i, k, b, k, 0)
        store(c, i, 0, acc)


def four(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    a = matrix(args, 0, batch, 64)
    b = matrix(args, 1, 96, 64)
    c = matrix(args, 2, batch, 64)
    for i in range(0, batch, ROWS_31_BY_4):
        acc = zeros(ROWS_31_BY_4, 4)
        for k in range(64):
            acc = outer(acc, a, i, k, b, k, 0)
        store(c, i, 0, acc)


def no_product(thread: int, threads: int, batch: int, clock: Any, args: Any) -> None:
    c = matrix(args, 2, batch, LANES)
    for i in range(0, batch, ROWS_28_BY_2):
        store(c, i, 0, maximum(zeros(ROWS_28_BY_2, 1), 0.0))


def innermost(assembly: str) -> list[str]:
    """The instructions of the loop with the most fused multiply-adds, among those without jumps."""
    lines = assembly.splitlines()
    labels = {
        line[:-1]: n for n, line in enumerate(lines) if line.startswith(".LBB") and line[-1] == ":"
    }
    best: list[str] = []
    for n, line in enumerate(lines):
        jump = re.match(r"\s+j\w+\s+(\.LBB\w+)", line)
        if jump is None or labels.get(jump[1], n) >= n:
            continue
        body = lines[labels[jump[1]] + 1 : n]
        if not any(re.match(r"\s+j", one) for one in body):
            best = max(best, body, key=lambda found: sum("vfmadd" in one for one in found))
    return best


@pytest.mark.skipif(LANES != 16, reason="counts the registers of AVX-512")
@pytest.mark.parametrize("function", [two, four], ids=["two", "four"])
def test_tiles_stay_in_registers(function: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A product's loop moves accumulators neither to memory nor to other registers.

    But for one of 28 in tiles of four vectors: with these and a factor that makes 33 registers.
    For AMD's processors LLVM has the next factor loaded as well, which makes 34.
    """
    monkeypatch.setattr(KernelCache, "read", lambda cache: None)
    made: Kernel = kernel(function)
    assert made.is_tall
    made.compile()
    with scheduled(for_registers=made.is_tall):  # what is looked at is made again
        body = innermost(made._compiled._library.get_asm_str())
    rows, vectors = (ROWS_28_BY_2, 2) if function is two else (ROWS_31_BY_4, 4)
    assert sum("vfmadd" in line for line in body) == rows * vectors
    moved = [line for line in body if re.match(r"\s+vmov\w+\s+%zmm\d+, ", line)]
    factors = 2 if (config.CPU_NAME or host_cpu()[0]).startswith("znver") else 1
    assert len(moved) <= max(0, rows * vectors + vectors + factors - 32)
    assert len(body) <= rows * vectors + rows + vectors + 8


def test_the_order_is_for_products() -> None:
    assert not kernel(no_product).is_tall
