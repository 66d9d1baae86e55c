"""Instructions on bit fields and bytes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ptx_frame import Array, Frame, Step, split
from ptx_syntax import TYPES, Instruction, Number

U32, U64 = np.uint32, np.uint64


def _low_bits(count: Array) -> Array:
    """As many ones as `count`, up to 64, from the lowest bit."""
    ones = (U64(1) << np.minimum(count, U64(63))) - U64(1)
    return np.where(count >= 64, ~U64(0), ones)


def _left(value: Array, count: Array) -> Array:
    return np.where(count < 64, value << np.minimum(count, U64(63)), U64(0))


def _right(value: Array, count: Array) -> Array:
    return np.where(count < 64, value >> np.minimum(count, U64(63)), U64(0))


def extract(frame: Frame, ins: Instruction) -> Step:
    """bfe: a field, extended by its sign where the type is signed."""
    _, (kind,) = split(ins)
    dtype = TYPES[kind]
    bits = 8 * dtype.itemsize
    unsigned = np.dtype(f"u{dtype.itemsize}")

    def bfe(a: Array, position: Array, length: Array) -> Array:
        start = (position & U32(255)).astype(U64)
        count = (length & U32(255)).astype(U64)
        value = a.view(unsigned).astype(U64)
        field = _right(value, start) & _low_bits(count)
        if dtype.kind == "i":
            last = np.minimum(start + count - U64(1), U64(bits - 1))
            sign = (value >> np.where(count == 0, U64(0), last)) & U64(1)
            kept = np.minimum(count, np.where(start < bits, U64(bits) - start, U64(0)))
            field = np.where((count > 0) & (sign == 1), field | ~_low_bits(kept), field)
        return field.astype(unsigned).view(dtype)

    return frame.elementwise(ins, bfe, kind, (kind, "u32", "u32"))


def insert(frame: Frame, ins: Instruction) -> Step:
    """bfi: the low bits of a in place of a field of b."""
    _, (kind,) = split(ins)
    dtype = TYPES[kind]

    def bfi(a: Array, b: Array, position: Array, length: Array) -> Array:
        start = (position & U32(255)).astype(U64)
        mask = _left(_low_bits((length & U32(255)).astype(U64)), start)
        field = _left(a.astype(U64), start) & mask
        return (field | (b.astype(U64) & ~mask)).astype(dtype)

    return frame.elementwise(ins, bfi, kind, (kind, kind, "u32", "u32"))


def _spread(value: Array) -> tuple[Array, int]:
    bits = 8 * value.dtype.itemsize
    return value.astype(U64), bits


def _population(value: Array) -> Array:
    return np.bitwise_count(value).astype(U32)


def _leading_zeros(value: Array) -> Array:
    wide, bits = _spread(value)
    for step in (1, 2, 4, 8, 16, 32):
        wide = wide | (wide >> U64(step))
    return (bits - np.bitwise_count(wide).astype(np.int64)).astype(U32)


def count_bits(frame: Frame, ins: Instruction) -> Step:
    """popc and clz."""
    _, (kind,) = split(ins)
    function = _population if ins.opcode == "popc" else _leading_zeros
    return frame.elementwise(ins, function, "u32", (kind,))


def find_bit(frame: Frame, ins: Instruction) -> Step:
    """bfind: the highest bit that differs from the sign, 0xffffffff where there is none."""
    flags, (kind,) = split(ins, "shiftamt")
    dtype = TYPES[kind]
    bits = 8 * dtype.itemsize

    def bfind(a: Array) -> Array:
        value = np.where(a < 0, ~a, a).view(f"u{dtype.itemsize}")
        zeros = _leading_zeros(value)
        found = zeros if "shiftamt" in flags else U32(bits - 1) - zeros
        return np.where(value == 0, U32(0xFFFFFFFF), found)

    return frame.elementwise(ins, bfind, "u32", (kind,))


def reverse(frame: Frame, ins: Instruction) -> Step:
    """brev: the bits in reverse order."""
    _, (kind,) = split(ins)
    unsigned = np.dtype(f"u{TYPES[kind].itemsize}")
    bits = 8 * unsigned.itemsize

    def brev(a: Array) -> Array:
        value, out = a.astype(U64), np.zeros(len(a), U64)
        for bit in range(bits):
            out |= ((value >> U64(bit)) & U64(1)) << U64(bits - 1 - bit)
        return out.astype(unsigned)

    return frame.elementwise(ins, brev, kind, (kind,))


def permute(frame: Frame, ins: Instruction) -> Step:
    """prmt.b32, default mode: four bytes picked from eight by the nibbles of a selector."""
    _, (kind,) = split(ins)
    if kind != "b32":
        raise ins.fail("prmt takes .b32")

    def prmt(a: Array, b: Array, selector: Array) -> Array:
        both = (b.astype(U64) << U64(32)) | a.astype(U64)
        out = np.zeros(len(a), U64)
        for place in range(4):
            nibble = (selector.astype(U64) >> U64(4 * place)) & U64(15)
            byte = (both >> (U64(8) * (nibble & U64(7)))) & U64(255)
            filled = np.where(byte >= 128, U64(255), U64(0))
            out |= np.where(nibble >= 8, filled, byte) << U64(8 * place)
        return out.astype(U32)

    return frame.elementwise(ins, prmt, "b32", ("b32", "b32", "b32"))


def funnel(frame: Frame, ins: Instruction) -> Step:
    """shf.l and shf.r: 64 bits in two registers, shifted, one half kept."""
    flags, _ = split(ins, "l", "r", "wrap", "clamp")

    def shf(a: Array, b: Array, counts: Array) -> Array:
        whole = (b.astype(U64) << U64(32)) | a.astype(U64)
        count = counts & U32(31) if "wrap" in flags else np.minimum(counts, U32(32))
        if "l" in flags:
            return ((whole << count.astype(U64)) >> U64(32)).astype(U32)
        return (whole >> count.astype(U64)).astype(U32)

    return frame.elementwise(ins, shf, "b32", ("b32", "b32", "u32"))


def three_way_logic(frame: Frame, ins: Instruction) -> Step:
    """lop3.b32: any function of three bits, by its table."""
    split(ins)
    table = ins.operands[4] if len(ins.operands) == 5 else None
    if not isinstance(table, Number):
        raise ins.fail("lop3 takes three sources and a table")
    terms = [index for index in range(8) if table.value >> index & 1]

    def lop3(a: Array, b: Array, c: Array, _: Array) -> Array:
        out = np.zeros_like(a)
        for index in terms:
            first = a if index & 4 else ~a
            second = b if index & 2 else ~b
            out |= first & second & (c if index & 1 else ~c)
        return out

    return frame.elementwise(ins, lop3, "b32", ("b32", "b32", "b32", "b32"))


def absolute_difference(frame: Frame, ins: Instruction) -> Step:
    """sad: c + |a - b|."""
    _, (kind,) = split(ins)
    unsigned = f"u{8 * TYPES[kind].itemsize}"

    def sad(a: Array, b: Array, c: Array) -> Array:
        return c + (np.maximum(a, b) - np.minimum(a, b)).view(c.dtype)

    return frame.elementwise(ins, sad, unsigned, (kind, kind, unsigned))


Builder = Callable[[Frame, Instruction], Step]

BITS: dict[str, Builder] = {
    "bfe": extract,
    "bfi": insert,
    "popc": count_bits,
    "clz": count_bits,
    "bfind": find_bit,
    "brev": reverse,
    "prmt": permute,
    "shf": funnel,
    "lop3": three_way_logic,
    "sad": absolute_difference,
}
