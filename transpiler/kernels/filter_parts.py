"""The gradient of a convolution for its kernel where each thread sums over its own images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from kgen.access import product_text
from kgen.body import Body
from kgen.kernels.bordering import Reading, is_bordered, read
from kgen.kernels.convolving import LARGEST_PANEL, columns_of, tile_vectors, waits_for_cells
from kgen.kernels.dealing import Loop, indented
from kgen.kernels.filtering import BLOCK, tiles_of_taps
from kgen.kernels.geometry import Geometry
from kgen.kernels.loops import known_size
from kgen.kernels.nest import OUTPUT, names_of, nest, take_names, tile_height
from kgen.kernels.places import add, digits, mixed, mul
from kgen.ops.borders import line_block
from kgen.ops.convolve import known_sizes
from kgen.texts import NestText

# Positions where lines are copied with their border.
_BORDERED_BLOCK = 256
# Vectors of the sums of all taps up to which they are made at once.
_ALL_TAPS = 24


def filter_parts(body: Body) -> NestText:
    """Each thread sums over its own images, tile by tile of its own part."""
    node = body.group.anchor
    x, grad = node.inputs
    geometry = Geometry(x.shape, node.attrs["taps"], node.attrs["strides"], node.attrs["dilation"])
    cols, extent = known_size(grad.shape[-1:]), known_size(grad.shape[-2:-1])
    run, groups = geometry.run, prod(geometry.grouped_taps)
    inner = groups * run
    vectors = tile_vectors(cols, run, body.lanes)
    take_names(body, "t", "m", "tap", "q", "start")
    gradient = body.view(grad, product_text(grad.shape[:-1]), cols)
    out = body.view(node.output, f"threads * {inner}", cols)
    body.written.append(node.output)
    walk = (_within_images if is_bordered(node) else _across_images)(body, geometry, known_sizes(
        grad.shape[1:-1]
    ))  # fmt: skip
    right = f"{gradient}, q * {extent} + ox, j"
    packing: tuple[str, ...] = ()
    if cols > vectors * body.lanes and walk.lines * extent * vectors * body.lanes <= LARGEST_PANEL:
        right = f"panel, (q - start) * {extent} + ox, 0"
        packing = (
            f"panel = pack({gradient}, start * {extent}, j, {walk.lines * extent}, {vectors}, "
            f"count * {extent})",
        )
    at_once = groups if groups * run * vectors <= _ALL_TAPS else 1
    slides = at_once == 1 and extent >= geometry.taps[-1] and waits_for_cells(geometry, vectors)
    rows, across = (geometry.channels, geometry.taps[-1]) if slides else (run, vectors)
    height = tile_height(rows, across)
    work, locate, used = tiles_of_taps(
        geometry, groups // at_once, f"-(-{rows} // {height})", height
    )
    place = _Place(walk, out, mul("thread", inner), height, vectors)
    if slides:
        sums = _sliding(place, used, mul("tap", run) if groups > 1 else "0", gradient, extent)
    else:
        taps = [used]
        if at_once > 1:
            taps = [list(map(str, one)) for one in np.ndindex(*geometry.grouped_taps)]
        firsts = [str(number * run) for number in range(at_once)]
        if at_once < groups:
            firsts = [mul("tap", run)]
        sums = _side_by_side(place, taps, firsts, right, extent)
    body.names.taken |= sums.names
    lines, scan, start = list(walk.scan), (*walk.found, *sums.found), sums.start
    if lines:
        lines[-1] = Loop(lines[-1].head, (*scan, *sums.edges))
    else:
        locate, start = (*locate, *scan), (*start, *sums.edges)
    text = nest(
        images=x.shape,
        loops=(
            *walk.blocks(Loop(f"j in range(0, {cols}, {columns_of(vectors)})"), packing),
            Loop(f"t in range({work})", locate),
        ),
        start=start,
        inner=(*lines, Loop(f"ox in range({sums.along})")),
        body=sums.products,
        finish=sums.finish,
    )
    clear = f"fill_words({out}, thread * {inner * cols}, {inner * cols}, 0.0)"
    return replace(text, lines=(clear, *text.lines), dealt=())


@dataclass(frozen=True)
class _Walk:
    """Blocks of at most `lines` lines of positions, and the loops over those of a block.

    Line q is the `q - start`-th of the block's `count`; `found` says so in the innermost loop.
    """

    reading: Reading
    lines: int
    outer: tuple[Loop, ...]
    block: tuple[str, ...]
    scan: tuple[Loop, ...]
    found: tuple[str, ...]

    def blocks(self, across: Loop, packing: tuple[str, ...]) -> tuple[Loop, ...]:
        """The loops over blocks, and `across` columns, with what packs a block's columns."""
        if self.reading.n == "n":  # blocks reach over images, and are the inner loop
            (blocks,) = self.outer
            return across, Loop(blocks.head, (*self.block, *packing))
        return *self.outer, Loop(across.head, (*(self.block if packing else ()), *packing))


@dataclass(frozen=True)
class _Place:
    """What tiles of sums read, and the matrix that they stand in, from row `first` on."""

    walk: _Walk
    out: str
    first: str
    height: str
    vectors: int

    def cells(self, taps: Sequence[str]) -> str:
        """The input's row, or flat place, that the first position of a line reads."""
        reading = self.walk.reading
        geometry = reading.windows.geometry
        positions = reading.within(names_of(OUTPUT, geometry.rank)[:-1])
        return reading.windows.base(geometry.first_cells(reading.n, positions, taps))

    def read(self, base: str, position: str) -> str:
        """The numbers of a position from row `m` of the tile on."""
        source = self.walk.reading.windows
        return f"{source.name}, {source.at(base, position, 'm', based=False)}"

    def load(self, first: str) -> str:
        """The tile from row `first` of the thread's part on."""
        row = add(self.first, first, "m")
        return f"load({self.out}, {row}, j, {self.height}, {self.vectors})"

    def store(self, first: str, acc: str, rows: int) -> str:
        """The tile put back, of which `rows` count."""
        return f"store_rows({self.out}, {add(self.first, first, 'm')}, j, {acc}, {rows} - m)"


@dataclass(frozen=True)
class _Sums:
    """Tiles of sums: where a line is read, what comes before, the products along it.

    Attributes:
        names: variables of their own.
        found, edges: the statements in front of a line; `edges` change the sums.
        along: the positions that `products` go along.
    """

    names: set[str]
    found: tuple[str, ...]
    start: tuple[str, ...]
    edges: tuple[str, ...]
    along: str
    products: tuple[str, ...]
    finish: tuple[str, ...]


def _side_by_side(
    place: _Place, taps: Sequence[Sequence[str]], firsts: Sequence[str], right: str, extent: int
) -> _Sums:
    """A tile for each of the taps, of a run of numbers by columns; its rows begin at `firsts`."""
    windows = place.walk.reading.windows
    base = "row" if windows.is_plain else "place"
    names = [("acc", base)]
    if len(taps) > 1:
        names = [(f"acc_{number}", f"{base}_{number}") for number in range(len(taps))]
    tiles = list(zip(names, taps, firsts, strict=True))
    return _Sums(
        {name for pair in names for name in pair},
        tuple(f"{row} = {place.cells(tap)}" for (_, row), tap, _ in tiles),
        tuple(f"{acc} = {place.load(first)}" for (acc, _), _, first in tiles),
        (),
        str(extent),
        tuple(f"{acc} = outer_t({acc}, {place.read(row, 'ox')}, {right})" for acc, row in names),
        tuple(place.store(first, acc, windows.geometry.run) for (acc, _), _, first in tiles),
    )


def _sliding(place: _Place, taps: Sequence[str], first: str, gradient: str, extent: int) -> _Sums:
    """A tile of a cell's channels for each tap along the line.

    Along cells instead of positions, a number of the input is loaded once for all those taps. Near
    the ends of a line some taps meet no position.
    """
    geometry = place.walk.reading.windows.geometry
    count, channels = geometry.taps[-1], geometry.channels
    names = [f"acc_{tap}" for tap in range(count)]
    firsts = [add(first, str(tap * channels)) for tap in range(count)]

    def product(tap: int) -> str:
        acc, position = names[tap], f"q * {extent} + ox" + (f" - {tap}" if tap else "")
        return f"{acc} = outer_t({acc}, {place.read('row', 'ox')}, {gradient}, {position}, j)"

    edges: list[str] = []
    for tap in range(count):
        for low, high in ((tap, count - 1), (extent, extent + tap)):
            if low < high:
                bounds = f"{low}, {high}" if low else str(high)
                edges += [f"for ox in range({bounds}):", *indented([product(tap)], 1)]
    return _Sums(
        {"row", *names},
        (f"row = {place.cells(taps)}",),
        tuple(f"{acc} = {place.load(at)}" for acc, at in zip(names, firsts, strict=True)),
        tuple(edges),
        f"{count - 1}, {extent}",
        tuple(map(product, range(count))),
        tuple(place.store(at, acc, channels) for acc, at in zip(names, firsts, strict=True)),
    )


def _across_images(body: Body, geometry: Geometry, positions: tuple[int, ...]) -> _Walk:
    """Lines of all images, numbered through."""
    *above, extent = positions
    lines, each = max(1, BLOCK // extent), prod(above)
    first, last = mul("first", each), mul("last", each)
    step = geometry.strides[-1] * geometry.channels
    reading = read(body, geometry, geometry.channels, step, positions[0], 0)
    names = ("n", *names_of(OUTPUT, geometry.rank)[:-1])
    places = digits("q", ["", *map(str, above)])
    return _Walk(
        reading,
        lines,
        (Loop(f"start in range({first}, {last}, {lines})"),),
        (f"count = min({lines}, {last} - start)",),
        (Loop("q in range(start, start + count)"),),
        tuple(f"{name} = {text}" for name, text in zip(names, places, strict=True)),
    )


def _within_images(body: Body, geometry: Geometry, positions: tuple[int, ...]) -> _Walk:
    """Lines of one image at a time, of which some, with their border, are copied together."""
    *above, _ = positions
    block = line_block(body.group.anchor, _BORDERED_BLOCK)
    step = geometry.strides[-1] * geometry.channels
    reading = read(body, geometry, geometry.channels, step, positions[0], block)
    names, each = names_of(OUTPUT, geometry.rank)[:-1], prod(above[1:])
    sizes = ["", *map(str, above)]
    q = mixed(["n", *names], sizes)
    if not above:
        return _Walk(reading, 1, reading.images, ("start = n", "count = 1"), (), (f"q = {q}",))
    start = mixed(["n", reading.origin, *["0"] * (len(above) - 1)], sizes)
    count = str(prod(above))
    if reading.origin != "0":
        lines = f"{reading.stop} - {reading.origin}"
        count = lines if each == 1 else mul(f"({lines})", each)
    return _Walk(
        reading,
        min(block, above[0]) * each,
        reading.images,
        (f"start = {start}", f"count = {count}"),
        tuple(reading.lines(names, list(map(str, above)))),
        (f"q = {q}",),
    )
