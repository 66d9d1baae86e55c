"""Depthwise convolutions: vectors along the channels, each channel on its own."""

from __future__ import annotations

from math import prod

from kgen.access import product_text
from kgen.body import Body, Cursor
from kgen.kernels.convolving import columns_of
from kgen.kernels.dealing import Loop
from kgen.kernels.geometry import Geometry
from kgen.kernels.loops import epilogue, known_size, long_vectors, width
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
from kgen.kernels.places import mixed, size
from kgen.texts import NestText


def depthwise(body: Body) -> NestText:
    """Tiles of neighbouring positions by channels, which share what they read of the kernel."""
    node = body.group.anchor
    x, w = node.inputs
    out = node.output.shape
    taps = tuple(known_size((tap,)) for tap in w.shape[:-1])
    geometry = Geometry(x.shape, taps, node.attrs["strides"], node.attrs["dilation"])
    cols, extent = known_size(out[-1:]), width(out[-2:-1])
    vectors = "1" if cols <= body.lanes else "2"
    together = geometry.strides[-1] == 1
    height = tile_height(extent, 4) if together else "1"
    start, limit = tile_start(extent, height) if together else ("tile", "")
    take_names(body, "tile", "tap")
    source = body.view(x, product_text(x.shape[:-1]), cols)
    kernel = body.view(w, str(prod(taps)), cols)
    positions, tap_names = names_of(OUTPUT, geometry.rank), names_of(TAP, geometry.rank)
    shape = [size(out, axis) for axis in range(geometry.rank + 1)]
    cells = [geometry.cell(axis, at, tap_names[axis]) for axis, at in enumerate(positions)]
    tap = (
        f"tap = {mixed(tap_names, [str(n) for n in taps])}",
        f"row = {geometry.row(['n', *cells])}",
    )
    inner = nested(tap_names, taps)
    inner[-1] = Loop(inner[-1].head, tap)
    return nest(
        free=True,
        images=out,
        loops=(
            Loop("n in range(first, last)"),
            *nested(positions[:-1], shape[1:-1]),
            Loop(
                f"tile in range(0, {extent}, {height})",
                (f"ox = {start}", f"i = {mixed(['n', *positions], shape)}"),
            ),
            Loop(f"j in range(0, {cols}, {columns_of(int(vectors))})"),
        ),
        start=(f"acc = zeros({height}, {vectors})",),
        inner=tuple(inner),
        body=(
            f"part = load({source}, row, j, {height}, {vectors})",
            f"acc = acc + part * load({kernel}, tap, j, 1, {vectors})",
        ),
        finish=epilogue(body, Cursor("i", "j", height, vectors, limit=limit)),
    )


def depthwise_filter(body: Body) -> NestText:
    """A sum over all positions for each tap and vector of channels, which threads own."""
    node = body.group.anchor
    x, grad = node.inputs
    geometry = Geometry(x.shape, node.attrs["taps"], node.attrs["strides"], node.attrs["dilation"])
    taps, rank = geometry.taps, geometry.rank
    cols = known_size(grad.shape[-1:])
    vectors, step = long_vectors(cols, body.lanes)
    take_names(body, "tap", "t", "image")
    source = body.view(x, product_text(x.shape[:-1]), cols)
    gradient = body.view(grad, product_text(grad.shape[:-1]), cols)
    out = body.view(node.output, str(prod(taps)), cols)
    body.written.append(node.output)
    positions, tap_names = names_of(OUTPUT, rank), names_of(TAP, rank)
    shape = [size(grad.shape, axis) for axis in range(rank + 1)]
    cells = [geometry.cell(axis, at, tap_names[axis]) for axis, at in enumerate(positions)]
    locate = [f"j = t // {prod(taps)} * ({step})", f"tap = t % {prod(taps)}"]
    below = prod(taps)
    for name, extent in zip(tap_names, taps, strict=True):
        below //= extent
        locate.append(f"{name} = tap // {below} % {extent}")
    inner = nested(["n", *positions], [product_text(grad.shape[:1]), *shape[1:]])
    last_cells = [*cells[:-1], geometry.cell(rank - 1, positions[-1], tap_names[-1])]
    return nest(
        free=True,
        summed=True,
        share=f"share(-(-{cols} // ({step})) * {prod(taps)}, 1, thread, threads)",
        loops=(Loop("t in range(first, last)", tuple(locate)),),
        start=(f"acc = zeros(1, {vectors})",),
        inner=(
            inner[0],
            *inner[1:-1],
            Loop(inner[-1].head, (f"i = {mixed(['n', *positions], shape)}",)),
        ),
        body=(
            f"part = load({source}, {geometry.row(['n', *last_cells])}, j, 1, {vectors})",
            f"acc = acc + part * load({gradient}, i, j, 1, {vectors})",
        ),
        finish=(f"store({out}, tap, j, acc)",),
    )
