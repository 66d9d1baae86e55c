"""PTX text -> functions, variables and instructions (PTX ISA, "Syntax")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from ptx_errors import PtxError
from ptx_syntax import (
    TYPES,
    Address,
    Function,
    Group,
    Instruction,
    Label,
    Name,
    Number,
    Operand,
    Pair,
    Text,
    Variable,
)

_TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"[^"]*")'
    r"|(?P<number>0[fF][0-9a-fA-F]{8}|0[dD][0-9a-fA-F]{16}|0[xX][0-9a-fA-F]+U?|\d+U?)"
    r"|(?P<word>[.%$_A-Za-z][\w$%]*(?:(?:\.|::)[\w$]+)*)"
    r"|(?P<mark>[-+{}()\[\]<>,;:=|!@])",
    re.DOTALL,
)
_LINKAGE = {".visible", ".extern", ".weak", ".common"}
_SPACES = {".global", ".shared", ".const", ".local", ".param"}
_HEADER = {".version", ".target", ".address_size"}
_LIMITS = {".maxntid", ".reqntid", ".minnctapersm", ".maxnreg", ".pragma", ".noreturn"}


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    place, line = 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise PtxError(f"cannot read {text[place : place + 20]!r}", line)
        if match.lastgroup != "blank":
            yield match.group(), line
        line += match.group().count("\n")
        place = match.end()


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.place = 0
        self.module = Text()
        self.scopes: list[dict[str, str]] = []
        self.scope_count = 0

    @property
    def line(self) -> int:
        return self.tokens[min(self.place, len(self.tokens) - 1)][1]

    def peek(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    def next(self) -> str:
        token = self.peek()
        if not token:
            raise PtxError("the text ends early", self.line)
        self.place += 1
        return token

    def accept(self, token: str) -> bool:
        if self.peek() == token:
            self.place += 1
            return True
        return False

    def expect(self, token: str) -> None:
        found = self.next()
        if found != token:
            raise PtxError(f"expected {token!r}, found {found!r}", self.tokens[self.place - 1][1])

    def skip_line(self) -> None:
        line = self.line
        while self.place < len(self.tokens) and self.line == line:
            self.place += 1

    def parse(self) -> Text:
        while self.peek():
            if self.peek() in _HEADER:
                self.skip_line()
                continue
            linkage = set()
            while self.peek() in _LINKAGE:
                linkage.add(self.next())
            directive = self.next()
            if directive in (".entry", ".func"):
                self.function(directive == ".entry")
            elif directive in _SPACES:
                variable = self.variable(directive[1:])
                self.expect(";")
                self.module.variables[variable.name] = variable
            elif directive == ".file":
                self.skip_line()
            else:
                raise PtxError(f"unknown directive {directive!r}", self.line)
        return self.module

    def integer(self) -> int:
        sign = -1 if self.accept("-") else 1
        token = self.next().rstrip("U")
        try:
            return sign * int(token, 0 if token[:2] in ("0x", "0X") else 10)
        except ValueError:
            raise PtxError(f"expected a number, found {token!r}", self.line) from None

    def variable(self, space: str) -> Variable:
        """After the space: `.align 4 .b8 name[12] = {...}`."""
        alignment = self.alignment()
        kind = self.next()[1:]
        if self.accept(".ptr"):
            # What is known of the memory that a parameter points to, not of the parameter.
            self.alignment()
        if kind not in TYPES or kind == "pred":
            raise PtxError(f"variables of type {kind!r} are not supported", self.line)
        item = TYPES[kind].itemsize
        name, count = self.next(), 1
        known = True
        while self.accept("["):
            if self.peek() == "]":
                known = False
            else:
                count *= self.integer()
            self.expect("]")
        initial = self.initial(kind, count) if self.accept("=") else None
        size = item * count if known else None
        return Variable(name, space, alignment or item, size, kind, initial)

    def alignment(self) -> int:
        """`.align 4`, or state spaces, where they stand; 0 for no alignment."""
        found = 0
        while self.peek() in (".align", *_SPACES):
            if self.next() == ".align":
                found = self.integer()
        return found

    def initial(self, kind: str, count: int) -> bytes:
        values = []
        if self.accept("{"):
            while not self.accept("}"):
                values.append(self.number())
                self.accept(",")
        else:
            values.append(self.number())
        numbers = [value.value for value in values]
        filled = np.array(numbers + [0] * (count - len(numbers)), object)
        mask = (1 << 8 * TYPES[kind].itemsize) - 1
        return (filled & mask).astype(f"u{TYPES[kind].itemsize}").tobytes()

    def function(self, entry: bool) -> None:
        results = [] if entry or self.peek() != "(" else self.parameters()
        function = Function(self.next(), entry, results=results)
        if self.peek() == "(":
            function.parameters = self.parameters()
        while self.peek() in _LIMITS:
            if self.next() == ".noreturn":
                continue
            while self.peek() not in ("{", ";", *_LIMITS):
                self.next()
        if self.accept(";"):
            return
        self.expect("{")
        self.block(function)
        self.module.functions[function.name] = function

    def parameters(self) -> list[Variable]:
        found = []
        self.expect("(")
        while not self.accept(")"):
            directive = self.next()
            if directive != ".param":
                raise PtxError(f"parameters in {directive!r} are not supported", self.line)
            found.append(self.variable("param"))
            self.accept(",")
        return found

    def block(self, function: Function) -> None:
        """Statements up to the closing brace; names declared in inner blocks become unique."""
        scope: dict[str, str] = {}
        self.scopes.append(scope)
        suffix = f"@{self.scope_count}" if len(self.scopes) > 1 else ""
        self.scope_count += 1
        while not self.accept("}"):
            token = self.peek()
            if self.accept("{"):
                self.block(function)
            elif self.accept(".reg"):
                self.registers(function, scope, suffix)
            elif token in _SPACES:
                variable = self.variable(self.next()[1:])
                self.expect(";")
                scope[variable.name] = variable.name + suffix
                function.variables.append(replace(variable, name=variable.name + suffix))
            elif token == ".loc":
                self.skip_line()
            elif token == ".pragma":
                while self.next() != ";":
                    pass
            elif self.place + 1 < len(self.tokens) and self.tokens[self.place + 1][0] == ":":
                function.body.append(Label(self.next(), self.line))
                self.expect(":")
            else:
                function.body.append(self.instruction())
        self.scopes.pop()

    def registers(self, function: Function, scope: dict[str, str], suffix: str) -> None:
        kind = self.next()[1:]
        if kind not in TYPES:
            raise PtxError(f"registers of type {kind!r} are not supported", self.line)
        while True:
            name = self.next()
            names = [name]
            if self.accept("<"):
                names = [f"{name}{index}" for index in range(self.integer())]
                self.expect(">")
            for each in names:
                scope[each] = each + suffix
                function.registers[each + suffix] = kind
            if self.accept(";"):
                return
            self.expect(",")

    def instruction(self) -> Instruction:
        line, guard = self.line, None
        if self.accept("@"):
            guard = self.name()
        opcode, *modifiers = self.next().split(".")
        operands: list[Operand] = []
        while not self.accept(";"):
            operands.append(self.operand())
            if self.peek() != ";":
                self.expect(",")
        return Instruction(line, opcode, tuple(modifiers), tuple(operands), guard)

    def name(self) -> Name:
        negated = self.accept("!")
        text = self.next()
        for scope in reversed(self.scopes):
            if text in scope:
                return Name(scope[text], negated)
        if not re.match(r"[%$_A-Za-z]", text):
            raise PtxError(f"expected a name, found {text!r}", self.line)
        return Name(text, negated)

    def number(self) -> Number:
        token = self.peek()
        if token[:2] in ("0f", "0F", "0d", "0D"):
            return Number(int(self.next()[2:], 16), 4 if token[1] in "fF" else 8)
        return Number(self.integer())

    def operand(self) -> Operand:
        token = self.peek()
        if self.accept("["):
            base = self.number() if token_is_number(self.peek()) else self.name()
            offset = 0
            while not self.accept("]"):
                sign = -1 if self.accept("-") else 1
                if sign > 0:
                    self.expect("+")
                offset += sign * self.integer()
            return Address(base, offset)
        if token in ("{", "("):
            self.next()
            items: list[Operand] = []
            while not self.accept("}" if token == "{" else ")"):
                items.append(self.operand())
                self.accept(",")
            return Group(tuple(items))
        if token_is_number(token):
            return self.number()
        first = self.name()
        return Pair(first, self.name()) if self.accept("|") else first


def token_is_number(token: str) -> bool:
    """Whether a number starts with this token."""
    return token[0].isdigit() or token == "-"


def parse_ptx(text: str) -> Text:
    """The module in a PTX text; PtxError, with the line, where it is not understood."""
    return _Parser(text).parse()
