"""Nests of loops over positions and taps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kgen.access import product_text
from kgen.body import Body
from kgen.graph import BATCH, Shape
from kgen.kernels.dealing import Loop, dealt, indented, opened, split
from kgen.texts import NestText

# What positions of the output, taps of the window and cells of the input are called, by axis.
OUTPUT, TAP, CELL = ("oz", "oy", "ox"), ("tz", "ty", "tx"), ("iz", "iy", "ix")


def nest(
    *,
    share: str = "",
    images: Shape = (),
    loops: Sequence[Loop],
    start: Sequence[str],
    inner: Sequence[Loop],
    body: Sequence[str],
    finish: Sequence[str],
    free: bool = False,
    summed: bool = False,
) -> NestText:
    """Loops in one another; in the innermost, further ones between `start` and `finish`.

    Threads share what the line `share` divides, or the `images` of a shape, along its first axis.
    The outer loops are `free` if what each turn of them writes is apart from what others do; what
    the inner ones do is `summed` if it may be divided, `acc` being the sum of all parts.
    """

    def lines(
        outer: tuple[list[str], int], terms: Sequence[Loop], last: Sequence[str]
    ) -> tuple[str, ...]:
        heads, depth = outer
        between, deepest = opened(terms, depth)
        turn = [*indented(start, depth), *between, *indented(body, deepest)]
        return (*heads, *turn, *indented(last, depth))

    if images:
        share = _shared_images(images)
    parts = [split(inner[0]), *inner[1:]] if summed else inner
    ends = ("acc = block_sum(acc)", "if warp == 0:", *indented(finish, 1)) if summed else finish
    is_dealt = any(loop.is_shared for loop in loops)
    warps = dealt(share, loops, free=free, together=summed) if is_dealt else None
    bounds = "first, last"
    if free and images[:1] == (BATCH,):
        bounds, share, loops = _parted(loops)
    return NestText(
        bounds=bounds,
        share=share,
        lines=lines(opened(loops, 0), inner, finish),
        dealt=() if warps is None else lines(warps, parts, ends),
    )


def _parted(loops: Sequence[Loop]) -> tuple[str, str, Sequence[Loop]]:
    """What a thread's line gives, the line, and the loops: the second one may be shared as well.

    So that threads have something to do if the batch is a single image.
    """
    for place, loop in enumerate(loops):
        start, stop, step = loop.bounds
        if loop.is_shared or loop.serial or loop.name == "j" or start != "0" or stop == "1":
            continue
        further = "" if step == "1" else f", {step}"
        head = f"{loop.name} in range(left, right{further})"
        parted = [*loops[:place], replace(loop, head=head), *loops[place + 1 :]]
        share = f"share_block(clock, batch, {stop}, {step}, thread, threads)"
        return "first, last, left, right", share, parted
    return "first, last", _IMAGES, loops


def names_of(kind: tuple[str, ...], rank: int) -> tuple[str, ...]:
    """The names for the last `rank` axes."""
    assert rank <= len(kind)
    return kind[len(kind) - rank :]


def take_names(body: Body, *names: str) -> None:
    """Keep the nest's own variables free of the model's names."""
    body.names.taken |= {"n", "turn", "left", "right", *OUTPUT, *TAP, *CELL, *names}


def nested(names: Iterable[str], sizes: Iterable[int | str]) -> list[Loop]:
    """One loop for each axis; those of a single turn as well, so that its name is known."""
    return [Loop(f"{name} in range({extent})") for name, extent in zip(names, sizes, strict=True)]


# Positions that the height of tiles is chosen for where their number is open.
_TYPICAL = 64


def tile_height(extent: int | str, vectors: int | str) -> str:
    """Rows of the tiles that cover `extent` rows evenly."""
    return f"ROWS_{extent if isinstance(extent, int) else _TYPICAL}_BY_{vectors}"


def tile_start(extent: int | str, height: str) -> tuple[str, str]:
    """Where the tile at `tile` starts, so that it ends within `extent`, and how many rows count.

    All do, unless an open extent is less than a tile is high.
    """
    if isinstance(extent, int):
        return f"min(tile, {extent} - {height})", ""
    return f"max(min(tile, {extent} - {height}), 0)", f"{extent} - ox"


_IMAGES = "share_batch(clock, batch, thread, threads)"


def _shared_images(shape: Shape) -> str:
    """The line that shares the first axis among threads: the batch, as all kernels share it."""
    if shape[0] == BATCH:
        return _IMAGES
    return f"share({product_text(shape[:1])}, 1, thread, threads)"
