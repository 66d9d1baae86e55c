"""The arithmetic of places, as text: what kernels compute rows and columns with."""

from __future__ import annotations

from collections.abc import Sequence

from kgen.access import product_text
from kgen.graph import Shape


def size(shape: Shape, axis: int) -> str:
    """The size of one axis, as an expression that can be multiplied."""
    text = product_text((shape[axis],))
    return f"({text})" if " " in text else text


def add(*terms: str) -> str:
    """Terms added; zeros go."""
    return " + ".join(term for term in terms if term != "0") or "0"


def mul(text: str, factor: int | str) -> str:
    """A product; ones go."""
    factor = str(factor)
    if factor == "1" or text == "0":
        return text
    if factor == "0":
        return "0"
    if text == "1":
        return factor
    if text.isdigit() and factor.isdigit():
        return str(int(text) * int(factor))
    return f"{text if _is_atom(text) else f'({text})'} * {factor}"


def _is_atom(text: str) -> bool:
    return text.isidentifier() or text.isdigit() or _is_grouped(text)


def _is_grouped(text: str) -> bool:
    """Whether the first parenthesis is closed by the last character."""
    depth = 0
    for position, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return char == ")" and position == len(text) - 1
    return False


def mixed(places: Sequence[str], sizes: Sequence[str]) -> str:
    """The row of a place: digits in mixed radix, the size of each axis but the first used."""
    row = places[0]
    for place, extent in zip(places[1:], sizes[1:], strict=True):
        row = add(mul(row, extent), place)
    return row


def digits(text: str, sizes: Sequence[str]) -> list[str]:
    """The places in axes of these sizes of which `text` is the row."""
    found: list[str] = []
    below: list[str] = []
    for axis in reversed(range(len(sizes))):
        divisor = "1"
        for extent in below:
            divisor = mul(divisor, extent)
        quotient = text if divisor == "1" else f"{text} // {grouped(divisor)}"
        found.append(quotient if axis == 0 else f"{quotient} % {grouped(sizes[axis])}")
        below.append(sizes[axis])
    return found[::-1]


def grouped(text: str) -> str:
    """Text that can be a factor or a divisor."""
    return text if _is_atom(text) else f"({text})"
