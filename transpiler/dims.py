"""Arithmetic on sizes: what an open dimension becomes under windows, strides, joins.

A size is a number or a `Dim`. What is computed from a `Dim` is a `Dim` again,
whose name is its formula in canonical form, so that equal formulas are equal
dimensions however they came about:

    plus(words, -4)                                 words - 4
    floor_divide(plus(words, -4), 5)                (words - 4) // 5
    plus(floor_divide(plus(words, -9), 5), 1)       (words - 4) // 5

A formula is a sum of products of atoms; an atom is a declared dimension or the
floor of a formula over a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import gcd, prod
from zlib import crc32

from kgen.diagnostics import fail
from kgen.graph import BATCH, THREADS, Dim, Graph, Shape, Size, Value
from kgen.reserved import OF_PROGRAMS, RESERVED

Monomial = tuple[Dim, ...]
# How many dimensions a model can leave open, and how many its kernels can measure: all fit into the
# kernels' clock.
MAX_DIMS = 24
MAX_MEASURED = 8
_FAR = 1 << 31
_SCANNED = 1 << 12
# A formula of more characters has a number instead, and the kernel says what it stands for.
_LONGEST_SYMBOL = 28


@dataclass(frozen=True, slots=True)
class Sum:
    """`constant` and products of atoms with their factors, in order of their names."""

    terms: tuple[tuple[Monomial, int], ...]
    constant: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """The largest whole number not above `inner / by`."""

    inner: Sum
    by: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a kernel finds out at every step: at most `bound`; its place among others of its kind.

    Memory is laid out for the bound.
    """

    bound: Size
    place: int


# --- arithmetic -------------------------------------------------------------


def plus(size: Size, other: Size) -> Size:
    """`size + other`; either may be negative, or open."""
    if isinstance(size, int) and isinstance(other, int):
        return size + other
    return _size(_added(_sum(size), _sum(other)))


def minus(size: Size, other: Size) -> Size:
    """`size - other`."""
    return plus(size, times(other, -1))


def times(size: Size, other: Size) -> Size:
    """`size * other`."""
    if isinstance(size, int) and isinstance(other, int):
        return size * other
    a, b = _sum(size), _sum(other)
    products: dict[Monomial, int] = {}
    for left, m in [*a.terms, ((), a.constant)]:
        for right, n in [*b.terms, ((), b.constant)]:
            key = tuple(sorted((*left, *right), key=lambda dim: dim.name))
            products[key] = products.get(key, 0) + m * n
    return _size(_collected(products))


def floor_divide(size: Size, by: int) -> Size:
    """`size // by`, for a positive number."""
    assert by > 0
    if isinstance(size, int):
        return size // by
    if by == 1:
        return size
    whole = _sum(size)
    outside = {key: n // by for key, n in whole.terms if n % by == 0}
    inside = tuple((key, n) for key, n in whole.terms if n % by)
    constant = whole.constant
    if not inside:
        return _size(_collected({**outside, (): constant // by}))
    if len(inside) == 1 and inside[0][1] == 1 and len(inside[0][0]) == 1:
        floor = inside[0][0][0].formula
        if isinstance(floor, Floor):  # (x // a + c) // b is (x + a c) // (a b)
            inner = Sum(floor.inner.terms, floor.inner.constant + floor.by * constant)
            nested = floor_divide(_size(inner), floor.by * by)
            return plus(nested, _size(_collected(outside)))
    outside[()] = constant // by
    shared = gcd(by, *(n for _, n in inside))
    terms = tuple((key, n // shared) for key, n in inside)
    atom = _dim(Floor(Sum(terms, constant % by // shared), by // shared))
    return plus(atom, _size(_collected(outside)))


def ceil_divide(size: Size, by: int) -> Size:
    """`size / by`, rounded up, for a positive number."""
    return floor_divide(plus(size, by - 1), by)


def product(sizes: Iterable[Size]) -> Size:
    """All sizes multiplied."""
    result: Size = 1
    for size in sizes:
        result = times(result, size)
    return result


def divide_exactly(size: Size, by: Size) -> Size | None:
    """The size that times `by` is `size`; None if there is none for all values."""
    if isinstance(size, int) and isinstance(by, int):
        return size // by if by and size % by == 0 else None
    divisor = _sum(by)
    if size == by:
        return 1
    if divisor.terms and (len(divisor.terms) > 1 or divisor.constant):
        return None
    (common, factor) = divisor.terms[0] if divisor.terms else ((), divisor.constant)
    found: dict[Monomial, int] = {}
    dividend = _sum(size)
    for key, n in [*dividend.terms, ((), dividend.constant)]:
        if not n:
            continue
        left = list(key)
        for dim in common:
            if dim not in left:
                return None
            left.remove(dim)
        if n % factor:
            return None
        found[tuple(left)] = n // factor
    return _size(_collected(found))


def factors(size: Size) -> tuple[tuple[Dim, ...], int]:
    """A size as a product of open dimensions and a number, as far as it is one."""
    if isinstance(size, int):
        return (), size
    whole = _sum(size)
    if len(whole.terms) == 1 and not whole.constant:
        return whole.terms[0]
    return (size,), 1


def measured(name: str, bound: Size, place: int) -> Dim:
    """A dimension that a kernel measures: its `place` is from 0 to `MAX_MEASURED` - 1."""
    assert 0 <= place < MAX_MEASURED
    return Dim(name, 1, None, Measured(bound, place))


def is_measured(size: Size) -> bool:
    """Whether a size is found out by a kernel."""
    return isinstance(size, Dim) and isinstance(size.formula, Measured)


# --- what a size depends on and what it needs ---------------------------------


def bases(size: Size) -> tuple[Dim, ...]:
    """The declared dimensions a size is computed from, by name."""
    if isinstance(size, int):
        return ()
    if size.formula is None:
        return (size,)
    if isinstance(size.formula, Measured):
        return bases(size.formula.bound)
    inner = size.formula.inner if isinstance(size.formula, Floor) else size.formula
    found = {base for key, _ in inner.terms for atom in key for base in bases(atom)}
    return tuple(sorted(found, key=lambda dim: dim.name))


def declared(inputs: Iterable[Value]) -> tuple[Dim, ...]:
    """The dimensions that a model's inputs leave open, in the order of the kernels' clock."""
    found = {base: None for value in inputs for size in value.shape for base in bases(size)}
    return tuple(base for base in found if base != BATCH)


def requirements(graphs: Iterable[Graph]) -> tuple[dict[Dim, int], list[Dim]]:
    """What the nodes of graphs need: the least value of each declared dimension, for those sizes
    that depend on one, and the sizes of several dimensions, which must be at least 1.

    Raises:
        KgenError: no value within the bounds of a declaration is enough.
    """
    lowest: dict[Dim, int] = {}
    several: dict[Dim, None] = {}
    for node in (node for graph in graphs for node in graph.nodes):
        needed = [(size, 1) for size in node.output.shape]
        for size, minimum in [*needed, *(node.op.needs(node) if node.op.needs else ())]:
            if isinstance(size, int) or size.minimum >= minimum or BATCH in bases(size):
                continue
            if len(bases(size)) > 1:
                several[plus(size, 1 - minimum)] = None  # type: ignore[index]
                continue
            (base,) = bases(size)
            found = least(size, minimum)
            if found is None:
                fail(
                    "K0402",
                    f"this needs {size} to be at least {minimum}, which it is for no {base}",
                    node.span,
                    help="raise the upper bound of the dimension, or take smaller windows",
                )
            lowest[base] = max(found, lowest.get(base, 1))
    return lowest, list(several)


def symbols(graph: Graph) -> dict[str, Dim]:
    """Every open dimension that a graph computes with, by its symbol in emitted code."""
    found: dict[str, Dim] = {}
    for size in {size for node in graph.nodes for size in node.output.shape}:
        for dim in (*factors(size)[0], *bases(size)):
            if dim not in (BATCH, THREADS):
                found[symbol(dim)] = dim
    return found


def definitions(used: Iterable[Dim], order: Sequence[Dim]) -> list[tuple[Dim, str]]:
    """Dimensions and all they are computed from, each with its expression, in order of need."""
    wanted = dict.fromkeys(sorted(used, key=lambda dim: dim.name))
    needed = {base for dim in wanted if not is_measured(dim) for base in bases(dim)}
    found = [(dim, "") for dim in order if dim in needed]
    return found + [(dim, _definition(dim)) for dim in wanted if dim.formula is not None]


def _definition(dim: Dim) -> str:
    if isinstance(dim.formula, Measured):
        return f"dimension(clock, {clock_place(dim)})"
    return expression(dim)


def clock_place(dim: Dim) -> int:
    """The number of a measured dimension among all that a clock holds."""
    return MAX_DIMS + int(dim.formula.place)


def evaluate(size: Size, values: Mapping[str, int]) -> int:
    """A size where the declared dimensions have these values, by name."""
    if isinstance(size, int):
        return size
    if size.formula is None:
        return values[size.name]
    if isinstance(size.formula, Measured):
        return evaluate(size.formula.bound, values)
    if isinstance(size.formula, Floor):
        return _value(size.formula.inner, values) // size.formula.by
    return _value(size.formula, values)


@cache
def least(size: Dim, needed: int) -> int | None:
    """The smallest value of its only declared dimension that makes a size at least `needed`.

    None if no value does, within the bounds of the declaration.
    """
    (base,) = bases(size)
    low, high = base.minimum, base.maximum if base.maximum is not None else _FAR
    if _falls(size):  # it goes up and down: beyond the last value that fails
        high = min(high, low + _SCANNED)
        falling = range(high, low - 1, -1)
        failing = (n for n in falling if evaluate(size, {base.name: n}) < needed)
        found = next(failing, low - 1) + 1
        return found if found <= high else None
    if evaluate(size, {base.name: high}) < needed:
        return None
    while low < high:
        middle = (low + high) // 2
        if evaluate(size, {base.name: middle}) >= needed:
            high = middle
        else:
            low = middle + 1
    return low


def _falls(size: Size) -> bool:
    """Whether a size may shrink as its dimension grows."""
    if isinstance(size, int) or size.formula is None:
        return False
    inner = size.formula.inner if isinstance(size.formula, Floor) else size.formula
    return any(n < 0 or any(_falls(dim) for dim in key) for key, n in inner.terms)


# --- as text --------------------------------------------------------------------


def expression(size: Size) -> str:
    """A size as Python over the symbols of the declared dimensions; a measured one as its bound."""
    if isinstance(size, int):
        return str(size)
    if isinstance(size.formula, Measured):
        return expression(size.formula.bound)
    names = {base.name: symbol(base) for base in bases(size)}
    inner = size.formula.inner if isinstance(size.formula, Floor) else size.formula
    for atom in (atom for key, _ in inner.terms for atom in key) if inner else ():
        if isinstance(atom.formula, Measured):
            names[atom.name] = f"({expression(atom)})"
    return re.sub(r"[^\W\d]\w*", lambda match: names[match[0]], size.name)


def symbol(size: Dim) -> str:
    """The identifier of a dimension in emitted code."""
    if size == THREADS:
        return "threads"
    if size.formula is None or isinstance(size.formula, Measured):
        taken = size.name in RESERVED or size.name in OF_PROGRAMS
        return f"{size.name}_" if taken and size != BATCH else size.name
    formula = _folded(size.formula)
    if isinstance(formula, Floor):
        found = f"{_sum_symbol(formula.inner)}_over_{formula.by}"
    else:
        found = _sum_symbol(formula)
    if len(found) <= _LONGEST_SYMBOL:
        return found
    names = [symbol(base) for base in bases(size)]
    return "_".join([*names, f"{crc32(size.name.encode()):08x}"])


def _sum_symbol(whole: Sum) -> str:
    text = ""
    for key, n in whole.terms:
        names = [f"of_{symbol(d)}" if isinstance(d.formula, Floor) else symbol(d) for d in key]
        piece = "_by_".join([*names, *([str(abs(n))] if abs(n) != 1 else [])])
        text += ("_minus_" if n < 0 else "_plus_" if text else "") + piece
    if whole.constant:
        text += f"_{'minus' if whole.constant < 0 else 'plus'}_{abs(whole.constant)}"
    return text.lstrip("_")


def shape_text(shape: Shape) -> str:
    """A shape as messages have it: `[batch, words - 4, 8]`."""
    return f"[{', '.join(map(str, shape))}]"


# --- formulas -------------------------------------------------------------------


def _sum(size: Size) -> Sum:
    if isinstance(size, int):
        return Sum((), size)
    if isinstance(size.formula, Sum):
        return size.formula
    return Sum((((size,), 1),))


def _added(a: Sum, b: Sum) -> Sum:
    found = dict(a.terms)
    for key, n in b.terms:
        found[key] = found.get(key, 0) + n
    return _collected({**found, (): a.constant + b.constant})


def _collected(products: Mapping[Monomial, int]) -> Sum:
    terms = [(key, n) for key, n in products.items() if n and key]
    return Sum(tuple(sorted(terms, key=_order)), products.get((), 0))


def _order(term: tuple[Monomial, int]) -> tuple[int, tuple[str, ...]]:
    key, n = term
    return -n, tuple(dim.name for dim in key)


def _size(whole: Sum) -> Size:
    if not whole.terms:
        return whole.constant
    ((key, n), *others) = whole.terms
    if n == 1 and len(key) == 1 and not others and not whole.constant:
        return key[0]
    return _dim(whole)


def _dim(formula: Sum | Floor) -> Dim:
    if isinstance(formula, Floor):
        inner = formula.inner
        low, high = _bounds(inner)
        by = formula.by
        bounds = (None if low is None else low // by, None if high is None else high // by)
    else:
        bounds = _bounds(formula)
    minimum = bounds[0] if bounds[0] is not None else -_FAR
    return Dim(_text(formula), minimum, bounds[1], formula)


def _bounds(whole: Sum) -> tuple[int | None, int | None]:
    """The least and greatest value a sum can have; None where there is no bound."""
    low: int | None = whole.constant
    high: int | None = whole.constant
    for key, n in whole.terms:
        least_ = n * prod(max(dim.minimum, 0) for dim in key)
        most = None
        if all(dim.maximum is not None for dim in key):
            most = n * prod(dim.maximum for dim in key if dim.maximum is not None)
        if n < 0:
            low, high = _both(low, most), _both(high, least_)
        else:
            low, high = _both(low, least_), _both(high, most)
    return low, high


def _both(a: int | None, b: int | None) -> int | None:
    return None if a is None or b is None else a + b


def _value(whole: Sum, values: Mapping[str, int]) -> int:
    parts = (n * prod(evaluate(dim, values) for dim in key) for key, n in whole.terms)
    return sum(parts) + whole.constant


def _folded(formula: Sum | Floor) -> Sum | Floor:
    """As it is written: a constant beside a lone floor goes inside."""
    if isinstance(formula, Sum) and len(formula.terms) == 1 and formula.terms[0][1] == 1:
        key = formula.terms[0][0]
        floor = key[0].formula if len(key) == 1 else None
        if isinstance(floor, Floor):
            shifted = floor.inner.constant + floor.by * formula.constant
            return Floor(Sum(floor.inner.terms, shifted), floor.by)
    return formula


def _text(formula: Sum | Floor) -> str:
    formula = _folded(formula)
    if isinstance(formula, Floor):
        inner = _text(formula.inner)
        ((_, n), *others) = formula.inner.terms
        plain = n == 1 and not others and not formula.inner.constant
        return f"{inner if plain else f'({inner})'} // {formula.by}"
    text = ""
    for key, n in formula.terms:
        names = [f"({d.name})" if isinstance(d.formula, Floor) and (len(key) > 1 or abs(n) > 1)
                 else d.name for d in key]  # fmt: skip
        piece = " * ".join([*names, *([str(abs(n))] if abs(n) != 1 else [])])
        sign = ("-" if n < 0 else "") if not text else (" - " if n < 0 else " + ")
        text += f"{sign}{piece}"
    if formula.constant:
        text += f" {'-' if formula.constant < 0 else '+'} {abs(formula.constant)}"
    return text
