"""One PTX instruction in a kernel of its own, for tests."""

from __future__ import annotations

import numpy as np
from ptx_machine import load_ptx
from ptx_memory import Array

LANES = 256


def execute(instruction: str, result: str, *inputs: Array, before: str = "") -> Array:
    """`instruction` writes %d from %a0, %a1, ...; one lane for every element."""
    names = [f"p{index}" for index in range(len(inputs) + 1)]
    bits = np.dtype(result).itemsize * 8
    lines = [
        ".version 8.0 .target sm_80 .address_size 64".replace(" .", "\n."),
        f".visible .entry k({', '.join(f'.param .u64 {name}' for name in names)})",
        "{ .reg .b32 %t; .reg .b64 %x<3>; .reg .pred %q<4>;",
        f".reg .b{bits} %d;",
        "mov.u32 %t, %tid.x;",
    ]
    for index, array in enumerate(inputs):
        size = array.dtype.itemsize
        lines += [
            f".reg .b{8 * size} %a{index};",
            f"ld.param.u64 %x0, [p{index}]; mul.wide.u32 %x1, %t, {size};",
            f"add.s64 %x0, %x0, %x1; ld.global.b{8 * size} %a{index}, [%x0];",
        ]
    lines += [
        before,
        instruction,
        f"ld.param.u64 %x0, [p{len(inputs)}]; mul.wide.u32 %x1, %t, {bits // 8};",
        f"add.s64 %x0, %x0, %x1; st.global.b{bits} [%x0], %d; ret; }}",
    ]
    out = np.zeros(len(inputs[0]), result)
    load_ptx("\n".join(lines)).launch("k", 1, len(out), [*inputs, out])
    return out
