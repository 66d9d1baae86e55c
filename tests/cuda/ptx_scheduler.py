"""Which lanes run next: those at the lowest block of code, so that diverged lanes meet again.

Lanes that wait for others are parked at the block of the barrier (or shuffle) and released once
all lanes that they name, and that still live, have come.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ptx_errors import PtxError
from ptx_frame import WARP, Active, Array, Frame, Mask, Step
from ptx_instructions import build
from ptx_linker import Block
from ptx_syntax import Instruction, Number
from ptx_warp import member_mask


class _Code:
    """A block bound to a frame."""

    def __init__(self, frame: Frame, block: Block) -> None:
        self.steps: list[Step] = [build(frame, ins) for ins in block.body]
        self.end, self.target = block.end, block.target
        self.kind = block.end.opcode if block.end is not None else ""
        self.guard: Callable[[Active], Active] | None = None
        if block.end is not None and block.end.guard is not None:
            self.guard = frame.guard(block.end, block.end.guard)
        self.wait: Instruction | None = block.body[0] if block.waits else None
        self.members: Array | None = None
        self.barrier = 0
        if self.wait is not None:
            self.members = member_mask(frame, self.wait)
            if self.members is None:
                self.barrier = _barrier_number(self.wait)


def _barrier_number(ins: Instruction) -> int:
    if set(ins.modifiers) - {"sync", "cta", "aligned"} or "sync" not in ins.modifiers:
        raise ins.fail("only bar.sync and bar.warp.sync are supported")
    if len(ins.operands) != 1 or not isinstance(ins.operands[0], Number):
        raise ins.fail("expected a barrier's number alone")
    return ins.operands[0].value


class Scheduler:
    """Runs one frame; bound to it once, used for all its groups of blocks."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.code = [_Code(frame, block) for block in frame.program.blocks]
        self.executed = self.limit = 0
        self.live: Mask = np.zeros(frame.count, bool)
        self.waiting: dict[int, Mask] = {}
        self.parked: dict[int, Mask] = {}
        self.granted: Mask = np.zeros(frame.count, bool)

    def run(self, mask: Mask, limit: int) -> None:
        """Run these lanes to their end; PtxError after `limit` blocks of code, or in a deadlock."""
        self.live, self.limit = mask.copy(), limit
        self.granted[:] = False
        self.waiting, self.parked = {0: mask.copy()}, {}
        while self.waiting:
            index = min(self.waiting)
            self._follow(index, Active(self.waiting.pop(index)))
        if self.parked:
            index, lanes = next(iter(self.parked.items()))
            wait = self.code[index].wait
            assert wait is not None
            place = self.frame.position(int(lanes.argmax()))
            raise wait.fail(f"deadlock: {place} waits for threads that never come")

    def _follow(self, index: int, active: Active) -> None:
        """Run one group until it splits, ends, parks, or others are to run before it."""
        waiting = self.waiting
        lowest = min(waiting) if waiting else len(self.code)
        while True:
            code = self.code[index]
            self.executed += 1
            if self.executed > self.limit:
                name = self.frame.program.name
                raise PtxError(f"{name} does not end within {self.limit} blocks of code")
            if code.wait is not None:
                released = self._arrive(index, code, active)
                if released is None:
                    return
                active = released
                lowest = min(waiting) if waiting else len(self.code)
            for step in code.steps:
                step(active)
            index += 1
            if code.kind:
                taken = active if code.guard is None else code.guard(active)
                if taken.count:
                    if code.kind == "bra":
                        if taken.count == active.count:
                            index = code.target
                        else:
                            self._enqueue(code.target, taken.mask)
                            active = Active(active.mask & ~taken.mask)
                            lowest = min(waiting)
                    else:
                        self._finish(code, taken)
                        active = Active(active.mask & ~taken.mask)
                        if not active.count:
                            return
                        lowest = min(waiting) if waiting else len(self.code)
            if index >= len(self.code):
                self.live &= ~active.mask
                self._retry()
                return
            if lowest <= index:
                self._enqueue(index, active.mask)
                return

    def _enqueue(self, index: int, mask: Mask) -> None:
        known = self.waiting.get(index)
        self.waiting[index] = mask if known is None else known | mask

    def _finish(self, code: _Code, leaving: Active) -> None:
        if code.kind == "trap":
            assert code.end is not None
            raise code.end.fail(f"trap in {self.frame.position(int(leaving.lanes[0]))}")
        self.live &= ~leaving.mask
        self._retry()

    def _retry(self) -> None:
        """Lanes have left: whoever waited for them may go on."""
        for index, mask in self.parked.items():
            self._enqueue(index, mask)
        self.parked = {}

    def _arrive(self, index: int, code: _Code, active: Active) -> Active | None:
        """The lanes that may pass the barrier of a block of code; the others are parked."""
        early = self.parked.pop(index, None)
        if early is not None:
            active = Active(active.mask | early)
        if code.members is None:
            passing = self._block_barrier(index, code, active)
        else:
            passing = self._warp_barrier(code, active)
        if passing.count < active.count:
            self.parked[index] = active.mask & ~passing.mask
        return passing if passing.count else None

    def _block_barrier(self, index: int, code: _Code, active: Active) -> Active:
        frame, races = self.frame, self.frame.races
        fresh = active.mask & ~self.granted
        come = fresh.copy()
        others = [
            other
            for other in self.parked
            if other != index
            and self.code[other].members is None
            and self.code[other].barrier == code.barrier
        ]
        for other in others:
            come |= self.parked[other]
        missing = (self.live & ~come).reshape(-1, frame.padded).any(axis=1)
        complete = np.repeat(~missing, frame.padded)
        for other in others:
            freed = self.parked[other] & complete
            if freed.any():
                self.granted |= freed
                self._enqueue(other, freed)
                self.parked[other] = self.parked[other] & ~freed
                if not self.parked[other].any():
                    del self.parked[other]
        if races is not None:
            races.block_barrier((come & complete).nonzero()[0])
        passing = Active((fresh & complete) | (active.mask & self.granted))
        self.granted &= ~active.mask
        return passing

    def _warp_barrier(self, code: _Code, active: Active) -> Active:
        frame = self.frame
        assert code.members is not None and code.wait is not None
        passing = active
        if not active.full:
            absent = np.packbits(self.live & ~active.mask, bitorder="little").view(np.uint32)
            ready = (code.members & np.repeat(absent, WARP)) == 0
            passing = Active(active.mask & ready)
        unnamed = (code.members & frame.registers["%lanemask_eq"]) == 0
        if (unnamed & passing.mask).any():
            place = frame.position(int((unnamed & passing.mask).argmax()))
            raise code.wait.fail(f"{place} is not in the mask of its own barrier")
        if frame.races is not None and code.wait.opcode in ("bar", "barrier") and passing.count:
            partial = (self.live & ~passing.mask).reshape(-1, WARP).any(axis=1)
            if (partial & passing.mask.reshape(-1, WARP).any(axis=1)).any():
                raise code.wait.fail("races are not found around barriers of parts of a warp")
            frame.races.warp_barrier(passing.lanes)
        return passing
