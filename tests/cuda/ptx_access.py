"""Loads and stores: every address is checked against the bound arrays and its alignment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from ptx_errors import MemoryFault
from ptx_frame import Active, Array, Frame, Step, split, write
from ptx_memory import Region
from ptx_syntax import TYPES, Address, Group, Instruction, Name, Number, Operand

_SPACES = ("global", "shared", "local", "param", "const")
_HINTS = (
    *("volatile", "nc", "ca", "cg", "cs", "cv", "lu", "wb", "wt", "v2", "v4", "weak"),
    *("relaxed", "acquire", "release", "cta", "cluster", "gpu", "sys"),
    *("L1::no_allocate", "L1::evict_last", "L1::evict_first", "L1::evict_normal"),
)
_SYNCHRONISING = {"volatile", "relaxed", "acquire", "release"}


@dataclass
class Piece:
    """The active lanes whose addresses lie in one region; `index`: in units of the access."""

    region: Region
    lanes: Array
    index: Array
    chosen: Array | slice


class Locator:
    """Finds the regions of one instruction's addresses, remembering the last one."""

    def __init__(self, frame: Frame, ins: Instruction, space: str, width: int, store: bool) -> None:
        self.frame, self.ins, self.width, self.store = frame, ins, width, store
        self.space = "global" if space == "const" else "local" if space == "param" else space
        self.shift = np.uint64(width.bit_length() - 1)
        self.rest = np.uint64(64 - (width.bit_length() - 1)) if width > 1 else np.uint64(0)
        self.last: Region | None = None

    def _index(self, region: Region, addresses: Array) -> Array:
        """The place in the region; misaligned or outside: beyond every region's end."""
        offset = addresses - np.uint64(region.base)
        if self.width == 1:
            return offset
        return (offset >> self.shift) | (offset << self.rest)

    def _piece(self, region: Region, index: Array, lanes: Array, chosen: Array | slice) -> Piece:
        if region.rows is not None:
            index = index + (region.rows[lanes] * (region.stride // self.width)).astype(np.uint64)
        return Piece(region, lanes, index, chosen)

    def find(self, addresses: Array, lanes: Array) -> Iterator[Piece]:
        """The pieces that the addresses (one for every lane of `lanes`) fall into."""
        if len(lanes) == 0:
            return
        last = self.last
        if last is not None:
            index = self._index(last, addresses)
            if int(np.maximum.reduce(index)) < last.size // self.width:
                yield self._piece(last, index, lanes, slice(None))
                return
        open_ = np.ones(len(lanes), bool)
        while open_.any():
            first = int(open_.argmax())
            region = self._region(int(addresses[first]), int(lanes[first]))
            index = self._index(region, addresses)
            here = open_ & (index < np.uint64(region.size // self.width))
            chosen = here.nonzero()[0]
            yield self._piece(region, index[chosen], lanes[chosen], chosen)
            open_ &= ~here
            self.last = region

    def _region(self, address: int, lane: int) -> Region:
        """The region of an address; raises unless the access is right."""
        frame, ins = self.frame, self.ins
        place, nearest = f"address {address:#x}", None
        for regions, bases in (
            (frame.memory.regions, frame.memory.bases),
            (frame.regions, frame.bases),
        ):
            found = bisect_right(bases, address) - 1
            if found >= 0 and (nearest is None or regions[found].base > nearest.base):
                nearest = regions[found]
        problem = "outside every array"
        if nearest is not None:
            offset = address - nearest.base
            place = f"byte {offset} of {nearest.name} ({nearest.size} bytes)"
            if offset + self.width <= nearest.size:
                if self.space not in ("", nearest.space):
                    problem = f"{nearest.space} memory used as {self.space}"
                elif offset % self.width:
                    problem = f"not aligned to {self.width}"
                elif self.store and not nearest.writable:
                    problem = "read-only"
                else:
                    return nearest
            else:
                problem = "out of bounds"
        action = "store to" if self.store else "load from"
        raise MemoryFault(
            f"{action} {place}: {problem}, by {frame.position(lane)}", ins.line, str(ins)
        )


def space_of(ins: Instruction) -> str:
    """The state space that an access names, "" for a generic one."""
    named = [each.split("::")[0] for each in ins.modifiers if each.split("::")[0] in _SPACES]
    if len(named) > 1:
        raise ins.fail("two state spaces")
    return named[0] if named else ""


def address_reader(frame: Frame, ins: Instruction, operand: Operand) -> Callable[[], Array]:
    """The lanes' addresses, as 64-bit integers."""
    if not isinstance(operand, Address):
        raise ins.fail("expected an address")
    base, offset = operand.base, np.uint64(operand.offset % (1 << 64))
    if isinstance(base, Number) or base.text in frame.addresses:
        start = base.value if isinstance(base, Number) else frame.addresses[base.text]
        fixed = frame.constant((start + operand.offset) % (1 << 64), np.dtype(np.uint64))
        return lambda: fixed
    register = frame.register(ins, base)
    if register.dtype == np.uint32:
        return lambda: register.astype(np.uint64) + offset
    if register.dtype != np.uint64:
        raise ins.fail("addresses have 32 or 64 bits")
    return (lambda: register + offset) if operand.offset else lambda: register


def _parts(ins: Instruction, operand: Operand) -> list[Operand]:
    count = 4 if "v4" in ins.modifiers else 2 if "v2" in ins.modifiers else 1
    parts: list[Operand] = list(operand.items) if isinstance(operand, Group) else [operand]
    if len(parts) != count:
        raise ins.fail(f"expected {count} values")
    return parts


def load(frame: Frame, ins: Instruction) -> Step:
    """ld, ldu; ld.param of an entry's parameter reads the launch's arguments."""
    _, (kind,) = split(ins, *_HINTS, *_SPACES, "param::entry", "param::func")
    space, address = space_of(ins), ins.operands[1]
    if (
        isinstance(address, Address)
        and isinstance(address.base, Name)
        and address.base.text in frame.parameters
    ):
        return _load_parameter(frame, ins, address, kind)
    parts = _parts(ins, ins.operands[0])
    count, dtype = len(parts), TYPES[kind]
    outs = [frame.target(ins, part, kind) for part in parts]
    locator = Locator(frame, ins, space, count * dtype.itemsize, False)
    read = address_reader(frame, ins, address)
    races, quiet = frame.races, bool(_SYNCHRONISING & set(ins.modifiers))
    width, every = dtype.itemsize, np.arange(frame.count)

    def step(active: Active) -> None:
        addresses = read()
        lanes = every
        if not active.full:
            lanes = active.lanes
            addresses = addresses[lanes]
        for piece in locator.find(addresses, lanes):
            if races is not None and not quiet:
                races.read(frame, ins, piece, locator.width)
            view = piece.region.view(width)
            everyone = len(piece.lanes) == frame.count
            for place, out in enumerate(outs):
                index = piece.index if count == 1 else piece.index * np.uint64(count)
                values = view.take((index + np.uint64(place) if place else index).view(np.int64))
                if everyone:
                    out[...] = values.view(dtype)
                else:
                    out[piece.lanes] = values.view(dtype)

    return step


def _load_parameter(frame: Frame, ins: Instruction, address: Address, kind: str) -> Step:
    assert isinstance(address.base, Name)
    dtype, parts = TYPES[kind], _parts(ins, ins.operands[0])
    start = frame.parameters[address.base.text] + address.offset
    outs = [frame.target(ins, part, kind) for part in parts]
    bytes_ = frame.parameter_bytes[start : start + len(parts) * dtype.itemsize]

    def step(active: Active) -> None:
        for out, value in zip(outs, bytes_.view(dtype), strict=True):
            write(out, value, active)

    return step


def store(frame: Frame, ins: Instruction) -> Step:
    """st: where several lanes write to one place, the last one stays."""
    _, (kind,) = split(ins, *_HINTS, *_SPACES, "param::func")
    parts = _parts(ins, ins.operands[1])
    count, dtype = len(parts), TYPES[kind]
    sources = [frame.reader(ins, part, kind) for part in parts]
    locator = Locator(frame, ins, space_of(ins), count * dtype.itemsize, True)
    read = address_reader(frame, ins, ins.operands[0])
    races, quiet = frame.races, bool(_SYNCHRONISING & set(ins.modifiers))
    width, every = dtype.itemsize, np.arange(frame.count)
    unsigned = np.dtype(f"u{width}")

    def step(active: Active) -> None:
        addresses = read()
        lanes = every
        values = [source().view(unsigned) for source in sources]
        if not active.full:
            lanes = active.lanes
            addresses = addresses[lanes]
            values = [value[lanes] for value in values]
        for piece in locator.find(addresses, lanes):
            view = piece.region.view(width)
            first = piece.index * np.uint64(count)
            chosen = [value[piece.chosen] for value in values]
            places = [(first + np.uint64(place)).view(np.int64) for place in range(count)]
            if races is not None:
                same = np.ones(len(piece.lanes), bool)
                for place, value in zip(places, chosen, strict=True):
                    same &= view[place] == value
                races.write(frame, ins, piece, locator.width, same, quiet)
            for place, value in zip(places, chosen, strict=True):
                view[place] = value
            if races is not None:
                for place, value in zip(places, chosen, strict=True):
                    races.together(frame, ins, piece, view[place] == value)

    return step
