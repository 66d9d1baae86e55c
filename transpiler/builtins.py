"""The build-time functions: `range len str int float min max sum abs round zip enumerate`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from kgen.arithmetic import binary, compare, finite, unary
from kgen.diagnostics import Span, fail
from kgen.graph import Dim, Value
from kgen.limits import Budget, check_characters, check_items
from kgen.values import BuildValue, Builtin, describe, is_number

_Function: TypeAlias = Callable[[list[BuildValue], Budget, Span], BuildValue]

_FORMAT = re.compile(
    r"(?:[^{}]?[<>=^])?[-+ ]?#?0?(?P<width>\d{0,3})[,_]?(?:\.(?P<precision>\d{1,2}))?"
    r"(?P<type>[bdoxXeEfFgGsn%]?)"
)


class Problem(Exception):
    """What is wrong with a call of a build-time function."""


def call_builtin(
    builtin: Builtin, args: Sequence[BuildValue], budget: Budget, span: Span
) -> BuildValue:
    """Call a build-time function; raises `KgenError` for arguments it does not take."""
    for value in args:
        if isinstance(value, Value):
            fail(
                "K0304",
                f"{builtin.name}() needs values known at build time, found {describe(value)}",
                span,
                help="tensors have functions of their own, such as mean and maximum",
            )
    try:
        return builtin.function(list(args), budget, span)
    except Problem as problem:
        help = f"{builtin.name}() works as in Python, on values known at build time"
        fail("K0301", f"{builtin.name}() {problem}", span, help=help)


def iterate(value: BuildValue, budget: Budget, span: Span) -> list[BuildValue]:
    """The items that a loop over a value visits."""
    if not isinstance(value, list | tuple | str | dict):
        help = "loops go over lists, tuples, strings and dicts"
        if is_number(value):
            help = f"count with range({value})"
        elif isinstance(value, Value):
            help = "loops run at build time; apply a layer or function to the whole tensor"
        fail("K0308", f"{describe(value)} cannot be looped over", span, help=help)
    budget.spend(len(value), span)
    return list(value)


def text(value: BuildValue, budget: Budget, span: Span, depth: int = 0) -> str:
    """A value as `str()` writes it; strings inside collections are quoted."""
    budget.spend(1, span)
    match value:
        case str():
            return value if depth == 0 else repr(value)
        case None | bool() | int() | float():
            return str(value)
        case Dim():
            return value.name
        case list() | tuple() | dict():
            pass
        case _:
            fail("K0303", f"{describe(value)} has no text", span, help="use a number or a string")
    parts: list[str] = []
    total = 0
    for item in value:
        part = text(item, budget, span, depth + 1)
        if isinstance(value, dict):
            part = f"{part}: {text(value[item], budget, span, depth + 1)}"
        total += len(part) + 2
        check_characters(total, span)
        parts.append(part)
    inner = ", ".join(parts)
    if isinstance(value, tuple):
        return f"({inner},)" if len(parts) == 1 else f"({inner})"
    return f"[{inner}]" if isinstance(value, list) else f"{{{inner}}}"


def formatted(value: BuildValue, spec: str, budget: Budget, span: Span) -> str:
    """One field of an f-string."""
    if not spec:
        return text(value, budget, span)
    match = _FORMAT.fullmatch(spec)
    if match is None or not (is_number(value) or isinstance(value, str)):
        fail(
            "K0310",
            f"{describe(value)} cannot be formatted with `{spec[:20]}`",
            span,
            help="formats are Python's, such as {x:.2f} or {n:03d}, up to 3 digits wide",
        )
    try:
        return format(value, spec)
    except ValueError:
        help = "the format must suit the value: d for integers, f for numbers, none for strings"
        fail("K0310", f"{describe(value)} cannot be formatted with `{spec}`", span, help=help)


def _range(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    if not 1 <= len(args) <= 3:
        raise Problem(f"takes one to three integers, found {len(args)} arguments")
    for value in args:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Problem(f"needs integers, found {describe(value)}")
    if len(args) == 3 and args[2] == 0:
        raise Problem("needs a step other than 0")
    numbers = range(*args)
    start, stop, step = numbers.start, numbers.stop, numbers.step
    size = max(0, (stop - start + step - (1 if step > 0 else -1)) // step)
    check_items(size, span)
    budget.spend(size, span)
    return list(numbers)


def _len(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    value = _one(args)
    if not isinstance(value, str | list | tuple | dict):
        raise Problem(f"needs a string or collection, found {describe(value)}")
    return len(value)


def _str(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    return text(_one(args), budget, span)


def _int(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    value = _one(args)
    if isinstance(value, float):
        return int(finite(value, span))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?\d{1,60}\s*", value, re.ASCII):
        return int(value)
    raise Problem(f"cannot read {describe(value)} as an integer")


def _float(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    value = _one(args)
    if isinstance(value, str) and len(value) <= 100:
        try:
            return finite(float(value), span)
        except ValueError:
            pass
    if isinstance(value, int | float):
        return float(value)
    raise Problem(f"cannot read {describe(value)} as a number")


def _extreme(op: str) -> _Function:
    def extreme(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
        items = iterate(args[0], budget, span) if len(args) == 1 else args
        if not items:
            raise Problem("needs at least one value")
        best = items[0]
        for item in items[1:]:
            if compare(op, item, best, budget, span):
                best = item
        return best

    return extreme


def _sum(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    if not 1 <= len(args) <= 2:
        raise Problem("takes a list, and optionally a start")
    total: BuildValue = args[1] if len(args) == 2 else 0
    for item in iterate(args[0], budget, span):
        total = binary("+", total, item, budget, span)
    return total


def _abs(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    value = unary("+", _one(args), span)
    return -value if value < 0 else value


def _round(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    if not 1 <= len(args) <= 2:
        raise Problem("takes a number, and optionally a number of digits")
    value = unary("+", args[0], span)
    digits = args[1] if len(args) == 2 else None
    if digits is None:
        return round(finite(value, span)) if isinstance(value, float) else value
    if isinstance(digits, bool) or not isinstance(digits, int) or abs(digits) > 99:
        raise Problem(f"needs a number of digits from -99 to 99, found {describe(digits)}")
    return round(value, digits)


def _zip(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    return list(zip(*(iterate(value, budget, span) for value in args), strict=False))


def _enumerate(args: list[BuildValue], budget: Budget, span: Span) -> BuildValue:
    start = args[1] if len(args) == 2 else 0
    if not 1 <= len(args) <= 2 or isinstance(start, bool) or not isinstance(start, int):
        raise Problem("takes a list, and optionally the first number")
    return list(enumerate(iterate(args[0], budget, span), start))


def _one(args: list[BuildValue]) -> BuildValue:
    if len(args) != 1:
        raise Problem(f"takes one argument, found {len(args)}")
    return args[0]


_FUNCTIONS = {
    "range": _range,
    "len": _len,
    "str": _str,
    "int": _int,
    "float": _float,
    "min": _extreme("<"),
    "max": _extreme(">"),
    "sum": _sum,
    "abs": _abs,
    "round": _round,
    "zip": _zip,
    "enumerate": _enumerate,
}
BUILTINS = {name: Builtin(name, function) for name, function in _FUNCTIONS.items()}


def instead_of_attribute(value: BuildValue, name: str, shown: str) -> str:
    """What to write in place of `value.name`, which Python has or nobody; `shown` is the value."""
    match value, name:
        case list(), "append":
            return f"a list does not change; bind a longer one: {shown} = {shown} + [...]"
        case list(), "extend":
            return f"a list does not change; bind a longer one: {shown} = {shown} + ..."
        case dict(), "keys":
            return f"a loop over a dict gives its keys: for key in {shown}:"
        case dict(), "items" | "values":
            return f"a loop over a dict gives its keys, {shown}[key] the value"
        case str(), "format":
            return 'write f"{value}"'
    return "tensors have .shape, .dtype and .ndim, layers .name; nothing else has attributes"
