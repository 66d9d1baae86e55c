"""How Numba sees tiles: their types, and the means to give a Python function a compiled form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgen.runtime.ir_vectors import DOUBLE, FLOAT, INT32, INT64
from kgen.runtime.vector_unit import SIMD, VectorUnit
from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.imputils import builtin_registry, lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature

INDEX = types.intp
ELEMENT_TYPES: dict[str, tuple[Any, types.Type]] = {
    "float32": (FLOAT, types.float32),
    "int32": (INT32, types.int64),
    "int64": (INT64, types.int64),
    "float64": (DOUBLE, types.float64),
}


class TileType(types.Type):  # type: ignore[misc]
    """Numba type of a tile: rows x vectors of float32 vectors."""

    def __init__(self, rows: int, vectors: int) -> None:
        self.rows = rows
        self.vectors = vectors
        super().__init__(f"Tile[{rows}, {vectors}]")


class MaskType(types.Type):  # type: ignore[misc]
    """Numba type of a tile of booleans."""

    def __init__(self, rows: int, vectors: int) -> None:
        self.rows = rows
        self.vectors = vectors
        super().__init__(f"Mask[{rows}, {vectors}]")


class MatrixType(types.Type):  # type: ignore[misc]
    """Numba type of a row-major matrix: element, and what of its shape is literal.

    Rows start `step` elements apart. Where `cols` or `step` is not literal (None), the
    value carries both.
    """

    def __init__(
        self, element: str, rows: int | None, cols: int | None, step: int | None = None
    ) -> None:
        self.element = element
        self.rows = rows
        self.cols = cols
        self.step = step
        super().__init__(f"Matrix[{element}, {rows}, {cols}, {step}]")

    @property
    def is_static(self) -> bool:
        """Whether a bare pointer says all."""
        return self.cols is not None and self.step is not None


@register_default(TileType)
class TileModel(models.PrimitiveModel):  # type: ignore[misc]
    """A tile is an LLVM array of vectors, which the optimiser takes apart into registers."""

    def __init__(self, manager: Any, kind: TileType) -> None:
        super().__init__(manager, kind, ir.ArrayType(SIMD.floats, kind.rows * kind.vectors))


@register_default(MaskType)
class MaskModel(models.PrimitiveModel):  # type: ignore[misc]
    """A mask is an LLVM array of vectors of single bits."""

    def __init__(self, manager: Any, kind: MaskType) -> None:
        super().__init__(manager, kind, ir.ArrayType(SIMD.bits, kind.rows * kind.vectors))


@register_default(MatrixType)
class MatrixModel(models.PrimitiveModel):  # type: ignore[misc]
    """A matrix is a bare pointer if its shape is in its type, else pointer, columns and step."""

    def __init__(self, manager: Any, kind: MatrixType) -> None:
        pointer = ELEMENT_TYPES[kind.element][0].as_pointer()
        whole = ir.LiteralStructType([pointer, INT64, INT64])
        super().__init__(manager, kind, pointer if kind.is_static else whole)


class Code:
    """What a generator of instructions works with: Numba's context, LLVM's builder, the unit."""

    unit: VectorUnit = SIMD

    def __init__(self, context: Any, builder: Any) -> None:
        self.context = context
        self.builder = builder

    def integer(self, value: int) -> Any:
        """An int64 constant."""
        return ir.Constant(INT64, value)

    def plus(self, value: Any, offset: int) -> Any:
        """An int64 value plus a constant."""
        return self.builder.add(value, self.integer(offset)) if offset else value

    def pointer(self, kind: MatrixType, value: Any) -> Any:
        """Where a matrix starts."""
        return value if kind.is_static else self.builder.extract_value(value, 0)

    def cols(self, kind: MatrixType, value: Any) -> Any:
        """A matrix's columns, as an int64 value."""
        if kind.cols is not None:
            return self.integer(kind.cols)
        return self.builder.extract_value(value, 1)

    def step(self, kind: MatrixType, value: Any) -> Any:
        """The elements from row to row of a matrix, as an int64 value."""
        if kind.step is not None:
            return self.integer(kind.step)
        return self.builder.extract_value(value, 2)

    def splat(self, value: Any) -> Any:
        """A vector with the scalar `value` in all lanes."""
        return self.unit.splat(self.builder, value)

    def vectors(self, kind: Any, tile: Any) -> list[Any]:
        """The vectors of a tile or mask, row by row."""
        return [self.builder.extract_value(tile, n) for n in range(kind.rows * kind.vectors)]

    def tile(self, vectors: list[Any]) -> Any:
        """A tile or mask of the given vectors, row by row."""
        result = ir.Constant(ir.ArrayType(vectors[0].type, len(vectors)), ir.Undefined)
        for n, vector in enumerate(vectors):
            result = self.builder.insert_value(result, vector, n)
        return result

    def spread(self, kind: Any, value: Any, rows: int, vectors: int) -> list[Any]:
        """The rows x vectors that a tile, mask or float32 scalar broadcasts to."""
        if not isinstance(kind, TileType | MaskType):
            return [self.splat(value)] * (rows * vectors)
        parts = self.vectors(kind, value)
        return [
            parts[(r if kind.rows > 1 else 0) * kind.vectors + (v if kind.vectors > 1 else 0)]
            for r in range(rows)
            for v in range(vectors)
        ]


Generator = Callable[..., Any]
Description = tuple[types.Type, tuple[types.Type, ...], Generator] | None
# By function, then by target and signature. Operators and NumPy's functions are the same objects
# for every copy of the runtime in a process (standalone modules bring their own), and Numba asks
# whichever copy it likes: so all copies share this table, in which their types keep them apart.
GENERATORS: dict[Any, dict[Any, tuple[type[Any], Generator]]] = vars(builtin_registry).setdefault(
    "kgen_generators", {}
)


# The compiled forms by function, for targets other than this processor.
DESCRIPTIONS: dict[Any, Callable[..., Description]] = {}


def target_of(context: Any) -> str:
    """What a context of Numba's compiles for; numba-cuda asks this registry as well."""
    return "cuda" if type(context).__name__ == "CUDATargetContext" else "cpu"


def implements(function: Any) -> Callable[[Callable[..., Description]], None]:
    """Give `function` a compiled form.

    The decorated function maps argument types to None (not for these) or to a result type, the
    argument types to convert to, and a generator called as `generator(code, *values)`.
    """

    def register(describe: Callable[..., Description]) -> None:
        generators = GENERATORS.setdefault(function, {})
        DESCRIPTIONS[function] = describe

        class Template(AbstractTemplate):  # type: ignore[misc]
            """Types a call of the function."""

            key = function
            prefer_literal = True

            def generic(self, args: tuple[Any, ...], kws: Any) -> Any:
                """The call's signature, or None."""
                try:
                    description = describe(*args)
                except TypeError:
                    return None
                if kws or description is None:
                    return None
                result, wanted, generator = description
                generators["cpu", result, wanted] = Code, generator
                return signature(result, *wanted)

        infer_global(function, types.Function(Template))

        def lower(context: Any, builder: Any, sig: Any, values: Any) -> Any:
            key = target_of(context), sig.return_type, sig.args
            code, generator = generators[key]
            value = generator(code(context, builder), *values)
            return context.get_dummy_value() if value is None else value

        lower_builtin(function, types.VarArg(types.Any))(lower)

    return register


def literal_int(kind: Any) -> int | None:
    """The value of a literal integer type, else None."""
    return int(kind.literal_value) if isinstance(kind, types.IntegerLiteral) else None


def common_shape(*kinds: Any) -> tuple[int, int] | None:
    """The shape tiles and masks broadcast to; None if they do not or there is none."""
    shaped = [kind for kind in kinds if isinstance(kind, TileType | MaskType)]
    if not shaped:
        return None
    rows = max(kind.rows for kind in shaped)
    vectors = max(kind.vectors for kind in shaped)
    fits = all(kind.rows in (1, rows) and kind.vectors in (1, vectors) for kind in shaped)
    return (rows, vectors) if fits else None


def as_operand(kind: Any) -> Any:
    """The type an elementwise operand converts to: tiles stay, numbers become float32."""
    if isinstance(kind, TileType | MaskType):
        return kind
    return types.float32 if isinstance(kind, types.Number | types.Literal) else None
