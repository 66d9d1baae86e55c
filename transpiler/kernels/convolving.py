"""Convolutions: tiles of neighbouring positions by output channels.

In a channels-last input the taps along the last axis and their channels lie on end, so a tile is
a product of overlapping rows with a panel of the kernel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgen.access import count, product_text
from kgen.body import Body, Cursor
from kgen.graph import Shape, Value
from kgen.kernels.bordering import Reading, is_bordered, read
from kgen.kernels.dealing import Loop, staged_tiles
from kgen.kernels.geometry import Geometry
from kgen.kernels.loops import Width, epilogue, known_size, width
from kgen.kernels.nest import (
    OUTPUT,
    TAP,
    names_of,
    nest,
    take_names,
    tile_height,
    tile_start,
)
from kgen.kernels.places import add, mixed, mul, size
from kgen.kernels.staging import pays_to_stage, staged_lines, tensor_lines
from kgen.ops.borders import line_block
from kgen.precision import FLOAT32
from kgen.texts import NestText

# Floats of a panel of the kernel, copied together.
LARGEST_PANEL = 1 << 18
# Elements of a run from which its product with a single channel goes along the run.
LONG_RUN = 16
# Taps of a run that are met together: of each, a vector stays in a register.
_TOGETHER = 5
# Positions of an image from which packing a panel for each image costs little.
MANY_POSITIONS = 128


def tile_vectors(cols: int, height: Width, lanes: int) -> int:
    """Vectors in a tile: more where it is low, as far as the columns go."""
    most = max(1, -(-cols // lanes))
    wanted = 2 if isinstance(height, str) or height > 7 else 4 if height > 2 else 8
    return min(most, wanted) if most != 3 or wanted < 3 else 3


def columns_of(vectors: int) -> str:
    return "LANES" if vectors == 1 else f"{vectors} * LANES"


def conv(body: Body) -> NestText:
    node = body.group.anchor
    x, w = node.inputs
    out = node.output.shape
    taps = tuple(known_size((tap,)) for tap in w.shape[:-2])
    geometry = Geometry(x.shape, taps, node.attrs["strides"], node.attrs["dilation"])
    cols, inner = known_size(out[-1:]), known_size(w.shape[:-1])
    extent = width(out[-2:-1])
    vectors = tile_vectors(cols, extent, body.lanes)
    stages = not is_bordered(node) and pays_to_stage(body, out, inner, cols)
    tensors = body.precision if stages and body.precision != FLOAT32 else ""
    if tensors and vectors == 3:  # high tiles of three would not fit in shared memory
        vectors = 2
    height = tile_height(extent, vectors)
    start, limit = tile_start(extent, height)
    take_names(body, "tile", "kk", "row", "place", "cells", "taps")
    positions = names_of(OUTPUT, geometry.rank)
    if len(body.group.domain.cols) > 1:
        return _along_lines(body, geometry, w)
    dots = cols == 1 and geometry.run >= LONG_RUN and geometry.strides[-1] == 1
    reading = _read(body, geometry, in_runs=dots)
    if dots:
        outer_loops: tuple[Loop, ...] = reading.images
        products = _dots(body, reading, w, positions, height)
        products = replace(products, finish=("acc = row_sum(acc)",))
    else:
        kernel = body.view(w, str(inner), cols)
        width_of_tile = vectors * body.lanes
        panels = width_of_tile < cols and inner * width_of_tile <= LARGEST_PANEL
        panels = panels and _positions(out) >= 8
        b, column = ("panel", "0") if panels else (kernel, "j")
        packing = (f"panel = pack({kernel}, 0, j, {inner}, {vectors})",) if panels else ()
        across = Loop(f"j in range(0, {cols}, {columns_of(vectors)})", packing)
        by_image = _positions(out) >= MANY_POSITIONS or not panels
        outer_loops = (*reading.images, across) if by_image else (across, *reading.images)
        products = _taps(reading, positions, b, column, vectors)
    j = "0" if dots else "j"
    shape = [size(out, axis) for axis in range(geometry.rank + 1)]
    tile = (
        f"ox = {start}",
        f"i = {mixed(['n', *positions], shape)}",
    )
    text = nest(
        free=True,
        images=out,
        loops=(
            *outer_loops,
            *reading.lines(positions[:-1], shape[1:-1]),
            Loop(f"tile in range(0, {extent}, {height})", tile),
        ),
        start=(f"acc = zeros({height}, {vectors})", *products.start),
        inner=products.loops,
        body=products.body,
        finish=(
            *products.finish,
            *(finish := epilogue(body, Cursor("i", j, height, str(vectors), limit=limit))),
        ),
    )
    if not stages:
        return text
    take_names(body, "number", "tiles", "t")
    down = f"-(-{extent} // {height})"
    sizes = [product_text(out[:1]), *shape[1:-1], down]
    base = "row" if reading.windows.is_plain else "place"
    heads = staged_tiles(sizes, ["n", *positions[:-1]], cols, vectors)
    before = f"tile = t % ({down}) * {height}", *tile
    loops, row = products.loops[:-1], "kk" if len(products.loops) > 1 else "0"
    if tensors:
        take_names(body, "sums")
        left = f"{reading.windows.name}, {reading.windows.at(base, 'ox', 'start')}"
        dealt = tensor_lines(
            heads,
            (*before, f"sums = tensor_zeros({height}, {vectors})", *products.start),
            loops,
            geometry.run,
            tensors,
            f"sums = block_outer_{tensors}(sums, {left}, {kernel}, {add(row, 'start')}, j, count, "
            f"{height})",
            (f"acc = tensor_tile(sums, {height})", *finish),
        )
        return replace(text, dealt=dealt, tensors=tensors)
    left = f"{reading.windows.name}, {reading.windows.at(base, 'ox', 'k')}"
    dealt = staged_lines(
        heads,
        (*before, f"acc = zeros({height}, {vectors})", *products.start),
        loops,
        geometry.run,
        (kernel, row, vectors),
        f"acc = outer(acc, {left}, panel, k - start, 0)",
        finish,
    )
    return replace(text, dealt=dealt)


def _read(body: Body, geometry: Geometry, *, in_runs: bool = False) -> Reading:
    """The input as rows of cells, or of the runs that start in them."""
    node, channels = body.group.anchor, geometry.channels
    cols, step = (geometry.run, 1) if in_runs else (channels, geometry.strides[-1])
    block, positions = 0, 0
    if is_bordered(node):
        block, positions = line_block(node), known_size(node.output.shape[1:2])
    return read(body, geometry, cols, step * channels, positions, block)


def _along_lines(body: Body, geometry: Geometry, w: Value) -> NestText:
    """A single output channel: as many positions of a line at once as a vector has lanes."""
    out = body.group.anchor.output.shape
    extent = known_size(out[-2:])
    shape = [size(out, axis) for axis in range(geometry.rank + 1)]
    positions = names_of(OUTPUT, geometry.rank)
    reading = _read(body, geometry, in_runs=True)
    products = _dots(body, reading, w, positions, "LANES")
    tile = (
        f"ox = min(tile, {extent} - LANES)",
        f"i = {mixed(['n', *positions[:-1]], shape[:-1])}",
    )
    return nest(
        free=True,
        images=out,
        loops=(
            *reading.images,
            *reading.lines(positions[:-1], shape[1:-1]),
            Loop(f"tile in range(0, {extent}, LANES)", tile),
        ),
        start=("acc = zeros(LANES, 1)", *products.start),
        inner=products.loops,
        body=products.body,
        finish=("acc = lane_sums(acc)", *epilogue(body, Cursor("i", "ox", "1", "1"))),
    )


def _positions(out: Shape) -> int:
    """How many positions an image has; where their number is open, many."""
    names, known = count(out[1:-1])
    return known if not names else known * MANY_POSITIONS


@dataclass(frozen=True)
class Taps:
    """The loops over taps and channels, the product in them, and what comes before and after."""

    start: tuple[str, ...]
    loops: tuple[Loop, ...]
    body: tuple[str, ...]
    finish: tuple[str, ...] = ()


def _taps(
    reading: Reading, positions: Sequence[str], kernel: str, column: str, vectors: int
) -> Taps:
    """A product for each run of taps, or for each tap, those of a run together."""
    source, geometry = reading.windows, reading.windows.geometry
    base = "row" if source.is_plain else "place"
    places, tap, loops = _walk(geometry, reading.within(positions), reading.n)
    block = mul(tap, geometry.run)
    lines = [f"{base} = {source.base(places, 'ox')}"]
    kk = "k"
    if block != "0":
        lines.append(f"kk = {block}")
        kk = "kk + k"
    length = geometry.channels if waits_for_cells(geometry, vectors) else geometry.run
    starts = map(str, range(0, geometry.run, length))
    return _around(
        loops,
        lines,
        Loop(f"k in range({length})"),
        *(
            f"acc = outer(acc, {source.name}, {source.at(base, 'ox', add('k', start))}, {kernel}, "
            f"{add(kk, start)}, {column})"
            for start in starts
        ),
    )


def waits_for_cells(geometry: Geometry, vectors: int) -> bool:
    """Whether a tile loads a number for each vector that it adds, and its rows read the same ones.

    Where taps of a run are met together, the compiler loads once what several of them read.
    """
    taps = geometry.run // geometry.channels
    return vectors == 1 and geometry.strides[-1] == 1 and 1 < taps <= _TOGETHER


def _dots(body: Body, reading: Reading, w: Value, positions: Sequence[str], height: str) -> Taps:
    """For a single output channel: lane by lane along a run and its taps, then the lanes' sum."""
    geometry = reading.windows.geometry
    run = geometry.run
    kernel = body.view(w, str(known_size(w.shape[:-1]) // run), run)
    places, tap, loops = _walk(geometry, reading.within(positions), reading.n)
    return _around(
        loops,
        [f"row = {add(geometry.row(places), 'ox')}"],
        Loop(f"k in range(0, {run}, LANES)"),
        f"cells = load({reading.windows.name}, row, k, {height}, 1)",
        f"taps = load({kernel}, {tap}, k, 1, 1)",
        "acc = acc + cells * taps",
    )


def _walk(
    geometry: Geometry, positions: Sequence[str], n: str = "n"
) -> tuple[list[str], str, list[Loop]]:
    """Loops over the taps that are no run: where each reads image n, and its number."""
    walked = geometry.grouped_taps
    names = names_of(TAP, geometry.rank)[: len(walked)]
    used = [name if tap > 1 else "0" for name, tap in zip(names, walked, strict=True)]
    places = geometry.first_cells(n, positions[:-1], used)
    loops = [
        Loop(f"{name} in range({tap})") for name, tap in zip(names, walked, strict=True) if tap > 1
    ]
    return places, mixed(used, list(map(str, walked))) if used else "0", loops


def _around(loops: list[Loop], lines: Sequence[str], inner: Loop, *product: str) -> Taps:
    """`lines` stand in the innermost of the loops, before `inner`."""
    if loops:
        loops[-1] = Loop(loops[-1].head, tuple(lines))
    return Taps(() if loops else tuple(lines), (*loops, inner), product)


def turn(body: Body) -> NestText:
    """A kernel with its taps reversed, each tap's matrix transposed."""
    node = body.group.anchor
    (w,) = node.inputs
    taps, rows, cols = (
        known_size(w.shape[:-2]), known_size(w.shape[-2:-1]), known_size(w.shape[-1:])
    )  # fmt: skip
    take_names(body, "tap")
    source = body.view(w, str(taps * rows), cols)
    target = body.view(node.output, str(taps * cols), rows)
    body.written.append(node.output)
    tap = f"i // {rows}" if rows > 1 else "i"
    line = f"i % {rows}" if rows > 1 else "0"
    if cols % body.lanes == 0 and rows % body.lanes == 0:  # no block reaches over a tap's edge
        return nest(
            free=True,
            share=f"share({taps * rows}, LANES, thread, threads)",
            loops=(
                Loop("i in range(first, last, LANES)", (f"row = ({taps - 1} - {tap}) * {cols}",)),
                Loop(f"j in range(0, {cols}, LANES)"),
            ),
            start=(),
            inner=(),
            body=(f"transpose_block({source}, i, j, {target}, row + j, {line})",),
            finish=(),
        )
    return nest(
        free=True,
        share=f"share({taps * rows}, 16, thread, threads)",
        loops=(
            Loop("i in range(first, last)", (f"row = ({taps - 1} - {tap}) * {cols}",)),
            Loop(f"j in range({cols})"),
        ),
        start=(),
        inner=(),
        body=(f"set_element({target}, row + j, {line}, element({source}, i, j))",),
        finish=(),
    )
