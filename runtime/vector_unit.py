"""What executes tiles: the vector instructions of a processor, or the lanes of a GPU's warp.

Compiled forms (`lowering_*`) are written for a `VectorUnit`. A vector of a processor is an LLVM
vector; on a GPU each lane is a thread, which holds one element as a scalar.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any

from kgen.runtime.ir_vectors import BIT, FLOAT, INT32, call_intrinsic, constant
from kgen.runtime.isa import ISA, LANES, ROWS
from llvmlite import ir


class VectorUnit(ABC):
    """Instructions on vectors of `lanes` elements; tiles usually have `rows` rows.

    Attributes:
        floats, ints, bits: the LLVM types of a vector of float32, int32 and booleans.
        zero: a vector of zeros.
    """

    lanes: int
    rows: int
    floats: Any
    ints: Any
    bits: Any

    @property
    def zero(self) -> Any:
        """A vector of zeros."""
        return constant(self.floats, 0.0)

    @abstractmethod
    def splat(self, builder: Any, value: Any) -> Any:
        """A vector with the scalar `value` in all lanes."""

    @abstractmethod
    def lane_numbers(self, builder: Any, first: int = 0) -> Any:
        """int32: `first` in lane 0, and one more from lane to lane."""

    @abstractmethod
    def load(self, builder: Any, element: str, pointer: Any, mask: Any, fill: Any) -> Any:
        """float32 from an array of float32 or int32; `fill` where the mask (if any) is off."""

    @abstractmethod
    def store(self, builder: Any, element: str, pointer: Any, mask: Any, value: Any) -> None:
        """Write where the mask (if any) is on; to an array of int32, cut towards zero."""

    @abstractmethod
    def whole(self, builder: Any, value: Any) -> Any:
        """float32 cut to int32: what lies beyond becomes the nearest int32, NaN 0."""

    @abstractmethod
    def swapped(self, builder: Any, vector: Any, distance: int) -> Any:
        """Lane n from lane n ^ distance."""

    @abstractmethod
    def exchanged(self, builder: Any, a: Any, b: Any, distance: int) -> tuple[Any, Any]:
        """The off-diagonal blocks of two rows exchanged, the step of a transposition.

        Where n & distance is 0, lane n of the first result is a[n] and of the second
        a[n ^ distance]; elsewhere b[n ^ distance] and b[n].
        """

    @abstractmethod
    def first(self, builder: Any, vector: Any) -> Any:
        """The scalar in lane 0."""

    @abstractmethod
    def prefetch(self, builder: Any, pointer: Any, *, writing: bool = False) -> None:
        """Hint that the vector there will be read, or written, if that helps."""

    def writing(self, builder: Any) -> Any:
        """A context in which memory is written, after earlier reads and before later ones."""
        return contextlib.nullcontext()

    def writing_once(self, builder: Any) -> Any:
        """As `writing`, for what all lanes would write alike."""
        return contextlib.nullcontext()


class Simd(VectorUnit):
    """The vector instructions of this machine's processor."""

    lanes = LANES
    rows = ROWS
    floats = ir.VectorType(FLOAT, LANES)
    ints = ir.VectorType(INT32, LANES)
    bits = ir.VectorType(BIT, LANES)

    def splat(self, builder: Any, value: Any) -> Any:
        """By a shuffle, which becomes a broadcast."""
        empty = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
        first = builder.insert_element(empty, value, ir.Constant(INT32, 0))
        return builder.shuffle_vector(first, empty, ir.Constant(self.ints, [0] * LANES))

    def lane_numbers(self, builder: Any, first: int = 0) -> Any:
        """A constant."""
        return ir.Constant(self.ints, list(range(first, first + LANES)))

    def load(self, builder: Any, element: str, pointer: Any, mask: Any, fill: Any) -> Any:
        """A masked load where there is one."""
        is_int = element == "int32"
        place = builder.bitcast(pointer, (self.ints if is_int else self.floats).as_pointer())
        if mask is None or not ISA.has_fma or is_int:
            value = builder.load(place, align=4)
            value = builder.sitofp(value, self.floats) if is_int else value
            return value if mask is None else builder.select(mask, value, fill)
        name = f"llvm.masked.load.v{LANES}f32.p0"
        align = ir.Constant(INT32, 4)
        return call_intrinsic(builder, name, self.floats, place, align, mask, fill)

    def store(self, builder: Any, element: str, pointer: Any, mask: Any, value: Any) -> None:
        """A masked store."""
        kind, suffix = (self.ints, "i32") if element == "int32" else (self.floats, "f32")
        if element == "int32":
            value = self.whole(builder, value)
        place = builder.bitcast(pointer, kind.as_pointer())
        if mask is None:
            builder.store(value, place, align=4)
            return
        name = f"llvm.masked.store.v{LANES}{suffix}.p0"
        align = ir.Constant(INT32, 4)
        call_intrinsic(builder, name, ir.VoidType(), value, place, align, mask)

    def prefetch(self, builder: Any, pointer: Any, *, writing: bool = False) -> None:
        """Into the first cache; to be written: and out of every other core's."""
        place = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        hints = [ir.Constant(INT32, number) for number in (int(writing), 3, 1)]  # keep, data
        call_intrinsic(builder, "llvm.prefetch.p0", ir.VoidType(), place, *hints)

    def whole(self, builder: Any, value: Any) -> Any:
        """A saturating conversion."""
        name = f"llvm.fptosi.sat.v{LANES}i32.v{LANES}f32"
        return call_intrinsic(builder, name, self.ints, value)

    def swapped(self, builder: Any, vector: Any, distance: int) -> Any:
        """One shuffle."""
        order = ir.Constant(self.ints, [n ^ distance for n in range(LANES)])
        return builder.shuffle_vector(vector, vector, order)

    def exchanged(self, builder: Any, a: Any, b: Any, distance: int) -> tuple[Any, Any]:
        """Two shuffles."""
        low = [n if not n & distance else LANES + (n ^ distance) for n in range(LANES)]
        high = [n ^ distance if not n & distance else LANES + n for n in range(LANES)]
        return (
            builder.shuffle_vector(a, b, ir.Constant(self.ints, low)),
            builder.shuffle_vector(a, b, ir.Constant(self.ints, high)),
        )

    def first(self, builder: Any, vector: Any) -> Any:
        """An extraction."""
        return builder.extract_element(vector, ir.Constant(INT32, 0))


SIMD = Simd()
