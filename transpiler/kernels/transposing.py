"""Transposed convolutions: for each residue of the output's positions, the taps that reach it.

Output positions `p * stride + tap - low` of one residue by the stride meet the same taps, and
neighbours among them neighbouring input positions: each residue is a convolution of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from kgen.access import product_text
from kgen.body import Body, Cursor
from kgen.graph import Value
from kgen.kernels.convolving import columns_of, tile_vectors
from kgen.kernels.loops import epilogue, known_size
from kgen.kernels.nest import (
    OUTPUT,
    TAP,
    Loop,
    add,
    indented,
    mixed,
    mul,
    names_of,
    nested,
    opened,
    shared_images,
    size,
    take_names,
    tile_height,
    tile_start,
)
from kgen.texts import NestText


def conv_transpose(body: Body) -> NestText:
    """The last axis' residues one after the other, those of the others as its loops meet them."""
    node = body.group.anchor
    x, w = node.inputs
    out = node.output.shape
    rank, stride = len(out) - 2, node.attrs["strides"][-1]
    cols, inner = known_size(out[-1:]), known_size(w.shape[:-1])
    extent = known_size(out[-2:-1]) // stride
    vectors = tile_vectors(cols, extent)
    height = tile_height(extent, vectors)
    take_names(body, "tile", "kk", "row")
    source = body.view(x, product_text(x.shape[:-1]), known_size(x.shape[-1:]))
    kernel = body.view(w, str(inner), cols)
    positions = names_of(OUTPUT, rank)
    shape = [size(out, axis) for axis in range(rank + 1)]
    outer, depth = opened(
        (
            Loop("n in range(first, last)"),
            Loop(
                f"j in range(0, {cols}, {columns_of(vectors)})",
                (f"panel = pack({kernel}, 0, j, {inner}, {vectors})",),
            ),
            *nested(positions[:-1], shape[1:-1]),
        ),
        0,
    )
    lines = [*outer]
    for residue in range(stride):
        start, _ = tile_start(extent, height)
        place = mixed(["n", *positions], [*shape[:-1], str(extent)])
        head = Loop(f"tile in range(0, {extent}, {height})", (f"ox = {start}", f"i = {place}"))
        tiles, inside = opened((head,), depth)
        taps, deepest = opened(
            _taps(x, w, node.attrs["strides"], node.attrs["low"], residue), inside
        )
        product = f"acc = outer(acc, {source}, row, k, panel, kk + k, 0)"
        cursor = Cursor("i", "j", height, str(vectors), apart=stride, offset=residue)
        body.open()
        finish = epilogue(body, cursor)
        body.close()
        lines += [
            *tiles,
            *indented((f"acc = zeros({height}, {vectors})",), inside),
            *taps,
            *indented((product,), deepest),
            *indented(finish, inside),
        ]
    return NestText(share=shared_images(out), lines=tuple(lines))


def _taps(
    x: Value, w: Value, strides: Sequence[int], low: Sequence[int], residue: int
) -> tuple[Loop, ...]:
    """Loops over the taps that reach a residue, and over the channels they meet.

    A turned kernel's tap t is the convolution's tap `taps - 1 - t`.
    """
    rank, channels = len(strides), known_size(x.shape[-1:])
    taps = [known_size((tap,)) for tap in w.shape[:-2]]
    positions, names = names_of(OUTPUT, rank), names_of(TAP, rank)
    cells, loops = ["n"], []
    for axis, (tap, step, before) in enumerate(zip(taps, strides, low, strict=True)):
        name = names[axis]
        if axis < rank - 1:
            reach = add(positions[axis], str(before))
            first = f"({reach}) % {step}" if before else f"{reach} % {step}"
            meets = f"range({first}, {tap}, {step})" if step > 1 else f"range({tap})"
            cell = f"({reach} - {name}) // {step}" if step > 1 else f"{reach} - {name}"
        else:
            first_tap = (residue + before) % step
            by = f", {step}" if step > 1 else ""
            meets = f"range({first_tap}, {tap}{by})"
            behind = residue + before
            cell = f"({behind} - {name}) // {step}" if step > 1 else f"{behind} - {name}"
            cell = add(cell, "ox")
        cells.append(f"({cell})" if axis < rank - 1 and step == 1 else cell)
        loops.append(Loop(f"{name} in {meets}"))
    sizes = [size(x.shape, axis) for axis in range(rank + 1)]
    turned = mixed(
        [f"({tap - 1} - {name})" for tap, name in zip(taps, names, strict=True)],
        list(map(str, taps)),
    )
    found = (f"row = {mixed(cells, sizes)}", f"kk = {mul(turned, channels)}")
    loops[-1] = Loop(loops[-1].head, found)
    return (*loops, Loop(f"k in range({channels})"))
