"""The native loop over the kernels of a quick call, which threads may share.

Thread 0 leads; helpers spin at a gate for a moment after each call, ready for the next.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from kgen.runtime.driver import (
    BY_PARTS,
    CLOCK_WORDS,
    TABLE_WORDS,
    WORDS,
    atomic_add,
    atomic_load,
    atomic_store,
    atomic_swap_if,
    call_kernel,
    flush_subnormals,
    pause_briefly,
    restore_mode,
    words_at,
    yield_processor,
)
from kgen.runtime.kernels import Kernel
from numba.core import types

# The block that the calls are read from: a clock at rest, the rows, the number of calls, the pauses
# that helpers are waited for, whether threads share parts of rows, the calls.
ROWS_WORD, CALLS_WORD, WAIT_WORD = CLOCK_WORDS, CLOCK_WORDS + 1, CLOCK_WORDS + 2
PARTS_WORD = CLOCK_WORDS + 3
TABLE_START = CLOCK_WORDS + 4
# What a call's second word says: threads share the parts of a row; they meet after the call where
# they share the parts of rows, or rows; helpers may come for it where they share the parts of rows;
# times STRAND, which thread runs it where one does, of as many as there may be.
PARTED, MEET_BY_PARTS, MEET_BY_ROWS, HELPED, STRAND = 1, 2, 4, 8, 16
# Words that the threads share, each on a cache line of its own. GATE counts how often helpers were
# called, times CALL, and those that spin there; START is the call that they begin with, LEADING
# tells that the leader is at work, PATIENCE the pauses after which they sleep.
GATE, START, LEADING, HERE, ROUND, PATIENCE, SHARED_WORDS = 0, 8, 16, 24, 32, 40, 48
CALL = 1 << 16
# Pauses after which a thread that waits for others lets other work have its core.
LATE = 4000


def take_part(job: Any) -> int:
    """Run the calls of a block one after another; gives the number of threads that did.

    `job` tells where the block and the shared words are, which thread this is, and of how many:
    the fewer arguments, the quicker a call from Python.

    Thread 0 leads: it runs them once, alone until all helpers are at the gate, for which it waits a
    while, then with them. A helper takes part in every run until none has come for a while. The
    number is negative if the leader waited so long that other work must have had a helper's core.
    """
    block = words_at(job[0])
    shared = words_at(job[1])
    thread = int(job[2])
    threads = int(job[3])
    mode = flush_subnormals()
    crowded = 1
    working = threads
    start = 0
    called = 0
    if thread > 0:
        called = atomic_add(shared, GATE, 1) // CALL
    else:
        block[BY_PARTS] = 0
        working = 1
        atomic_store(shared, LEADING, 1)
        wait = block[WAIT_WORD]
        while wait > 0 and atomic_load(shared, GATE) % CALL != threads - 1:
            pause_briefly()
            wait -= 1
    waited = 0
    while True:
        if thread > 0:
            gate = atomic_load(shared, GATE)
            if gate // CALL == called:
                pause_briefly()
                waited += 1
                if waited > atomic_load(shared, PATIENCE):
                    if atomic_load(shared, LEADING) != 0:
                        waited = 0
                    elif atomic_swap_if(shared, GATE, gate, gate - 1) == gate:
                        restore_mode(mode)
                        return 1
                continue
            called += 1
            waited = 0
            start = atomic_load(shared, START)
        rows = block[ROWS_WORD]
        parts = block[PARTS_WORD]
        for k in range(start, block[CALLS_WORD]):
            at = TABLE_START + TABLE_WORDS * k
            flags = block[at + 1]
            # Helpers are called where they have work, after which all meet: none is left behind.
            if working < threads and (parts == 0 or flags & HELPED != 0):
                gate = atomic_load(shared, GATE)
                if gate % CALL == threads - 1:
                    block[BY_PARTS] = parts
                    atomic_store(shared, START, k)
                    if atomic_swap_if(shared, GATE, gate, gate + CALL - threads + 1) == gate:
                        working = threads
                    else:  # one has just left
                        block[BY_PARTS] = 0
            if working > 1 and (parts == 0 or flags & PARTED != 0):
                call_kernel(block[at], thread, working, rows, block, block[at + 2])
            elif working == 1 or thread == flags // STRAND % working:
                call_kernel(block[at], 0, 1, rows, block, block[at + 2])
            if working > 1 and flags & (MEET_BY_PARTS if parts == 1 else MEET_BY_ROWS) != 0:
                turn = atomic_load(shared, ROUND)
                if atomic_add(shared, HERE, 1) == working - 1:
                    atomic_store(shared, HERE, 0)
                    atomic_add(shared, ROUND, 1)
                else:
                    spins = 0
                    while atomic_load(shared, ROUND) == turn:
                        spins += 1
                        if spins < LATE:
                            pause_briefly()
                        else:
                            crowded = -1
                            yield_processor()
        if thread == 0:
            atomic_store(shared, LEADING, 0)
            restore_mode(mode)
            return crowded * working
        atomic_add(shared, GATE, 1)


run_few = Kernel(take_part, types.int64(WORDS))


@functools.cache
def native_few() -> Any:
    """The compiled `take_part` as a C function; the GIL is free while it runs."""
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p)(run_few.address)
