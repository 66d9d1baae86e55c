"""Transposed convolutions: for each residue of the output's positions, the taps that reach it.

Output positions `p * stride + tap - low` of one residue by the stride meet the same taps, and
neighbours among them neighbouring input positions: each residue is a convolution of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from kgen.body import Body, Cursor
from kgen.graph import Value
from kgen.kernels.bordering import Reading, read
from kgen.kernels.convolving import LARGEST_PANEL, MANY_POSITIONS, columns_of, tile_vectors
from kgen.kernels.dealing import Loop
from kgen.kernels.geometry import Geometry
from kgen.kernels.loops import epilogue, known_size
from kgen.kernels.nest import (
    OUTPUT,
    TAP,
    names_of,
    nest,
    nested,
    take_names,
    tile_height,
    tile_start,
)
from kgen.kernels.places import add, mixed, mul, size
from kgen.texts import NestText


def conv_transpose(body: Body) -> NestText:
    """The last axis' residues one after the other, those of the others as its loops meet them."""
    node = body.group.anchor
    _, w = node.inputs
    out = node.output.shape
    rank = len(out) - 2
    cols, inner = known_size(out[-1:]), known_size(w.shape[:-1])
    extent = known_size(out[-2:-1]) // node.attrs["strides"][-1]
    vectors = tile_vectors(cols, extent, body.lanes)
    take_names(body, "tile", "kk", "row")
    kernel = body.view(w, str(inner), cols)
    packs = vectors * body.lanes < cols and inner * vectors * body.lanes <= LARGEST_PANEL
    across = Loop(
        f"j in range(0, {cols}, {columns_of(vectors)})",
        (f"panel = pack({kernel}, 0, j, {inner}, {vectors})",) if packs else (),
    )
    reading = _read(body)
    by_image = known_size(out[1:-1]) >= MANY_POSITIONS or not packs
    shape = [size(out, axis) for axis in range(rank + 1)]
    panel = "panel, kk + k, 0" if packs else f"{kernel}, kk + k, j"
    residues = (
        _residue(body, reading, residue, extent, vectors, panel)
        for residue in range(node.attrs["strides"][-1])
    )
    return nest(
        free=True,
        images=out,
        loops=(
            *((*reading.images, across) if by_image else (across, *reading.images)),
            *nested(names_of(OUTPUT, rank)[:-1], shape[1:-1]),
        ),
        start=[line for lines in residues for line in lines],
        inner=(),
        body=(),
        finish=(),
    )


def _read(body: Body) -> Reading:
    """The input, or a whole image of it with its border."""
    node = body.group.anchor
    taps = tuple(map(known_size, ((tap,) for tap in node.inputs[1].shape[:-2])))
    ones = (1,) * len(taps)
    geometry = Geometry(node.inputs[0].shape, taps, ones, ones)
    return read(body, geometry, geometry.channels, geometry.channels, 1, 1)


def _residue(
    body: Body, reading: Reading, residue: int, extent: int, vectors: int, panel: str
) -> tuple[str, ...]:
    """The `extent` positions of a line that leave this residue by the stride."""
    node = body.group.anchor
    w = node.inputs[1]
    strides, out = node.attrs["strides"], node.output.shape
    height = tile_height(extent, vectors)
    start, _ = tile_start(extent, height)
    shape = [*(size(out, axis) for axis in range(len(strides))), str(extent)]
    place = mixed(["n", *names_of(OUTPUT, len(strides))], shape)
    tile = Loop(f"tile in range(0, {extent}, {height})", (f"ox = {start}", f"i = {place}"))
    body.open()
    cursor = Cursor("i", "j", height, str(vectors), apart=strides[-1], offset=residue)
    finish = epilogue(body, cursor)
    body.close()
    return nest(
        share="",
        loops=(tile,),
        start=(f"acc = zeros({height}, {vectors})",),
        inner=_taps(reading, w, strides, node.attrs["low"], residue),
        body=(f"acc = outer(acc, {reading.windows.name}, row, k, {panel})",),
        finish=finish,
    ).lines


def _taps(
    reading: Reading, w: Value, strides: Sequence[int], low: Sequence[int], residue: int
) -> tuple[Loop, ...]:
    """Loops over the taps that reach a residue, and over the channels they meet.

    A turned kernel's tap t is the convolution's tap `taps - 1 - t`.
    """
    shape = reading.windows.geometry.shape
    rank, channels = len(strides), known_size(shape[-1:])
    taps = [known_size((tap,)) for tap in w.shape[:-2]]
    positions, names = names_of(OUTPUT, rank), names_of(TAP, rank)
    cells, loops = [reading.n], []
    for axis, (tap, step, before) in enumerate(zip(taps, strides, low, strict=True)):
        name, last = names[axis], axis == rank - 1
        reach = str(residue + before) if last else add(positions[axis], str(before))
        if step == 1:
            loops.append(Loop(f"{name} in range({tap})"))
            cell = f"({reach} - {name})"
        else:
            first = (residue + before) % step if last else f"({reach}) % {step}"
            loops.append(Loop(f"{name} in range({first}, {tap}, {step})"))
            cell = f"({reach} - {name}) // {step}"
        cells.append(add(cell, "ox") if last else cell)
    sizes = [size(shape, axis) for axis in range(rank + 1)]
    turned = mixed(
        [f"({tap - 1} - {name})" for tap, name in zip(taps, names, strict=True)],
        list(map(str, taps)),
    )
    found = (f"row = {mixed(cells, sizes)}", f"kk = {mul(turned, channels)}")
    loops[-1] = Loop(loops[-1].head, found)
    return (*loops, Loop(f"k in range({channels})"))
