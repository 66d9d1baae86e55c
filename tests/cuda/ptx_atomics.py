"""Atomic operations: the lanes one after the other, in ascending order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from ptx_access import Locator, address_reader, space_of
from ptx_frame import Active, Frame, Step, split
from ptx_syntax import TYPES, Instruction, Name

_SCOPES = ("relaxed", "acquire", "release", "acq_rel", "cta", "cluster", "gpu", "sys")
_UPDATES: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda old, b: old + b,
    "and": lambda old, b: old & b,
    "or": lambda old, b: old | b,
    "xor": lambda old, b: old ^ b,
    "min": min,
    "max": max,
    "exch": lambda old, b: b,
    "inc": lambda old, b: old * 0 if old >= b else old + type(old)(1),
    "dec": lambda old, b: b if old == 0 or old > b else old - type(old)(1),
}


def atomic(frame: Frame, ins: Instruction) -> Step:
    """atom (which returns the old value) and red."""
    flags, (kind,) = split(ins, *_UPDATES, "cas", "noftz", "global", "shared", *_SCOPES)
    names = flags & {*_UPDATES, "cas"}
    if len(names) != 1:
        raise ins.fail("expected one operation")
    name, dtype = names.pop(), TYPES[kind]
    returns = ins.opcode == "atom"
    if len(ins.operands) != (1 if returns else 0) + (3 if name == "cas" else 2):
        raise ins.fail("wrong number of operands")
    operands = list(ins.operands)
    out = frame.target(ins, operands.pop(0) if returns else Name("_"), kind)
    read = address_reader(frame, ins, operands[0])
    sources = [frame.source(ins, operand, kind) for operand in operands[1:]]
    locator = Locator(frame, ins, space_of(ins), dtype.itemsize, True)
    update = _UPDATES.get(name)
    races = frame.races

    def step(active: Active) -> None:
        for piece in locator.find(read()[active.lanes], active.lanes):
            if races is not None:
                same = np.zeros(len(piece.lanes), bool)
                races.write(frame, ins, piece, locator.width, same, True)
            view = piece.region.view(dtype.itemsize).view(dtype)
            for lane, place in zip(piece.lanes.tolist(), piece.index.tolist(), strict=True):
                old = view[place]
                if update is not None:
                    view[place] = update(old, sources[0][lane])
                elif old == sources[0][lane]:
                    view[place] = sources[1][lane]
                out[lane] = old

    return step
