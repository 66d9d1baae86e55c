"""Convolutions by Winograd's products (`ops.winograd`): sums, products of those, sums again.

Of images, two lines of outputs, or some such pairs, are made at a time, so that their sums stay in
a thread's caches; sixteen products of matrices have a row for each square of 2 by 2 outputs. Of
lines, some are made at a time by four products, with a row for each pair of outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kgen.body import Body, Cursor
from kgen.graph import Node
from kgen.kernels.convolving import columns_of
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.loops import epilogue
from kgen.kernels.nest import nest, take_names, tile_height, tile_start
from kgen.kernels.places import add, mul
from kgen.kernels.winograd_sums import (
    NAMES,
    PARTS,
    Lines,
    Pairs,
    columns,
    lines_of,
    loads,
    padded,
    pairs_of,
    products,
    read_images,
    read_lines,
    squares_of_columns,
    stores,
    taps,
    vectors_of,
)
from kgen.ops.convolve import known_sizes
from kgen.texts import NestText


def winograd_kernel(body: Body) -> NestText:
    """The sums of the taps: of images, those of three lines first, of each line's three then."""
    node = body.group.anchor
    (w,) = node.inputs
    channels, cols = known_sizes(w.shape[-2:])
    rank = w.type.rank - 2
    take_names(body, "k", "t", "lines", *PARTS)
    source = body.view(w, str(3**rank * channels), cols)
    target = body.view(node.output, str(4**rank * channels), cols)
    body.written.append(node.output)
    workspace = f"lines = workspace({12 * body.lanes}, {body.lanes}, {body.lanes})"
    of_lines = (
        *loads(source, "k", channels, "j", "1, 1", 3),
        *taps(target, "k", channels, "j"),
    )
    of_images = (
        "for t in range(3):",
        *indented(loads(source, f"t * {channels} + k", 3 * channels, "j", "1, 1", 3), 1),
        *indented(taps("lines", "t", 3, "0"), 1),
        "for t in range(4):",
        *indented(loads("lines", "t * 3", 1, "0", "1, 1", 3), 1),
        *indented(taps(target, f"t * {4 * channels} + k", channels, "j"), 1),
    )
    return nest(
        share=f"share({channels}, 1, thread, threads)",
        loops=(
            Loop("k in range(first, last)"),
            Loop(f"j in range(0, {cols}, LANES)", (workspace,) if rank == 2 else ()),
        ),
        start=of_images if rank == 2 else of_lines,
        inner=(),
        body=(),
        finish=(),
    )


def winograd(body: Body) -> NestText:
    """Sums of cells, products, sums of these, and what follows on the tile."""
    take_names(body, "side", "way", *NAMES)
    return (_of_images if body.group.anchor.output.type.rank == 4 else _of_lines)(body)


def _of_lines(body: Body) -> NestText:
    """Some lines at a time, so that tiles cover all their pairs."""
    node = body.group.anchor
    u = node.inputs[1]
    (wide,) = known_sizes(node.output.shape[1:-1])
    channels, cols = known_sizes(u.shape[-2:])
    vectors, step = vectors_of(cols), padded(channels)
    lines = lines_of(wide // 2, vectors, step)
    kernel = body.view(u, str(4 * channels), cols)
    reading = read_lines(body, wide)
    panel = vectors * body.lanes
    block = lines.block(
        f"squares = workspace({4 * lines.rows * step}, {channels}, {step})",
        f"products = workspace({4 * lines.rows * panel}, {panel}, {panel})",
    )
    start = (
        *lines.squares(reading, channels),
        f"for j in range(0, {cols}, {columns_of(vectors)}):",
        *indented(products(kernel, "tx", lines.rows, lines.count, channels, vectors), 1),
        *indented(_outputs_of_lines(body, wide, lines, vectors), 1),
    )
    return _one_by_one(node, (block,), start)


def _outputs_of_lines(body: Body, wide: int, lines: Lines, vectors: int) -> list[str]:
    """Sums of three products, side by side, and what follows."""
    text, depth = opened(
        [
            Loop(f"tile in range({lines.count})"),
            Loop(
                "side in range(2)",
                (
                    "way = 1.0 - 2.0 * side",
                    f"i = {lines.first} * {wide} + tile * 2 + side",
                    *_of_three("products", "tile", lines.rows, "0", f"1, {vectors}"),
                ),
            ),
        ],
        0,
    )
    return text + indented(epilogue(body, Cursor("i", "j", "1", str(vectors), limit="")), depth)


def _of_three(source: str, row: str, step: int, column: str, size: str) -> tuple[str, ...]:
    """The one or the other sum, by `side`, of three of four tiles whose rows are `step` apart."""
    return (
        f"d0 = load({source}, {row} + side * {3 * step}, {column}, {size})",
        f"d1 = load({source}, {row} + {step}, {column}, {size})",
        f"d2 = load({source}, {row} + {2 * step}, {column}, {size})",
        "acc = d1 + way * (d2 + d0)",
    )


def _one_by_one(node: Node, loops: Sequence[Loop], start: Sequence[str]) -> NestText:
    """A nest whose innermost loops are in `start`."""
    text = nest(
        free=True,
        images=node.output.shape,
        loops=loops,
        start=start,
        inner=(),
        body=(),
        finish=(),
    )
    return replace(text, dealt=())


def _of_images(body: Body) -> NestText:
    """Pairs of lines, or some of them together."""
    node = body.group.anchor
    u = node.inputs[1]
    high, wide = known_sizes(node.output.shape[1:-1])
    channels, cols = known_sizes(u.shape[-2:])
    vectors, step = vectors_of(cols), padded(channels)
    pairs = pairs_of(high, wide, channels)
    rows = pairs.rows
    kernel = body.view(u, str(16 * channels), cols)
    reading = read_images(body, high, wide, pairs)
    panel = vectors * body.lanes
    loops = (
        *reading.images,
        Loop(
            f"oy in range({reading.origin}, {reading.stop or high}, {2 * pairs.count})",
            (
                f"columns = workspace({4 * pairs.count * (wide + 2) * step}, {channels}, {step})",
                f"squares = workspace({4 * rows * step}, {channels}, {step})",
                f"products = workspace({4 * rows * panel}, {panel}, {panel})",
                f"sums = workspace({8 * rows * cols}, {cols}, {cols})",
            ),
        ),
    )
    across = f"for j in range(0, {cols}, {columns_of(vectors)}):"
    start = (
        *columns(reading, pairs, channels),
        "for ty in range(4):",
        *indented(squares_of_columns(pairs, channels), 1),
        f"    {across}",
        *indented(products(kernel, "(ty * 4 + tx)", rows, rows, channels, vectors), 2),
        *indented(_sums_of_products(rows, vectors), 2),
        across,
        *indented(_outputs(body, (high, wide), pairs, vectors), 1),
    )
    return _one_by_one(node, loops, start)


def _sums_of_products(rows: int, vectors: int) -> list[str]:
    """Sums of three products, side by side."""
    return [
        f"for tile in range({rows}):",
        f"    row = ({mul('ty', rows)} + tile) * 2",
        *indented(loads("products", "tile", rows, "0", f"1, {vectors}"), 1),
        *indented(stores("sums", "row", 1, "j", ("d0 + (d1 + d2)", "(d1 - d2) - d3")), 1),
    ]


def _outputs(body: Body, positions: Sequence[int], pairs: Pairs, vectors: int) -> list[str]:
    """Sums of three of those, one above the other, and what follows."""
    high, wide = positions
    height = tile_height(wide, vectors)
    start, _ = tile_start(wide, height)
    line = add(mul("n", high), "oy", mul(pairs.name, 2), "side")
    size = f"{height}, {vectors}"
    down, depth = opened(
        [
            Loop("side in range(2)", ("way = 1.0 - 2.0 * side",)),
            Loop(
                f"tile in range(0, {wide}, {height})",
                (
                    f"ox = {start}",
                    f"i = ({line}) * {wide} + ox",
                    f"row = {add(mul(pairs.name, wide), 'ox')}",
                    *_of_three("sums", "row", 2 * pairs.rows, "j", size),
                ),
            ),
        ],
        0,
    )
    down += indented(epilogue(body, Cursor("i", "j", height, str(vectors), limit="")), depth)
    return pairs.each(down)
