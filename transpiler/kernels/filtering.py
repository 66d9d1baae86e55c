"""The gradient of a convolution for its kernel: products of windows with what is behind them."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from kgen.access import product_text
from kgen.body import Body
from kgen.kernels.convolving import LARGEST_PANEL, columns_of, tile_vectors
from kgen.kernels.dealing import Loop
from kgen.kernels.geometry import Geometry, windows
from kgen.kernels.loops import known_size, width
from kgen.kernels.nest import OUTPUT, TAP, names_of, nest, take_names, tile_height
from kgen.kernels.places import add, digits, mul, size
from kgen.texts import NestText

# Positions that are summed at a time.
BLOCK = 128
# Lines of positions that are summed at a time where their length is open.
_OPEN_LINES = 4


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
    lines = max(1, BLOCK // extent) if isinstance(extent, int) else _OPEN_LINES
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
    work, locate, used = tiles_of_taps(geometry, groups, tiles, height)
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


def tiles_of_taps(
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
