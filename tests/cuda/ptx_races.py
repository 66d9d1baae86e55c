"""Detection of data races: accesses to one place by two threads that nothing orders.

`bar.sync` orders the threads of a block, `bar.warp.sync` those of a warp, and nothing orders
blocks of a launch. Writes of equal values by several threads are allowed, and so are atomic
operations among themselves. Flags passed through memory order nothing here.

Every granule (an element of up to 4 bytes) keeps its last writer and, at three scopes, the lowest
and highest lane that read it: in this launch, since the block's last barrier, since the warp's
last barrier. A writer conflicts with some reader exactly where it differs from one of the two.
What is kept carries the number of the launch, so that nothing need be cleared between launches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ptx_errors import DataRace, PtxError
from ptx_memory import Array, Memory, Region
from ptx_syntax import Instruction

if TYPE_CHECKING:
    from ptx_access import Piece
    from ptx_frame import Frame

WARP = 32
# A key is a launch's number, a block's or warp's, and that of the period between two barriers.
_LAUNCH, _PERIOD = 44, 24
# Writers are kept as the launch's number and the lane's.
_LANE = 32
_SCOPES = 3


class _Shadow:
    """Who used each granule of one piece of memory."""

    def __init__(self, region: Region) -> None:
        self.granule = region.granule
        count = -(-region.root_size // self.granule)
        # Kept alive, so that no other memory comes to lie there.
        self.keep = region.root_array
        self.writer = np.zeros(count, np.int64)
        self.writer_block = np.zeros(count, np.int32)
        self.writer_warp = np.zeros(count, np.int32)
        self.writer_atomic = np.zeros(count, bool)
        self.line = np.zeros(count, np.int32)
        self.read_line = np.zeros(count, np.int32)
        self.tags = [np.zeros(count, np.int64) for _ in range(_SCOPES)]
        self.lowest = [np.zeros(count, np.int32) for _ in range(_SCOPES)]
        self.highest = [np.zeros(count, np.int32) for _ in range(_SCOPES)]


class Races:
    """What the lanes of a frame did, as far as it bears on races.

    `block_period` and `warp_period` count the barriers that each lane has passed, the second those
    of its block as well.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.begin_lanes(np.zeros(0, np.int64), 1)

    def begin(self, frame: Frame, first_block: int) -> None:
        """Turn to other blocks: their shared memory is new."""
        self.begin_lanes(np.arange(frame.count) + first_block * frame.padded, frame.padded)
        for region in frame.regions:
            self.memory.shadows.pop(region.root, None)

    def begin_lanes(self, lanes: Array, padded: int) -> None:
        """Number the lanes through all blocks of the launch."""
        self.padded = padded
        self.lanes = lanes.astype(np.int64)
        self.block_period = np.zeros(len(lanes), np.int64)
        self.warp_period = np.zeros(len(lanes), np.int64)
        self.base = self.memory.launches << _LANE
        self._key()

    def _key(self) -> None:
        """What identifies the scopes of every lane: its launch, block and warp, and periods."""
        launch = np.full(len(self.lanes), self.memory.launches << _LAUNCH, np.int64)
        block = (self.lanes // self.padded << _PERIOD) + self.block_period
        warp = (self.lanes // WARP << _PERIOD) + self.warp_period
        self.keys = launch, launch + block, launch + warp

    def block_barrier(self, lanes: Array) -> None:
        """These lanes have passed a barrier of their whole block."""
        self.block_period[lanes] += 1
        self.warp_barrier(lanes)

    def warp_barrier(self, lanes: Array) -> None:
        """These lanes have passed a barrier of their whole warp."""
        self.warp_period[lanes] += 1
        self._key()

    def _granules(self, ins: Instruction, piece: Piece, width: int) -> tuple[_Shadow, Array, Array]:
        """The shadow, and for each granule of each lane's access: its index there, the lane."""
        region = piece.region
        shadow: _Shadow | None = self.memory.shadows.get(region.root)
        if shadow is None:
            shadow = self.memory.shadows[region.root] = _Shadow(region)
        granule = shadow.granule
        if width % granule:
            raise PtxError(
                f"a {width} byte access to {region.name}, watched by {granule} bytes",
                ins.line,
                str(ins),
            )
        start = piece.index.view(np.int64)
        if region.root_offset or width != granule:
            start = (start * width + region.root_offset) // granule
        if width == granule:
            return shadow, start, piece.lanes
        parts = width // granule
        places = (start[:, None] + np.arange(parts)).reshape(-1)
        return shadow, places, np.repeat(piece.lanes, parts)

    def _unordered(self, shadow: _Shadow, places: Array, lanes: Array) -> Array | None:
        """Where the last writer is another thread that no barrier has ordered before; or None."""
        writer = shadow.writer[places] - self.base
        if int(writer.max()) < 0:
            return None
        me = self.lanes[lanes]
        other_block = writer // self.padded != me // self.padded
        same_block_period = shadow.writer_block[places] == self.block_period[lanes]
        other_warp = writer // WARP != me // WARP
        same_warp_period = shadow.writer_warp[places] == self.warp_period[lanes]
        concurrent = other_block | (same_block_period & (other_warp | same_warp_period))
        return np.asarray(concurrent & (writer >= 0) & (writer != me))

    def _fail(
        self,
        frame: Frame,
        ins: Instruction,
        piece: Piece,
        found: tuple[Array, Array],
        what: str,
        line: Array,
    ) -> None:
        wrong, lanes = found
        first = int(wrong.argmax())
        raise DataRace(
            f"{frame.position(int(lanes[first]))} {what} at line {int(line[first])} "
            f"in {piece.region.name}, with no barrier between",
            ins.line,
            str(ins),
        )

    def read(self, frame: Frame, ins: Instruction, piece: Piece, width: int) -> None:
        """Check a load, before it happens, and note it."""
        if piece.region.space == "local":
            return
        shadow, places, lanes = self._granules(ins, piece, width)
        wrong = self._unordered(shadow, places, lanes)
        if wrong is not None and wrong.any():
            what = "reads what another thread wrote"
            self._fail(frame, ins, piece, (wrong, lanes), what, shadow.line[places])
        me = self.lanes[lanes].astype(np.int32)
        last = _SCOPES - 1
        known = shadow.tags[last][places] == self.keys[last][lanes]
        known &= (shadow.lowest[last][places] <= me) & (shadow.highest[last][places] >= me)
        if known.all():
            return
        for scope in range(_SCOPES):
            tags = self.keys[scope][lanes]
            old = shadow.tags[scope][places] == tags
            low = np.where(old, np.minimum(shadow.lowest[scope][places], me), me)
            high = np.where(old, np.maximum(shadow.highest[scope][places], me), me)
            shadow.tags[scope][places] = tags
            # Of equal places the last assignment stays: lanes ascend, so turn round for lowest.
            shadow.lowest[scope][places[::-1]] = low[::-1]
            shadow.highest[scope][places] = high
        shadow.read_line[places] = ins.line

    def write(
        self,
        frame: Frame,
        ins: Instruction,
        piece: Piece,
        width: int,
        same: Array,
        atomic: bool,
    ) -> None:
        """Check a store, before it happens, and note it; `same`: it changes nothing."""
        if piece.region.space == "local":
            return
        shadow, places, lanes = self._granules(ins, piece, width)
        wrong = self._unordered(shadow, places, lanes)
        if wrong is not None:
            wrong &= ~np.repeat(same, len(lanes) // len(same))
            if atomic:
                wrong &= ~shadow.writer_atomic[places]
            if wrong.any():
                what = "overwrites what another wrote"
                self._fail(frame, ins, piece, (wrong, lanes), what, shadow.line[places])
        me = self.lanes[lanes]
        for scope, unit in enumerate((self.padded, WARP, 1)):
            noted = shadow.tags[scope][places] == self.keys[scope][lanes]
            if not noted.any():
                continue
            own = me // unit
            low, high = shadow.lowest[scope][places] // unit, shadow.highest[scope][places] // unit
            wrong = noted & ((low != own) | (high != own))
            if wrong.any():
                what = "overwrites what another thread read"
                self._fail(frame, ins, piece, (wrong, lanes), what, shadow.read_line[places])
        shadow.writer[places] = me + self.base
        shadow.writer_block[places] = self.block_period[lanes]
        shadow.writer_warp[places] = self.warp_period[lanes]
        shadow.writer_atomic[places] = atomic
        shadow.line[places] = ins.line

    def together(self, frame: Frame, ins: Instruction, piece: Piece, kept: Array) -> None:
        """After a store: lanes whose value was overwritten by the same instruction."""
        if piece.region.space != "local" and not kept.all():
            lane = int(piece.lanes[int((~kept).argmax())])
            raise DataRace(
                f"{frame.position(lane)} and another thread write different values "
                f"to one place of {piece.region.name}",
                ins.line,
                str(ins),
            )
