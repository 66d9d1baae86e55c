"""The memory of a program: the model's flat buffers, and an arena for one batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.runtime.covering import covering
from kgen.runtime.device import Device
from kgen.runtime.isa import ACCUMULATORS, LANES
from kgen.runtime.kernels import Buffer, Command, Sync
from kgen.runtime.packing import Life, pack_lives
from kgen.runtime.spec import Spec
from kgen.runtime.states import States

PADDING = 8
LINE = 16
# Windows of a convolution may reach this far beyond an input shorter than a tile.
OPEN_GUARD = 1 << 16
GUARD = 4096


def vectors_for(cols: int, lanes: int = LANES) -> int:
    """Vectors that hold `cols` columns; of this machine, if not told otherwise."""
    return -(-cols // lanes)


def rows_for(n: int, vectors: int = 2, accumulators: int = ACCUMULATORS) -> int:
    """Rows of a tile of `vectors` vectors that cover n rows evenly, within the registers."""
    return covering(n, max(1, accumulators // vectors))[0]


@dataclass(frozen=True)
class Steps:
    """One of a module's programs: its list of kernel calls and what they need.

    `rows` counts floats of the arena for each row of the batch, `fixed` those
    besides; `flops` the arithmetic for a row. Where `lot` is not 0, rows do not depend on one
    another, and each thread had best take so many at a time. Where kernels work `by_tiles`, these
    hold rows of the batch, and threads share whole ones.
    """

    commands: Callable[[Memory], list[Command | Sync]]
    rows: int
    fixed: int
    flops: int
    lot: int = 0
    by_tiles: bool = True


@dataclass(frozen=True)
class Programs:
    """A model's programs; those of a model without `train:` are empty but for `predict`.

    That one is empty where the model has no outputs; `views` are its views, by name.

    `few` is `predict` for one row or a few, where that has other kernels.
    """

    predict: tuple[Steps, ...] = ()
    few: tuple[Steps, ...] = ()
    train: tuple[Steps, ...] = ()
    gradient: tuple[Steps, ...] = ()
    evaluate: tuple[Steps, ...] = ()
    views: Mapping[str, tuple[Steps, ...]] = field(default_factory=dict)


@dataclass
class State:
    """What outlives a step: weights, gradients, the optimizer's slots, totals, layers' states."""

    weights: npt.NDArray[np.float32]
    gradients: npt.NDArray[np.float32]
    slots: dict[str, npt.NDArray[np.float32]]
    figures: npt.NDArray[np.float32]
    totals: npt.NDArray[np.float64]
    scalars: npt.NDArray[np.float32]
    carried: States


class SharedArena:
    """Memory for the programs of a model, of which one runs at a time.

    `renewals` counts how often it was replaced by a larger one.
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.floats = device.allocate(0)
        self.renewals = 0

    def take(self, count: int, spare: int, name: str) -> npt.NDArray[np.float32]:
        """An array of at least so many floats; a new one has some to spare."""
        if self.floats.size < count:
            self.floats = self.device.allocate(count + spare, name)
            self.renewals += 1
        return self.floats


class Memory:
    """Hands the buffers to a module's lists of commands.

    `rows` and `fixed` places come from the arena; the batch region has room
    for `capacity` rows, padded so that the last tile stays inside. Places whose
    size depends on the open dimensions `dims` are asked for with `between`.
    Once all commands are made, `settle` puts them in an arena that programs share.
    """

    def __init__(
        self,
        spec: Spec,
        state: State,
        rows: int,
        fixed: int,
        capacity: int,
        dims: Mapping[str, int],
        threads: int,
        device: Device,
    ) -> None:
        self.spec = spec
        self.device = device
        self.threads = threads
        self.lasting = state
        self.dims = dims
        self.capacity = -(-capacity // PADDING) * PADDING
        self.places: list[tuple[Buffer, int, Life]] = []
        self.spots: list[tuple[Buffer, int]] = []
        self.start_of_fixed = rows * self.capacity
        self.end = self.start_of_fixed + fixed
        self.name = f"arena ({self.capacity:,} rows of {rows:,} floats, and {fixed:,})"
        self.arena = np.zeros(0, np.float32)
        self.in_parts = 0
        self.nothing = device.keep(np.zeros(1, np.int64))
        self.offsets: Mapping[str, int] = {w.path: w.offset for w in spec.weights}
        self.feeds: list[tuple[str, Command]] = []
        self.results: list[tuple[str, Command]] = []

    def rows(self, offset: int, floats: int) -> Buffer:
        """Arena: `floats` for every row of the batch."""
        return self._spot(offset * self.capacity, floats * self.capacity)

    def fixed(self, offset: int, floats: int) -> Buffer:
        """Arena: `floats`, whatever the batch."""
        return self._spot(self.start_of_fixed + offset, floats)

    def _spot(self, offset: int, floats: int) -> Buffer:
        place = Buffer(self.arena, offset)
        self.spots.append((place, floats))
        return place

    def parts(self, floats: int) -> Buffer:
        """`floats` for every thread."""
        self.in_parts += self.threads * floats
        return Buffer(self.device.allocate(self.threads * floats, "parts of sums"))

    def dim(self, name: str) -> int:
        """The size of an open dimension in the batches at hand."""
        return self.dims[name]

    def between(self, first: int, last: int, floats: int) -> Buffer:
        """Arena: `floats` that are in use from one phase of the program to another."""
        place = Buffer(self.arena)
        self.places.append((place, -(-floats // LINE) * LINE, (first, last)))
        return place

    @cached_property
    def layout(self) -> tuple[list[int], int]:
        """Where what `between` gave lies in the arena, and the floats of all of it."""
        return pack_lives([size for _, size, _ in self.places], [p[2] for p in self.places])

    @property
    def floats(self) -> int:
        """What a program takes, once all of its commands are made."""
        return self.unscaled + self.start_of_fixed + self.layout[1]

    @property
    def unscaled(self) -> int:
        """The part of it that does not grow with the batch."""
        return self.end - self.start_of_fixed + self.in_parts

    def sizes(self) -> list[tuple[Buffer, int]]:
        """The floats of everything in the arena."""
        return [*self.spots, *((place, size) for place, size, _ in self.places)]

    def settle(self, shared: SharedArena, spare: int | None = None) -> None:
        """Put everything in the arena, once all of a program's commands are made.

        Where its size depends on open dimensions, there are up to `spare` floats for larger ones.
        """
        offsets, total = self.layout
        if self.places:
            most = total // 4
            arena = shared.take(
                total + OPEN_GUARD,
                most if spare is None else max(min(most, spare), 0),
                "arena of open dimensions",
            )
        else:
            arena = shared.take(self.end + GUARD, 0, self.name)
        self.arena = arena
        for place, _ in self.spots:
            object.__setattr__(place, "base", arena)
        for (place, _, _), offset in zip(self.places, offsets, strict=True):
            object.__setattr__(place, "base", arena)
            object.__setattr__(place, "offset", offset)

    def weight(self, path: str) -> Buffer:
        """A weight."""
        return Buffer(self.lasting.weights, self.offsets[path])

    def state(self, path: str) -> Buffer:
        """What a layer keeps from batch to batch."""
        return self.lasting.carried.buffer(path)

    def gradient(self, path: str) -> Buffer:
        """The gradient of a trainable weight."""
        return Buffer(self.lasting.gradients, self.offsets[path])

    def weights(self) -> Buffer:
        """All trainable weights, one after another."""
        return Buffer(self.lasting.weights)

    def gradients(self) -> Buffer:
        """All gradients, laid out as the weights are."""
        return Buffer(self.lasting.gradients)

    def slot(self, name: str, path: str | None = None) -> Buffer:
        """A buffer of the optimizer's, laid out as the weights are; or one weight's share."""
        return Buffer(self.lasting.slots[name], 0 if path is None else self.offsets[path])

    def constant(self, numbers: npt.NDArray[Any]) -> Buffer:
        """Numbers of the module."""
        return Buffer(self.device.keep(numbers, "constants"), 0, str(numbers.dtype))

    def scalar(self, index: int) -> Buffer:
        """A figure the optimizer gives for this step."""
        return Buffer(self.lasting.scalars, index)

    def figure(self, index: int) -> Buffer:
        """A figure this step reports."""
        return Buffer(self.lasting.figures, index)

    def feed(self, name: str, target: Buffer, floats: int) -> Command:
        """Copy the batch's rows of a data set into `target`."""
        cols = self._number(floats)
        rows, order = Buffer(self.nothing), Buffer(self.nothing)
        command: Command = self.device.gather_rows(rows, order, target, cols)
        self.feeds.append((name, command))
        return command

    def result(self, name: str, source: Buffer, floats: int) -> Command:
        """Copy an output's rows to where the caller wants them."""
        cols = self._number(floats)
        command: Command = self.device.scatter_rows(source, Buffer(self.nothing), cols)
        self.results.append((name, command))
        return command

    def _number(self, value: int) -> Buffer:
        return Buffer(self.device.keep(np.array([value], np.int64)), 0, "int64")

    def count_figures(self) -> Command:
        """Add this step's figures to the totals."""
        command: Command = self.device.add_figures(
            Buffer(self.lasting.figures),
            Buffer(self.lasting.totals, 0, "float64"),
            self._number(self.lasting.totals.size),
        )
        return command

    def pick_scalars(self, table: npt.NDArray[np.float32]) -> Command:
        """Take this step's row of the optimizer's figures."""
        count = self._number(self.lasting.scalars.size)
        command: Command = self.device.pick_scalars(
            Buffer(table), Buffer(self.lasting.scalars), count
        )
        return command
