"""Images resampled along affine maps, cell by cell of the output, vector by vector of channels."""

from __future__ import annotations

from kgen.access import product_text
from kgen.body import Body, Cursor, number
from kgen.graph import Shape, Value
from kgen.kernels.dealing import Loop
from kgen.kernels.loops import epilogue, known_size, long_vectors
from kgen.kernels.nest import nest, nested, take_names
from kgen.kernels.places import mixed, mul, size
from kgen.texts import NestText

_AXES = ("y", "x")


class _Warps:
    """What both directions share: `inside` is the image that is read or added to."""

    def __init__(self, body: Body, inside: Shape, outside: Shape) -> None:
        take_names(body, "x_first", "y_first", "y", "x", "kept", "weight")
        self.body = body
        node = body.group.anchor
        self.inside = inside
        self.outside = outside
        self.mode = node.attrs["mode"]
        self.linear = node.attrs["interpolation"] == "bilinear"
        self.transform = body.view(node.inputs[1], product_text(outside[:1]), 6)
        self.vectors, self.step = long_vectors(known_size(inside[-1:]), body.lanes)

    def loops(self, start: tuple[str, ...] = ()) -> tuple[Loop, ...]:
        """Over images, output cells and channels; then the place that a cell is read at."""
        walks = nested(("oy", "ox"), [size(self.outside, 1), size(self.outside, 2)])
        outer = [size(self.outside, axis) for axis in range(3)]
        lines = [
            f"i = {mixed(['n', 'oy', 'ox'], outer)}",
            *self._place("x", 0),
            *self._place("y", 3),
        ]
        walks[-1] = Loop(walks[-1].head, tuple(lines))
        cols = known_size(self.inside[-1:])
        return (
            Loop("n in range(first, last)", start),
            *walks,
            Loop(f"j in range(0, {cols}, {self.step})"),
        )

    def _place(self, axis: str, first: int) -> tuple[str, str]:
        """A coordinate, and the first cell there: `x_first` or `y_first`."""
        a, b, c = (f"element({self.transform}, n, {first + k})" for k in range(3))
        cell = f"{axis}_first"
        if self.linear:
            found = f"math.floor({axis})"
        else:
            found = f"math.floor({axis} + 0.5) if {axis} >= 0.0 else math.ceil({axis} - 0.5)"
        return f"{axis} = {a} * ox + {b} * oy + {c}", f"{cell} = {found}"

    def taps(self) -> tuple[Loop, ...]:
        """Loops over the cells that make an output, those within the image if that matters."""
        extent = 2 if self.linear else 1
        found = []
        for axis, first in enumerate(("y_first", "x_first")):
            name = f"i{_AXES[axis]}"
            if self.mode == "constant":
                length = size(self.inside, axis + 1)
                found.append(f"{name} in range(max({first}, 0), min({first} + {extent}, {length}))")
            else:
                found.append(f"{name} in range({first}, {first} + {extent})")
        return tuple(Loop(head) for head in found)

    def row(self) -> str:
        """The image's row of a cell, folded back if it lies outside."""
        sizes = [size(self.inside, axis) for axis in range(3)]
        return mixed(["n", self._fold("iy", sizes[1]), self._fold("ix", sizes[2])], sizes)

    def _fold(self, name: str, length: str) -> str:
        if self.mode == "constant":
            return name
        if self.mode == "nearest":
            return f"min(max({name}, 0), {length} - 1)"
        if self.mode == "wrap":
            return f"({name} % {length})"
        twice = mul(length, 2)
        period = f"({twice})" if " " in twice else twice
        return f"min({name} % {period}, {period} - 1 - {name} % {period})"

    def weight(self) -> str:
        return "(1.0 - abs(y - iy)) * (1.0 - abs(x - ix))"

    def view(self, value: Value) -> str:
        shape = value.shape
        return self.body.view(value, product_text(shape[:-1]), known_size(shape[-1:]))


def warp(body: Body) -> NestText:
    node = body.group.anchor
    warps = _Warps(body, node.inputs[0].shape, node.output.shape)
    part = f"load({warps.view(node.inputs[0])}, {warps.row()}, j, 1, {warps.vectors})"
    value = node.attrs["value"] if warps.mode == "constant" else 0.0
    start, lines, finish = [f"acc = full(1, {warps.vectors}, 0.0)"], [], []
    if not warps.linear:
        start = [f"acc = full(1, {warps.vectors}, {number(value)})"]
        lines = [f"acc = {part}"]
    else:
        lines = [f"weight = {warps.weight()}", f"acc = acc + {part} * weight"]
        if value:
            start.append("kept = 0.0")
            lines.append("kept = kept + weight")
            finish.append(f"acc = acc + (1.0 - kept) * {number(value)}")
    return nest(
        free=True,
        images=node.output.shape,
        loops=warps.loops(),
        start=tuple(start),
        inner=warps.taps(),
        body=tuple(lines),
        finish=(*finish, *epilogue(body, Cursor("i", "j", "1", warps.vectors))),
    )


def unwarp(body: Body) -> NestText:
    node = body.group.anchor
    (grad, _), target = node.inputs, node.output
    warps = _Warps(body, target.shape, grad.shape)
    name = warps.view(target)
    body.written.append(target)
    whole = product_text(target.shape[1:])
    whole = f"({whole})" if " " in whole else whole
    part = f"part * ({warps.weight()})" if warps.linear else "part"
    return nest(
        images=target.shape,
        loops=warps.loops((f"fill_words({name}, {mul('n', whole)}, {whole}, 0.0)",)),
        start=(f"part = load({warps.view(grad)}, i, j, 1, {warps.vectors})",),
        inner=warps.taps(),
        body=(f"add_to({name}, {warps.row()}, j, {part})",),
        finish=(),
    )
