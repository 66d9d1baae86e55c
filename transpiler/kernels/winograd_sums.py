"""What convolutions by Winograd's products share: sums of neighbours, and products of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgen.body import Body
from kgen.kernels.bordering import Reading, is_bordered, read
from kgen.kernels.convolving import columns_of
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.geometry import Geometry
from kgen.kernels.nest import tile_height, tile_start
from kgen.kernels.places import add, mul
from kgen.runtime.covering import covering

# What the neighbours are called, and all other names in these texts.
PARTS = ("d0", "d1", "d2", "d3")
NAMES = (
    *("c", "k", "kk", "row", "tile", "pair", "start", "count"),
    *("squares", "columns", "products", "sums", *PARTS),
)
# Squares from which a product of matrices is worth its kernel's loads, and floats of their sums.
_MANY, _MOST = 32, 1 << 16
# Vectors of the largest tile of any processor, and how near the best tiles are to come.
LARGEST, _NEAR = 28, 1.04
# Floats of lines that are copied together with their border.
_LINES = 1 << 15


@dataclass(frozen=True)
class Pairs:
    """The pairs of lines of outputs that are made together, and the squares of each."""

    count: int
    across: int

    @property
    def rows(self) -> int:
        """All squares."""
        return self.count * self.across

    @property
    def name(self) -> str:
        """Which pair it is."""
        return "pair" if self.count > 1 else "0"

    @property
    def square(self) -> str:
        """The number of a tile's square among all."""
        return add(mul(self.name, self.across), "tile")

    def each(self, lines: Sequence[str]) -> list[str]:
        """Lines for each pair."""
        if self.count == 1:
            return list(lines)
        return [f"for pair in range({self.count}):", *indented(lines, 1)]


def pairs_of(high: int, wide: int, channels: int) -> Pairs:
    """As few as make a good product, of which all lines are a multiple."""
    lines, across = high // 2, wide // 2
    fitting = [
        count
        for count in range(1, lines + 1)
        if lines % count == 0 and 16 * count * across * channels <= _MOST
    ]
    enough = [count for count in fitting if count * across >= _MANY]
    return Pairs(min(enough, default=max(fitting, default=1)), across)


@dataclass(frozen=True)
class Lines:
    """The lines of outputs that are made together, and the pairs of each."""

    together: int
    across: int

    @property
    def rows(self) -> int:
        """All pairs."""
        return self.together * self.across

    @property
    def count(self) -> int | str:
        """All pairs of the lines that are left."""
        return mul("count", self.across) if self.together > 1 else self.across

    @property
    def first(self) -> str:
        """The first line."""
        return "start" if self.together > 1 else "n"

    def block(self, *spaces: str) -> Loop:
        """The loop over blocks of lines, each of which begins with its workspaces."""
        if self.together == 1:
            return Loop("n in range(first, last)", spaces)
        count = f"count = min({self.together}, last - start)"
        return Loop(f"start in range(first, last, {self.together})", (count, *spaces))

    def squares(self, reading: Reading, channels: int) -> list[str]:
        """Sums of four neighbours, for all pairs of a block's lines."""
        source = reading.windows
        (images,) = reading.images
        place, row = source.geometry.row([reading.n, "tile * 2"]), "tile"
        text, depth = list(images.lines), 0
        if self.together > 1:
            row = add(mul("(n - start)", self.across), row)
            text, depth = opened([replace(images, head="n in range(start, start + count)")], 0)
        found = squares(source.name, place, row, self.rows, self.across, channels)
        return text + indented(found, depth)


def lines_of(across: int, vectors: int, step: int) -> Lines:
    """As few as tiles cover almost as well as they would a great many."""
    tallest, most = LARGEST // vectors, max(1, _MOST // (4 * across * step))
    best = covering(tallest, tallest)[1] / tallest
    fine = (
        lines
        for lines in range(1, most)
        if covering(lines * across, tallest)[1] <= _NEAR * best * lines * across
    )
    return Lines(next(fine, most), across)


def read_lines(body: Body, wide: int) -> Reading:
    """The first input, whose lines have `wide` outputs each."""
    geometry = Geometry(body.group.anchor.inputs[0].shape, (3,), (1,), (1,))
    return read(body, geometry, geometry.channels, geometry.channels, wide, wide)


def read_images(body: Body, high: int, wide: int, pairs: Pairs) -> Reading:
    """The first input, or lines of it with their border, for a multiple of some pairs."""
    node, step = body.group.anchor, 2 * pairs.count
    geometry = Geometry(node.inputs[0].shape, (3, 3), (1, 1), (1, 1))
    channels, block = geometry.channels, high
    if is_bordered(node):
        block = max(1, (_LINES // (channels * (wide + 2)) - 2) // step) * step
    return read(body, geometry, channels, channels, high, block)


def padded(channels: int) -> int:
    """Floats between rows of so many channels, whole vectors of any processor."""
    return -(-channels // 16) * 16


def vectors_of(cols: int) -> int:
    """Vectors in a tile of products."""
    return 4 if cols % 64 == 0 else 2


def loads(
    source: str, row: str, step: int, column: str, size: str, parts: int = 4
) -> tuple[str, ...]:
    """The parts, whose rows are `step` apart."""
    return tuple(
        f"{name} = load({source}, {add(row, str(number * step))}, {column}, {size})"
        for number, name in enumerate(PARTS[:parts])
    )


def stores(target: str, row: str, step: int, column: str, sums: Sequence[str]) -> tuple[str, ...]:
    """Sums of the parts, in rows that are `step` apart."""
    return tuple(
        f"store({target}, {add(row, str(number * step))}, {column}, {text})"
        for number, text in enumerate(sums)
    )


def taps(target: str, row: str, step: int, column: str) -> tuple[str, ...]:
    """Sums of three taps: a row of G for each."""
    middle = ("(d0 + d2 + d1) * 0.5", "(d0 + d2 - d1) * 0.5")
    return stores(target, row, step, column, ("d0", *middle, "d2"))


def cells(target: str, row: str, step: int) -> tuple[str, ...]:
    """Sums of four cells: a row of B for each."""
    return stores(target, row, step, "c", ("d0 - d2", "d1 + d2", "d2 - d1", "d1 - d3"))


def across_channels(channels: int) -> tuple[Loop, int]:
    """The loop over channels whose cells are summed, and the vectors of a turn."""
    each = 2 if channels % 32 == 0 else 1
    return Loop(f"c in range(0, {channels}, {columns_of(each)})"), each


def columns(reading: Reading, pairs: Pairs, channels: int) -> list[str]:
    """Sums of the cells of four lines of an image, one above the other."""
    source, count = reading.windows, 2 * pairs.across + 2
    channels_loop, each = across_channels(channels)
    (line,) = reading.within(["oy"])
    place = source.geometry.row([reading.n, add(line, mul(pairs.name, 2)), "ix"])
    step = source.geometry.shape[2]
    assert isinstance(step, int)
    target = add(mul(pairs.name, count), "ix")
    loops = [Loop(f"ix in range(0, {count}, 2)", (f"row = {place}",)), channels_loop]
    text, depth = opened(loops, 0)
    text += indented(loads(source.name, "row", step, "c", f"2, {each}"), depth)
    text += indented(cells("columns", target, pairs.count * count), depth)
    return pairs.each(text)


def squares_of_columns(pairs: Pairs, channels: int) -> list[str]:
    """Sums of four of those, side by side."""
    count = 2 * pairs.across + 2
    place = add(mul("ty", pairs.count * count), mul(pairs.name, count), "tile * 2")
    return pairs.each(squares("columns", place, pairs.square, pairs.rows, pairs.across, channels))


def squares(source: str, place: str, row: str, step: int, across: int, channels: int) -> list[str]:
    """Sums of four neighbours, from row `place` on, for each pair of outputs that they make.

    The pairs are those of `across` tiles; their first sums lie in row `row`, the others `step`
    further each.
    """
    channels_loop, each = across_channels(channels)
    tiles = Loop(f"tile in range({across})", (f"ix = {place}", f"row = {row}"))
    text, depth = opened([tiles, channels_loop], 0)
    text += indented(loads(source, "ix", 1, "c", f"1, {each}"), depth)
    return text + indented(cells("squares", "row", step), depth)


def products(
    kernel: str, number: str, rows: int, count: int | str, channels: int, vectors: int
) -> list[str]:
    """Four products of matrices, from that of a `number` on; the first `count` rows count."""
    height = tile_height(rows, vectors)
    start, _ = tile_start(count, height)
    loops = [
        Loop("tx in range(4)", (f"kk = {mul(number, channels)}",)),
        Loop(
            f"tile in range(0, {count}, {height})",
            (f"row = {add(mul('tx', rows), start)}", f"acc = zeros({height}, {vectors})"),
        ),
    ]
    text, depth = opened(loops, 0)
    return [
        *text,
        *indented([f"for k in range({channels}):"], depth),
        *indented([f"acc = outer(acc, squares, row, k, {kernel}, kk + k, j)"], depth + 1),
        *indented(["store(products, row, 0, acc)"], depth),
    ]
