"""What the parser makes of PTX text: modules, functions, variables, instructions, operands."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ptx_errors import PtxError

TYPES: dict[str, np.dtype[np.generic]] = {
    "pred": np.dtype(bool),
    **{f"{kind}8": np.dtype(np.uint8) for kind in "bu"},
    **{f"{kind}16": np.dtype(np.uint16) for kind in "bu"},
    **{f"{kind}32": np.dtype(np.uint32) for kind in "bu"},
    **{f"{kind}64": np.dtype(np.uint64) for kind in "bu"},
    "s8": np.dtype(np.int8),
    "s16": np.dtype(np.int16),
    "s32": np.dtype(np.int32),
    "s64": np.dtype(np.int64),
    "f16": np.dtype(np.float16),
    "f32": np.dtype(np.float32),
    "f64": np.dtype(np.float64),
}


@dataclass(frozen=True)
class Name:
    """A register, special register, variable, label or function; `negated` for `!%p`."""

    text: str
    negated: bool = False


@dataclass(frozen=True)
class Number:
    """A literal: an integer, or the bits of a float of `width` bytes (0 for integers)."""

    value: int
    width: int = 0


@dataclass(frozen=True)
class Address:
    """`[base + offset]`; the base is a register, a variable or a number."""

    base: Name | Number
    offset: int


@dataclass(frozen=True)
class Group:
    """`{a, b}` of vector accesses, `(a, b)` of calls."""

    items: tuple[Operand, ...]


@dataclass(frozen=True)
class Pair:
    """`a|b`: a result and the predicate that comes with it."""

    first: Name
    second: Name


Operand = Name | Number | Address | Group | Pair


@dataclass(frozen=True)
class Instruction:
    """`@guard opcode.modifiers operands;` at a line of the text."""

    line: int
    opcode: str
    modifiers: tuple[str, ...]
    operands: tuple[Operand, ...]
    guard: Name | None = None

    def __str__(self) -> str:
        return ".".join((self.opcode, *self.modifiers))

    def fail(self, message: str) -> PtxError:
        """The exception to raise about this instruction."""
        return PtxError(message, self.line, str(self))


@dataclass(frozen=True)
class Label:
    """`name:`."""

    name: str
    line: int


@dataclass(frozen=True)
class Variable:
    """A declared piece of memory: `size` bytes in `space`; None where the launch decides."""

    name: str
    space: str
    alignment: int
    size: int | None
    kind: str = "b8"
    initial: bytes | None = None


@dataclass
class Function:
    """An entry or device function: its parameters, registers (name -> type) and code."""

    name: str
    entry: bool
    parameters: list[Variable] = field(default_factory=list)
    results: list[Variable] = field(default_factory=list)
    registers: dict[str, str] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    body: list[Instruction | Label] = field(default_factory=list)


@dataclass
class Text:
    """A parsed module."""

    functions: dict[str, Function] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
