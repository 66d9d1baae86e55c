"""Single PTX instructions on floats: rounding, conversions, comparisons, in exact arithmetic."""

from fractions import Fraction

import numpy as np
import pytest
from ptx_memory import Array
from ptx_single import LANES, execute


def floats(seed: int) -> Array:
    """float32 values of all magnitudes, with subnormal, huge and round ones."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(LANES) * 2.0 ** rng.integers(-40, 40, LANES)
    values[:40] = rng.standard_normal(40) * 2.0**-128
    values[40:80] = rng.integers(-9, 9, 40) * 2.0**23 + 1
    values[80:84] = [0.0, -0.0, 3e38, -3e38]
    return rng.permutation(values.astype(np.float32))


def rounded(exact: Fraction, mode: str) -> np.float32:
    """The float32 that `exact` rounds to, found among the neighbours of an approximation."""
    largest = Fraction(float(np.finfo(np.float32).max))
    if abs(exact) > largest:
        inward = mode == "rz" or (mode == "rm") == (exact > 0)
        far = inward if mode != "rn" else abs(exact) < largest + 2**103
        return np.float32(np.copysign(float(largest) if far else np.inf, float(exact > 0) - 0.5))
    near = np.float32(float(exact))
    around = [np.nextafter(near, np.float32(-np.inf)), near, np.nextafter(near, np.float32(np.inf))]
    around = [each for each in around if np.isfinite(each)]
    if mode == "rn":
        return min(
            around,
            key=lambda each: (abs(Fraction(float(each)) - exact), int(each.view(np.uint32)) & 1),
        )
    below = max(each for each in around if Fraction(float(each)) <= exact)
    above = min(each for each in around if Fraction(float(each)) >= exact)
    downwards = mode == "rm" or (mode == "rz" and exact > 0)
    return np.float32(below if downwards else above)


@pytest.mark.parametrize("mode", ["rn", "rz", "rm", "rp"])
@pytest.mark.parametrize("opcode", ["add", "mul", "fma"])
def test_float_rounding(opcode: str, mode: str) -> None:
    a, b, c = floats(21), floats(22), floats(23)
    # Sums that almost cancel, and products that lie close to halfway between values.
    c[:60] = np.clip(-a[:60].astype(np.float64) * b[:60], -3e38, 3e38).astype(np.float32)
    b[60:90], c[60:90] = a[60:90] * 2.0**-24, a[60:90]
    count = 3 if opcode == "fma" else 2
    operands = ", ".join(f"%a{index}" for index in range(count))
    out = execute(f"{opcode}.{mode}.f32 %d, {operands};", "f4", *(a, b, c)[:count])
    for x, y, z, found in zip(a, b, c, out, strict=True):
        p, q, r = (Fraction(float(each)) for each in (x, y, z))
        exact = p + q if opcode == "add" else p * q + (r if opcode == "fma" else 0)
        assert found == rounded(exact, mode), (x, y, z)


def test_float_conversions_clamp() -> None:
    values = np.array([0.5, 1.5, -2.5, 3e9, -3e9, 1e20, -1e20, np.inf, -np.inf, np.nan, -0.5, 2.0])
    x = values.astype(np.float32)
    out = execute("cvt.rni.s32.f32 %d, %a0;", "i4", x)
    top, least = 2**31 - 1, -(2**31)
    assert out.tolist() == [0, 2, -2, top, least, top, least, top, least, 0, 0, 2]
    out = execute("cvt.rzi.u32.f32 %d, %a0;", "u4", x)
    full = 2**32 - 1
    assert out.tolist() == [0, 1, 0, 3 * 10**9, 0, full, 0, full, 0, 0, 0, 2]
    out = execute("cvt.rmi.s64.f32 %d, %a0;", "i8", x)
    assert out.tolist()[5:11] == [2**63 - 1, -(2**63), 2**63 - 1, -(2**63), -(2**63), -1]
    out = execute("cvt.rpi.f32.f32 %d, %a0;", "f4", x)
    np.testing.assert_array_equal(out, np.ceil(x))
    out = execute("cvt.sat.f32.f32 %d, %a0;", "f4", x)
    np.testing.assert_array_equal(out, np.clip(np.nan_to_num(x, posinf=1, neginf=0), 0, 1))
    out = execute("cvt.rn.f32.f64 %d, %a0;", "f4", values)
    np.testing.assert_array_equal(out, x)
    out = execute("cvt.rn.f16.f32 %d, %a0;", "f2", x)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(out, x.astype(np.float16))


def test_flushing_to_zero() -> None:
    tiny = np.array([1e-40, -1e-40, 1e-38, 2e-38], np.float32)
    out = execute("add.ftz.f32 %d, %a0, 0f00000000;", "f4", tiny)
    np.testing.assert_array_equal(out, np.array([0, 0, 0, 2e-38], np.float32))
    out = execute("mul.ftz.f32 %d, %a0, 0f3F000000;", "f4", tiny)
    np.testing.assert_array_equal(out, np.zeros(4))
    out = execute("mul.f32 %d, %a0, 0f3F000000;", "f4", tiny)
    np.testing.assert_array_equal(out, tiny / 2)


def test_comparisons_with_nan() -> None:
    values = np.array([np.nan, 0.0, 1.0], np.float32)
    a, b = (each.reshape(-1).copy() for each in np.meshgrid(values, values))
    unordered = np.isnan(a) | np.isnan(b)
    for name, reference in {
        "eq": a == b,
        "ne": (a != b) & ~unordered,
        "neu": a != b,
        "ltu": (a < b) | unordered,
        "gt": a > b,
        "nan": unordered,
        "num": ~unordered,
    }.items():
        text = f"setp.{name}.f32 %q0|%q1, %a0, %a1; selp.b32 %d, 1, 0, %q0; @%q1 add.u32 %d, %d, 2;"
        out = execute(text, "u4", a, b)
        np.testing.assert_array_equal(out, np.where(reference, 1, 2), err_msg=name)
