"""Threads that work together, in kernels that numba-cuda compiles: barriers, shuffles, atomics."""

from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, float64, int32, int64, uint32
from numba_ptx import CAPABILITIES, Kernel, array_arguments, pointer

each_cc = pytest.mark.parametrize("cc", CAPABILITIES)
F32 = float32[::1]


def block_sum(x: Any, out: Any) -> None:
    shared = cuda.shared.array(96, float32)
    me = cuda.threadIdx.x
    shared[me] = x[cuda.grid(1)]
    cuda.syncthreads()
    width = 64
    while width:
        if me < width and me + width < 96:
            shared[me] += shared[me + width]
        cuda.syncthreads()
        width //= 2
    if me == 0:
        out[cuda.blockIdx.x] = shared[0]


@each_cc
def test_shared_memory_and_barriers(cc: tuple[int, int]) -> None:
    x = np.random.default_rng(0).integers(-99, 99, 96 * 13).astype(np.float32)
    out = np.zeros(13, np.float32)
    kernel = Kernel(block_sum, (F32, F32), cc)
    kernel(13, 96, *array_arguments(x), *array_arguments(out), races=True)
    np.testing.assert_array_equal(out, x.reshape(13, 96).sum(axis=1))


def warp_sums(n: Any, x: Any, out: Any) -> None:
    lane = cuda.threadIdx.x & 31
    row = cuda.blockIdx.x * 2 + cuda.threadIdx.x // 32
    total = float32(0)
    for k in range(lane, n, 32):
        total += x[row * n + k]
    down = total
    for step in (16, 8, 4, 2, 1):
        total += cuda.shfl_xor_sync(0xFFFFFFFF, total, step)
        down += cuda.shfl_down_sync(0xFFFFFFFF, down, step)
    first = cuda.shfl_sync(0xFFFFFFFF, down, 0)
    below = cuda.shfl_up_sync(0xFFFFFFFF, float32(lane), 3)
    if lane == 5:
        out[row * 4] = total
        out[row * 4 + 1] = first
        out[row * 4 + 2] = below
    if lane == 1:
        out[row * 4 + 3] = below


@each_cc
@pytest.mark.parametrize("n", [1, 17, 100])
def test_shuffles_reduce_rows(cc: tuple[int, int], n: int) -> None:
    x = np.random.default_rng(1).integers(-99, 99, (6, n)).astype(np.float32)
    out = np.zeros((6, 4), np.float32)
    kernel = Kernel(warp_sums, (int64, pointer(float32), pointer(float32)), cc)
    kernel(3, 64, n, x, out, races=True)
    sums = x.sum(axis=1)
    np.testing.assert_array_equal(out, np.stack([sums, sums, 0 * sums + 2, 0 * sums + 1], axis=1))


def histogram(x: Any, counts: Any, total: Any, largest: Any) -> None:
    i = cuda.grid(1)
    if i < x.shape[0]:
        cuda.atomic.add(counts, x[i], 1)
        cuda.atomic.add(total, 0, float32(x[i]))
        cuda.atomic.max(largest, 0, x[i] * 7)
        cuda.atomic.compare_and_swap(largest[1:], 0, i)


@each_cc
def test_atomics(cc: tuple[int, int]) -> None:
    x = np.random.default_rng(5).integers(0, 9, 333).astype(np.int32)
    counts, total, largest = np.zeros(9, np.int32), np.zeros(1, np.float32), np.zeros(2, np.int32)
    kernel = Kernel(histogram, (int32[::1], int32[::1], F32, int32[::1]), cc)
    arrays = [part for each in (x, counts, total, largest) for part in array_arguments(each)]
    kernel(3, 128, *arrays, races=True)
    np.testing.assert_array_equal(counts, np.bincount(x, minlength=9))
    assert total[0] == x.sum()
    assert largest[0] == 7 * x.max()
    assert 0 < largest[1] < 333


def three_axes(out: Any) -> None:
    x, y, z = cuda.grid(3)
    sx, sy, _ = cuda.gridsize(3)
    out[(z * sy + y) * sx + x] = x + 100 * y + 10000 * z


@each_cc
def test_three_axes_of_blocks_and_threads(cc: tuple[int, int]) -> None:
    out = np.zeros((6, 6, 6), np.int32)
    Kernel(three_axes, (pointer(int32),), cc)((3, 2, 1), (2, 3, 6), out, races=True)
    z, y, x = np.indices(out.shape)
    np.testing.assert_array_equal(out, x + 100 * y + 10000 * z)


def dynamic_shared(n: Any, x: Any) -> None:
    shared = cuda.shared.array(0, float64)
    i = cuda.threadIdx.x
    shared[i] = x[i]
    cuda.syncthreads()
    x[i] = shared[n - 1 - i]


def test_dynamic_shared_memory() -> None:
    x = np.arange(70.0)
    kernel = Kernel(dynamic_shared, (int64, pointer(float64)))
    kernel(1, 70, 70, x, shared_bytes=70 * 8, races=True)
    np.testing.assert_array_equal(x, np.arange(70.0)[::-1])


def votes(x: Any, out: Any) -> None:
    i = cuda.threadIdx.x
    negative = x[i] < 0
    out[4 * i] = cuda.ballot_sync(0xFFFFFFFF, negative)
    out[4 * i + 1] = uint32(cuda.any_sync(0xFFFFFFFF, negative))
    out[4 * i + 2] = uint32(cuda.all_sync(0xFFFFFFFF, negative))
    if negative:
        cuda.syncwarp(cuda.activemask())
        out[4 * i + 3] = cuda.activemask()


@each_cc
def test_votes(cc: tuple[int, int]) -> None:
    x = np.random.default_rng(6).standard_normal(64).astype(np.float32)
    x[32:] = -1
    out = np.zeros((64, 4), np.uint32)
    Kernel(votes, (pointer(float32), pointer(uint32)), cc)(1, 64, x, out)
    bits = int(((x[:32] < 0) << np.arange(32)).sum())
    np.testing.assert_array_equal(out[:32, :3], [[bits, 1, 0]] * 32)
    np.testing.assert_array_equal(out[:32, 3], np.where(x[:32] < 0, bits, 0))
    np.testing.assert_array_equal(out[32:], [[0xFFFFFFFF, 1, 1, 0xFFFFFFFF]] * 32)
