"""What convolutions read: their input, or copies of some lines of it with zeros around them.

Those lines stay in the thread's nearest caches; no memory holds the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from kgen.access import product_text
from kgen.body import Body
from kgen.graph import Node
from kgen.kernels.dealing import Loop, indented, opened
from kgen.kernels.geometry import Geometry, Windows
from kgen.kernels.nest import nested, take_names
from kgen.kernels.places import add, mixed, mul
from kgen.ops.convolve import known_sizes

# What the lines of a copy are called, by axis.
_LINES = ("p", "u")


@dataclass(frozen=True)
class Reading:
    """How a kernel over positions reads the input of a convolution.

    Attributes:
        windows: the input, or the lines copied from it, as if they were all there is.
        n: the image in it.
        images: the loops over images and blocks of lines.
        origin, stop: the first position of a block along the first axis, and that behind the last.
    """

    windows: Windows
    n: str
    images: tuple[Loop, ...]
    origin: str = "0"
    stop: str = ""

    def within(self, positions: Sequence[str]) -> list[str]:
        """The positions of all axes, counted from a block's first."""
        if self.origin == "0" or not positions:
            return list(positions)
        return [f"({positions[0]} - {self.origin})", *positions[1:]]

    def lines(self, names: Sequence[str], sizes: Sequence[str]) -> list[Loop]:
        """Loops over positions along all axes but the last."""
        loops = nested(names, sizes)
        if self.origin != "0":
            loops[0] = Loop(f"{names[0]} in range({self.origin}, {self.stop})")
        return loops


def is_bordered(node: Node) -> bool:
    """Whether the node's input has a border."""
    return bool(node.attrs.get("before"))


def read(
    body: Body, geometry: Geometry, cols: int, step: int, positions: int, block: int
) -> Reading:
    """The first input of the group's anchor, as a matrix of `cols` whose rows are `step` apart.

    If it has a border, its lines are there for a `block` of the positions along the first axis.
    """
    node = body.group.anchor
    x = node.inputs[0]
    images = Loop("n in range(first, last)")
    rows, channels = product_text(x.shape[:-1]), geometry.channels
    if not is_bordered(node):
        name = body.view(x, rows, cols, "" if step == cols else step)
        return Reading(Windows(geometry, name), "n", (images,))
    before, behind = node.attrs["before"], node.attrs["behind"]
    cells = known_sizes(x.shape[1:-1])
    shape = [low + size + high for low, size, high in zip(before, cells, behind, strict=True)]
    is_whole = len(cells) == 1 or block >= positions
    top = "0"
    if not is_whole:
        top = mul("top", geometry.strides[0])
        reach = (geometry.taps[0] - 1) * geometry.dilation[0] + 1
        shape[0] = (block - 1) * geometry.strides[0] + reach
    take_names(body, "top", "place", *_LINES)
    name, source = body.names.new("lines"), body.view(x, rows, channels)
    copying = (
        f"{name} = workspace({prod(shape) * channels}, {cols}, {step})",
        *_copying(name, source, shape, cells, before, channels, top),
    )
    windows = Windows(replace(geometry, shape=(1, *shape, channels)), name)
    if is_whole:
        return Reading(windows, "0", (replace(images, lines=copying),))
    blocks = Loop(f"top in range(0, {positions}, {block})", copying)
    return Reading(windows, "0", (images, blocks), "top", f"min(top + {block}, {positions})")


def _copying(
    name: str,
    source: str,
    shape: Sequence[int],
    cells: Sequence[int],
    before: Sequence[int],
    channels: int,
    top: str,
) -> tuple[str, ...]:
    """The statements that copy lines into a workspace, from line `top` of what has the border."""
    *outer, extent = shape
    names = _LINES[: len(outer)]
    own = cells[-1] * channels
    low, high = before[-1] * channels, (extent - before[-1] - cells[-1]) * channels
    places, conditions = [], []
    for axis, line in enumerate(names):
        at = add(top, line) if axis == 0 else line
        places.append(f"{at} - {before[axis]}" if before[axis] else at)
        if before[axis]:
            conditions.append(f"{at} >= {before[axis]}")
        if (axis == 0 and top != "0") or shape[axis] > before[axis] + cells[axis]:
            conditions.append(f"{at} < {before[axis] + cells[axis]}")
    start = mul(mixed(["n", *(p if p.isidentifier() else f"({p})" for p in places)],
                      ["", *map(str, cells[:-1])]), own)  # fmt: skip
    line = mixed(names, list(map(str, outer))) if names else "0"
    place = mul(line, extent * channels)
    fill = f"fill_words({name}, "
    copy = [
        *([f"{fill}place, {low}, 0.0)"] if low else []),
        f"copy_words({name}, {add('place', str(low))}, {source}, {start}, {own})",
        *([f"{fill}place + {low + own}, {high}, 0.0)"] if high else []),
    ]
    if conditions:
        copy = [
            f"if {' and '.join(conditions)}:",
            *indented(copy, 1),
            "else:",
            f"    {fill}place, {extent * channels}, 0.0)",
        ]
    heads, depth = opened(
        [Loop(f"{line} in range({count})") for line, count in zip(names, outer, strict=True)], 0
    )
    return (*heads, *indented([f"place = {place}", *copy], depth))
