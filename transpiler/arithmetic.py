"""Operators on build-time values: Python's results, with bounds, and no surprises.

Integers stay within `limits.MAX_BITS`, collections and strings within their
sizes; every check comes before the work.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NoReturn

from kgen.diagnostics import Span, fail
from kgen.dims import floor_divide, minus, plus, times
from kgen.graph import FLOAT32_MAX, Dim, Size, Value
from kgen.limits import Budget, check_bits, check_characters, check_items
from kgen.values import BuildValue, describe, is_number

Number = int | float
_ON_DIMS = ("+", "-", "*", "//")

_NUMBER = "numbers are written 3, 0.5 or 1e-3"
_KNOWN = "use the dimensions that are known"
_COLLECTION = "lists, tuples, strings and dicts have elements"
_INDEX = "count from 0, or from the end with -1"
_SMALLER = "the magnitude must stay below 1e308"


def binary(op: str, a: BuildValue, b: BuildValue, budget: Budget, span: Span) -> BuildValue:
    """`a op b` for one of `+ - * / // % **`."""
    if is_number(_plain(a)) and is_number(_plain(b)):
        return _number(op, _plain(a), _plain(b), span)
    if op == "+" and type(a) is type(b):
        if isinstance(a, str):
            check_characters(len(a) + len(b), span)
            budget.spend(1 + (len(a) + len(b)) // 16, span)
            return a + b
        if isinstance(a, list | tuple):
            check_items(len(a) + len(b), span)
            budget.spend(len(a) + len(b), span)
            return a + b
    if op == "*" and isinstance(a, int) and isinstance(b, str | list | tuple):
        a, b = b, a
    if op == "*" and isinstance(a, str | list | tuple) and isinstance(b, int):
        size = len(a) * max(b, 0)
        (check_characters if isinstance(a, str) else check_items)(size, span)
        budget.spend(1 + size, span)
        return a * b
    if op in _ON_DIMS and isinstance(a, int | Dim) and isinstance(b, int | Dim):
        return _on_dims(op, a, b, span)
    if op == "@":
        fail(
            "K0303",
            f"@ multiplies tensors, found {describe(a)} and {describe(b)}",
            span,
            help="use * for numbers",
        )
    mismatch(op, a, b, span)


def _on_dims(op: str, a: Size, b: Size, span: Span) -> BuildValue:
    """Arithmetic on open dimensions gives open dimensions."""
    if op == "//":
        if not isinstance(b, int) or b < 1:
            fail("K0303", f"{describe(a)} // {describe(b)} has no meaning", span,
                 help="an open dimension is divided by a positive number")  # fmt: skip
        return floor_divide(a, b)
    return {"+": plus, "-": minus, "*": times}[op](a, b)


def mismatch(op: str, a: BuildValue, b: BuildValue, span: Span) -> NoReturn:
    """Report that an operator has no meaning for its operands."""
    help = "both sides must be numbers, or both strings, or both lists"
    if isinstance(a, Dim) or isinstance(b, Dim):
        help = "an open dimension has no value before the model runs; use the known ones"
    elif isinstance(a, Value) or isinstance(b, Value):
        help = "tensors combine with tensors and numbers"
    fail("K0303", f"{describe(a)} {op} {describe(b)} has no meaning", span, help=help)


def _plain(value: BuildValue) -> BuildValue:
    return int(value) if isinstance(value, bool) else value


def _number(op: str, a: Number, b: Number, span: Span) -> Number:
    if op == "**":
        _check_power(a, b, span)
    try:
        result = _OPERATORS[op](a, b)
    except ZeroDivisionError:
        fail("K0306", "division by zero", span, help="the divisor must not be 0")
    except OverflowError:
        fail("K0306", "the result is too large for a number", span, help=_SMALLER)
    except KeyError:
        mismatch(op, a, b, span)
    if isinstance(result, int):
        check_bits(result.bit_length(), span)
    elif not isinstance(result, float):
        fail("K0306", f"{a} ** {b} is not a real number", span, help="the base must be positive")
    else:
        finite(result, span)
    return result


_OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


def _check_power(a: Number, b: Number, span: Span) -> None:
    if isinstance(a, int) and isinstance(b, int) and abs(a) > 1 and b > 0:
        check_bits(abs(a).bit_length() * b - b + 1, span)


def unary(op: str, value: BuildValue, span: Span) -> BuildValue:
    """`+value` or `-value`."""
    plain = _plain(value)
    if not is_number(plain):
        fail("K0303", f"{op} needs a number, found {describe(value)}", span, help=_NUMBER)
    return -plain if op == "-" else plain


def equal(a: BuildValue, b: BuildValue, budget: Budget, span: Span) -> bool:
    """Equality by content for collections, by identity for layers and tensors."""
    budget.spend(1, span)
    if isinstance(a, list | tuple) and type(a) is type(b):
        return len(a) == len(b) and all(
            equal(x, y, budget, span) for x, y in zip(a, b, strict=True)
        )
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key], budget, span) for key in a)
    if isinstance(a, str) and isinstance(b, str):
        budget.spend(len(a) // 64, span)
        return a == b
    if is_number(_plain(a)) and is_number(_plain(b)):
        return bool(a == b)
    return a is b


def compare(op: str, a: BuildValue, b: BuildValue, budget: Budget, span: Span) -> bool:
    """`a op b` for one of `== != < <= > >= in`, `not in`, `is`, `is not`."""
    match op:
        case "==":
            return equal(a, b, budget, span)
        case "!=":
            return not equal(a, b, budget, span)
        case "is":
            return _identical(a, b, span)
        case "is not":
            return not _identical(a, b, span)
        case "in":
            return _contains(b, a, budget, span)
        case "not in":
            return not _contains(b, a, budget, span)
    numbers = is_number(_plain(a)) and is_number(_plain(b))
    if not numbers and not (isinstance(a, str) and isinstance(b, str)):
        mismatch(op, a, b, span)
    return bool(_ORDERS[op](a, b))


_ORDERS: dict[str, Callable[[BuildValue, BuildValue], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _identical(a: BuildValue, b: BuildValue, span: Span) -> bool:
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return a is b
    fail(
        "K0303",
        f"`is` compares with None, True or False, found {describe(a)} and {describe(b)}",
        span,
        help="use == to compare values",
    )


def _contains(container: BuildValue, item: BuildValue, budget: Budget, span: Span) -> bool:
    if isinstance(container, str) and isinstance(item, str):
        budget.spend(1 + len(container) // 16, span)
        return item in container
    if isinstance(container, list | tuple):
        return any(equal(one, item, budget, span) for one in container)
    if isinstance(container, dict):
        return key(item, span) in container
    fail(
        "K0303",
        f"`in` looks into a string, list, tuple or dict, found {describe(container)}",
        span,
        help="put the choices in a list: x in [1, 2, 3]",
    )


def key(value: BuildValue, span: Span) -> BuildValue:
    """A value as a dict's key: a string, number, truth value or None."""
    if value is None or isinstance(value, str | int | float):
        return value
    fail("K0303", f"{describe(value)} cannot be a key", span, help="use a string or a number")


def truth(value: BuildValue, span: Span) -> bool:
    """A condition's outcome, by Python's rules."""
    if isinstance(value, Value):
        fail(
            "K0304",
            "a condition must be known at build time, found a tensor",
            span,
            label=f"{value.type}",
            help="choose between tensors with where(condition, a, b)",
        )
    if isinstance(value, Dim):
        fail("K0304", f"the size of {value.name} is not known at build time", span, help=_KNOWN)
    if value is None or isinstance(value, bool | int | float | str | list | tuple | dict):
        return bool(value)
    return True


def subscript(value: BuildValue, index: BuildValue, span: Span) -> BuildValue:
    """`value[index]` on a list, tuple, string or dict."""
    if isinstance(value, dict):
        found = key(index, span)
        if found not in value:
            listed = ", ".join(repr(k) for k in list(value)[:10])
            fail("K0307", f"no key {describe(index)}", span, help=f"the keys are {listed}")
        return value[found]
    if not isinstance(value, list | tuple | str):
        fail("K0303", f"{describe(value)} has no elements to pick", span, help=_COLLECTION)
    if isinstance(index, bool) or not isinstance(index, int):
        fail("K0303", f"an index is an integer, found {describe(index)}", span, help=_INDEX)
    if not -len(value) <= index < len(value):
        fail(
            "K0307",
            f"index {index} is out of range for {describe(value)}",
            span,
            help=f"indices go from 0 to {len(value) - 1}" if value else "it is empty",
        )
    return value[index]


def cut(
    value: BuildValue, bounds: tuple[BuildValue, BuildValue, BuildValue], span: Span
) -> BuildValue:
    """`value[start:stop:step]` on a list, tuple or string."""
    if not isinstance(value, list | tuple | str):
        fail("K0303", f"{describe(value)} cannot be sliced", span, help=_COLLECTION)
    for bound in bounds:
        if isinstance(bound, Dim):
            fail("K0303", f"a slice needs integers, found {describe(bound)}", span, help=_KNOWN)
    return value[slice(*bounds)]


def check_bounds(bounds: tuple[BuildValue, BuildValue, BuildValue], span: Span) -> None:
    """Start, stop and step of a slice are integers or left out; the step is not 0."""
    for position, bound in enumerate(bounds):
        if isinstance(bound, Dim) and position < 2:  # of an open axis
            continue
        if bound is not None and (isinstance(bound, bool) or not isinstance(bound, int)):
            fail("K0303", f"a slice needs integers, found {describe(bound)}", span, help=_INDEX)
    if bounds[2] == 0:
        fail("K0306", "a slice's step must not be 0", span, help="leave the step out")


def single(value: float, span: Span) -> float:
    """A number that float32, the element type of tensors, can hold."""
    if abs(value) > FLOAT32_MAX:
        fail(
            "K0306",
            f"{value:g} is too large for a tensor of float32",
            span,
            help="the magnitude must not exceed 3.4e38",
        )
    return float(value)


def finite(value: float, span: Span) -> float:
    """A float that is not infinite or undefined."""
    if not math.isfinite(value):
        fail("K0306", f"{value} is not a finite number", span, help=_SMALLER)
    return value
