"""Single PTX instructions on random and awkward operands, against Python's exact arithmetic."""

from collections.abc import Callable

import numpy as np
import pytest
from ptx_errors import PtxError
from ptx_memory import Array
from ptx_single import LANES, execute


def integers(kind: str, seed: int) -> Array:
    """Random bits, some short, and the awkward values."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(kind)
    bits = 8 * dtype.itemsize
    unsigned = np.dtype(f"u{dtype.itemsize}")
    values = rng.integers(0, 1 << bits, LANES, dtype=unsigned, endpoint=False)
    values >>= rng.integers(0, bits, LANES).astype(unsigned)
    values[:5] = [0, 1, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1]
    return rng.permutation(values).view(dtype)


def wrapped(value: int, kind: str) -> int:
    bits = 8 * np.dtype(kind).itemsize
    value &= (1 << bits) - 1
    return value - (1 << bits) if kind[0] == "i" and value >> (bits - 1) else value


PTX = {"i2": "s16", "u2": "u16", "i4": "s32", "u4": "u32", "i8": "s64", "u8": "u64"}


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@pytest.mark.parametrize("kind", ["i4", "u4", "i8", "u8"])
@pytest.mark.parametrize(
    ("opcode", "reference"),
    [
        ("add", lambda a, b, bits: a + b),
        ("sub", lambda a, b, bits: a - b),
        ("mul.lo", lambda a, b, bits: a * b),
        ("mul.hi", lambda a, b, bits: (a * b) >> bits),
        ("div", lambda a, b, bits: truncated(a, b)),
        ("rem", lambda a, b, bits: a - b * truncated(a, b)),
        ("min", lambda a, b, bits: min(a, b)),
        ("max", lambda a, b, bits: max(a, b)),
    ],
)
def test_integer_arithmetic(
    kind: str, opcode: str, reference: Callable[[int, int, int], int]
) -> None:
    a, b = integers(kind, 1), integers(kind, 2)
    if opcode in ("div", "rem"):
        b = np.where(b == 0, b.dtype.type(3), b)
    out = execute(f"{opcode}.{PTX[kind]} %d, %a0, %a1;", kind, a, b)
    bits = 8 * a.dtype.itemsize
    pairs = zip(a.tolist(), b.tolist(), strict=True)
    assert out.tolist() == [wrapped(reference(x, y, bits), kind) for x, y in pairs]


@pytest.mark.parametrize("kind", ["i2", "u2", "i4", "u4"])
def test_wide_products(kind: str) -> None:
    wide = f"{kind[0]}{2 * int(kind[1])}"
    a, b, c = integers(kind, 3), integers(kind, 4), integers(wide, 5)
    out = execute(f"mad.wide.{PTX[kind]} %d, %a0, %a1, %a2;", wide, a, b, c)
    triples = zip(a.tolist(), b.tolist(), c.tolist(), strict=True)
    assert out.tolist() == [wrapped(x * y + z, wide) for x, y, z in triples]


@pytest.mark.parametrize("kind", ["i4", "u4", "i8", "u8", "u2", "i2"])
def test_shifts(kind: str) -> None:
    a = integers(kind, 6)
    bits = 8 * a.dtype.itemsize
    count = np.random.default_rng(7).integers(0, bits + 9, LANES).astype(np.uint32)
    count[0] = 0xFFFFFFFF
    left = execute(f"shl.b{bits} %d, %a0, %a1;", kind, a, count)
    right = execute(f"shr.{PTX[kind]} %d, %a0, %a1;", kind, a, count)
    pairs = list(zip(a.tolist(), np.minimum(count, 999).tolist(), strict=True))
    assert left.tolist() == [wrapped(x << y, kind) for x, y in pairs]
    assert right.tolist() == [wrapped(x >> y, kind) for x, y in pairs]
    for fixed in (0, 5, bits - 1, bits, bits + 7):
        left = execute(f"shl.b{bits} %d, %a0, {fixed};", kind, a)
        right = execute(f"shr.{PTX[kind]} %d, %a0, {fixed};", kind, a)
        assert left.tolist() == [wrapped(x << fixed, kind) for x in a.tolist()]
        assert right.tolist() == [wrapped(x >> fixed, kind) for x in a.tolist()]


def field(value: int, start: int, length: int, kind: str) -> int:
    """bfe by the pseudocode of PTX ISA, bit by bit."""
    bits = 8 * np.dtype(kind).itemsize
    signed = kind[0] == "i" and length > 0
    sign = (value >> min(start + length - 1, bits - 1)) & 1 if signed else 0
    out = 0
    for place in range(bits):
        inside = place < length and start + place < bits
        out |= ((value >> (start + place)) & 1 if inside else sign) << place
    return wrapped(out, kind)


@pytest.mark.parametrize("kind", ["i4", "u4", "i8", "u8"])
def test_fields(kind: str) -> None:
    a, b = integers(kind, 8), integers(f"u{kind[1]}", 9)
    bits = 8 * a.dtype.itemsize
    rng = np.random.default_rng(10)
    start, length = (rng.integers(0, bits + 9, LANES).astype(np.uint32) for _ in range(2))
    length[:20] = 0
    fields = list(zip(a.tolist(), start.tolist(), length.tolist(), strict=True))
    out = execute(f"bfe.{PTX[kind]} %d, %a0, %a1, %a2;", kind, a, start, length)
    assert out.tolist() == [field(x, s, n, kind) for x, s, n in fields]
    unsigned = f"u{kind[1]}"
    given = a.view(unsigned)
    put = execute(f"bfi.b{bits} %d, %a0, %a1, %a2, %a3;", unsigned, given, b, start, length)
    for x, y, s, n, found in zip(given, b, start, length, put, strict=True):
        mask = ((1 << int(n)) - 1) << int(s)
        assert int(found) == wrapped((int(x) << int(s)) & mask | int(y) & ~mask, unsigned)


@pytest.mark.parametrize("kind", ["u4", "u8"])
def test_counting_and_reversing(kind: str) -> None:
    a = integers(kind, 11)
    bits = 8 * a.dtype.itemsize
    numbers = a.tolist()
    assert execute(f"popc.b{bits} %d, %a0;", "u4", a).tolist() == [x.bit_count() for x in numbers]
    leading = [bits - x.bit_length() for x in numbers]
    assert execute(f"clz.b{bits} %d, %a0;", "u4", a).tolist() == leading
    highest = [(x.bit_length() - 1) & 0xFFFFFFFF for x in numbers]
    assert execute(f"bfind.u{bits} %d, %a0;", "u4", a).tolist() == highest
    backwards = [int(f"{x:0{bits}b}"[::-1], 2) for x in numbers]
    assert execute(f"brev.b{bits} %d, %a0;", kind, a).tolist() == backwards


def test_bytes_funnels_and_logic() -> None:
    a, b, c = (integers("u4", seed) for seed in (12, 13, 14))
    triples = list(zip(a.tolist(), b.tolist(), c.tolist(), strict=True))

    def permuted(x: int, y: int, selector: int) -> int:
        source, out = x | y << 32, 0
        for place in range(4):
            nibble = selector >> 4 * place & 15
            byte = source >> 8 * (nibble & 7) & 255
            if nibble & 8:
                byte = 255 if byte & 128 else 0
            out |= byte << 8 * place
        return out

    out = execute("prmt.b32 %d, %a0, %a1, %a2;", "u4", a, b, c)
    assert out.tolist() == [permuted(*each) for each in triples]
    out = execute("shf.l.wrap.b32 %d, %a0, %a1, %a2;", "u4", a, b, c)
    assert out.tolist() == [(x | y << 32) << (n & 31) >> 32 & 0xFFFFFFFF for x, y, n in triples]
    out = execute("shf.r.clamp.b32 %d, %a0, %a1, %a2;", "u4", a, b, c)
    assert out.tolist() == [(x | y << 32) >> min(n, 32) & 0xFFFFFFFF for x, y, n in triples]
    out = execute("lop3.b32 %d, %a0, %a1, %a2, 0xE2;", "u4", a, b, c)
    assert out.tolist() == [(x & y) | (~y & z & 0xFFFFFFFF) for x, y, z in triples]


def test_carries() -> None:
    a, b, c, d = (integers("u4", seed) for seed in (15, 16, 17, 18))
    low = "add.cc.u32 %a4, %a0, %a2;"
    zero = np.zeros(LANES, np.uint32)
    out = execute(f"{low} addc.u32 %d, %a1, %a3;", "u4", a, b, c, d, zero)
    first, second = a.astype(np.uint64), c.astype(np.uint64)
    carry = ((first + second) >> np.uint64(32)).astype(np.uint32)
    np.testing.assert_array_equal(out, b + d + carry)
    out = execute("sub.cc.u32 %a4, %a0, %a2; subc.u32 %d, %a1, %a3;", "u4", a, b, c, d, zero)
    np.testing.assert_array_equal(out, b - d - (a < c))
    text = "mad.lo.cc.u32 %a4, %a0, %a1, %a2; madc.hi.u32 %d, %a0, %a1, %a3;"
    out = execute(text, "u4", a, b, c, d, zero)
    numbers = zip(*(each.tolist() for each in (a, b, c, d)), strict=True)
    expected = [((x * y + z + (w << 32)) >> 32) & 0xFFFFFFFF for x, y, z, w in numbers]
    assert out.tolist() == expected


def test_narrow_integer_conversions() -> None:
    a = integers("u4", 24)
    out = execute("cvt.s32.s8 %d, %a0;", "i4", a)
    np.testing.assert_array_equal(out, a.astype(np.uint8).view(np.int8).astype(np.int32))
    out = execute("cvt.u64.u16 %d, %a0;", "u8", a)
    np.testing.assert_array_equal(out, a & 0xFFFF)
    out = execute("cvt.sat.u8.s32 %d, %a0;", "u4", a)
    np.testing.assert_array_equal(out, np.clip(a.view(np.int32), 0, 255))


@pytest.mark.parametrize(
    ("instruction", "message"),
    [
        ("wmma.load.a.f32 %d, %a0;", "unknown instruction"),
        ("add.rq.s32 %d, %a0, %a0;", "modifier .rq is not supported"),
        ("add.s32 %d, %a0;", "operands"),
        ("add.s64 %d, %a0, %a0;", "another width"),
        ("mov.u32 %d, %envreg3;", "not a register"),
        ("mov.b32 %d, $here;", "not a register"),
        ("bra nowhere;", "unknown label"),
        ("add.rz.f64 %d, %a0, %a0;", "directed rounding"),
        ("ld.texture.u32 %d, [%a0];", "modifier .texture"),
        ("call (%d), somewhere, (%a0);", "does not define"),
        ("rem.s32 %d, %a0, 0;", "division by zero in block"),
        ("trap;", "trap in block"),
    ],
)
def test_what_is_unknown_is_refused(instruction: str, message: str) -> None:
    with pytest.raises(PtxError, match=message) as caught:
        execute(instruction, "u4", np.zeros(4, np.uint32))
    assert caught.value.line > 0
