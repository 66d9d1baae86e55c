"""The tile functions for numba-cuda: the compiled forms of the processor, over a warp.

All that depends on numba-cuda's way of registering types and functions is in this file.
"""

from __future__ import annotations

from typing import Any

import kgen.runtime.kernels  # noqa: F401 (all that it gives compiled forms)
from kgen.runtime.cuda.warp import LANES, WARP, Warp
from kgen.runtime.ir_vectors import BIT, FLOAT, INT32, INT64, call_intrinsic
from kgen.runtime.lowering import (
    DESCRIPTIONS,
    ELEMENT_TYPES,
    GENERATORS,
    INDEX,
    Code,
    Description,
    MaskType,
    MatrixType,
    TileType,
    implements,
    literal_int,
)
from kgen.runtime.lowering_memory import address
from kgen.runtime.tile_memory import copy_words, fill_words, pack
from llvmlite import ir
from numba.core import types
from numba.cuda import cgutils
from numba.cuda.cudadecl import registry as typing_registry
from numba.cuda.datamodel import models
from numba.cuda.models import register_model
from numba.cuda.typing.templates import AbstractTemplate, signature


class WarpCode(Code):
    """A generator's surroundings on a GPU."""

    unit: Warp = WARP


@register_model(TileType)
class TileModel(models.PrimitiveModel):  # type: ignore[misc]
    """A lane's elements of a tile."""

    def __init__(self, manager: Any, kind: TileType) -> None:
        super().__init__(manager, kind, ir.ArrayType(FLOAT, kind.rows * kind.vectors))


@register_model(MaskType)
class MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    """A lane's elements of a mask."""

    def __init__(self, manager: Any, kind: MaskType) -> None:
        super().__init__(manager, kind, ir.ArrayType(BIT, kind.rows * kind.vectors))


@register_model(MatrixType)
class MatrixModel(models.PrimitiveModel):  # type: ignore[misc]
    """As on the processor: a bare pointer if the shape is in the type."""

    def __init__(self, manager: Any, kind: MatrixType) -> None:
        pointer = ELEMENT_TYPES[kind.element][0].as_pointer()
        whole = ir.LiteralStructType([pointer, INT64, INT64])
        super().__init__(manager, kind, pointer if kind.is_static else whole)


def warps() -> tuple[int, int]:
    """This warp's number in the grid, and how many there are."""
    raise NotImplementedError("only a kernel on a GPU has warps")


def special(builder: Any, name: str) -> Any:
    """One of the registers that say where a thread is, as int64."""
    word = call_intrinsic(builder, f"llvm.nvvm.read.ptx.sreg.{name}", INT32)
    return builder.zext(word, INT64)


def describe_warps() -> Description:
    """Blocks are rows of whole warps."""
    pair = types.UniTuple(INDEX, 2)

    def generate(code: Code) -> Any:
        builder = code.builder
        size = code.integer(LANES)
        in_block = builder.udiv(special(builder, "ntid.x"), size)
        number = builder.add(
            builder.mul(special(builder, "ctaid.x"), in_block),
            builder.udiv(special(builder, "tid.x"), size),
        )
        total = builder.mul(special(builder, "nctaid.x"), in_block)
        return code.context.make_tuple(builder, pair, [number, total])

    return pair, (), generate


def describe_pack(
    m: Any, i: Any, j: Any, rows: Any, vectors: Any, count: Any = None
) -> Description:
    """No copy: warps share a cache, and the block is read where it is."""
    shape = literal_int(rows), literal_int(vectors)
    if not isinstance(m, MatrixType) or shape[0] is None or shape[1] is None:
        return None
    panel = MatrixType("float32", None, None, None)

    def generate(code: Code, value: Any, i: Any, j: Any, *_: Any) -> Any:
        builder = code.builder
        pointer = address(code, m, value, i, j)
        whole = ir.Constant(ir.LiteralStructType([pointer.type, INT64, INT64]), ir.Undefined)
        parts = pointer, builder.sub(code.cols(m, value), j), code.step(m, value)
        for place, part in enumerate(parts):
            whole = builder.insert_value(whole, part, place)
        return whole

    extra = () if count is None else (INDEX,)
    return panel, (m, INDEX, INDEX, rows, vectors, *extra), generate


def for_each_lane(code: Code, count: Any, body: Any) -> None:
    """`body(index)` for range(count), dealt to the lanes."""
    builder = code.builder
    lane = builder.sext(WARP.lane(builder), INT64)
    rounds = builder.sdiv(builder.add(count, code.integer(LANES - 1)), code.integer(LANES))
    with WARP.writing(builder), cgutils.for_range(builder, rounds) as loop:
        index = builder.add(builder.mul(loop.index, code.integer(LANES)), lane)
        with builder.if_then(builder.icmp_signed("<", index, count)):
            body(index)


def describe_copy_words(target: Any, place: Any, source: Any, start: Any, n: Any) -> Description:
    """A run of 4-byte elements copied, an element a lane."""
    if not (isinstance(target, MatrixType) and isinstance(source, MatrixType)):
        return None

    def generate(code: Code, to: Any, place: Any, origin: Any, start: Any, count: Any) -> None:
        builder = code.builder
        first = builder.gep(code.pointer(target, to), [place])
        there = builder.gep(code.pointer(source, origin), [start])
        for_each_lane(
            code,
            count,
            lambda n: builder.store(builder.load(builder.gep(there, [n])), builder.gep(first, [n])),
        )

    return types.void, (target, INDEX, source, INDEX, INDEX), generate


def describe_fill_words(target: Any, place: Any, n: Any, value: Any) -> Description:
    """A run of elements set to one value, an element a lane."""
    if not isinstance(target, MatrixType):
        return None
    kind, number = ELEMENT_TYPES[target.element]
    number = types.float32 if target.element == "float32" else number

    def generate(code: Code, to: Any, place: Any, count: Any, value: Any) -> None:
        builder = code.builder
        if target.element == "int32":
            value = builder.trunc(value, kind)
        first = builder.gep(code.pointer(target, to), [place])
        for_each_lane(code, count, lambda n: builder.store(value, builder.gep(first, [n])))

    return types.void, (target, INDEX, INDEX, number), generate


OWN = {
    warps: describe_warps,
    pack: describe_pack,
    copy_words: describe_copy_words,
    fill_words: describe_fill_words,
}


def with_pointers(wanted: tuple[Any, ...], generator: Any) -> Any:
    """The generator, for addresses in place of pointers."""

    def generate(code: Code, *values: Any) -> Any:
        operands = [
            code.builder.inttoptr(value, code.context.get_value_type(kind))
            if isinstance(kind, types.CPointer)
            else value
            for kind, value in zip(wanted, values, strict=True)
        ]
        return generator(code, *operands)

    return generate


def register(function: Any, describe: Any) -> None:
    """Give a function its compiled form on a GPU."""
    generators = GENERATORS.setdefault(function, {})

    class Template(AbstractTemplate):  # type: ignore[misc]
        """Types a call of the function."""

        key = function
        prefer_literal = True

        def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
            """The call's signature, or None; a kernel's parameters are integers."""
            try:
                description = describe(*args)
            except TypeError:
                return None
            if kws or description is None:
                return None
            result, wanted, generator = description
            passed = tuple(
                types.int64 if isinstance(kind, types.CPointer) else kind for kind in wanted
            )
            generators["cuda", result, passed] = WarpCode, with_pointers(wanted, generator)
            return signature(result, *passed)

    typing_registry.register_global(function, types.Function(Template))


for function_, describe_ in {**DESCRIPTIONS, **OWN}.items():
    register(function_, describe_)
implements(warps)(describe_warps)
