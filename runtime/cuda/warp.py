"""A warp of a GPU as a vector unit: 32 lanes, each a thread that holds one element of a vector.

What the tile functions mean to a processor they mean to a warp: the same kernels serve both. All
lanes take the same way through a kernel; only loads, stores and exchanges know of lanes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kgen.runtime.ir_vectors import BIT, FLOAT, INT32, call_intrinsic
from kgen.runtime.vector_unit import VectorUnit
from llvmlite import ir

LANES = 32
ROWS = 8
# Rows of a tile on tensor cores; at its end it is taken apart into tiles of `ROWS`.
TALL_ROWS = 4 * ROWS
# Vectors of a tile that stay in registers, of which a thread has 255 and some for addresses.
ACCUMULATORS = 64
# Warps of a block.
WARPS = 8
EVERYBODY = -1


def int32(value: int) -> Any:
    """A constant."""
    return ir.Constant(INT32, value)


class Warp(VectorUnit):
    """The lanes of a warp."""

    lanes = LANES
    rows = ROWS
    floats = FLOAT
    ints = INT32
    bits = BIT

    def lane(self, builder: Any) -> Any:
        """This thread's number in the warp."""
        return call_intrinsic(builder, "llvm.nvvm.read.ptx.sreg.laneid", INT32)

    def splat(self, builder: Any, value: Any) -> Any:
        """Every lane has it already."""
        return value

    def lane_numbers(self, builder: Any, first: int = 0) -> Any:
        """The lane's own."""
        return builder.add(self.lane(builder), int32(first))

    def _own(self, builder: Any, pointer: Any) -> Any:
        return builder.gep(pointer, [self.lane(builder)])

    def load(self, builder: Any, element: str, pointer: Any, mask: Any, fill: Any) -> Any:
        """Each lane its own element: one transaction, where rows are aligned."""
        place = self._own(builder, pointer)
        if mask is None:
            return self._read(builder, element, place)
        before = builder.block
        with builder.if_then(mask):
            value = self._read(builder, element, place)
            inside = builder.block
        result = builder.phi(FLOAT)
        result.add_incoming(fill, before)
        result.add_incoming(value, inside)
        return result

    def _read(self, builder: Any, element: str, place: Any) -> Any:
        value = builder.load(place)
        return builder.sitofp(value, FLOAT) if element == "int32" else value

    def store(self, builder: Any, element: str, pointer: Any, mask: Any, value: Any) -> None:
        """Each lane its own element."""
        place = self._own(builder, pointer)
        value = self.whole(builder, value) if element == "int32" else value
        if mask is None:
            builder.store(value, place)
            return
        with builder.if_then(mask):
            builder.store(value, place)

    def prefetch(self, builder: Any, pointer: Any, *, writing: bool = False) -> None:
        """Other warps work while one waits."""

    def whole(self, builder: Any, value: Any) -> Any:
        """`cvt.rzi`, which saturates."""
        return call_intrinsic(builder, "llvm.nvvm.f2i.rz", INT32, value)

    def _exchange(self, builder: Any, mode: str, vector: Any, other: int) -> Any:
        bits = builder.bitcast(vector, INT32)
        name = f"llvm.nvvm.shfl.sync.{mode}.i32"
        operands = (int32(EVERYBODY), bits, int32(other), int32(LANES - 1))
        return builder.bitcast(call_intrinsic(builder, name, INT32, *operands), vector.type)

    def swapped(self, builder: Any, vector: Any, distance: int) -> Any:
        """One shuffle between lanes."""
        return self._exchange(builder, "bfly", vector, distance)

    def exchanged(self, builder: Any, a: Any, b: Any, distance: int) -> tuple[Any, Any]:
        """One shuffle: each lane sends what it does not keep."""
        bit = builder.and_(self.lane(builder), int32(distance))
        upper = builder.icmp_signed("!=", bit, int32(0))
        sent = builder.select(upper, a, b)
        got = self.swapped(builder, sent, distance)
        return builder.select(upper, got, a), builder.select(upper, b, got)

    def first(self, builder: Any, vector: Any) -> Any:
        """Lane 0's, for all lanes."""
        return self._exchange(builder, "idx", vector, 0)

    def wait(self, builder: Any) -> None:
        """All lanes are here, and see what any of them wrote."""
        call_intrinsic(builder, "llvm.nvvm.bar.warp.sync", ir.VoidType(), int32(EVERYBODY))

    @contextlib.contextmanager
    def writing(self, builder: Any) -> Iterator[None]:
        """Between two waits."""
        self.wait(builder)
        yield
        self.wait(builder)

    @contextlib.contextmanager
    def writing_once(self, builder: Any) -> Iterator[None]:
        """By lane 0 alone."""
        self.wait(builder)
        with builder.if_then(builder.icmp_signed("==", self.lane(builder), int32(0))):
            yield
        self.wait(builder)


WARP = Warp()
