"""How a tensor is read inside a kernel: the kernel's domain is rows by columns.

A domain splits a shape in two: `rows` (what the outer loop walks, the batch
first) and `cols` (what tiles run along). A value takes part in a kernel if
each of its halves either matches the domain's or is all ones, which
broadcasts; rows may also map to fewer rows (`[batch, 1, 8]` in `[batch, 4, 8]`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import prod

from kgen.dims import factors, symbol
from kgen.graph import Shape

Count = tuple[tuple[str, ...], int]


@cache
def count(shape: Shape) -> Count:
    """How many elements: the open dimensions' symbols and the product of the others."""
    parts = [factors(size) for size in shape]
    names = tuple(sorted(symbol(dim) for opened, _ in parts for dim in opened))
    return names, prod(known for _, known in parts)


def product_text(shape: Shape) -> str:
    """How many elements, as an expression: `batch * length * 4`."""
    names, known = count(shape)
    return " * ".join([*names, *([str(known)] if known != 1 or not names else [])])


ONE: Count = ((), 1)


@dataclass(frozen=True, slots=True)
class Domain:
    """The shape a kernel walks."""

    rows: Shape
    cols: Shape


@dataclass(frozen=True, slots=True)
class Access:
    """Where a value is read for row i and column j.

    `rows` is `each` (row i), `one` (row 0), or an expression in `{i}`; `cols`
    is `each` (column j) or `one` (column 0).
    """

    rows: str
    cols: str


FULL = Access("each", "each")
ROW = Access("each", "one")


def row_access(domain: Domain) -> Access:
    """How one value a row is indexed; with a single column that is the whole domain."""
    return FULL if count(domain.cols) == ONE else ROW


def split_at(shape: Shape, rows: Count) -> int | None:
    """How many leading axes hold `rows` elements."""
    for position in range(len(shape) + 1):
        if count(shape[:position]) == rows:
            return position
    return None


def place(shape: Shape, domain: Domain) -> tuple[int, Access] | None:
    """Where a shape's rows end, and how a value of it is indexed; None if it does not fit."""
    rows, cols = count(domain.rows), count(domain.cols)
    if count(shape) == rows:
        return len(shape), row_access(domain)
    position = split_at(shape, rows)
    if position is not None and count(shape[position:]) == cols:
        return position, FULL
    return None


def operand(shape: Shape, of: Shape, split: int, access: Access) -> tuple[int, Access] | None:
    """How an operand of an elementwise node is read, given how the node is.

    Args:
        shape: the operand's shape.
        of: the node's shape, to which the operand broadcasts.
        split: where the node's rows end.
        access: how the node itself is indexed.

    Returns:
        Where the operand's rows end and its access, or None if no kernel can read it so.
    """
    missing = len(of) - len(shape)
    padded: Shape = (*[1] * missing, *shape)
    rows = _rows(padded[:split], of[:split], access.rows)
    cols = _columns(padded[split:], of[split:], access.cols)
    if rows is None or cols is None:
        return None
    return max(split - missing, 0), Access(rows, cols)


def _columns(own: Shape, of: Shape, outer: str) -> str | None:
    if own == of:
        return outer
    return "one" if count(own) == ONE else None


def _rows(own: Shape, of: Shape, outer: str) -> str | None:
    if own == of:
        return outer
    if count(own) == ONE:
        return "one"
    return _row_map(own, of) if outer == "each" else None


def _row_map(own: Shape, of: Shape) -> str:
    """The operand's row as an expression in `{i}`: digits of i, in mixed radix, put together."""
    terms: list[str] = []
    axis = 0
    while axis < len(of):
        if own[axis] == 1:
            axis += 1
            continue
        end = axis
        while end < len(of) and own[end] == of[end]:
            end += 1
        terms.append(_digits(of, axis, end, scale=product_text(own[end:])))
        axis = end
    return " + ".join(terms)


def _digits(of: Shape, start: int, end: int, scale: str) -> str:
    """The part of row i that axes start:end make up, times `scale`."""
    below = product_text(of[end:])
    text = "{i}" if below == "1" else f"{{i}} // {factor(below)}"
    if any(size != 1 for size in of[:start]):
        own = factor(product_text(of[start:end]))
        text = f"({text}) % {own}" if below != "1" else f"{text} % {own}"
    return text if scale == "1" else f"({text}) * {scale}"


def factor(text: str) -> str:
    """An expression as the right operand of `*` or `//`."""
    return f"({text})" if " " in text else text
