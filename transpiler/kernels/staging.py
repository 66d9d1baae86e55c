"""Convolutions of which the warps of a GPU's block have panels of the kernel in common."""

from __future__ import annotations

from collections.abc import Sequence

from kgen.access import count
from kgen.body import Body
from kgen.graph import Shape
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.places import add

# Rows and columns that the kernel has at least, positions of an image, and the most rows of a
# panel.
_ROWS = 64
_COLUMNS = 33
_POSITIONS = 16
_DEPTH = 32
# Terms that tensor cores are given together.
_TENSOR_DEPTHS = {"tf32": 32, "bfloat16": 64}


def pays_to_stage(body: Body, out: Shape, inner: int, cols: int) -> bool:
    """Whether this is for a GPU, the kernel is large, and there are positions for many warps."""
    names, positions = count(out[1:-1])
    many = bool(names) or positions >= _POSITIONS
    return body.has_blocks and many and inner >= _ROWS and cols >= _COLUMNS


def staged_lines(
    heads: Sequence[str],
    before: Sequence[str],
    taps: Sequence[Loop],
    run: int,
    panel: tuple[str, str, int],
    product: str,
    finish: Sequence[str],
) -> tuple[str, ...]:
    """The loop over tiles of `heads`, and in it a sum over taps and runs.

    Of each run, panels of the kernel are copied one after another; `panel` says from where: the
    matrix, its row for the run's first number, and the vectors of a tile. `product` adds what row
    `k - start` of the panel gives. Warps without a tile of their own take part in all but `finish`.
    """
    kernel, row, vectors = panel
    depth = min(run, _DEPTH)
    pack = f"panel = block_pack({kernel}, {add(row, 'start')}, j, {depth}, {vectors}, count)"
    inner = *_blocks(run, depth, pack), Loop("k in range(start, start + count)")
    return _around(heads, before, (*taps, *inner), product, finish)


def tensor_lines(
    heads: Sequence[str],
    before: Sequence[str],
    taps: Sequence[Loop],
    run: int,
    precision: str,
    product: str,
    finish: Sequence[str],
) -> tuple[str, ...]:
    """As `staged_lines`, on tensor cores: `product` adds the terms from `start` on, `count`."""
    blocks = _blocks(run, min(run, _TENSOR_DEPTHS[precision]))
    return _around(heads, before, (*taps, *blocks), product, finish)


def _blocks(run: int, depth: int, *lines: str) -> tuple[Loop]:
    """The loop over a run, so many terms at a time."""
    bounds = f"count = min({depth}, {run} - start)"
    return (Loop(f"start in range(0, {run}, {depth})", (bounds, *lines)),)


def _around(
    heads: Sequence[str],
    before: Sequence[str],
    loops: Sequence[Loop],
    product: str,
    finish: Sequence[str],
) -> tuple[str, ...]:
    """A product in loops, and what comes before and after it."""
    lines, deepest = opened(loops, 1)
    return (
        *heads,
        *indented(before, 1),
        *lines,
        *indented((product,), deepest),
        "    if number < tiles:",
        *indented(finish, 2),
    )
