"""The machine's peak of fused multiply-adds, measured with registers alone.

The loop is written in LLVM's own language: independent accumulators, more than the latency of the
units times their number, and no memory at all.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from kgen.runtime.isa import ISA, Isa

ACCUMULATORS = 12
TURNS = 2_000_000


def loop_source(isa: Isa) -> str:
    """`float peak(i64 turns)` in LLVM's language: `acc = acc * x + y` for each accumulator."""
    vector = f"<{isa.lanes} x float>"
    places = range(ACCUMULATORS)

    def all_lanes(value: str) -> str:
        return "<" + ", ".join(f"float {value}" for _ in range(isa.lanes)) + ">"

    half, one = all_lanes("0.5"), all_lanes("1.0")
    lines = [f"define {vector} @kernel(i64 %turns) {{", "start:", "  br label %loop", "loop:"]
    lines.append("  %turn = phi i64 [ 0, %start ], [ %next, %loop ]")
    lines += [
        f"  %a{k} = phi {vector} [ {all_lanes(f'{k}.0')}, %start ], [ %b{k}, %loop ]"
        for k in places
    ]
    for k in places:
        if isa.has_fma:
            name = f"@llvm.fma.v{isa.lanes}f32"
            lines.append(
                f"  %b{k} = call {vector} {name}({vector} %a{k}, {vector} {half}, {vector} {one})"
            )
        else:
            lines.append(f"  %p{k} = fmul {vector} %a{k}, {half}")
            lines.append(f"  %b{k} = fadd {vector} %p{k}, {one}")
    lines += [
        "  %next = add i64 %turn, 1",
        "  %more = icmp slt i64 %next, %turns",
        "  br i1 %more, label %loop, label %end",
        "end:",
    ]
    total = "%b0"
    for k in places[1:]:
        lines.append(f"  %s{k} = fadd {vector} {total}, %b{k}")
        total = f"%s{k}"
    lines += [f"  ret {vector} {total}", "}"]
    wrapper = [
        "define float @peak(i64 %turns) {",
        f"  %all = call {vector} @kernel(i64 %turns)",
        f"  %one = extractelement {vector} %all, i32 0",
        "  ret float %one",
        "}",
    ]
    declared = f"declare {vector} @llvm.fma.v{isa.lanes}f32({vector}, {vector}, {vector})"
    return "\n".join([declared if isa.has_fma else "", *lines, *wrapper])


class PeakLoop:
    """The compiled loop; `rate` runs it on some threads at once."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        cpu = llvm.get_host_cpu_name()
        features = llvm.get_host_cpu_features().flatten()
        if ISA.lanes == 16:
            features += ",-prefer-256-bit"
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(cpu=cpu, features=features, opt=2)
        module = llvm.parse_assembly(loop_source(ISA))
        self._engine = llvm.create_mcjit_compiler(module, machine)
        self._engine.finalize_object()
        kind = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64)
        self._loop: Any = kind(self._engine.get_function_address("peak"))
        self._loop(TURNS // 10)

    def rate(self, threads: int) -> float:
        """Floating-point operations a second of all threads together."""
        seconds = run_together(lambda: self._loop(TURNS), threads)
        return 2 * ISA.lanes * ACCUMULATORS * TURNS * threads / seconds


def run_together(work: Callable[[], Any], threads: int) -> float:
    """Seconds until all threads have done the work, from when all stand ready."""
    gate = threading.Barrier(threads)
    begun = [0.0] * threads
    ended = [0.0] * threads

    def one(number: int) -> None:
        gate.wait()
        begun[number] = time.perf_counter()
        work()
        ended[number] = time.perf_counter()

    others = [threading.Thread(target=one, args=(number,)) for number in range(1, threads)]
    for thread in others:
        thread.start()
    one(0)
    for thread in others:
        thread.join()
    return max(ended) - min(begun)
