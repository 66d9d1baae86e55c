"""What the kernels' loops have in common: shares of work, tile widths, elementwise members."""

from __future__ import annotations

from kgen.access import FULL, count, place, product_text
from kgen.body import Body, Cursor
from kgen.fuse import is_join
from kgen.graph import BATCH, Node, Shape
from kgen.kernels.dealing import Loop, dealt

# How a reduction goes on, what its accumulator is called, and what it starts from.
FOLD = {"sum": "{0} + {1}", "max": "maximum({0}, {1})", "min": "minimum({0}, {1})"}
ACCUMULATORS = {"sum": "summed", "max": "largest", "min": "smallest"}
START = {"sum": "0.0", "max": "-np.inf", "min": "np.inf"}


Width = int | str
"""Columns of a kernel: their number, or an expression where a dimension is open."""


def rows_text(rows: Shape) -> str:
    return product_text(rows)


def shared_loop(share: str, loop: str) -> tuple[str, ...]:
    """The head of a kernel's one loop as many warps share it."""
    return tuple(dealt(share, [Loop(loop)])[0])


def scaled(name: str, factor: Width) -> str:
    return name if factor in (1, "1") else f"{name} * {factor}"


def shared(rows: Shape, grain: str = "ROWS") -> str:
    """What gives a thread its first and last row.

    A single row of the batch is shared in grains of its parts.
    """
    if not starts_with_batch(rows):
        return f"share({product_text(rows)}, ROWS, thread, threads)"
    each = product_text(tuple(size for size in rows if size != BATCH))
    if each == "1":
        return "share_batch(clock, batch, thread, threads)"
    return f"share_rows(clock, batch, {each}, {grain}, thread, threads)"


def own_rows(body: Body, rows: Shape, height: str | int) -> str:
    """How many rows of a tile that starts at row i are the thread's own, if not all have to be."""
    is_whole = body.fusion.by_tiles or str(height) == "1" or not starts_with_batch(rows)
    return "" if is_whole else "last - i"


def starts_with_batch(shape: Shape) -> bool:
    """Whether the rows of the batch come one after another, and occur but once."""
    return next((size for size in shape if size != 1), None) == BATCH and shape.count(BATCH) == 1


def product_vectors(cols: Width, lanes: int) -> tuple[str, str]:
    """Vectors in a product's tile, and the columns a tile covers."""
    narrow = isinstance(cols, int) and cols <= lanes
    return ("1", "LANES") if narrow else ("2", "2 * LANES")


def long_vectors(cols: Width, lanes: int) -> tuple[str, str]:
    """Vectors in a map's tile, and the columns a tile covers."""
    if isinstance(cols, str):
        return "2", "2 * LANES"
    if cols <= lanes:
        return "1", "LANES"
    return ("2", "2 * LANES") if cols <= 2 * lanes else ("4", "4 * LANES")


def width(shape: Shape) -> Width:
    """How many columns a shape makes."""
    names, known = count(shape)
    return product_text(shape) if names else known


def known_size(shape: Shape) -> int:
    names, known = count(shape)
    assert not names
    return known


def elementwise_members(body: Body, members: list[Node], cursor: Cursor) -> None:
    for node in members:
        value = node.output
        if is_join(node):
            body.store_joined(node, cursor)
            continue
        placed = place(value.shape, body.group.domain)
        assert placed is not None
        body.read(value, *placed, cursor) if value not in body.stored else body.compute(
            value, *placed, cursor
        )
        if value in body.stored:
            body.store(value, *placed, cursor)


def epilogue(body: Body, cursor: Cursor) -> tuple[str, ...]:
    """What the members after the anchor compute on its tile `acc`, and the stores."""
    group = body.group
    anchor = group.anchor.output
    split = len(group.domain.rows)
    body.know(anchor, FULL, "acc")
    body.names.taken.add("acc")
    if anchor in body.stored:
        body.store(anchor, split, FULL, cursor)
    elementwise_members(body, group.members[1:], cursor)
    return tuple(body.take())
