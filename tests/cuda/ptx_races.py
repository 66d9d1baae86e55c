"""Detection of data races: accesses to one place by two threads that nothing orders.

`bar.sync` orders the threads of a block, `bar.warp.sync` those of a warp, and nothing orders
blocks of a launch. Writes of equal values by several threads are allowed, and so are atomic
operations among themselves. Flags passed through memory order nothing here.

Every granule (an element of up to 4 bytes) keeps its last writer and, at three scopes, the lowest
and highest lane that read it: in this launch, since the block's last barrier, since the warp's
last barrier. A writer conflicts with some reader exactly where it differs from one of the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ptx_errors import DataRace, PtxError
from ptx_memory import Array, Region
from ptx_syntax import Instruction

if TYPE_CHECKING:
    from ptx_access import Piece
    from ptx_frame import Frame

_NONE = -1


class _Shadow:
    """Who used each granule of one piece of memory."""

    def __init__(self, region: Region) -> None:
        self.granule = region.granule
        count = -(-region.root_size // self.granule)
        self.keep = region.root_array
        self.writer = np.full(count, _NONE, np.int64)
        self.writer_block_epoch = np.zeros(count, np.int64)
        self.writer_warp_epoch = np.zeros(count, np.int64)
        self.writer_atomic = np.zeros(count, bool)
        self.line = np.zeros(count, np.int64)
        self.read_line = np.zeros(count, np.int64)
        self.tags = [np.full(count, _NONE, np.int64) for _ in range(3)]
        self.lowest = [np.zeros(count, np.int64) for _ in range(3)]
        self.highest = [np.zeros(count, np.int64) for _ in range(3)]


class Races:
    """The record of one launch."""

    def __init__(self) -> None:
        self.shadows: dict[int, _Shadow] = {}
        self.first_lane = 0
        self.block_epoch = np.zeros(0, np.int64)
        self.warp_epoch = np.zeros(0, np.int64)

    def begin(self, frame: Frame, first_block: int) -> None:
        """Turn to other blocks: their shared memory is new."""
        self.first_lane = first_block * frame.padded
        self.block_epoch = np.zeros(frame.count, np.int64)
        self.warp_epoch = np.zeros(frame.count, np.int64)
        for region in frame.regions:
            self.shadows.pop(region.root, None)

    def block_barrier(self, lanes: Array) -> None:
        """These lanes have passed a barrier of their whole block."""
        self.block_epoch[lanes] += 1

    def warp_barrier(self, lanes: Array) -> None:
        """These lanes have passed a barrier of their whole warp."""
        self.warp_epoch[lanes] += 1

    def _granules(self, ins: Instruction, piece: Piece, width: int) -> tuple[_Shadow, Array]:
        """The shadow and, per lane and granule of the access, its index there."""
        region = piece.region
        shadow = self.shadows.get(region.root)
        if shadow is None:
            shadow = self.shadows[region.root] = _Shadow(region)
        if width % shadow.granule:
            raise PtxError(
                f"a {width} byte access to {region.name}, watched by {shadow.granule} bytes",
                ins.line,
                str(ins),
            )
        start = (piece.index.astype(np.int64) * width + region.root_offset) // shadow.granule
        return shadow, start[:, None] + np.arange(width // shadow.granule)

    def _unordered(
        self, frame: Frame, shadow: _Shadow, places: Array, lanes: Array, me: Array
    ) -> Array:
        """Where the last writer is another thread that no barrier has ordered before me."""
        writer = shadow.writer[places]
        other_block = writer // frame.padded != me // frame.padded
        same_epoch = shadow.writer_block_epoch[places] == self.block_epoch[lanes]
        other_warp = writer // 32 != me // 32
        same_segment = shadow.writer_warp_epoch[places] == self.warp_epoch[lanes]
        concurrent = other_block | (same_epoch & (other_warp | same_segment))
        return np.asarray(concurrent & (writer != _NONE) & (writer != me))

    def _fail(
        self, frame: Frame, ins: Instruction, piece: Piece, wrong: Array, what: str, line: Array
    ) -> None:
        row = int(wrong.any(axis=1).argmax())
        column = int(wrong[row].argmax())
        lane = int(piece.lanes[row])
        raise DataRace(
            f"{frame.position(lane)} {what} at line {int(line[row, column])} "
            f"in {piece.region.name}, with no barrier between",
            ins.line,
            str(ins),
        )

    def _keys(self, frame: Frame, lanes: Array, me: Array) -> list[Array]:
        """What identifies the scopes: the launch, the block's epoch, the warp's epoch."""
        launch = np.zeros(len(lanes), np.int64)
        block = (me // frame.padded) * (1 << 32) + self.block_epoch[lanes]
        warp = ((me // 32) * (1 << 32) + self.block_epoch[lanes]) * 1024 + self.warp_epoch[lanes]
        return [launch, block, warp]

    def read(self, frame: Frame, ins: Instruction, piece: Piece, width: int) -> None:
        """Check a load, before it happens, and note it."""
        if piece.region.space == "local":
            return
        shadow, places = self._granules(ins, piece, width)
        lanes = piece.lanes[:, None]
        me = lanes + self.first_lane
        wrong = self._unordered(frame, shadow, places, lanes, me)
        if wrong.any():
            self._fail(
                frame, ins, piece, wrong, "reads what another thread wrote", shadow.line[places]
            )
        mine = np.broadcast_to(me, places.shape)
        for scope, key in enumerate(self._keys(frame, piece.lanes, me[:, 0])):
            tags = np.broadcast_to(key[:, None], places.shape)
            old = shadow.tags[scope][places] == tags
            low = np.where(old, np.minimum(shadow.lowest[scope][places], mine), mine)
            high = np.where(old, np.maximum(shadow.highest[scope][places], mine), mine)
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
        shadow, places = self._granules(ins, piece, width)
        lanes = piece.lanes[:, None]
        me = lanes + self.first_lane
        wrong = self._unordered(frame, shadow, places, lanes, me) & ~same[:, None]
        if atomic:
            wrong &= ~shadow.writer_atomic[places]
        if wrong.any():
            self._fail(
                frame, ins, piece, wrong, "overwrites what another wrote", shadow.line[places]
            )
        units = (frame.padded, 32, 1)
        for scope, key in enumerate(self._keys(frame, piece.lanes, me[:, 0])):
            noted = shadow.tags[scope][places] == key[:, None]
            unit = units[scope]
            low, high = shadow.lowest[scope][places] // unit, shadow.highest[scope][places] // unit
            wrong = noted & ((low != me // unit) | (high != me // unit))
            if wrong.any():
                what = "overwrites what another thread read"
                self._fail(frame, ins, piece, wrong, what, shadow.read_line[places])
        shadow.writer[places] = me
        shadow.writer_block_epoch[places] = self.block_epoch[lanes]
        shadow.writer_warp_epoch[places] = self.warp_epoch[lanes]
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
