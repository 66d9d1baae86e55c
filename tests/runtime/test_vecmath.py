"""Vector mathematics against float64 references: errors in ulp over the float32 range."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_runner import build_kernel, padded, run_kernel
from kgen.runtime import tiles
from kgen.runtime.isa import ISA
from kgen.runtime.vectors import fused_multiply_add
from scipy import special

REFERENCES: dict[str, tuple[Callable[[Any], Any], float]] = {
    "exp": (np.exp, 1.0),
    "expm1": (np.expm1, 2.0),
    "log": (np.log, 1.0),
    "log1p": (np.log1p, 2.0),
    "tanh": (np.tanh, 3.0),
    "sigmoid": (special.expit, 3.0),
    "erf": (special.erf, 2.0),
    "sin": (np.sin, 2.0),
    "cos": (np.cos, 2.0),
    "arccos": (np.arccos, 1.0),
    "arccosh": (np.arccosh, 3.0),
    "arcsin": (np.arcsin, 1.0),
    "arcsinh": (np.arcsinh, 3.0),
    "arctan": (np.arctan, 1.0),
    "arctanh": (np.arctanh, 3.0),
    "cbrt": (np.cbrt, 1.0),
    "cosh": (np.cosh, 1.0),
    "erfc": (special.erfc, 1.0),
    "erfinv": (special.erfinv, 2.0),
    "exp2": (np.exp2, 1.0),
    "log10": (np.log10, 1.0),
    "log2": (np.log2, 1.0),
    "sinh": (np.sinh, 2.0),
    "tan": (np.tan, 4.0),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 2.0),
}
LARGEST_ANGLE = 2.0**48
WIDTH = 64


def compile_function(folder: Path, name: str) -> Callable[[Any], Any]:
    """The compiled function on flat float32 arrays whose size is a multiple of WIDTH."""
    kernel = build_kernel(
        folder,
        f"""
source = matrix(args, 0, batch, {WIDTH})
target = matrix(args, 1, batch, {WIDTH})
for i in range(batch):
    for j in range(0, {WIDTH}, LANES):
        store(target, i, j, {name}(load(source, i, j, 1, 1)))
""",
    )

    def call(x: Any) -> Any:
        result = np.empty_like(x)
        run_kernel(kernel, [x, result], batch=x.size // WIDTH)
        return result

    return call


def bit_patterns(stride: int, start: int = 0) -> Any:
    """Every `stride`-th float32 bit pattern: both signs, denormals, infinities and NaNs."""
    bits = np.arange(start, 2**32, stride, dtype=np.uint64).astype(np.uint32)
    return bits[: bits.size // WIDTH * WIDTH].view(np.float32)


def check(name: str, x: Any, result: Any) -> float:
    """Assert NaN where NaN is due and infinities exact; give the largest error in ulp."""
    reference, _ = REFERENCES[name]
    if name in ("sin", "cos", "tan"):
        inside = np.abs(x) < LARGEST_ANGLE
        assert np.isnan(result[~inside]).all()
        x, result = x[inside], result[inside]
    with np.errstate(all="ignore"):
        exact = reference(x.astype(np.float64))
        rounded = exact.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(exact))
    kept = ~np.isnan(exact)
    exact, rounded, result = exact[kept], rounded[kept], result[kept]
    top = np.finfo(np.float32).max
    far = np.abs(exact) > float(top) * (1 + 2.0**-22)
    np.testing.assert_array_equal(result[far], np.sign(exact[far]).astype(np.float32) * np.inf)
    bounded = np.clip(rounded[~far], -top, top)
    result = np.clip(result[~far], -top, top)
    ulp = np.spacing(np.abs(bounded)).astype(np.float64)
    return float(np.max(np.abs(result.astype(np.float64) - exact[~far]) / ulp, initial=0.0))


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_error_over_the_range(tmp_path: Path, name: str) -> None:
    call = compile_function(tmp_path, name)
    allowed = REFERENCES[name][1] + (0 if ISA.has_fma else 1)
    limits = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-45, -1e-45, 1.17549435e-38]
    turns = [3.4028235e38, -3.4028235e38, 88.7228, 88.73, -87.4, -103.9, -104.1, 9.01, 0.92, 3.92]
    special_values = np.array([*limits, *turns], np.float32)
    near_one = (1 + np.arange(-2000, 2000) * np.float32(2**-23)).astype(np.float32)
    small = np.linspace(-30, 30, 100_000).astype(np.float32)
    x = np.concatenate([special_values, near_one, -near_one, small, bit_patterns(20_011)])
    x = x[: x.size // WIDTH * WIDTH]
    assert check(name, x, call(x)) <= allowed


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_emulation_gives_the_same_bits(tmp_path: Path, name: str) -> None:
    if not ISA.has_fma:
        pytest.skip("without fused multiply-add the compiled code rounds more often")
    call = compile_function(tmp_path, name)
    x = np.concatenate([np.linspace(-20, 20, 64 * 500).astype(np.float32), bit_patterns(400_009)])
    emulated = getattr(tiles, name)(x.reshape(-1, 1, 1)).ravel()
    result = call(x)
    np.testing.assert_array_equal(
        np.where(np.isnan(result), np.float32(0), result).view(np.int32),
        np.where(np.isnan(emulated), np.float32(0), emulated).view(np.int32),
    )


# Every float takes minutes a function; a prime stride meets every exponent and all low bits.
STRIDE = 1 if os.environ.get("KGEN_EVERY_FLOAT") else 17


@pytest.mark.slow
@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sigmoid", "erf"])
def test_error_over_the_floats(tmp_path: Path, name: str) -> None:
    call = compile_function(tmp_path, name)
    allowed = REFERENCES[name][1] + (0 if ISA.has_fma else 1)
    chunk = 1 << 19
    worst = 0.0
    for start in range(0, 2**32, chunk * STRIDE):
        bits = start + STRIDE * np.arange(chunk, dtype=np.uint64)
        x = bits.astype(np.uint32).view(np.float32)
        worst = max(worst, check(name, x, call(x)))
    assert worst <= allowed


def test_power_is_numpy(tmp_path: Path) -> None:
    kernel = build_kernel(
        tmp_path,
        f"""
x = matrix(args, 0, batch, {WIDTH})
y = matrix(args, 1, batch, {WIDTH})
z = matrix(args, 2, batch, {WIDTH})
for i in range(batch):
    for j in range(0, {WIDTH}, LANES):
        store(z, i, j, power(load(x, i, j, 1, 1), load(y, i, j, 1, 1)))
""",
    )
    rng = np.random.default_rng(0)
    odd = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5, -0.5, np.inf, -np.inf, np.nan, 1e-42]
    x, y = (grid.ravel() for grid in np.meshgrid(odd, odd))
    n = 64 * 400 - x.size
    x = np.concatenate([x, np.exp(rng.uniform(-20, 20, n))]).astype(np.float32)
    y = np.concatenate([y, rng.uniform(-4, 4, n)]).astype(np.float32)
    z = padded(np.zeros_like(x))
    run_kernel(kernel, [x, y, z], batch=x.size // WIDTH)
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.float64), y.astype(np.float64))
        expected = exact.astype(np.float32)
        emulated = tiles.power(x, y)
    for result in (z[: x.size], emulated):
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(result[~finite], expected[~finite])
        ulp = np.spacing(np.abs(expected[finite])).astype(np.float64)
        assert np.max(np.abs(result[finite] - exact[finite]) / ulp) <= 1


def test_emulated_fma_rounds_once() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 20_000)).astype(np.float32)
    c = (-a * b * (1 + rng.integers(-2, 3, 20_000) * 2.0**-24)).astype(np.float32)
    exact = a.astype(np.longdouble) * b.astype(np.longdouble) + c.astype(np.longdouble)
    np.testing.assert_array_equal(fused_multiply_add(a, b, c), exact.astype(np.float32))
    # just above a tie: rounding to float64 first would land on the tie and round to even
    one = np.array([1 + 2.0**-23], np.float32)
    tiny = np.array([2.0**-60], np.float32)
    half = np.array([2.0**-24], np.float32)
    got = fused_multiply_add(np.ones(1, np.float32), half + tiny * 0, np.float32(1) + 0 * one)
    assert got[0] == 1.0
    product = fused_multiply_add(np.float32([1 + 2.0**-12]), np.float32([1 + 2.0**-12]), tiny)
    assert product[0] == np.float32(1 + 2.0**-11 + 2.0**-23)
