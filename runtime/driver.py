"""The native loop over steps and commands that every thread of a team runs."""

from __future__ import annotations

import sys
from typing import Any

from kgen.runtime.ir_vectors import INT32, INT64, call_intrinsic
from kgen.runtime.isa import IS_X86, ROWS
from kgen.runtime.kernels import KERNEL_SIGNATURE, Kernel
from kgen.runtime.lowering import Code, Description, implements
from llvmlite import ir
from numba.core import types
from numba.extending import register_jitable

# Words of the control block, each on a cache line of its own.
ARRIVED, GENERATION, STOP, AGREED, ABORT = 0, 8, 16, 24, 40
CONTROL_WORDS = 48
# Words of a thread's clock: first row, step, seed, steps done in this call, whether threads share
# parts of rows (`share_rows`, `share_block`), where the rows of this call end, of how many rows the
# grains are that the batch is shared in (`share_batch`) and of how many they are at least; the
# sizes of open dimensions from DIMS_START on.
CLOCK_WORDS = 40
BY_PARTS, GRAIN, LEAST_GRAIN = 4, 6, 7
DIMS_START = 8
SPINS = 2000
TABLE_WORDS = 3

WORDS = types.CPointer(types.int64)


def atomic_add(words: Any, place: int, amount: int) -> int:
    """Add to a shared word; gives its value before."""
    before = int(words[place])
    words[place] = before + amount
    return before


def atomic_load(words: Any, place: int) -> int:
    """Read a shared word; later reads stay later."""
    return int(words[place])


def atomic_store(words: Any, place: int, value: int) -> None:
    """Write a shared word; earlier writes stay earlier."""
    words[place] = value


def atomic_swap_if(words: Any, place: int, expected: int, new: int) -> int:
    """Set a shared word to `new` if it holds `expected`; gives what it held."""
    before = int(words[place])
    if before == expected:
        words[place] = new
    return before


def words_at(address: int) -> Any:
    """The words at an address, which only compiled code can read."""
    raise NotImplementedError("only compiled code can read what is at an address")


def pause_briefly() -> None:
    """Tell the processor that this thread spins."""


def yield_processor() -> None:
    """Let another thread run on this core."""


def flush_subnormals() -> int:
    """Make this thread take numbers below 1e-38 for zero; gives the mode before.

    They say nothing, and processors take a hundred times as long for each: the gradients that
    fade in a recurrent layer are full of them.
    """
    return 0


def restore_mode(mode: int) -> None:
    """Return to the mode that `flush_subnormals` gave."""


def call_kernel(address: int, thread: int, threads: int, batch: int, clock: Any, args: int) -> None:
    """Call machine code of the kernel signature; the emulation calls Python functions instead."""
    raise NotImplementedError("only compiled code can call an address")


@implements(atomic_add)
def describe_atomic_add(words: Any, place: Any, amount: Any) -> Description:
    """Sequentially consistent."""

    def generate(code: Code, words: Any, place: Any, amount: Any) -> Any:
        return code.builder.atomic_rmw("add", code.builder.gep(words, [place]), amount, "seq_cst")

    return types.int64, (WORDS, types.int64, types.int64), generate


@implements(atomic_load)
def describe_atomic_load(words: Any, place: Any) -> Description:
    """Acquire."""

    def generate(code: Code, words: Any, place: Any) -> Any:
        return code.builder.load_atomic(code.builder.gep(words, [place]), "acquire", 8)

    return types.int64, (WORDS, types.int64), generate


@implements(atomic_store)
def describe_atomic_store(words: Any, place: Any, value: Any) -> Description:
    """Release."""

    def generate(code: Code, words: Any, place: Any, value: Any) -> None:
        code.builder.store_atomic(value, code.builder.gep(words, [place]), "release", 8)

    return types.void, (WORDS, types.int64, types.int64), generate


@implements(atomic_swap_if)
def describe_atomic_swap_if(words: Any, place: Any, expected: Any, new: Any) -> Description:
    """Sequentially consistent."""

    def generate(code: Code, words: Any, place: Any, expected: Any, new: Any) -> Any:
        word = code.builder.gep(words, [place])
        found = code.builder.cmpxchg(word, expected, new, "seq_cst", "seq_cst")
        return code.builder.extract_value(found, 0)

    return types.int64, (WORDS, types.int64, types.int64, types.int64), generate


@implements(words_at)
def describe_words_at(address: Any) -> Description:
    """A pointer."""

    def generate(code: Code, address: Any) -> Any:
        return code.builder.inttoptr(address, INT64.as_pointer())

    return WORDS, (types.int64,), generate


@implements(pause_briefly)
def describe_pause_briefly() -> Description:
    """The `pause` instruction, where there is one."""

    def generate(code: Code) -> None:
        if IS_X86:
            call_intrinsic(code.builder, "llvm.x86.sse2.pause", ir.VoidType())

    return types.void, (), generate


@implements(yield_processor)
def describe_yield_processor() -> Description:
    """The operating system's call, declared by name so that the code can be kept on disk."""
    name = "SwitchToThread" if sys.platform == "win32" else "sched_yield"

    def generate(code: Code) -> None:
        call_intrinsic(code.builder, name, INT32)

    return types.void, (), generate


_FLUSH = 0x8040  # flush results to zero, and take operands for zero


@implements(flush_subnormals)
def describe_flush_subnormals() -> Description:
    """Two bits of the SSE control word; elsewhere nothing."""

    def generate(code: Code) -> Any:
        if not IS_X86:
            return ir.Constant(INT64, 0)
        word = code.builder.alloca(INT32)
        place = code.builder.bitcast(word, ir.IntType(8).as_pointer())
        call_intrinsic(code.builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), place)
        before = code.builder.load(word)
        code.builder.store(code.builder.or_(before, ir.Constant(INT32, _FLUSH)), word)
        call_intrinsic(code.builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), place)
        return code.builder.zext(before, INT64)

    return types.int64, (), generate


@implements(restore_mode)
def describe_restore_mode(mode: Any) -> Description:
    """The SSE control word as it was."""

    def generate(code: Code, mode: Any) -> None:
        if IS_X86:
            word = code.builder.alloca(INT32)
            code.builder.store(code.builder.trunc(mode, INT32), word)
            place = code.builder.bitcast(word, ir.IntType(8).as_pointer())
            call_intrinsic(code.builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), place)

    return types.void, (types.int64,), generate


@implements(call_kernel)
def describe_call_kernel(
    address: Any, thread: Any, threads: Any, batch: Any, clock: Any, args: Any
) -> Description:
    """An indirect call with the kernel signature."""

    def generate(
        code: Code, address: Any, thread: Any, threads: Any, batch: Any, clock: Any, args: Any
    ) -> None:
        table = code.builder.inttoptr(args, ir.IntType(8).as_pointer().as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [INT64, INT64, INT64, clock.type, table.type])
        function = code.builder.inttoptr(address, kind.as_pointer())
        code.builder.call(function, [thread, threads, batch, clock, table])

    wanted = (types.int64,) * 4 + (KERNEL_SIGNATURE.args[3], types.int64)
    return types.void, wanted, generate


@register_jitable  # type: ignore[untyped-decorator]
def grain_of(rows: int, least: int, threads: int) -> int:
    """In grains of how many rows threads share a batch of `rows`: whole tiles, if these are many.

    Else of fewer, but for `least`, so that no share is over a quarter larger than the mean.
    """
    grain = ROWS
    while grain > least and rows < 4 * grain * threads:
        grain //= 2
    return grain


@register_jitable  # type: ignore[untyped-decorator]
def is_parted(rows: int, least: int, threads: int) -> bool:
    """Whether threads share the parts of `rows`, since whole ones would keep them unevenly busy.

    They meet after every kernel then.
    """
    return least == 1 and threads > 1 and rows < 2 * threads and rows % threads != 0


def drive_steps(
    thread: int,
    threads: int,
    shares: int,
    table: Any,
    commands: int,
    begin: int,
    end: int,
    batch_size: int,
    first: int,
    last: int,
    clock: Any,
    control: Any,
) -> int:
    """Run the batches `begin` to `end` - 1 of rows first..last; gives the steps done.

    `table` holds address, whether to wait after it, and argument table of each command. The work
    is cut into `shares`, of which each thread does every `threads`-th: sums are the same however
    many threads there are. `clock` is this thread's own. A stop wished for in `control` takes
    effect after the step in which thread 0 sees it; all threads agree on it at the barrier that
    ends the step.
    """
    mode = flush_subnormals()
    for step in range(begin, end):
        row = first + step * batch_size
        rows = min(batch_size, last - row)
        clock[0] = row
        clock[3] = step
        clock[GRAIN] = grain_of(rows, clock[LEAST_GRAIN], shares)
        parted = is_parted(rows, clock[LEAST_GRAIN], shares)
        clock[BY_PARTS] = parted
        stop = 0
        for k in range(commands):
            at = TABLE_WORDS * k
            share = thread
            while share < shares:
                call_kernel(table[at], share, shares, rows, clock, table[at + 2])
                share += threads
            ends = k == commands - 1
            agreed = AGREED + 8 * (step & 1)  # two in turn: a fast thread must not overwrite
            if ends and thread == 0:
                atomic_store(control, agreed, atomic_load(control, STOP))
            if threads > 1 and (ends or parted or table[at + 1] != 0):
                generation = atomic_load(control, GENERATION)
                if atomic_add(control, ARRIVED, 1) == threads - 1:
                    atomic_store(control, ARRIVED, 0)
                    atomic_add(control, GENERATION, 1)
                else:
                    spins = 0
                    while atomic_load(control, GENERATION) == generation:
                        spins += 1
                        if spins < SPINS:
                            pause_briefly()
                        else:
                            if atomic_load(control, ABORT) != 0:
                                restore_mode(mode)
                                return step - begin
                            yield_processor()
            if ends:
                stop = atomic_load(control, agreed)
        clock[1] += 1
        if stop != 0:
            restore_mode(mode)
            return step + 1 - begin
    restore_mode(mode)
    return end - begin


DRIVE_SIGNATURE = types.int64(
    types.int64,
    types.int64,
    types.int64,
    WORDS,
    types.int64,
    types.int64,
    types.int64,
    types.int64,
    types.int64,
    types.int64,
    WORDS,
    WORDS,
)
drive = Kernel(drive_steps, DRIVE_SIGNATURE)
