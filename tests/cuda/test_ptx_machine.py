"""Kernels that numba-cuda compiles, run by the PTX interpreter, against NumPy."""

import math
from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, float64, int32, int64, uint32, uint64
from numba_ptx import CAPABILITIES, Kernel, array_arguments, pointer

each_cc = pytest.mark.parametrize("cc", CAPABILITIES)
F32, F64, I64 = float32[::1], float64[::1], int64[::1]


def saxpy(n: Any, a: Any, x: Any, y: Any) -> None:
    i = cuda.grid(1)
    if i < n:
        y[i] = a * x[i] + y[i]


@each_cc
@pytest.mark.parametrize("n", [1, 33, 1000, 5000])
def test_saxpy_leaves_the_tail_alone(cc: tuple[int, int], n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = (rng.standard_normal(n).astype(np.float32) for _ in range(2))
    # A float64 product of float32 values is exact, so this rounds twice at most near a tie.
    expected = (np.float64(1.5) * x + y).astype(np.float32)
    kernel = Kernel(saxpy, (int64, float32, pointer(float32), pointer(float32)), cc)
    kernel(-(-n // 128), 128, n, 1.5, x, y, races=True)
    np.testing.assert_array_equal(y, expected)


def collatz(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    value, count = x[i], 0
    while value != 1:
        if value % 2 == 0:
            value //= 2
        else:
            value = 3 * value + 1
        count += 1
        if count > 200:
            break
    for _ in range(i % 7):
        count += cuda.popc(uint32(count))
    out[i] = count


@each_cc
def test_lanes_diverge_and_meet_again(cc: tuple[int, int]) -> None:
    x = np.arange(1, 97, dtype=np.int64)
    out = np.zeros(96, np.int64)
    Kernel(collatz, (I64, I64), cc)(3, 32, *array_arguments(x), *array_arguments(out))
    expected = []
    for i, value in enumerate(x.tolist()):
        count = 0
        while value != 1 and count <= 200:
            value = value // 2 if value % 2 == 0 else 3 * value + 1
            count += 1
        for _ in range(i % 7):
            count += count.bit_count()
        expected.append(count)
    np.testing.assert_array_equal(out, expected)


def hashes(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    z = x[i] + uint64(0x9E3779B97F4A7C15) * uint64(i + 1)
    z = (z ^ (z >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> uint64(27))) * uint64(0x94D049BB133111EB)
    z ^= z >> uint64(31)
    high = uint32(z >> uint64(32))
    low = uint32(z)
    product = uint64(low) * uint64(0xD2511F53)
    out[4 * i] = z
    out[4 * i + 1] = uint64(uint32(product) ^ uint32(product >> uint64(32)) ^ high)
    out[4 * i + 2] = uint64(int64(z) // int64(-1000003))
    out[4 * i + 3] = uint64(int64(z) % int64(977)) + (z << uint64(i % 64))


@each_cc
def test_64_bit_mixing(cc: tuple[int, int]) -> None:
    x = np.random.default_rng(2).integers(0, 2**64, 64, dtype=np.uint64)
    out = np.zeros((64, 4), np.uint64)
    Kernel(hashes, (pointer(uint64), pointer(uint64)), cc)(2, 32, x, out)
    mask = 2**64 - 1
    for i, value in enumerate(x.tolist()):
        z = (value + 0x9E3779B97F4A7C15 * (i + 1)) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        product = (z & 0xFFFFFFFF) * 0xD2511F53
        signed = z - 2**64 if z >> 63 else z
        assert out[i].tolist() == [
            z,
            (product & 0xFFFFFFFF) ^ (product >> 32) ^ (z >> 32),
            (signed // -1000003) & mask,
            (signed % 977 + (z << (i % 64))) & mask,
        ]


def mathematics(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    v = x[i]
    out[12 * i + 0] = math.sqrt(abs(v))
    out[12 * i + 1] = math.exp(v)
    out[12 * i + 2] = math.log(abs(v))
    out[12 * i + 3] = math.sin(v)
    out[12 * i + 4] = math.cos(v)
    out[12 * i + 5] = math.tanh(v)
    out[12 * i + 6] = math.floor(v)
    out[12 * i + 7] = math.ceil(v)
    out[12 * i + 8] = cuda.libdevice.rintf(v)
    out[12 * i + 9] = math.erf(v)
    out[12 * i + 10] = float32(1) / v
    out[12 * i + 11] = math.log1p(abs(v)) + math.expm1(v)


@each_cc
def test_mathematics(cc: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(-9, 9, 60), [0.5, -1.5, 2.5, 123456.0]]).astype(np.float32)
    out = np.zeros((64, 12), np.float32)
    Kernel(mathematics, (pointer(float32), pointer(float32)), cc)(2, 32, x, out)
    w = x.astype(np.float64)
    with np.errstate(over="ignore"):
        expected = [
            np.sqrt(abs(w)),
            np.exp(w),
            np.log(abs(w)),
            np.sin(w),
            np.cos(w),
            np.tanh(w),
            np.floor(w),
            np.ceil(w),
            np.rint(w),
            np.array([math.erf(v) for v in w.tolist()]),
            1 / w,
            np.log1p(abs(w)) + np.expm1(w),
        ]
        rounded = np.stack(expected, axis=1).astype(np.float32)
    exact = [0, 6, 7, 8, 10]
    np.testing.assert_array_equal(out[:, exact], rounded[:, exact])
    # NVIDIA's single precision functions are within four units in the last place.
    np.testing.assert_allclose(out, rounded, rtol=5e-7, atol=1e-7)


def double_mathematics(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    v = x[i]
    out[4 * i + 0] = math.exp(v)
    out[4 * i + 1] = math.log(abs(v))
    out[4 * i + 2] = math.sin(v) / math.sqrt(abs(v))
    out[4 * i + 3] = math.tanh(v)


def test_double_precision() -> None:
    x = np.random.default_rng(4).uniform(-20, 20, 32)
    out = np.zeros((32, 4))
    Kernel(double_mathematics, (pointer(float64), pointer(float64)))(1, 32, x, out)
    expected = [np.exp(x), np.log(abs(x)), np.sin(x) / np.sqrt(abs(x)), np.tanh(x)]
    np.testing.assert_allclose(out, np.stack(expected, axis=1), rtol=4e-15)


def conversions(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    v = x[i]
    out[6 * i + 0] = int64(v)
    out[6 * i + 1] = int64(int32(v))
    out[6 * i + 2] = int64(math.floor(v))
    out[6 * i + 3] = int64(float32(int64(v * float32(1e6))))
    out[6 * i + 4] = int64(float64(v) * 1e9)
    out[6 * i + 5] = int64(cuda.libdevice.float2int_rn(v))


@each_cc
def test_conversions(cc: tuple[int, int]) -> None:
    values = [0.0, -0.5, 0.5, 1.5, -2.5, 7.999, -7.999, 1e6 + 0.25, -123456.7, 16777217.0]
    x = np.resize(np.array(values, np.float32), 32)
    out = np.zeros((32, 6), np.int64)
    Kernel(conversions, (pointer(float32), pointer(int64)), cc)(1, 32, x, out)
    whole = np.trunc(x).astype(np.int64)
    million = (x * np.float32(1e6)).astype(np.int64).astype(np.float32).astype(np.int64)
    expected = [
        whole,
        whole,
        np.floor(x).astype(np.int64),
        million,
        (x.astype(np.float64) * 1e9).astype(np.int64),
        np.rint(x).astype(np.int64),
    ]
    np.testing.assert_array_equal(out, np.stack(expected, axis=1))


def local_tables(n: Any, x: Any, out: Any) -> None:
    i = cuda.grid(1)
    table = cuda.local.array(16, float32)
    for k in range(16):
        table[k] = x[k] * i
    total = float32(0)
    for k in range(n):
        total += table[(k * k + i) % 16] * x[k % 3]
    out[i] = total


@each_cc
def test_local_arrays(cc: tuple[int, int]) -> None:
    x, out = np.arange(16, dtype=np.float32), np.zeros(64, np.float32)
    Kernel(local_tables, (int64, F32, F32), cc)(
        2, 32, 21, *array_arguments(x), *array_arguments(out)
    )
    k, i = np.arange(21), np.arange(64)[:, None]
    np.testing.assert_array_equal(out, (x[(k * k + i) % 16] * i * x[k % 3]).sum(axis=1))


def extremes(x: Any, y: Any, out: Any) -> None:
    i = cuda.grid(1)
    a, b = x[i], y[i]
    out[4 * i + 0] = cuda.libdevice.fminf(a, b)
    out[4 * i + 1] = cuda.libdevice.fmaxf(a, b)
    out[4 * i + 2] = a if a > b else b
    out[4 * i + 3] = cuda.selp(a != a, float32(-1), float32(1))


@each_cc
def test_extremes_and_nan(cc: tuple[int, int]) -> None:
    special = np.array([np.nan, -np.inf, np.inf, 0.0, -0.0, 1.0, -1.0, 2.0], np.float32)
    x, y = (each.reshape(-1).copy() for each in np.meshgrid(special, special))
    out = np.zeros((64, 4), np.float32)
    Kernel(extremes, (pointer(float32),) * 3, cc)(2, 32, x, y, out)
    expected = [np.fmin(x, y), np.fmax(x, y), np.where(x > y, x, y)]
    np.testing.assert_array_equal(out[:, :3], np.stack(expected, axis=1))
    np.testing.assert_array_equal(out[:, 3], np.where(np.isnan(x), -1, 1))
    zeros = (x == 0) & (y == 0)
    signs = np.signbit(out[zeros])
    np.testing.assert_array_equal(signs[:, 0], np.signbit(x[zeros]) | np.signbit(y[zeros]))
    np.testing.assert_array_equal(signs[:, 1], np.signbit(x[zeros]) & np.signbit(y[zeros]))


def horner_scheme(x: Any, n: Any) -> Any:
    total = int64(0)
    for k in range(n):
        total = total * x + k
    return total


horner: Any = cuda.jit(device=True)(horner_scheme)


def calls(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    out[i] = horner(x[i], i % 5) + horner(-x[i], 3)


def test_calls_of_device_functions() -> None:
    x, out = np.arange(-9, 23), np.zeros(32, np.int64)
    kernel = Kernel(calls, (pointer(int64), pointer(int64)), opt=False)
    kernel(1, 32, x, out)
    assert "call" in kernel.text

    def reference(v: int, n: int) -> int:
        total = 0
        for k in range(n):
            total = total * v + k
        return total

    expected = [reference(v, i % 5) + reference(-v, 3) for i, v in enumerate(x.tolist())]
    np.testing.assert_array_equal(out, expected)
