"""The gradient of a convolution for its kernel by Winograd's products (`ops.winograd`).

Each thread sums, over its own rows of the batch, products of the inputs' sums with the gradients'
sums: 4 of lines or 16 of images, each a matrix of channels by columns. The taps are sums of those,
made once at the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kgen.access import product_text
from kgen.body import Body
from kgen.kernels.convolving import columns_of
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.nest import nest, take_names, tile_height
from kgen.kernels.places import add, mul
from kgen.kernels.winograd_sums import (
    LARGEST,
    NAMES,
    Lines,
    Pairs,
    columns,
    loads,
    padded,
    pairs_of,
    read_images,
    read_lines,
    squares_of_columns,
    stores,
    vectors_of,
)
from kgen.ops.convolve import known_sizes
from kgen.texts import NestText

# Pairs of outputs, of several lines, that are summed together.
_TOGETHER = 64
# Lines that are shared among threads together, which a block of them divides.
_SHARED = 8


def winograd_filter(body: Body) -> NestText:
    """Each thread's part of the gradient."""
    node = body.group.anchor
    x, grad = node.inputs
    channels, cols = known_sizes((x.shape[-1], grad.shape[-1]))
    rank = grad.type.rank - 2
    take_names(body, "t", "lines", "vertical", "slopes", "total", *NAMES)
    out = body.view(node.output, f"threads * {3**rank * channels}", cols)
    gradient = body.view(grad, product_text(grad.shape[:-1]), cols)
    body.written.append(node.output)
    size = 4**rank * channels * cols
    # The last tile of a total may reach below all of them.
    room = size + LARGEST // vectors_of(cols) * cols
    loops, start = (_of_images if rank == 2 else _of_lines)(body, gradient)
    text = nest(
        images=x.shape,
        loops=loops,
        start=start,
        inner=(),
        body=(),
        finish=(),
    )
    clear = (
        f"total = workspace({room}, {cols}, {cols})",
        f"fill_words(total, 0, {size}, 0.0)",
    )
    taps = _taps_of_lines(out, channels, cols)
    if rank == 2:
        taps = _taps_of_images(out, channels, cols, body.lanes)
    return replace(text, lines=(*clear, *text.lines, *taps), dealt=())


def _of_lines(body: Body, gradient: str) -> tuple[Sequence[Loop], Sequence[str]]:
    """Some lines at a time: the sums of their inputs and gradients, and the products."""
    x, grad = body.group.anchor.inputs
    (wide,) = known_sizes(grad.shape[1:-1])
    channels, cols = known_sizes((x.shape[-1], grad.shape[-1]))
    across, step = wide // 2, padded(channels)
    together = next((n for n in (1, 2, 4) if 2 * n * across > _TOGETHER), _SHARED)
    lines = Lines(together, across)
    place = f"{lines.first} * {wide} + tile * 2"
    block = lines.block(
        f"squares = workspace({4 * lines.rows * step}, {channels}, {step})",
        f"slopes = workspace({4 * lines.rows * cols}, {cols}, {cols})",
    )
    start = (
        *lines.squares(read_lines(body, wide), channels),
        *_pairs_of_gradients(gradient, place, "tile", lines.rows, lines.count, cols),
        *_products("tx", lines.rows, lines.count, channels, cols),
    )
    return (block,), start


def _of_images(body: Body, gradient: str) -> tuple[Sequence[Loop], Sequence[str]]:
    """Pairs of lines, or some of them together."""
    x, grad = body.group.anchor.inputs
    high, wide = known_sizes(grad.shape[1:-1])
    channels, cols = known_sizes((x.shape[-1], grad.shape[-1]))
    step = padded(channels)
    pairs = pairs_of(high, wide, max(channels, cols))
    rows = pairs.rows
    reading = read_images(body, high, wide, pairs)
    loops = (
        *reading.images,
        Loop(
            f"oy in range({reading.origin}, {reading.stop or high}, {2 * pairs.count})",
            (
                f"columns = workspace({4 * pairs.count * (wide + 2) * step}, {channels}, {step})",
                f"squares = workspace({4 * rows * step}, {channels}, {step})",
                f"vertical = workspace({8 * rows * cols}, {cols}, {cols})",
                f"slopes = workspace({4 * rows * cols}, {cols}, {cols})",
            ),
        ),
    )
    across = add(mul("ty", 2 * rows), mul(pairs.name, wide), "tile * 2")
    of_grad = _pairs_of_gradients("vertical", across, pairs.square, rows, pairs.across, cols)
    start = (
        *columns(reading, pairs, channels),
        *_lines_of_gradients(gradient, (high, wide), pairs, cols),
        "for ty in range(4):",
        *indented(squares_of_columns(pairs, channels), 1),
        *indented(pairs.each(of_grad), 1),
        *indented(_products("(ty * 4 + tx)", rows, rows, channels, cols), 1),
    )
    return loops, start


def _sums(target: str, row: str, step: int) -> tuple[str, ...]:
    """Sums of two gradients: a column of A for each."""
    return stores(target, row, step, "j", ("d0", "d0 + d1", "d0 - d1", "0.0 - d1"))


def _pairs_of_gradients(
    source: str, place: str, row: str, step: int, across: int | str, cols: int
) -> list[str]:
    """Sums of two neighbours."""
    each = vectors_of(cols)
    loops = [
        Loop(f"tile in range({across})", (f"k = {place}", f"row = {row}")),
        Loop(f"j in range(0, {cols}, {columns_of(each)})"),
    ]
    text, depth = opened(loops, 0)
    text += indented(loads(source, "k", 1, "j", f"1, {each}", 2), depth)
    return text + indented(_sums("slopes", "row", step), depth)


def _lines_of_gradients(
    gradient: str, positions: Sequence[int], pairs: Pairs, cols: int
) -> list[str]:
    """Sums of two lines, one above the other."""
    high, wide = positions
    each = vectors_of(cols)
    line = add(mul("n", high), "oy", mul(pairs.name, 2))
    loops = [
        Loop(
            f"tile in range({wide})",
            (f"k = ({line}) * {wide} + tile", f"row = {add(mul(pairs.name, wide), 'tile')}"),
        ),
        Loop(f"j in range(0, {cols}, {columns_of(each)})"),
    ]
    text, depth = opened(loops, 0)
    text += indented(loads(gradient, "k", wide, "j", f"1, {each}", 2), depth)
    text += indented(_sums("vertical", "row", 2 * pairs.rows), depth)
    return pairs.each(text)


def _products(number: str, rows: int, count: int | str, channels: int, cols: int) -> list[str]:
    """Four products of matrices, from that of a `number` on, added to their totals.

    The first `count` of the `rows` of each factor count.
    """
    vectors = vectors_of(cols)
    height = tile_height(channels, vectors)
    loops = [
        Loop("tx in range(4)"),
        Loop(f"j in range(0, {cols}, {columns_of(vectors)})"),
        Loop(
            f"tile in range(0, {channels}, {height})",
            (
                f"row = {add(mul(number, channels), 'tile')}",
                f"acc = load(total, row, j, {height}, {vectors})",
            ),
        ),
    ]
    text, depth = opened(loops, 0)
    first = mul("tx", rows)
    return [
        *text,
        *indented([f"for k in range({first}, {add(first, str(count))}):"], depth),
        *indented(["acc = outer_t(acc, squares, k, tile, slopes, k, j)"], depth + 1),
        *indented([f"store_rows(total, row, j, acc, {channels} - tile)"], depth),
    ]


def _back(target: str, row: str, step: int, column: str) -> tuple[str, ...]:
    """Taps of four sums: a column of G for each."""
    sums = ("d0 + (d1 + d2) * 0.5", "(d1 - d2) * 0.5", "(d1 + d2) * 0.5 + d3")
    return stores(target, row, step, column, sums)


def _taps_of_lines(out: str, channels: int, cols: int) -> Sequence[str]:
    loops = [Loop(f"k in range({channels})"), Loop(f"j in range(0, {cols}, LANES)")]
    text, depth = opened(loops, 0)
    text += indented(loads("total", "k", channels, "j", "1, 1"), depth)
    row = add(mul("thread", 3 * channels), "k")
    return [*text, *indented(_back(out, row, channels, "j"), depth)]


def _taps_of_images(out: str, channels: int, cols: int, lanes: int) -> Sequence[str]:
    """Those of four lines first, of each column's four then."""
    workspace = f"lines = workspace({12 * lanes}, {lanes}, {lanes})"
    loops = [Loop(f"k in range({channels})"), Loop(f"j in range(0, {cols}, LANES)", (workspace,))]
    text, depth = opened(loops, 0)
    row = add(mul("thread", 9 * channels), mul("t", channels), "k")
    inner = (
        "for t in range(4):",
        *indented(loads("total", f"t * {4 * channels} + k", channels, "j", "1, 1"), 1),
        *indented(_back("lines", "t", 4, "0"), 1),
        "for t in range(3):",
        *indented(loads("lines", "t * 4", 1, "0", "1, 1"), 1),
        *indented(_back(out, row, 3 * channels, "j"), 1),
    )
    return [*text, *indented(inner, depth)]
