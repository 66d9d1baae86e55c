"""The gradient of a convolution for its kernel, in slices of lines of positions."""

from __future__ import annotations

from math import prod

from kgen.access import product_text
from kgen.body import Body
from kgen.kernels.convolving import columns_of, tile_vectors
from kgen.kernels.dealing import Loop
from kgen.kernels.geometry import Geometry, windows
from kgen.kernels.loops import known_size, width
from kgen.kernels.nest import OUTPUT, TAP, names_of, nest, take_names, tile_height
from kgen.kernels.places import add, digits, grouped, mul, size
from kgen.texts import NestText


def filter_slices(body: Body) -> NestText:
    """Tiles of each slice, which a thread or a block of warps sums over the slice's lines."""
    node = body.group.anchor
    x, grad = node.inputs
    geometry = Geometry(x.shape, node.attrs["taps"], node.attrs["strides"], node.attrs["dilation"])
    cols, extent = known_size(grad.shape[-1:]), width(grad.shape[-2:-1])
    groups, run, slices = prod(geometry.grouped_taps), geometry.run, node.attrs["slices"]
    vectors = tile_vectors(cols, run, body.lanes)
    height = tile_height(run, vectors)
    take_names(body, "q", "t", "m", "tap", "part")
    source = windows(body, geometry, x)
    gradient = body.view(grad, product_text(grad.shape[:-1]), cols)
    out = body.view(node.output, str(slices * groups * run), cols)
    body.written.append(node.output)
    down = f"-(-{run} // {height})"
    taps = list(names_of(TAP, geometry.rank)[: len(geometry.grouped_taps)])
    positions = names_of(OUTPUT, geometry.rank)[:-1]
    tile = [
        f"tap = t // ({down})",
        f"m = t % ({down}) * {height}",
        *_named(taps, digits("tap", [str(tap) for tap in geometry.grouped_taps])),
    ]
    lines = product_text(grad.shape[:-2])
    line = ("n", *positions), digits("q", [size(grad.shape, n) for n in range(geometry.rank)])
    base = "row" if source.is_plain else "place"
    cells = geometry.first_cells("n", positions, taps)
    total = grouped(lines)
    bounds = f"part * {total} // {slices}, (part + 1) * {total} // {slices}"
    left = source.at(base, "ox", "m", based=False)
    row = add(mul("part", groups * run), mul("tap", run), "m")
    return nest(
        free=True,
        summed=True,
        share=f"share({slices}, 1, thread, threads)",
        loops=(
            Loop("part in range(first, last)"),
            Loop(f"j in range(0, {cols}, {columns_of(vectors)})"),
            Loop(f"t in range({groups} * ({down}))", tuple(tile)),
        ),
        start=(f"acc = zeros({height}, {vectors})",),
        inner=(
            Loop(f"q in range({bounds})", (*_named(*line), f"{base} = {source.base(cells)}")),
            Loop(f"ox in range({extent})"),
        ),
        body=(f"acc = outer_t(acc, {source.name}, {left}, {gradient}, q * {extent} + ox, j)",),
        finish=(f"store_rows({out}, {row}, j, acc, {run} - m)",),
    )


def _named(names: tuple[str, ...] | list[str], texts: list[str]) -> list[str]:
    return [f"{name} = {text}" for name, text in zip(names, texts, strict=True)]
