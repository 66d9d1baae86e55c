"""An entry with its calls inlined, cut into blocks that run from a label to a branch.

Every call gets a copy of the callee, so no return addresses exist at run time; recursion is
refused. An instruction at which threads wait for each other is a block of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ptx_errors import PtxError
from ptx_syntax import (
    Address,
    Function,
    Group,
    Instruction,
    Label,
    Name,
    Operand,
    Pair,
    Text,
    Variable,
)

_WAITING = {"bar", "barrier", "mma", "shfl", "vote"}
_ENDING = {"bra", "ret", "exit", "trap"}


@dataclass
class Block:
    """Straight-line code; `waits`: its one instruction is a rendezvous; `end`: how it is left."""

    body: list[Instruction] = field(default_factory=list)
    end: Instruction | None = None
    target: int = -1
    waits: bool = False


@dataclass
class Program:
    """An entry ready to be bound to memory: `parameters` are the launch's arguments."""

    name: str
    parameters: list[Variable]
    registers: dict[str, str]
    variables: list[Variable]
    blocks: list[Block]


def _renamed(operand: Operand, rename: Callable[[str], str]) -> Operand:
    match operand:
        case Name():
            return replace(operand, text=rename(operand.text))
        case Address(base=Name() as base):
            return replace(operand, base=replace(base, text=rename(base.text)))
        case Group():
            return Group(tuple(_renamed(item, rename) for item in operand.items))
        case Pair():
            first, second = operand.first, operand.second
            return Pair(
                replace(first, text=rename(first.text)), replace(second, text=rename(second.text))
            )
        case _:
            return operand


class _Linker:
    def __init__(self, text: Text) -> None:
        self.text = text
        self.code: list[Instruction | Label] = []
        self.registers: dict[str, str] = {}
        self.variables: list[Variable] = []
        self.copies = 0

    def copy(self, function: Function, active: tuple[str, ...], aliases: dict[str, str]) -> None:
        """Append the function's code; `aliases`: its parameters -> variables of the caller."""
        prefix = f"{function.name}#{self.copies}:" if len(active) > 1 else ""
        self.copies += 1
        labels = {item.name for item in function.body if isinstance(item, Label)}
        own = labels | set(function.registers) | {each.name for each in function.variables}

        def rename(name: str) -> str:
            return aliases.get(name, prefix + name if name in own else name)

        for name, kind in function.registers.items():
            self.registers[prefix + name] = kind
        for variable in function.variables:
            self.variables.append(replace(variable, name=prefix + variable.name))
        final = f"{prefix}return"
        for item in function.body:
            if isinstance(item, Label):
                self.code.append(replace(item, name=rename(item.name)))
                continue
            operands = tuple(_renamed(operand, rename) for operand in item.operands)
            guard = item.guard and replace(item.guard, text=rename(item.guard.text))
            moved = replace(item, operands=operands, guard=guard)
            if item.opcode == "call":
                self.call(moved, active)
            elif item.opcode == "ret" and len(active) > 1:
                self.code.append(
                    replace(moved, opcode="bra", modifiers=(), operands=(Name(final),))
                )
            elif item.opcode in _WAITING and guard is not None:
                self.skipping(moved, lambda plain: self.code.append(plain))
            else:
                self.code.append(moved)
        if len(active) > 1:
            self.code.append(Label(final, 0))

    def skipping(self, item: Instruction, append: Callable[[Instruction], None]) -> None:
        """A guarded instruction as a branch around a plain one."""
        assert item.guard is not None
        self.copies += 1
        label = f"skip#{self.copies}"
        opposite = replace(item.guard, negated=not item.guard.negated)
        self.code.append(Instruction(item.line, "bra", (), (Name(label),), opposite))
        append(replace(item, guard=None))
        self.code.append(Label(label, item.line))

    def call(self, item: Instruction, active: tuple[str, ...]) -> None:
        if item.guard is not None:
            self.skipping(item, lambda plain: self.call(plain, active))
            return
        groups = [operand for operand in item.operands if isinstance(operand, Group)]
        names = [operand for operand in item.operands if isinstance(operand, Name)]
        if len(names) != 1 or names[0].text not in self.text.functions:
            raise item.fail("calls a function that the text does not define")
        function = self.text.functions[names[0].text]
        if function.name in active:
            raise item.fail("recursion is not supported")
        results = groups.pop(0) if isinstance(item.operands[0], Group) else Group(())
        given = [*results.items, *(groups[0].items if groups else ())]
        formal = [*function.results, *function.parameters]
        if len(given) != len(formal):
            raise item.fail(f"{function.name} takes {len(formal)} parameters, not {len(given)}")
        aliases = {}
        for variable, actual in zip(formal, given, strict=True):
            if not isinstance(actual, Name):
                raise item.fail("calls pass parameters in variables")
            aliases[variable.name] = actual.text
        self.copy(function, (*active, function.name), aliases)

    def blocks(self) -> list[Block]:
        blocks = [Block()]
        targets: dict[str, int] = {}

        def fresh() -> int:
            if blocks[-1].body or blocks[-1].end is not None:
                blocks.append(Block())
            return len(blocks) - 1

        for item in self.code:
            if isinstance(item, Label):
                targets[item.name] = fresh()
            elif item.opcode in _WAITING:
                fresh()
                blocks[-1].body.append(item)
                blocks[-1].waits = True
                fresh()
            elif item.opcode in _ENDING:
                blocks[-1].end = item
                fresh()
            else:
                blocks[-1].body.append(item)
        for block in blocks:
            if block.end is not None and block.end.opcode == "bra":
                (label,) = block.end.operands
                if not isinstance(label, Name) or label.text not in targets:
                    raise block.end.fail("branches to an unknown label")
                block.target = targets[label.text]
        return blocks


def link(text: Text, name: str) -> Program:
    """The entry `name` as one flat program."""
    entry = text.functions.get(name)
    if entry is None or not entry.entry:
        entries = [each.name for each in text.functions.values() if each.entry]
        raise PtxError(f"no entry {name!r}; there are {entries}")
    linker = _Linker(text)
    linker.copy(entry, (name,), {})
    return Program(name, entry.parameters, linker.registers, linker.variables, linker.blocks())
