"""Blocks of warps that work on one tile together: each on some terms of its sums, then all add up.

A few tiles, each a long sum, would leave most of a GPU idle if every tile had one warp.
"""

from __future__ import annotations

from typing import Any

from kgen.runtime.cuda.lowering import register, special
from kgen.runtime.cuda.warp import LANES, WARP, WARPS
from kgen.runtime.ir_vectors import FLOAT, INT64, call_intrinsic
from kgen.runtime.lowering import INDEX, Code, Description, TileType, implements
from kgen.runtime.lowering_math import Combine, build_maximum, build_minimum
from kgen.runtime.lowering_reduce import build_sum
from kgen.runtime.tile_memory import Tile
from llvmlite import ir
from numba.core import types
from numba.cuda import cgutils

# Vectors of a tile that the warps exchange at a time: 16 KiB of shared memory.
CHUNK = 16
SHARED = 3  # the address space
NAME = "kgen_block_tiles"


def blocks_of_warps() -> tuple[int, int, int, int]:
    """This block's number, how many there are, the warp's number in it, and how many it has."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def block_sum(tile: Tile) -> Tile:
    """The sum of the tiles of a block's warps, in their order; all of the block call it."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def block_max(tile: Tile) -> Tile:
    """The largest of each element of the tiles of a block's warps."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def block_min(tile: Tile) -> Tile:
    """The smallest of each element of the tiles of a block's warps."""
    raise NotImplementedError("only a kernel on a GPU has blocks")


def describe_blocks() -> Description:
    """From the registers that say where a thread is."""
    four = types.UniTuple(INDEX, 4)

    def generate(code: Code) -> Any:
        builder = code.builder
        size = code.integer(LANES)
        numbers = [
            special(builder, "ctaid.x"),
            special(builder, "nctaid.x"),
            builder.udiv(special(builder, "tid.x"), size),
            builder.udiv(special(builder, "ntid.x"), size),
        ]
        return code.context.make_tuple(builder, four, numbers)

    return four, (), generate


def wait_for_block(builder: Any) -> None:
    """All warps of the block are here, and see what any of them wrote."""
    call_intrinsic(builder, "llvm.nvvm.barrier0", ir.VoidType())


def shared_floats(builder: Any) -> Any:
    """Where a block's shared memory starts; all folds of a kernel use the same."""
    kind = ir.ArrayType(FLOAT, WARPS * CHUNK * LANES)
    memory = builder.module.globals.get(NAME)
    if memory is None:
        memory = ir.GlobalVariable(builder.module, kind, NAME, SHARED)
        memory.align = 128
        memory.initializer = ir.Constant(kind, ir.Undefined)
    generic = builder.addrspacecast(memory, kind.as_pointer(), "generic")
    return builder.bitcast(generic, FLOAT.as_pointer())


def describe_block_fold(tile: Any, combine: Combine) -> Description:
    """Each warp's tile to shared memory, and all of them from there, some vectors at a time."""
    if not isinstance(tile, TileType):
        return None

    def generate(code: Code, value: Any) -> Any:
        builder = code.builder
        parts = code.vectors(tile, value)
        first = shared_floats(builder)
        lane = builder.zext(WARP.lane(builder), INT64)
        warp, warps = (
            builder.udiv(special(builder, name), code.integer(LANES))
            for name in ("tid.x", "ntid.x")
        )

        def place(number: Any, vector: int) -> Any:
            start = builder.mul(number, code.integer(CHUNK * LANES))
            offset = builder.add(start, builder.add(lane, code.integer(vector * LANES)))
            return builder.gep(first, [offset])

        result = []
        for begin in range(0, len(parts), CHUNK):
            chunk = parts[begin : begin + CHUNK]
            wait_for_block(builder)
            for number, part in enumerate(chunk):
                builder.store(part, place(warp, number))
            wait_for_block(builder)
            totals = [cgutils.alloca_once(builder, FLOAT) for _ in chunk]
            for number, total in enumerate(totals):
                builder.store(builder.load(place(code.integer(0), number)), total)
            with cgutils.for_range(builder, warps, start=code.integer(1)) as loop:
                for number, total in enumerate(totals):
                    more = builder.load(place(loop.index, number))
                    builder.store(combine(builder, builder.load(total), more), total)
            result += [builder.load(total) for total in totals]
        return code.tile(result)

    return tile, (tile,), generate


def register_fold(function: Any, combine: Combine) -> None:
    """A fold of a block's tiles."""

    def describe(tile: Any) -> Description:
        return describe_block_fold(tile, combine)

    implements(function)(describe)
    register(function, describe)


implements(blocks_of_warps)(describe_blocks)
register(blocks_of_warps, describe_blocks)
register_fold(block_sum, build_sum)
register_fold(block_max, build_maximum)
register_fold(block_min, build_minimum)
