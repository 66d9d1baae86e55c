"""Where the windows of a convolution lie in its input, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kgen.access import product_text
from kgen.body import Body
from kgen.graph import Shape, Value
from kgen.kernels.loops import known_size
from kgen.kernels.places import add, mixed, mul, size


@dataclass(frozen=True)
class Geometry:
    """How the windows of a convolution lie in its input."""

    shape: Shape
    taps: tuple[int, ...]
    strides: tuple[int, ...]
    dilation: tuple[int, ...]

    @property
    def rank(self) -> int:
        return len(self.taps)

    @property
    def channels(self) -> int:
        return known_size(self.shape[-1:])

    @property
    def grouped_taps(self) -> tuple[int, ...]:
        """The taps that loops walk: all, or all but those of the last axis where they are a run."""
        return self.taps if self.dilation[-1] > 1 else self.taps[:-1]

    @property
    def run(self) -> int:
        """Neighbouring floats of the input that meet neighbouring rows of the kernel."""
        return self.channels * (1 if self.dilation[-1] > 1 else self.taps[-1])

    def cell(self, axis: int, position: str, tap: str) -> str:
        """Where in an axis of the input a tap lies."""
        return add(mul(position, self.strides[axis]), mul(tap, self.dilation[axis]))

    def first_cells(self, n: str, positions: Sequence[str], taps: Sequence[str]) -> list[str]:
        """The input's place at position 0 of the last axis."""
        taps = [*taps, *(["0"] if len(taps) < self.rank else [])]
        cells = [self.cell(axis, at, taps[axis]) for axis, at in enumerate(positions)]
        return [n, *cells, self.cell(self.rank - 1, "0", taps[-1])]

    def row(self, places: Sequence[str]) -> str:
        """The row of a place of the input, a row being one cell's channels."""
        return mixed(places, [size(self.shape, axis) for axis in range(self.rank + 1)])


@dataclass(frozen=True)
class Windows:
    """The input of a convolution as a matrix with a row for each position of the last axis.

    Where positions are neighbours, rows are cells, and `(row + position, k)` is meant; else rows
    start a stride apart, and it is `(position, place + k)` with a flat place.
    """

    geometry: Geometry
    name: str

    @property
    def is_plain(self) -> bool:
        return self.geometry.strides[-1] == 1

    def base(self, places: Sequence[str], position: str = "0") -> str:
        """The row, or the flat place, from which a run of the input is read."""
        row = self.geometry.row(places)
        if self.is_plain:
            return add(row, position)
        return mul(row, self.geometry.channels)

    def at(self, base: str, position: str, k: str, *, based: bool = True) -> str:
        """The row and column of element k of a position's run; `based` if base has the position."""
        if self.is_plain:
            return f"{base if based else add(base, position)}, {k}"
        return f"{position}, {add(base, k)}"


def windows(body: Body, geometry: Geometry, x: Value) -> Windows:
    """The input's matrix in this kernel."""
    rows, channels = product_text(x.shape[:-1]), geometry.channels
    step: int | str = geometry.strides[-1] * channels if geometry.strides[-1] > 1 else ""
    return Windows(geometry, body.view(x, rows, channels, step))
