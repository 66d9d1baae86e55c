"""Integer and bit instructions: what each computes on arrays of lanes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ptx_frame import Active, Array, Frame, Step, split, write
from ptx_syntax import TYPES, Instruction, Number


def _wide(kind: str) -> str:
    size = 16 * TYPES[kind].itemsize
    if size > 64:
        raise ValueError(kind)
    return f"{kind[0]}{size}"


def multiply_high(a: Array, b: Array) -> Array:
    """The upper half of the products."""
    if a.dtype.itemsize < 8:
        bits = 8 * a.dtype.itemsize
        wide = np.dtype(f"{a.dtype.kind}{2 * a.dtype.itemsize}")
        return np.asarray((a.astype(wide) * b.astype(wide) >> wide.type(bits)).astype(a.dtype))
    x, y = a.view(np.uint64), b.view(np.uint64)
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    x0, x1, y0, y1 = x & low, x >> half, y & low, y >> half
    middle = x1 * y0 + (x0 * y0 >> half)
    cross = x0 * y1 + (middle & low)
    high = x1 * y1 + (middle >> half) + (cross >> half)
    if a.dtype.kind == "i":
        high = high - np.where(a < 0, y, 0) - np.where(b < 0, x, 0)
    return np.asarray(high.view(a.dtype))


def multiply_low(a: Array, b: Array) -> Array:
    """The lower half of the products."""
    return np.multiply(a, b)


def multiply_wide(a: Array, b: Array) -> Array:
    """The whole products, twice as wide."""
    wide = np.dtype(f"{a.dtype.kind}{2 * a.dtype.itemsize}")
    return np.multiply(a, b, dtype=wide)


def _saturated(function: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
    def clamped(a: Array, b: Array) -> Array:
        exact = function(a.astype(np.int64), b.astype(np.int64))
        return np.clip(exact, -(2**31), 2**31 - 1).astype(np.int32)

    return clamped


def _carrying(frame: Frame, ins: Instruction, flags: set[str], kind: str) -> Step:
    """add.cc, addc, sub.cc, subc: through the lanes' carry bits."""
    unsigned = f"u{8 * TYPES[kind].itemsize}"
    a, b = (frame.source(ins, operand, unsigned) for operand in ins.operands[1:])
    out = frame.target(ins, ins.operands[0], unsigned)
    carry, uses, sets = frame.carry, ins.opcode.endswith("c"), "cc" in flags
    subtract = ins.opcode.startswith("sub")

    def step(active: Active) -> None:
        extra = carry.astype(a.dtype) if uses else np.zeros_like(a)
        if subtract:
            first = a - b
            total = first - extra
            over = (a < b) | (first < extra)
        else:
            first = a + b
            total = first + extra
            over = (first < a) | (total < first)
        write(out, total, active)
        if sets:
            write(carry, over.astype(np.uint64), active)

    return step


def add_subtract(frame: Frame, ins: Instruction) -> Step:
    """add, sub, addc, subc of integers."""
    flags, (kind,) = split(ins, "cc", "sat")
    if "cc" in flags or ins.opcode.endswith("c"):
        return _carrying(frame, ins, flags, kind)
    function: Callable[[Array, Array], Array] = np.add if ins.opcode == "add" else np.subtract
    if "sat" in flags:
        if kind != "s32":
            raise ins.fail("only .s32 saturates")
        function = _saturated(function)
    return frame.elementwise(ins, function, kind, (kind, kind))


def multiply(frame: Frame, ins: Instruction) -> Step:
    """mul.lo, mul.hi, mul.wide."""
    flags, (kind,) = split(ins, "lo", "hi", "wide")
    if "wide" in flags:
        return frame.elementwise(ins, multiply_wide, _wide(kind), (kind, kind))
    if "hi" in flags:
        return frame.elementwise(ins, multiply_high, kind, (kind, kind))
    return frame.elementwise(ins, np.multiply, kind, (kind, kind))


def multiply_add(frame: Frame, ins: Instruction) -> Step:
    """mad.lo, mad.hi, mad.wide, and their forms with carries."""
    flags, (kind,) = split(ins, "lo", "hi", "wide", "cc")
    part = multiply_high if "hi" in flags else multiply_low
    if "cc" in flags or ins.opcode == "madc":
        return _multiply_carrying(frame, ins, flags, kind, part)
    if "wide" in flags:
        wide = _wide(kind)
        return frame.elementwise(
            ins, lambda a, b, c: multiply_wide(a, b) + c, wide, (kind, kind, wide)
        )
    return frame.elementwise(ins, lambda a, b, c: part(a, b) + c, kind, (kind, kind, kind))


def _multiply_carrying(
    frame: Frame,
    ins: Instruction,
    flags: set[str],
    kind: str,
    part: Callable[[Array, Array], Array],
) -> Step:
    unsigned = f"u{8 * TYPES[kind].itemsize}"
    a, b, c = (frame.source(ins, operand, kind) for operand in ins.operands[1:])
    out = frame.target(ins, ins.operands[0], unsigned)
    carry, uses, sets = frame.carry, ins.opcode == "madc", "cc" in flags

    def step(active: Active) -> None:
        product, addend = part(a, b).view(out.dtype), c.view(out.dtype)
        extra = carry.astype(out.dtype) if uses else np.zeros_like(product)
        first = product + addend
        total = first + extra
        write(out, total, active)
        if sets:
            write(carry, ((first < product) | (total < first)).astype(np.uint64), active)

    return step


def _divide(a: Array, b: Array) -> Array:
    return (a - np.fmod(a, b)) // b


def divide(frame: Frame, ins: Instruction) -> Step:
    """div and rem of integers, rounded towards zero; division by zero is an error."""
    _, (kind,) = split(ins)
    a, b = (frame.source(ins, operand, kind) for operand in ins.operands[1:])
    out = frame.target(ins, ins.operands[0], kind)
    function = np.fmod if ins.opcode == "rem" else _divide
    one = b.dtype.type(1)

    def step(active: Active) -> None:
        zero = b == 0
        wrong = zero & active.mask
        if wrong.any():
            raise ins.fail(f"division by zero in {frame.position(int(wrong.argmax()))}")
        write(out, function(a, np.where(zero, one, b)), active)

    return step


def shift(frame: Frame, ins: Instruction) -> Step:
    """shl and shr; a count beyond the width shifts everything out."""
    _, (kind,) = split(ins)
    dtype = TYPES[kind]
    bits = np.uint32(8 * dtype.itemsize)
    fixed = ins.operands[2]
    if isinstance(fixed, Number) and 0 <= fixed.value < bits:
        function = np.left_shift if ins.opcode == "shl" else np.right_shift
        counts = frame.number(ins, fixed, kind)
        plain = replace(ins, operands=ins.operands[:2])
        return frame.elementwise(plain, lambda a: function(a, counts), kind, (kind,))
    a = frame.source(ins, ins.operands[1], kind)
    counts = frame.source(ins, ins.operands[2], "u32")
    out = frame.target(ins, ins.operands[0], kind)
    zero = dtype.type(0)

    def step(active: Active) -> None:
        count = np.minimum(counts, bits - np.uint32(1)).astype(dtype)
        if ins.opcode == "shl":
            value = np.where(counts < bits, a << count, zero)
        elif dtype.kind == "i":
            value = a >> count
        else:
            value = np.where(counts < bits, a >> count, zero)
        write(out, value, active)

    return step


def extremum(frame: Frame, ins: Instruction) -> Step:
    """min and max of integers."""
    _, (kind,) = split(ins)
    function = np.minimum if ins.opcode == "min" else np.maximum
    return frame.elementwise(ins, function, kind, (kind, kind))


def bitwise(frame: Frame, ins: Instruction) -> Step:
    """and, or, xor, of bits or predicates."""
    _, (kind,) = split(ins)
    function = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}[ins.opcode]
    return frame.elementwise(ins, function, kind, (kind, kind))


def unary(frame: Frame, ins: Instruction) -> Step:
    """neg, abs, not."""
    _, (kind,) = split(ins)
    if ins.opcode == "not":
        function = np.logical_not if kind == "pred" else np.invert
        return frame.elementwise(ins, function, kind, (kind,))
    return frame.elementwise(ins, np.negative if ins.opcode == "neg" else np.abs, kind, (kind,))
