"""What the PTX interpreter reports about kernels: bad addresses, races, deadlocks."""

from typing import Any

import numpy as np
import pytest
from numba import cuda, float32, int64, uint8
from numba_ptx import Kernel, pointer
from ptx_errors import DataRace, MemoryFault, PtxError
from ptx_machine import load_ptx
from ptx_memory import Memory

F32, I64 = pointer(float32), pointer(int64)
HEADER = ".version 8.0\n.target sm_80\n.address_size 64\n"


def shift(n: Any, x: Any, y: Any) -> None:
    i = cuda.grid(1)
    y[i] = x[i + n]


def test_out_of_bounds_loads_and_stores_are_reported() -> None:
    kernel = Kernel(shift, (int64, F32, F32))
    x, y = np.arange(64, dtype=np.float32), np.zeros(64, np.float32)
    kernel(2, 32, 0, x, y)
    np.testing.assert_array_equal(x, y)
    message = r"line \d+: load from byte 256 of array 1 .*out of bounds, by block \(1, 0, 0\) thr"
    with pytest.raises(MemoryFault, match=message + r"ead \(31, 0, 0\)"):
        kernel(2, 32, 1, x, y)
    with pytest.raises(MemoryFault, match=r"load from .*out of bounds, by block .* thread"):
        kernel(2, 32, -1, x, y)
    with pytest.raises(MemoryFault, match=r"store to byte 128 of array .* \(128 bytes\)"):
        kernel(2, 32, 0, x, y[:32])
    with pytest.raises(MemoryFault, match="outside every array"):
        kernel(2, 32, 0, 0, y)


def test_read_only_arrays() -> None:
    x, y = np.zeros(32, np.float32), np.zeros(32, np.float32)
    y.flags.writeable = False
    with pytest.raises(MemoryFault, match="read-only"):
        Kernel(shift, (int64, F32, F32))(1, 32, 0, x, y)


def test_misaligned_addresses_are_reported() -> None:
    kernel = Kernel(shift, (int64, F32, F32))
    memory = kernel.module.memory
    x, y = np.zeros(40, np.float32), np.zeros(40, np.float32)
    with pytest.raises(MemoryFault, match="not aligned to 4"):
        kernel(1, 32, 0, memory.address(x) + 2, y)


def local_overrun(n: Any, x: Any) -> None:
    table = cuda.local.array(8, float32)
    for k in range(n):
        table[k] = k
    x[cuda.grid(1)] = table[n // 2]


def shared_overrun(n: Any, x: Any) -> None:
    table = cuda.shared.array(8, float32)
    other = cuda.shared.array(8, float32)
    i = cuda.threadIdx.x
    if i < 8:
        other[i] = 0
        table[i + n] = i
    cuda.syncthreads()
    x[i] = table[i % 8] + other[i % 8]


@pytest.mark.parametrize("function", [local_overrun, shared_overrun])
def test_shared_and_local_arrays_have_bounds(function: Any) -> None:
    kernel = Kernel(function, (int64, F32))
    x = np.zeros(32, np.float32)
    kernel(1, 32, 8 if function is local_overrun else 0, x, races=True)
    with pytest.raises(MemoryFault, match="out of bounds"):
        kernel(1, 32, 9, x)


def unordered(mode: Any, x: Any) -> None:
    shared = cuda.shared.array(64, float32)
    i = cuda.threadIdx.x
    shared[i] = x[i]
    if mode == 1:
        cuda.syncwarp()
    if mode == 2:
        cuda.syncthreads()
    x[i] = shared[i ^ 1] if mode < 3 else shared[i ^ 32]


def test_races_within_a_block() -> None:
    kernel = Kernel(unordered, (int64, F32))
    x = np.arange(64, dtype=np.float32)
    for mode in (1, 2):
        kernel(1, 64, mode, x, races=True)
    for mode in (0, 3):
        with pytest.raises(DataRace, match=r"reads what another thread wrote at line \d+ in _cuda"):
            kernel(1, 64, mode, x, races=True)
        kernel(1, 64, mode, x)


def test_a_warp_barrier_does_not_order_warps() -> None:
    def across(x: Any) -> None:
        i = cuda.threadIdx.x
        x[i] = x[i] + 1
        cuda.syncwarp()
        x[i + 128] = x[i ^ 32]

    x = np.zeros(256, np.float32)
    with pytest.raises(DataRace, match="thread"):
        Kernel(across, (F32,))(1, 64, x, races=True)


def neighbours(step: Any, x: Any) -> None:
    i = cuda.grid(1)
    x[i] = x[i + step] + 1


def test_races_between_reads_and_later_writes() -> None:
    kernel = Kernel(neighbours, (int64, F32))
    x = np.zeros(256, np.float32)
    kernel(2, 64, 0, x, races=True)
    kernel(2, 64, 128, x, races=True)
    # Other lanes, other warps, other blocks that run together, blocks that run one after another.
    for step, grid, block in ((1, 1, 32), (32, 1, 64), (64, 2, 64)):
        with pytest.raises(DataRace, match="overwrites what another thread read at line"):
            kernel(grid, block, step, x, races=True)
    x = np.zeros(4096, np.float32)
    with pytest.raises(DataRace, match="reads what another thread wrote"):
        kernel(2, 1024, -1024, kernel.module.address(x) + 4096, races=True)


def same_place(mode: Any, x: Any) -> None:
    i = cuda.grid(1)
    if mode == 0:
        x[0] = 7
    elif mode == 1:
        x[0] = i
    elif mode == 4:
        x[0] = cuda.blockIdx.x
    else:
        cuda.atomic.add(x, 0, float32(1))
        if mode == 3 and i == 5:
            x[1] = x[0]


def test_writes_to_one_place() -> None:
    kernel = Kernel(same_place, (int64, float32[::1]))
    x = np.zeros(2, np.float32)
    parts = [0, 0, 2, 4, x, 2, 4]
    kernel(3, 64, 0, *parts, races=True)
    assert x[0] == 7
    with pytest.raises(DataRace, match="different values to one place"):
        kernel(1, 32, 1, *parts, races=True)
    with pytest.raises(DataRace, match="overwrites what another wrote"):
        kernel(2, 1024, 4, *parts, races=True)
    x[0] = 0
    kernel(3, 64, 2, *parts, races=True)
    assert x[0] == 192
    with pytest.raises(DataRace, match="reads what another thread wrote"):
        kernel(3, 64, 3, *parts, races=True)


def test_views_of_one_array_share_its_races() -> None:
    kernel = Kernel(shift, (int64, F32, F32))
    x = np.zeros(96, np.float32)
    kernel(1, 32, 0, x[:32], x[32:64], races=True)
    with pytest.raises(DataRace):
        kernel(1, 32, 0, x[:32], x[16:48], races=True)


def test_narrow_accesses_to_wide_elements_need_no_races() -> None:
    def first_bytes(x: Any, y: Any) -> None:
        y[cuda.grid(1)] = x[cuda.grid(1)]

    x, y = np.arange(32, dtype=np.uint8), np.zeros(32, np.float32)
    kernel = Kernel(first_bytes, (pointer(uint8), pointer(uint8)))
    kernel(1, 32, x, y)
    np.testing.assert_array_equal(y.view(np.uint8)[:32], x)
    with pytest.raises(PtxError, match=r"1 byte access to .* watched by 4 bytes"):
        kernel(1, 32, x, y, races=True)


BARRIERS = (
    HEADER
    + """
.visible .entry k(.param .u64 out, .param .u32 way)
{
    .reg .pred %p<3>; .reg .b32 %r<6>; .reg .b64 %rd<4>;
    .shared .align 4 .b8 box[128];
    ld.param.u64 %rd1, [out];
    ld.param.u32 %r1, [way];
    mov.u32 %r2, %tid.x;
    mul.wide.u32 %rd2, %r2, 4;
    add.s64 %rd1, %rd1, %rd2;
    setp.lt.u32 %p1, %r2, 16;
    setp.eq.u32 %p2, %r1, 1;
    @%p2 bra $leave;
    @!%p1 bra $high;
    st.shared.u32 [box], %r2;
    bar.sync 0;
    mov.u32 %r3, 1;
    bra.uni $done;
$leave:
    @%p1 ret;
$high:
    bar.sync 0;
    mov.u32 %r3, 2;
$done:
    st.global.u32 [%rd1], %r3;
    setp.eq.u32 %p2, %r1, 2;
    @%p2 setp.eq.u32 %p2, %r2, 3;
    @%p2 bar.sync 1;
    ret;
}
"""
)


def test_barriers_with_other_places_and_with_lanes_that_left() -> None:
    module, out = load_ptx(BARRIERS), np.zeros(40, np.uint32)
    module.launch("k", 1, 40, [out, 0])
    np.testing.assert_array_equal(out, [1] * 16 + [2] * 24)
    out[:] = 0
    module.launch("k", 1, 40, [out, 1])
    np.testing.assert_array_equal(out, [0] * 16 + [2] * 24)


def test_a_shuffle_with_missing_lanes_is_reported() -> None:
    def half(x: Any) -> None:
        i = cuda.threadIdx.x
        if i < 16:
            x[i] = cuda.shfl_sync(0xFFFF, x[i], 20)

    with pytest.raises(PtxError, match="reads the value of a lane that does not take part"):
        Kernel(half, (F32,))(1, 32, np.zeros(32, np.float32))


def test_deadlocks_and_endless_loops_are_reported() -> None:
    text = HEADER + (
        ".visible .entry k() { .reg .pred %p; .reg .b32 %r; mov.u32 %r, %tid.x; \n"
        "setp.lt.u32 %p, %r, 3; @%p bra $low; bar.warp.sync -1; \n"
        "bar.sync 0; ret; $low: bar.sync 0; ret; }"
    )
    with pytest.raises(PtxError, match=r"deadlock.* waits for threads that never come"):
        load_ptx(text).launch("k", 1, 32, [])
    endless = HEADER + ".visible .entry k() { $again: bra $again; }"
    with pytest.raises(PtxError, match="does not end within 99"):
        load_ptx(endless).launch("k", 1, 32, [], limit=99)


def test_arguments_are_checked() -> None:
    kernel = Kernel(shift, (int64, F32, F32))
    x = np.zeros(32, np.float32)
    with pytest.raises(PtxError, match="takes 3 args, not 2"):
        kernel(1, 32, 0, x)
    with pytest.raises(PtxError, match="takes 8 bytes"):
        kernel(1, 32, np.float32(0), x, x)
    with pytest.raises(PtxError, match="only contiguous arrays"):
        kernel(1, 32, 0, x[::2], x)
    with pytest.raises(PtxError, match="no entry 'absent'"):
        kernel.module.launch("absent", 1, 32, [])
    with pytest.raises(PtxError, match="hardware takes 1024"):
        kernel(1, 2048, 0, x, x)


TABLE = (
    HEADER
    + """
.visible .const .align 4 .b8 weights[8] = {0, 0, 128, 63, 0, 0, 0, 64};
.global .align 4 .u32 counter = 5;
.visible .entry k(.param .u64 table)
{
    .reg .f32 %f<4>; .reg .b32 %r<3>; .reg .b64 %rd<6>; .reg .pred %p;
    ld.param.u64 %rd1, [table];
    ld.global.v2.u64 {%rd2, %rd3}, [%rd1];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %rd4, %r1, 8;
    add.s64 %rd2, %rd2, %rd4;
    add.s64 %rd3, %rd3, %rd4;
    ld.v2.f32 {%f1, %f2}, [%rd2];
    ld.const.f32 %f3, [weights+4];
    fma.rn.f32 %f1, %f1, %f3, %f2;
    ld.const.f32 %f3, [weights];
    add.f32 %f2, %f2, %f3;
    st.global.v2.f32 [%rd3], {%f1, %f2};
    setp.eq.u32 %p, %r1, 0;
    @%p ld.global.u32 %r2, [counter];
    @%p add.u32 %r2, %r2, 1;
    @%p st.global.u32 [counter], %r2;
    ret;
}
"""
)


def test_tables_of_addresses_and_variables_of_the_module() -> None:
    memory = Memory()
    module, other = load_ptx(TABLE, memory), load_ptx(TABLE, memory)
    x = np.arange(20, dtype=np.float32)
    y = np.zeros(20, np.float32)
    table = np.array([module.address(x), other.address(y)], np.int64)
    for _ in range(3):
        module.launch("k", 1, 10, [table], races=True)
    np.testing.assert_array_equal(y[::2], 2 * x[::2] + x[1::2])
    np.testing.assert_array_equal(y[1::2], x[1::2] + 1)
    counters = [each for each in memory.regions if each.name == "counter"]
    assert [int(each.data.view(np.uint32)[0]) for each in counters] == [8, 5]
    with pytest.raises(MemoryFault, match="store to byte 80 of array"):
        module.launch("k", 1, 11, [np.array([module.address(np.ones(22, "f4")), table[1]])])
