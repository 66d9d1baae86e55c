"""Registers, special registers and parameters of the blocks that run together, as arrays of lanes.

A lane is a thread; every block is padded to whole warps, and the padding never runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ptx_errors import PtxError
from ptx_linker import Program
from ptx_memory import Array, Memory, Region, place
from ptx_races import Races
from ptx_syntax import TYPES, Instruction, Name, Number, Operand, Variable

Mask = npt.NDArray[np.bool_]
WARP = 32


class Active:
    """The lanes that execute together: a mask, and whether it is all of them."""

    __slots__ = ("_lanes", "count", "full", "mask", "where")

    def __init__(self, mask: Mask, count: int | None = None) -> None:
        self.mask = mask
        self.count = int(np.count_nonzero(mask)) if count is None else count
        self.full = self.count == len(mask)
        self.where: Any = True if self.full else mask
        self._lanes: Array | None = None

    @property
    def lanes(self) -> Array:
        """The numbers of the lanes, ascending."""
        if self._lanes is None:
            self._lanes = self.mask.nonzero()[0]
        return self._lanes


Step = Callable[[Active], None]
Extent = tuple[int, int, int]


def _thread_numbers(extent: Extent) -> tuple[Array, Array, Array]:
    index = np.arange(extent[0] * extent[1] * extent[2])
    return index % extent[0], index // extent[0] % extent[1], index // (extent[0] * extent[1])


class Frame:
    """The state that an entry's instructions are bound to, for `blocks` blocks at a time."""

    def __init__(
        self,
        program: Program,
        variables: dict[str, Variable],
        memory: Memory,
        addresses: dict[str, int],
        grid: Extent,
        block: Extent,
        blocks: int,
        shared_bytes: int,
        races: Races | None,
    ) -> None:
        self.program, self.memory, self.races = program, memory, races
        self.grid, self.block = grid, block
        self.threads = block[0] * block[1] * block[2]
        self.padded = -(-self.threads // WARP) * WARP
        self.count = blocks * self.padded
        self.addresses = dict(addresses)
        self.constants: dict[tuple[Any, int], Array] = {}
        self.carry = np.zeros(self.count, np.uint64)
        lane = np.arange(self.count)
        self.block_of = lane // self.padded
        self.warp_of = lane // WARP
        self.present: Mask = lane % self.padded < self.threads
        self.registers = {
            name: np.zeros(self.count, TYPES[kind]) for name, kind in program.registers.items()
        }
        self.regions: list[Region] = []
        self._place(variables, shared_bytes)
        self._specials()
        self._special("%dynamic_smem_size", np.full(self.count, shared_bytes))
        self._parameters()

    def _place(self, module: dict[str, Variable], shared_bytes: int) -> None:
        variables = [*module.values(), *self.program.variables]
        shared = [each for each in variables if each.space == "shared"]
        local = [each for each in variables if each.space in ("local", "param")]
        for space, group, rows in (
            ("shared", shared, self.block_of),
            ("local", local, np.arange(self.count)),
        ):
            sizes = [
                (each.name, shared_bytes if each.size is None else each.size, each.alignment)
                for each in group
            ]
            for region in place(sizes, space, rows):
                self.regions.append(region)
                self.addresses[region.name] = region.base
        self.bases = [region.base for region in self.regions]

    def _specials(self) -> None:
        lane = np.arange(self.count) % WARP
        thread = np.minimum(np.arange(self.count) % self.padded, self.threads - 1)
        for axis, numbers in zip("xyz", _thread_numbers(self.block), strict=True):
            self._special(f"%tid.{axis}", numbers[thread])
            self._special(f"%ctaid.{axis}", np.zeros(self.count))
        for axis, size, count in zip("xyz", self.block, self.grid, strict=True):
            self._special(f"%ntid.{axis}", np.full(self.count, size))
            self._special(f"%nctaid.{axis}", np.full(self.count, count))
        self._special("%laneid", lane)
        self._special("%warpid", np.arange(self.count) % self.padded // WARP)
        self._special("%nwarpid", np.full(self.count, self.padded // WARP))
        bit = np.uint64(1) << lane.astype(np.uint64)
        for relation, mask in (
            ("eq", bit),
            ("lt", bit - np.uint64(1)),
            ("le", 2 * bit - np.uint64(1)),
            ("gt", ~(2 * bit - np.uint64(1))),
            ("ge", ~(bit - np.uint64(1))),
        ):
            self._special(f"%lanemask_{relation}", mask & np.uint64(0xFFFFFFFF))

    def _special(self, name: str, values: Array) -> None:
        self.registers[name] = np.asarray(values).astype(np.uint32)

    def _parameters(self) -> None:
        self.parameters: dict[str, int] = {}
        top = 0
        for variable in self.program.parameters:
            top = -(-top // variable.alignment) * variable.alignment
            self.parameters[variable.name] = top
            top += variable.size or 0
        self.parameter_bytes = np.zeros(top + 8, np.uint8)

    def begin(self, first: int) -> Mask:
        """Turn to the blocks from the linear index `first`; the lanes that exist there."""
        numbers = self.block_of + first
        total = self.grid[0] * self.grid[1] * self.grid[2]
        axes = _thread_numbers(self.grid)
        for axis, values in zip("xyz", axes, strict=True):
            self.registers[f"%ctaid.{axis}"][:] = values[np.minimum(numbers, total - 1)]
        for region in self.regions:
            region.data[:] = 0
        return self.present & (numbers < total)

    def position(self, lane: int) -> str:
        """A lane's block and thread, for messages."""
        block = tuple(int(self.registers[f"%ctaid.{axis}"][lane]) for axis in "xyz")
        thread = tuple(int(self.registers[f"%tid.{axis}"][lane]) for axis in "xyz")
        return f"block {block} thread {thread} (lane {lane % WARP})"

    def constant(self, value: int, kind: np.dtype[Any]) -> Array:
        """A value for all lanes; equal ones are shared."""
        key = (kind, int(value))
        if key not in self.constants:
            self.constants[key] = np.full(self.count, value, kind)
        return self.constants[key]

    def number(self, ins: Instruction, operand: Number, kind: str) -> Array:
        """A literal as the type `kind`."""
        dtype = TYPES[kind]
        if operand.width:
            if operand.width != dtype.itemsize:
                raise ins.fail(f"a {8 * operand.width} bit literal for {kind}")
            unsigned = np.dtype(f"u{operand.width}")
            return self.constant(operand.value, unsigned).view(dtype)
        if kind == "pred":
            return self.constant(bool(operand.value), dtype)
        unsigned = np.dtype(f"u{dtype.itemsize}")
        wrapped = operand.value & ((1 << 8 * dtype.itemsize) - 1)
        return self.constant(wrapped, unsigned).view(dtype)

    def register(self, ins: Instruction, operand: Operand) -> Array:
        """The lanes' array of a register."""
        if isinstance(operand, Name) and operand.text in self.registers and not operand.negated:
            return self.registers[operand.text]
        raise ins.fail(f"{operand} is not a register")

    def source(self, ins: Instruction, operand: Operand, kind: str) -> Array:
        """An operand of exactly the width of `kind`: an array that stays valid over steps."""
        if isinstance(operand, Number):
            return self.number(ins, operand, kind)
        dtype = TYPES[kind]
        if isinstance(operand, Name) and operand.text in self.addresses:
            wrapped = self.addresses[operand.text] & ((1 << 8 * dtype.itemsize) - 1)
            return self.constant(wrapped, np.dtype(f"u{dtype.itemsize}")).view(dtype)
        found = self.register(ins, operand)
        if found.dtype.itemsize != dtype.itemsize or (found.dtype.kind == "b") != (
            dtype.kind == "b"
        ):
            raise ins.fail(f"{operand} is of another width than {kind}")
        return found.view(dtype)

    def reader(self, ins: Instruction, operand: Operand, kind: str) -> Callable[[], Array]:
        """An operand that may be a wider register, whose low bits count (ld, st and cvt)."""
        dtype = TYPES[kind]
        if isinstance(operand, Name) and operand.text in self.registers:
            found = self.register(ins, operand)
            if found.dtype.itemsize > dtype.itemsize:
                narrow = np.dtype(f"u{dtype.itemsize}")
                return lambda: found.astype(narrow).view(dtype)
        array = self.source(ins, operand, kind)
        return lambda: array

    def target(self, ins: Instruction, operand: Operand, kind: str) -> Array:
        """The array to write results of type `kind` into; wider registers are extended."""
        if operand == Name("_"):
            return np.zeros(self.count, TYPES[kind])
        if isinstance(operand, Name) and operand.text.startswith("%") and "." in operand.text:
            raise ins.fail(f"{operand.text} cannot be written")
        found = self.register(ins, operand)
        dtype = TYPES[kind]
        if found.dtype.itemsize < dtype.itemsize or (found.dtype.kind == "b") != (
            dtype.kind == "b"
        ):
            raise ins.fail(f"{operand} is too narrow for {kind}")
        if found.dtype.itemsize > dtype.itemsize:
            return found.view(f"{'i' if dtype.kind == 'i' else 'u'}{found.dtype.itemsize}")
        return found.view(dtype)

    def elementwise(
        self,
        ins: Instruction,
        function: Callable[..., Array],
        result: str,
        sources: tuple[str, ...],
    ) -> Step:
        """A step that writes function(operand 1, operand 2, ...) into operand 0."""
        if len(ins.operands) != len(sources) + 1:
            raise ins.fail(f"expected {len(sources) + 1} operands")
        arrays = [
            self.source(ins, operand, kind)
            for operand, kind in zip(ins.operands[1:], sources, strict=True)
        ]
        out = self.target(ins, ins.operands[0], result)
        if isinstance(function, np.ufunc) and out.dtype == TYPES[result]:
            ufunc = function

            def direct(active: Active) -> None:
                ufunc(*arrays, out=out, where=active.where)

            return direct

        def step(active: Active) -> None:
            write(out, function(*arrays), active)

        return step

    def guard(self, ins: Instruction, name: Name) -> Callable[[Active], Active]:
        """The lanes among the active ones where the guard holds."""
        predicate = self.source(ins, Name(name.text), "pred")
        negated = name.negated

        def chosen(active: Active) -> Active:
            mask = ~predicate if negated else predicate
            return Active(mask.copy() if active.full else mask & active.mask)

        return chosen


def write(out: Array, values: Array, active: Active) -> None:
    """Store the active lanes' values."""
    if active.full:
        out[...] = values
    else:
        np.copyto(out, values, where=active.mask)


def split(ins: Instruction, *flags: str, types: int = 1) -> tuple[set[str], list[str]]:
    """The modifiers that are flags, and the types at the end; anything else is refused."""
    kinds = list(ins.modifiers[len(ins.modifiers) - types :]) if types else []
    rest = ins.modifiers[: len(ins.modifiers) - types]
    for kind in kinds:
        if kind not in TYPES:
            raise ins.fail(f"type {kind!r} is not supported")
    for flag in rest:
        if flag not in flags:
            raise ins.fail(f"modifier .{flag} is not supported")
    return set(rest), kinds


__all__ = ["WARP", "Active", "Array", "Frame", "Mask", "PtxError", "Step", "split", "write"]
