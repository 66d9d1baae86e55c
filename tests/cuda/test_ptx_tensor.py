"""Products of tensor cores and what they take, as the interpreter does them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from kgen.runtime.cuda.rounding import to_bfloat16, to_tf32
from ptx_errors import PtxError
from ptx_machine import load_ptx
from ptx_memory import Array
from ptx_single import LANES, execute

WARPS = LANES // 32
PRODUCTS = {
    "tf32": "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32",
    "bfloat16": "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
}
# Bits behind the point.
BITS = {"tf32": 10, "bfloat16": 7}


def nearest(value: float, kind: str) -> float:
    """The nearest number of a kind, in exact arithmetic; of two, the larger one or the even one."""
    exact = Fraction(value)
    exponent = max(int(np.frexp(abs(value))[1]) - 1, -126) - BITS[kind]
    scaled = abs(exact) / Fraction(2) ** exponent
    whole, rest = divmod(scaled, 1)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (kind == "tf32" or whole % 2 == 1))
    size = float((whole + up) * Fraction(2) ** exponent)
    size = np.inf if size >= 2.0**128 else size
    return float(np.copysign(size, value))


def awkward(seed: int) -> Array:
    """Numbers of all magnitudes, ties, subnormal ones and the largest."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 1 << 32, LANES, dtype=np.uint64).astype(np.uint32)
    bits[:64] = bits[:64] >> np.uint32(13) << np.uint32(13) | np.uint32(1 << 12)
    bits[64:128] = bits[64:128] >> np.uint32(16) << np.uint32(16) | np.uint32(1 << 15)
    bits[128:144] &= np.uint32(0x807FFFFF)
    bits[144:148] = [0, 1 << 31, 0x7F7FFFFF, 0xFF7FFFFF]
    values = bits.view(np.float32)
    return np.where(np.isfinite(values), values, np.float32(1.5)).astype(np.float32)


def test_roundings() -> None:
    """The instructions and their Python form against exact arithmetic."""
    a, b = awkward(1), awkward(2)
    short = execute("cvt.rna.tf32.f32 %d, %a0;", "u4", a)
    expected = np.array([nearest(float(value), "tf32") for value in a])
    np.testing.assert_array_equal(short.view(np.float32), expected)
    np.testing.assert_array_equal(to_tf32(a).view(np.uint32), short)
    both = execute("cvt.rn.bf16x2.f32 %d, %a0, %a1;", "u4", a, b)
    for values, halves in ((a, both >> np.uint32(16)), (b, both & np.uint32(0xFFFF))):
        found = (halves << np.uint32(16)).view(np.float32)
        expected = np.array([nearest(float(value), "bfloat16") for value in values])
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(to_bfloat16(values).view(np.uint32), found.view(np.uint32))


def test_roundings_of_what_is_no_number() -> None:
    a = np.array([np.inf, -np.inf, np.nan, -np.nan] * 8, np.float32)
    # A NaN whose bits would be lost, or run over, if they were rounded.
    a.view(np.uint32)[2::4] = 0x7F800001
    a.view(np.uint32)[3::4] = 0xFFFFFFFF
    for found, nan in (
        (execute("cvt.rna.tf32.f32 %d, %a0;", "u4", a), 0x7FFFFFFF),
        (to_tf32(a).view(np.uint32), 0x7FFFFFFF),
        (execute("cvt.rn.bf16x2.f32 %d, %a0, %a0;", "u4", a), 0x7FFF7FFF),
        (to_bfloat16(a).view(np.uint32), 0x7FFF0000),
    ):
        infinite = [0x7F807F80, 0xFF80FF80] if nan == 0x7FFF7FFF else [0x7F800000, 0xFF800000]
        assert found[:4].tolist() == [*infinite, nan, nan]


def words_of(matrix: Array, kind: str) -> Array:
    """Rows of numbers of a kind as rows of words."""
    bits = matrix.astype(np.float32).view(np.uint32)
    if kind == "tf32":
        return bits
    upper = bits >> np.uint32(16)
    return upper[..., 0::2] | upper[..., 1::2] << np.uint32(16)


def registers(a: Array, b: Array, c: Array, kind: str) -> list[Array]:
    """What each lane of each warp holds of its matrices, from the ISA's tables for this shape."""
    rows, columns = words_of(a, kind), words_of(np.swapaxes(b, 1, 2).copy(), kind)
    found: list[list[Any]] = [[] for _ in range(10)]
    for warp in range(len(a)):
        for lane in range(32):
            group, place = lane // 4, lane % 4
            found[0].append(rows[warp, group, place])
            found[1].append(rows[warp, group + 8, place])
            found[2].append(rows[warp, group, place + 4])
            found[3].append(rows[warp, group + 8, place + 4])
            found[4].append(columns[warp, group, place])
            found[5].append(columns[warp, group, place + 4])
            found[6].append(c[warp, group, 2 * place])
            found[7].append(c[warp, group, 2 * place + 1])
            found[8].append(c[warp, group + 8, 2 * place])
            found[9].append(c[warp, group + 8, 2 * place + 1])
    return [np.array(one, np.uint32 if n < 6 else np.float32) for n, one in enumerate(found)]


def product(kind: str, held: list[Array], guard: str = "") -> Array:
    """The 16 x 8 matrices that the instruction makes of what lanes hold."""
    before = ".reg .f32 %r<4>; .reg .pred %w; setp.lt.u32 %w, %t, 20;"
    operands = "{%r0, %r1, %r2, %r3}, {%a0, %a1, %a2, %a3}, {%a4, %a5}, {%a6, %a7, %a8, %a9}"
    found = np.zeros((WARPS, 16, 8), np.float32)
    for register in range(4):
        text = f"{guard} {PRODUCTS[kind]} {operands}; mov.b32 %d, %r{register};"
        values = execute(text, "f4", *held, before=before).reshape(WARPS, 32)
        for lane in range(32):
            row, column = lane // 4 + 8 * (register // 2), 2 * (lane % 4) + register % 2
            found[:, row, column] = values[:, lane]
    return found


def operands(kind: str, seed: int) -> tuple[Array, Array, Array]:
    """Matrices for each warp, of numbers of a kind."""
    rng = np.random.default_rng(seed)
    short, terms = (to_tf32, 8) if kind == "tf32" else (to_bfloat16, 16)
    a, b = rng.normal(size=(WARPS, 16, terms)), rng.normal(size=(WARPS, terms, 8))
    return short(a), short(b), rng.normal(size=(WARPS, 16, 8)).astype(np.float32)


@pytest.mark.parametrize("kind", PRODUCTS)
def test_products(kind: str) -> None:
    """Each lane's part lies where the ISA's tables have it; the sums are within their bound."""
    a, b, c = operands(kind, 3)
    found = product(kind, registers(a, b, c, kind)).astype(np.float64)
    wide = [each.astype(np.float64) for each in (a, b, c)]
    exact = wide[0] @ wide[1] + wide[2]
    size = abs(wide[0]) @ abs(wide[1]) + abs(wide[2])
    assert (abs(found - exact) <= 2.0**-24 * size).all()


@pytest.mark.parametrize("kind", PRODUCTS)
def test_products_of_whole_numbers_are_exact(kind: str) -> None:
    rng = np.random.default_rng(4)
    a, b, c = (rng.integers(-9, 10, each.shape).astype(np.float32) for each in operands(kind, 3))
    np.testing.assert_array_equal(product(kind, registers(a, b, c, kind)), a @ b + c)


def test_lanes_that_stay_away_are_found() -> None:
    """They would leave the others waiting, or worse."""
    a, b, c = operands("tf32", 5)
    with pytest.raises(PtxError, match=r"not all lanes|waits for threads that never come"):
        product("tf32", registers(a, b, c, "tf32"), guard="@%w")


def test_operands_that_nobody_rounded_are_found() -> None:
    a, b, c = operands("tf32", 6)
    held = registers(a, b, c, "tf32")
    held[2] = held[2] | np.uint32(1)
    with pytest.raises(PtxError, match="was not rounded to tf32"):
        product("tf32", held)


def test_other_products_are_refused() -> None:
    text = """
.version 8.0
.target sm_80
.address_size 64
.visible .entry k()
{ .reg .b32 %a<9>; .reg .f32 %f<9>;
mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0,%f1,%f2,%f3}, {%a0,%a1,%a2,%a3}, {%a4,%a5},
{%f4,%f5,%f6,%f7}; ret; }
"""
    with pytest.raises(PtxError, match="this product is not supported"):
        load_ptx(text).launch("k", 1, 32, [])
