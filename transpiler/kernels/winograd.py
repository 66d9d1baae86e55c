"""Convolutions by Winograd's products (`ops.winograd`): sums, products of those, sums again.

Two lines of outputs, or some such pairs, are made at a time, so that their sums stay in a thread's
caches. Sixteen products of matrices have a row for each square of 2 by 2 outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kgen.body import Body, Cursor
from kgen.kernels.bordering import Reading, is_bordered, read
from kgen.kernels.convolving import columns_of
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.geometry import Geometry
from kgen.kernels.loops import epilogue, known_size
from kgen.kernels.nest import nest, shared_images, take_names, tile_height, tile_start
from kgen.kernels.places import add, mul
from kgen.ops.convolve import known_sizes
from kgen.texts import NestText

# Squares from which a product of matrices is worth its kernel's loads, and floats of their sums.
_MANY, _MOST = 32, 1 << 16
# Floats of lines that are copied together with their border.
_LINES = 1 << 15


def winograd_kernel(body: Body) -> NestText:
    """The 16 sums of the 9 taps: those of three lines first, of each line's three taps then."""
    node = body.group.anchor
    (w,) = node.inputs
    channels, cols = known_sizes(w.shape[-2:])
    take_names(body, "k", "t", "lines", *_PARTS)
    source = body.view(w, str(9 * channels), cols)
    target = body.view(node.output, str(16 * channels), cols)
    body.written.append(node.output)
    workspace = f"lines = workspace({12 * body.lanes}, {body.lanes}, {body.lanes})"
    return nest(
        share=f"share({channels}, 1, thread, threads)",
        loops=(
            Loop("k in range(first, last)"),
            Loop(
                f"j in range(0, {cols}, LANES)",
                (workspace,),
            ),
        ),
        start=(
            "for t in range(3):",
            *indented(_loads(source, f"t * {channels} + k", 3 * channels, "j", "1, 1", 3), 1),
            *indented(_taps("lines", "t", 3, "0"), 1),
            "for t in range(4):",
            *indented(_loads("lines", "t * 3", 1, "0", "1, 1", 3), 1),
            *indented(_taps(target, f"t * {4 * channels} + k", channels, "j"), 1),
        ),
        inner=(),
        body=(),
        finish=(),
    )


_PARTS = ("d0", "d1", "d2", "d3")


def _loads(
    source: str, row: str, step: int, column: str, size: str, parts: int = 4
) -> tuple[str, ...]:
    """The parts, whose rows are `step` apart."""
    return tuple(
        f"{name} = load({source}, {add(row, str(number * step))}, {column}, {size})"
        for number, name in enumerate(_PARTS[:parts])
    )


def _stores(target: str, row: str, step: int, column: str, sums: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        f"store({target}, {add(row, str(number * step))}, {column}, {text})"
        for number, text in enumerate(sums)
    )


def _taps(target: str, row: str, step: int, column: str) -> tuple[str, ...]:
    """Sums of three taps: a row of G for each."""
    middle = ("(d0 + d2 + d1) * 0.5", "(d0 + d2 - d1) * 0.5")
    return _stores(target, row, step, column, ("d0", *middle, "d2"))


def _cells(target: str, row: str, step: int) -> tuple[str, ...]:
    """Sums of four cells: a row of B for each."""
    return _stores(target, row, step, "c", ("d0 - d2", "d1 + d2", "d2 - d1", "d1 - d3"))


def winograd(body: Body) -> NestText:
    """Pairs of lines: sums of cells, products, sums of these, and what follows on the tile."""
    node = body.group.anchor
    u = node.inputs[1]
    high, wide = known_sizes(node.output.shape[1:-1])
    channels, cols = known_sizes(u.shape[-2:])
    vectors = 4 if cols % 64 == 0 else 2
    pairs = _pairs(high // 2, wide // 2, channels)
    rows = pairs * (wide // 2)
    take_names(
        body, "c", "k", "kk", "tx", "ty", "row", "tile", "pair", "side", "way", "columns",
        "squares", "products", "sums", *_PARTS,
    )  # fmt: skip
    kernel = body.view(u, str(16 * channels), cols)
    reading = _read(body, high, 2 * pairs)
    panel = vectors * body.lanes
    loops = (
        *reading.images,
        Loop(
            f"oy in range({reading.origin}, {reading.stop or high}, {2 * pairs})",
            (
                f"columns = workspace({4 * pairs * (wide + 2) * channels}, {channels}, {channels})",
                f"squares = workspace({4 * rows * channels}, {channels}, {channels})",
                f"products = workspace({4 * rows * panel}, {panel}, {panel})",
                f"sums = workspace({8 * rows * cols}, {cols}, {cols})",
            ),
        ),
    )
    across = f"for j in range(0, {cols}, {columns_of(vectors)}):"
    start = (
        *_columns(reading, wide, pairs, channels),
        "for ty in range(4):",
        *indented(_squares(wide, pairs, channels), 1),
        f"    {across}",
        *indented(_products(kernel, rows, channels, vectors), 2),
        across,
        *indented(_outputs(body, (high, wide), pairs, vectors), 1),
    )
    text = nest(
        free=True,
        share=shared_images(node.output.shape),
        loops=loops,
        start=start,
        inner=(),
        body=(),
        finish=(),
    )
    return replace(text, dealt=())


def _pairs(lines: int, squares: int, channels: int) -> int:
    """How many pairs of lines are made together: all are a multiple of it."""
    fitting = [
        pairs
        for pairs in range(1, lines + 1)
        if lines % pairs == 0 and 16 * pairs * squares * channels <= _MOST
    ]
    enough = [pairs for pairs in fitting if pairs * squares >= _MANY]
    return min(enough, default=max(fitting, default=1))


def _read(body: Body, high: int, step: int) -> Reading:
    """The input, or lines of it with their border, for a multiple of `step` lines of outputs."""
    node = body.group.anchor
    x = node.inputs[0]
    geometry = Geometry(x.shape, (3, 3), (1, 1), (1, 1))
    channels, block = geometry.channels, high
    if is_bordered(node):
        line = channels * (known_size(node.output.shape[2:3]) + 2)
        block = max(1, (_LINES // line - 2) // step) * step
    return read(body, geometry, channels, channels, high, block)


def _for_pairs(pairs: int, lines: Sequence[str]) -> list[str]:
    if pairs == 1:
        return list(lines)
    return [f"for pair in range({pairs}):", *indented(lines, 1)]


def _vectors(channels: int) -> int:
    """Vectors of channels that are summed together."""
    return 2 if channels % 32 == 0 else 1


def _columns(reading: Reading, wide: int, pairs: int, channels: int) -> list[str]:
    """Sums of the cells of four lines, one above the other."""
    source, cells, each = reading.windows, wide + 2, _vectors(channels)
    pair = "pair" if pairs > 1 else "0"
    (line,) = reading.within(["oy"])
    place = source.geometry.row([reading.n, add(line, mul(pair, 2)), "ix"])
    step = source.geometry.shape[2]
    assert isinstance(step, int)
    target = add(mul(pair, cells), "ix")
    loops = [
        Loop(f"ix in range(0, {cells}, 2)", (f"row = {place}",)),
        Loop(f"c in range(0, {channels}, {columns_of(each)})"),
    ]
    text, depth = opened(loops, 0)
    text += indented(_loads(source.name, "row", step, "c", f"2, {each}"), depth)
    text += indented(_cells("columns", target, pairs * cells), depth)
    return _for_pairs(pairs, text)


def _squares(wide: int, pairs: int, channels: int) -> list[str]:
    """Sums of four of those, side by side."""
    cells, across, each = wide + 2, wide // 2, _vectors(channels)
    pair = "pair" if pairs > 1 else "0"
    place = add(mul("ty", pairs * cells), mul(pair, cells), "tile * 2")
    loops = [
        Loop(
            f"tile in range({across})", (f"ix = {place}", f"row = {add(mul(pair, across), 'tile')}")
        ),
        Loop(f"c in range(0, {channels}, {columns_of(each)})"),
    ]
    text, depth = opened(loops, 0)
    text += indented(_loads("columns", "ix", 1, "c", f"1, {each}"), depth)
    text += indented(_cells("squares", "row", pairs * across), depth)
    return _for_pairs(pairs, text)


def _products(kernel: str, rows: int, channels: int, vectors: int) -> list[str]:
    """Four products of matrices, and sums of these side by side."""
    height = tile_height(rows, vectors)
    start, _ = tile_start(rows, height)
    loops = [
        Loop("tx in range(4)", (f"kk = (ty * 4 + tx) * {channels}",)),
        Loop(
            f"tile in range(0, {rows}, {height})",
            (f"row = {add(mul('tx', rows), start)}", f"acc = zeros({height}, {vectors})"),
        ),
    ]
    text, depth = opened(loops, 0)
    sums = ("d0 + (d1 + d2)", "(d1 - d2) - d3")
    return [
        *text,
        *indented([f"for k in range({channels}):"], depth),
        *indented([f"acc = outer(acc, squares, row, k, {kernel}, kk + k, j)"], depth + 1),
        *indented(["store(products, row, 0, acc)"], depth),
        f"for tile in range({rows}):",
        f"    row = ({mul('ty', rows)} + tile) * 2",
        *indented(_loads("products", "tile", rows, "0", f"1, {vectors}"), 1),
        *indented(_stores("sums", "row", 1, "j", sums), 1),
    ]


def _outputs(body: Body, positions: Sequence[int], pairs: int, vectors: int) -> list[str]:
    """Sums of three of those, one above the other, and what follows."""
    high, wide = positions
    rows = pairs * (wide // 2)
    height = tile_height(wide, vectors)
    start, _ = tile_start(wide, height)
    pair = "pair" if pairs > 1 else "0"
    line = add(mul("n", high), "oy", mul(pair, 2), "side")
    size = f"{height}, {vectors}"
    down, depth = opened(
        [
            Loop("side in range(2)", ("way = 1.0 - 2.0 * side",)),
            Loop(
                f"tile in range(0, {wide}, {height})",
                (
                    f"ox = {start}",
                    f"i = ({line}) * {wide} + ox",
                    f"row = {add(mul(pair, wide), 'ox')}",
                    f"d0 = load(sums, row + side * {6 * rows}, j, {size})",
                    f"d1 = load(sums, row + {2 * rows}, j, {size})",
                    f"d2 = load(sums, row + {4 * rows}, j, {size})",
                    "acc = d1 + way * (d2 + d0)",
                ),
            ),
        ],
        0,
    )
    down += indented(epilogue(body, Cursor("i", "j", height, str(vectors), limit="")), depth)
    return _for_pairs(pairs, down)
