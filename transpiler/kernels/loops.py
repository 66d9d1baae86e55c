"""What the kernels' loops have in common: shares of work, tile widths, elementwise members."""

from __future__ import annotations

from kgen.access import count, place
from kgen.body import Body, Cursor
from kgen.graph import Node, Shape

# How a reduction goes on, and what it starts from.
FOLD = {"sum": "{0} + {1}", "max": "maximum({0}, {1})", "min": "minimum({0}, {1})"}
START = {"sum": "0.0", "max": "-np.inf", "min": "np.inf"}


def rows_text(rows: Shape) -> str:
    names, known = count(rows)
    return " * ".join([*names, *([str(known)] if known != 1 or not names else [])])


def scaled(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name} * {factor}"


def shared(rows: Shape) -> tuple[str, str, str]:
    """The line that shares rows among threads, and the first and last row."""
    names, known = count(rows)
    if names:
        line = "share(batch, ROWS, thread, threads)"
        return line, scaled("first", known), scaled("last", known)
    return f"share({known}, ROWS, thread, threads)", "first", "last"


def product_vectors(cols: int) -> tuple[str, str]:
    """Vectors in a product's tile, and the columns a tile covers."""
    return ("1", "LANES") if cols <= 16 else ("2", "2 * LANES")


def long_vectors(cols: int) -> tuple[str, str]:
    """Vectors in a map's tile, and the columns a tile covers."""
    if cols <= 16:
        return "1", "LANES"
    return ("2", "2 * LANES") if cols <= 32 else ("4", "4 * LANES")


def known_size(shape: Shape) -> int:
    names, known = count(shape)
    assert not names
    return known


def elementwise_members(body: Body, members: list[Node], cursor: Cursor) -> None:
    for node in members:
        value = node.output
        placed = place(value.shape, body.group.domain)
        assert placed is not None
        body.read(value, *placed, cursor) if value not in body.stored else body.compute(
            value, *placed, cursor
        )
        if value in body.stored:
            body.store(value, *placed, cursor)
