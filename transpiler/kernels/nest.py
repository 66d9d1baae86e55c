"""Nests of loops over positions and taps, and the arithmetic of places as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kgen.access import product_text
from kgen.body import Body
from kgen.graph import BATCH, Shape
from kgen.kernels.dealing import Loop, dealt, indented, opened, split
from kgen.texts import NestText

# What positions of the output, taps of the window and cells of the input are called, by axis.
OUTPUT, TAP, CELL = ("oz", "oy", "ox"), ("tz", "ty", "tx"), ("iz", "iy", "ix")


def nest(
    *,
    share: str,
    loops: Sequence[Loop],
    start: Sequence[str],
    inner: Sequence[Loop],
    body: Sequence[str],
    finish: Sequence[str],
    free: bool = False,
    summed: bool = False,
) -> NestText:
    """Loops in one another; in the innermost, further ones between `start` and `finish`.

    The outer loops are `free` if what each turn of them writes is apart from what others do; what
    the inner ones do is `summed` if it may be divided, `acc` being the sum of all parts.
    """

    def lines(
        outer: tuple[list[str], int], terms: Sequence[Loop], last: Sequence[str]
    ) -> tuple[str, ...]:
        heads, depth = outer
        between, deepest = opened(terms, depth)
        turn = [*indented(start, depth), *between, *indented(body, deepest)]
        return (*heads, *turn, *indented(last, depth))

    parts = [split(inner[0]), *inner[1:]] if summed else inner
    ends = ("acc = block_sum(acc)", "if warp == 0:", *indented(finish, 1)) if summed else finish
    is_shared = any("first, " in loop.head or "first *" in loop.head for loop in loops)
    warps = dealt(share, loops, free=free, together=summed) if is_shared else None
    return NestText(
        share=share,
        lines=lines(opened(loops, 0), inner, finish),
        dealt=() if warps is None else lines(warps, parts, ends),
    )


def names_of(kind: tuple[str, ...], rank: int) -> tuple[str, ...]:
    """The names for the last `rank` axes."""
    assert rank <= len(kind)
    return kind[len(kind) - rank :]


def take_names(body: Body, *names: str) -> None:
    """Keep the nest's own variables free of the model's names."""
    body.names.taken |= {"n", "turn", *OUTPUT, *TAP, *CELL, *names}


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
        quotient = text if divisor == "1" else f"{text} // {_grouped(divisor)}"
        found.append(quotient if axis == 0 else f"{quotient} % {_grouped(sizes[axis])}")
        below.append(sizes[axis])
    return found[::-1]


def _grouped(text: str) -> str:
    return text if _is_atom(text) else f"({text})"


def nested(names: Iterable[str], sizes: Iterable[int | str]) -> list[Loop]:
    """One loop for each axis; those of a single turn as well, so that its name is known."""
    return [Loop(f"{name} in range({extent})") for name, extent in zip(names, sizes, strict=True)]


# Positions that the height of tiles is chosen for where their number is open.
_TYPICAL = 64


def tile_height(extent: int | str, vectors: int | str) -> str:
    """Rows of the tiles that cover `extent` rows evenly."""
    return f"ROWS_{extent if isinstance(extent, int) else _TYPICAL}_BY_{vectors}"


def tile_start(extent: int | str, height: str) -> tuple[str, str]:
    """Where the tile at `tile` starts, so that it ends within `extent`, and how many rows count.

    All do, unless an open extent is less than a tile is high.
    """
    if isinstance(extent, int):
        return f"min(tile, {extent} - {height})", ""
    return f"max(min(tile, {extent} - {height}), 0)", f"{extent} - ox"


def shared_images(shape: Shape) -> str:
    """The line that shares the first axis among threads: the batch, as all kernels share it."""
    if shape[0] == BATCH:
        return "share(batch, ROWS, thread, threads)"
    return f"share({product_text(shape[:1])}, 1, thread, threads)"
