"""LLVM side of the vector interface: `IrVector` builds what `NumpyVector` computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kgen.runtime.isa import ISA
from llvmlite import ir
from numba.core import cgutils

FLOAT = ir.FloatType()
DOUBLE = ir.DoubleType()
BIT = ir.IntType(1)
INT32 = ir.IntType(32)
INT64 = ir.IntType(64)
# What CUDA's dialect of LLVM lacks among intrinsics, its library has.
LIBDEVICE = {"rint": "__nv_rint", "fabs": "__nv_fabs"}


def call_intrinsic(builder: Any, name: str, result: Any, *operands: Any) -> Any:
    """Call the LLVM intrinsic `name` (with its type suffix) on `operands`."""
    kind = ir.FunctionType(result, [operand.type for operand in operands])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), operands)


def like(kind: Any, element: Any) -> Any:
    """The type with as many lanes as `kind`, of another element; a scalar has no lanes."""
    return ir.VectorType(element, kind.count) if isinstance(kind, ir.VectorType) else element


def element_of(kind: Any) -> Any:
    """What the lanes of a type are."""
    return kind.element if isinstance(kind, ir.VectorType) else kind


def constant(kind: Any, value: Any) -> Any:
    """A vector (or scalar) with `value` in all lanes."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def negated(builder: Any, value: Any) -> Any:
    """The value with its sign turned; CUDA's dialect of LLVM has no instruction for it."""
    if isinstance(value.type, ir.VectorType):
        return builder.fneg(value)
    return builder.fsub(constant(value.type, -0.0), value)


def inline_function(builder: Any, name: str, body: Callable[..., Any], *operands: Any) -> Any:
    """Call `body` (over IrVectors) on `operands` by way of an always-inlined LLVM function.

    It is a function of vectors to a vector of float32, built once a module, however often it is
    called.
    """
    function = builder.module.globals.get(name)
    if function is None:
        result = like(operands[0].type, FLOAT)
        kind = ir.FunctionType(result, [operand.type for operand in operands])
        function = ir.Function(builder.module, kind, name)
        function.linkage = "internal"
        function.attributes.add("alwaysinline")
        inside = ir.IRBuilder(function.append_basic_block())
        inside.ret(body(*(IrVector(inside, argument) for argument in function.args)).value)
    return builder.call(function, operands)


class IrVector:
    """A value of an LLVM vector type, with the builder that extends the code it is part of.

    Where each lane is a thread of its own, the type is the scalar one.
    """

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder = builder
        self.value = value

    @property
    def is_float(self) -> bool:
        """Whether the lanes are float32 or float64."""
        return isinstance(element_of(self.value.type), ir.FloatType | ir.DoubleType)

    def _operand(self, other: Any) -> Any:
        if isinstance(other, IrVector):
            return other.value
        return constant(self.value.type, other)

    def _as(self, element: Any) -> Any:
        return like(self.value.type, element)

    def _make(self, value: Any) -> IrVector:
        return IrVector(self.builder, value)

    def _binary(self, float_name: str, int_name: str, left: Any, right: Any) -> IrVector:
        if self.is_float and not isinstance(self.value.type, ir.VectorType):
            return self._make(self._uncontracted(float_name, left, right))
        name = float_name if self.is_float else int_name
        return self._make(getattr(self.builder, name)(left, right))

    def _uncontracted(self, name: str, left: Any, right: Any) -> Any:
        """Rounded on its own, where the compiler would fuse products into sums unasked."""
        kind = self.value.type
        if name == "fsub":
            right = self.builder.fsub(constant(kind, -0.0), right)
        part = "mul" if name == "fmul" else "add"
        suffix = "f" if kind == FLOAT else "d"
        return call_intrinsic(self.builder, f"llvm.nvvm.{part}.rn.{suffix}", kind, left, right)

    def __add__(self, other: Any) -> IrVector:
        return self._binary("fadd", "add", self.value, self._operand(other))

    def __sub__(self, other: Any) -> IrVector:
        return self._binary("fsub", "sub", self.value, self._operand(other))

    def __mul__(self, other: Any) -> IrVector:
        return self._binary("fmul", "mul", self.value, self._operand(other))

    def __truediv__(self, other: Any) -> IrVector:
        return self._make(self.builder.fdiv(self.value, self._operand(other)))

    def __radd__(self, other: Any) -> IrVector:
        return self._binary("fadd", "add", self._operand(other), self.value)

    def __rsub__(self, other: Any) -> IrVector:
        return self._binary("fsub", "sub", self._operand(other), self.value)

    def __rmul__(self, other: Any) -> IrVector:
        return self._binary("fmul", "mul", self._operand(other), self.value)

    def __rtruediv__(self, other: Any) -> IrVector:
        return self._make(self.builder.fdiv(self._operand(other), self.value))

    def __neg__(self) -> IrVector:
        return self._make(negated(self.builder, self.value))

    def __and__(self, other: Any) -> IrVector:
        return self._make(self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: Any) -> IrVector:
        return self._make(self.builder.or_(self.value, self._operand(other)))

    def __xor__(self, other: Any) -> IrVector:
        return self._make(self.builder.xor(self.value, self._operand(other)))

    def __invert__(self) -> IrVector:
        return self._make(self.builder.not_(self.value))

    def __lshift__(self, count: int) -> IrVector:
        return self._make(self.builder.shl(self.value, self._operand(count)))

    def __rshift__(self, count: int) -> IrVector:
        return self._make(self.builder.lshr(self.value, self._operand(count)))

    def arithmetic_shift(self, count: int) -> IrVector:
        """Shift right that keeps the sign."""
        return self._make(self.builder.ashr(self.value, self._operand(count)))

    def _compare(self, predicate: str, other: Any) -> IrVector:
        right = self._operand(other)
        if not self.is_float:
            return self._make(self.builder.icmp_signed(predicate, self.value, right))
        if predicate == "!=":
            return self._make(self.builder.fcmp_unordered(predicate, self.value, right))
        return self._make(self.builder.fcmp_ordered(predicate, self.value, right))

    def __lt__(self, other: Any) -> IrVector:
        return self._compare("<", other)

    def __le__(self, other: Any) -> IrVector:
        return self._compare("<=", other)

    def __gt__(self, other: Any) -> IrVector:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> IrVector:
        return self._compare(">=", other)

    def equals(self, other: Any) -> IrVector:
        """Lanes where both are equal (false where either is NaN)."""
        return self._compare("==", other)

    def differs(self, other: Any) -> IrVector:
        """Lanes where the two differ (true where either is NaN)."""
        return self._compare("!=", other)

    def unsigned_less(self, other: Any) -> IrVector:
        """Integer lanes below `other`, both read as unsigned."""
        return self._make(self.builder.icmp_unsigned("<", self.value, self._operand(other)))

    def choose(self, then: Any, otherwise: Any) -> IrVector:
        """Of a mask: `then` where set, else `otherwise`; at least one of them is a vector."""
        model = then if isinstance(then, IrVector) else otherwise
        return self._make(
            self.builder.select(self.value, model._operand(then), model._operand(otherwise))
        )

    def _float_intrinsic(self, name: str, *operands: Any) -> IrVector:
        kind = self.value.type
        is_float = element_of(kind) == FLOAT
        if isinstance(kind, ir.VectorType):
            whole_name = f"llvm.{name}.v{kind.count}{'f32' if is_float else 'f64'}"
        elif name in LIBDEVICE:
            whole_name = f"{LIBDEVICE[name]}{'f' if is_float else ''}"
        else:
            whole_name = f"llvm.{name}.{'f32' if is_float else 'f64'}"
        return self._make(call_intrinsic(self.builder, whole_name, kind, self.value, *operands))

    def fma(self, factor: Any, addend: Any) -> IrVector:
        """`self * factor + addend`, rounded once where the processor can."""
        fused = ISA.has_fma or not isinstance(self.value.type, ir.VectorType)
        name = "fma" if fused else "fmuladd"
        return self._float_intrinsic(name, self._operand(factor), self._operand(addend))

    def exact_fma(self, factor: Any, addend: Any) -> IrVector:
        """`self * factor + addend`, rounded once even where that takes a library call."""
        return self._float_intrinsic("fma", self._operand(factor), self._operand(addend))

    def sqrt(self) -> IrVector:
        """Correctly rounded square root."""
        return self._float_intrinsic("sqrt")

    def floor(self) -> IrVector:
        """Largest whole number not above."""
        return self._float_intrinsic("floor")

    def ceil(self) -> IrVector:
        """Smallest whole number not below."""
        return self._float_intrinsic("ceil")

    def rint(self) -> IrVector:
        """Nearest whole number, ties to even."""
        return self._float_intrinsic("rint")

    def magnitude(self) -> IrVector:
        """Absolute value: the sign bit cleared, NaN kept."""
        return self._float_intrinsic("fabs")

    def bits(self) -> IrVector:
        """The float32 bit patterns as int32."""
        return self._make(self.builder.bitcast(self.value, self._as(INT32)))

    def from_bits(self) -> IrVector:
        """The int32 bit patterns as float32."""
        return self._make(self.builder.bitcast(self.value, self._as(FLOAT)))

    def to_float(self) -> IrVector:
        """int32 values as float32."""
        return self._make(self.builder.sitofp(self.value, self._as(FLOAT)))

    def to_int(self) -> IrVector:
        """float32 values, cut towards zero, as int32; meaningless for NaN and beyond int32."""
        return self._make(self.builder.fptosi(self.value, self._as(INT32)))

    def double(self) -> IrVector:
        """float32 values as float64."""
        return self._make(self.builder.fpext(self.value, self._as(DOUBLE)))

    def single(self) -> IrVector:
        """float64 values rounded to float32."""
        return self._make(self.builder.fptrunc(self.value, self._as(FLOAT)))
