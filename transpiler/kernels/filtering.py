"""The gradient of a convolution for its kernel: products of windows with what is behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from kgen.access import product_text
from kgen.body import Body
from kgen.kernels.bordering import Reading, is_bordered, read
from kgen.kernels.convolving import LARGEST_PANEL, columns_of, tile_vectors
from kgen.kernels.dealing import Loop
from kgen.kernels.geometry import Geometry, windows
from kgen.kernels.loops import known_size, width
from kgen.kernels.nest import OUTPUT, TAP, names_of, nest, take_names, tile_height
from kgen.kernels.places import add, digits, mixed, mul, size
from kgen.ops.borders import line_block
from kgen.ops.convolve import known_sizes
from kgen.texts import NestText

# Positions that are summed at a time, and where lines are copied for them.
_BLOCK = 128
_BORDERED_BLOCK = 256
# Lines of positions that are summed at a time where their length is open.
_OPEN_LINES = 4
# Vectors of the sums of all taps up to which they are made at once.
_ALL_TAPS = 24


def conv_filter(body: Body) -> NestText:
    """Tiles of the kernel's gradient, which threads own, summed over blocks of positions."""
    node = body.group.anchor
    x, grad = node.inputs
    geometry = Geometry(x.shape, node.attrs["taps"], node.attrs["strides"], node.attrs["dilation"])
    cols, extent = known_size(grad.shape[-1:]), width(grad.shape[-2:-1])
    groups, run = prod(geometry.grouped_taps), geometry.run
    vectors = tile_vectors(cols, run, body.lanes)
    height = tile_height(run, vectors)
    take_names(body, "q", "t", "m", "tap", "tiles")
    source = windows(body, geometry, x)
    gradient = body.view(grad, product_text(grad.shape[:-1]), cols)
    out = body.view(node.output, str(groups * run), cols)
    body.written.append(node.output)
    lines = max(1, _BLOCK // extent) if isinstance(extent, int) else _OPEN_LINES
    total = product_text(grad.shape[:-2])
    packs = isinstance(extent, int) and lines * extent * vectors * body.lanes <= LARGEST_PANEL
    block = (f"count = min({lines}, {total} - start)",)
    packing = (
        f"panel = pack({gradient}, start * {extent}, j, {lines * extent}, {vectors}, "
        f"count * {extent})",
    )
    right = f"{gradient}, q * {extent} + ox, j"
    if packs:
        right = f"panel, (q - start) * {extent} + ox, 0"
    by_rows = groups * -(-run // 12) >= -(-cols // (body.lanes * vectors))
    tiles = f"-(-{run} // {height})"
    step = columns_of(vectors)
    work, locate, used = _tiles(geometry, groups, tiles, height)
    row = add(mul("tap", run), "m") if groups > 1 else "m"
    positions = names_of(OUTPUT, geometry.rank)[:-1]
    place_digits = digits("q", [size(grad.shape, axis) for axis in range(geometry.rank)])
    names_it = "row" if source.is_plain else "place"
    places = geometry.first_cells("n", positions, used)
    scan = (
        *(f"{name} = {text}" for name, text in zip(("n", *positions), place_digits, strict=True)),
        f"{names_it} = {source.base(places)}",
    )
    left = source.at(names_it, "ox", "m", based=False)
    across = f"j in range({f'0, {cols}' if by_rows else 'first, last'}, {step})"
    tiles_loop = Loop(f"t in range({'first, last' if by_rows else work})", locate)
    share = (
        f"share({work}, 1, thread, threads)"
        if by_rows
        else f"share({cols}, {step}, thread, threads)"
    )
    start, positions_of_line = (
        (f"acc = zeros({height}, {vectors})",),
        Loop(f"ox in range({extent})"),
    )
    keep = f"store_rows({out}, {row}, j, acc, {run} - m)"
    at_once = nest(
        free=True,
        summed=True,
        share=share,
        loops=(Loop(across), tiles_loop),
        start=start,
        inner=(Loop(f"q in range({total})", scan), positions_of_line),
        body=(f"acc = outer_t(acc, {source.name}, {left}, {gradient}, q * {extent} + ox, j)",),
        finish=(keep,),
    )
    in_blocks = nest(
        share=share,
        loops=(
            Loop(f"start in range(0, {total}, {lines})", block, serial=True),
            Loop(across, packing if packs else ()),
            tiles_loop,
        ),
        start=start,
        inner=(Loop("q in range(start, start + count)", scan), positions_of_line),
        body=(f"acc = outer_t(acc, {source.name}, {left}, {right})",),
        finish=(
            "if start > 0:",
            f"    acc = acc + load({out}, {row}, j, {height}, {vectors})",
            keep,
        ),
    )
    return replace(in_blocks, dealt=at_once.dealt)


def _tiles(
    geometry: Geometry, groups: int, tiles: str, height: str
) -> tuple[str, tuple[str, ...], list[str]]:
    """How many tiles there are for `groups` taps, where tile t lies, and what its taps are called.

    The taps that are no run are `groups`, or summed at once.
    """
    walked = geometry.grouped_taps
    if groups == 1:
        return tiles, (f"m = t * {height}",), ["0"] * len(walked)
    names = names_of(TAP, geometry.rank)[: len(walked)]
    used = [name if tap > 1 else "0" for name, tap in zip(names, walked, strict=True)]
    located = zip(names, digits("tap", [str(tap) for tap in walked]), used, strict=True)
    return (
        f"{groups} * {tiles}",
        (
            f"tap = t // ({tiles})",
            f"m = t % ({tiles}) * {height}",
            *(f"{name} = {text}" for name, text, use in located if use != "0"),
        ),
        used,
    )


def filter_parts(body: Body) -> NestText:
    """Each thread sums over its own images, tile by tile of its own part."""
    node = body.group.anchor
    x, grad = node.inputs
    geometry = Geometry(x.shape, node.attrs["taps"], node.attrs["strides"], node.attrs["dilation"])
    cols, extent = known_size(grad.shape[-1:]), known_size(grad.shape[-2:-1])
    run, groups = geometry.run, prod(geometry.grouped_taps)
    inner = groups * run
    vectors = tile_vectors(cols, run, body.lanes)
    height = tile_height(run, vectors)
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
    work, locate, used = _tiles(geometry, groups // at_once, f"-(-{run} // {height})", height)
    source = walk.reading.windows
    base = "row" if source.is_plain else "place"
    positions = walk.reading.within(names_of(OUTPUT, geometry.rank)[:-1])
    names, taps = [("acc", base)], [used]
    if at_once > 1:
        taps = [list(map(str, place)) for place in np.ndindex(*geometry.grouped_taps)]
        names = [(f"acc_{number}", f"{base}_{number}") for number in range(groups)]
    body.names.taken |= {name for pair in names for name in pair}
    found, start, products, finish = [], [], [], []
    for number, ((acc, place), tap) in enumerate(zip(names, taps, strict=True)):
        cells = source.geometry.first_cells(walk.reading.n, positions, tap)
        found.append(f"{place} = {source.base(cells)}")
        before = mul("tap", run) if at_once < groups else str(number * run)
        row = add(mul("thread", inner), before, "m")
        start.append(f"{acc} = load({out}, {row}, j, {height}, {vectors})")
        left = source.at(place, "ox", "m", based=False)
        products.append(f"{acc} = outer_t({acc}, {source.name}, {left}, {right})")
        finish.append(f"store_rows({out}, {row}, j, {acc}, {run} - m)")
    lines, scan = list(walk.scan), (*walk.found, *found)
    if lines:
        lines[-1] = Loop(lines[-1].head, scan)
    text = nest(
        images=x.shape,
        loops=(
            *walk.blocks(Loop(f"j in range(0, {cols}, {columns_of(vectors)})"), packing),
            Loop(f"t in range({work})", locate if lines else (*locate, *scan)),
        ),
        start=tuple(start),
        inner=(*lines, Loop(f"ox in range({extent})")),
        body=tuple(products),
        finish=tuple(finish),
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


def _across_images(body: Body, geometry: Geometry, positions: tuple[int, ...]) -> _Walk:
    """Lines of all images, numbered through."""
    *above, extent = positions
    lines, each = max(1, _BLOCK // extent), prod(above)
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
