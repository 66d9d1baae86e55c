"""Exchange between the lanes of a warp. The scheduler has brought the named lanes together."""

from __future__ import annotations

import numpy as np
from ptx_frame import WARP, Active, Array, Frame, Step, split, write
from ptx_memory import Array as Lanes
from ptx_syntax import Instruction, Name, Pair

_MODES = ("up", "down", "bfly", "idx")


def member_mask(frame: Frame, ins: Instruction) -> Array | None:
    """The lanes' operand that names who takes part; None for a barrier of the block."""
    if ins.opcode == "mma":
        return frame.constant(0xFFFFFFFF, np.dtype(np.uint32))
    if ins.opcode in ("shfl", "vote") or "warp" in ins.modifiers:
        if "sync" not in ins.modifiers:
            raise ins.fail("only the .sync form is supported")
        return frame.source(ins, ins.operands[-1], "u32")
    return None


def shuffle(frame: Frame, ins: Instruction) -> Step:
    """shfl.sync (PTX ISA's pseudocode, vectorised over the lanes of all warps)."""
    flags, _ = split(ins, "sync", *_MODES)
    mode = (flags & set(_MODES)).pop()
    first = ins.operands[0]
    out = frame.target(ins, first.first if isinstance(first, Pair) else first, "b32")
    valid = frame.target(ins, first.second if isinstance(first, Pair) else Name("_"), "pred")
    a, amounts, controls = (frame.source(ins, operand, "u32") for operand in ins.operands[1:4])
    number = np.arange(frame.count)
    lane, start = number % WARP, number - number % WARP

    def step(active: Active) -> None:
        amount, control = (amounts & 31).astype(np.int64), controls.astype(np.int64)
        clamp, segment = control & 31, (control >> 8) & 31
        least = lane & segment
        most = least | (clamp & ~segment & 31)
        if mode == "up":
            source = lane - amount
            inside = source >= most
        elif mode == "idx":
            source = least | (amount & ~segment & 31)
            inside = source <= most
        else:
            source = lane + amount if mode == "down" else lane ^ amount
            inside = source <= most
        where = start + np.where(inside, source, lane)
        if not active.full:
            silent = active.mask & ~active.mask[where]
            if silent.any():
                asking = frame.position(int(silent.argmax()))
                raise ins.fail(f"{asking} reads the value of a lane that does not take part")
        write(out, a[where], active)
        write(valid, inside, active)

    return step


def _bits(frame: Frame, mask: Lanes) -> Array:
    """Per lane, the bits of its warp's lanes."""
    packed = np.packbits(mask, bitorder="little").view(np.uint32)
    return np.repeat(packed, WARP)


def vote(frame: Frame, ins: Instruction) -> Step:
    """vote.sync: all, any, uni, ballot."""
    ballot = "ballot" in ins.modifiers
    split(ins, "sync", "all", "any", "uni", "ballot")
    out = frame.target(ins, ins.operands[0], "b32" if ballot else "pred")
    voter = ins.operands[1]
    if not isinstance(voter, Name):
        raise ins.fail("expected a predicate")
    predicate = frame.source(ins, Name(voter.text), "pred")
    members = frame.source(ins, ins.operands[2], "u32")

    def step(active: Active) -> None:
        held = (~predicate if voter.negated else predicate) & active.mask
        yes = _bits(frame, held) & members
        present = _bits(frame, active.mask) & members
        if ballot:
            write(out, yes, active)
        elif "any" in ins.modifiers:
            write(out, yes != 0, active)
        elif "all" in ins.modifiers:
            write(out, yes == present, active)
        else:
            write(out, (yes == 0) | (yes == present), active)

    return step


def active_mask(frame: Frame, ins: Instruction) -> Step:
    """activemask: the warp's lanes that execute this together."""
    split(ins)
    out = frame.target(ins, ins.operands[0], "b32")

    def step(active: Active) -> None:
        write(out, _bits(frame, active.mask), active)

    return step
