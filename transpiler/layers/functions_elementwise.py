"""Tensor functions that go element by element, with the names of `keras.ops`."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

from kgen import ops
from kgen.graph import Operand, ShapeError, Value, as_value
from kgen.layers.family import function
from kgen.layers.function_kinds import Dtype, cast, like
from kgen.layers.kinds import Bool, Float, Int, NonNegativeFloat, OptionalFloat, T, X, Xs

_LN2 = 0.6931471805599453


def _unary(
    name: str, operation: Callable[[Operand], Value], *aliases: str, whole: bool = False
) -> None:
    """A function of one tensor; a `whole` one makes integers of integers."""

    def call(x: X) -> Value:
        return like(operation(x), x) if whole else operation(x)

    call.__doc__ = operation.__doc__
    function(name, *aliases)(call)


def _binary(
    name: str, operation: Callable[[Operand, Operand], Value], *aliases: str, whole: bool = False
) -> None:
    """A function of two tensors, or of a tensor and a number."""

    def call(x1: X, x2: X) -> Value:
        return like(operation(x1, x2), x1, x2) if whole else operation(x1, x2)

    call.__doc__ = operation.__doc__
    function(name, *aliases)(call)


def exact_difference(x1: Operand, x2: Operand) -> Value:
    """Whether two truth values differ."""
    return ops.not_equal(_truth(x1), _truth(x2))


def _truth(x: Operand) -> Value:
    """1 where x is true or not 0, else 0."""
    x = as_value(x)
    return ops.as_float(x if x.dtype == "bool" else ops.not_equal(x, 0.0))


def _reciprocal(x: Operand) -> Value:
    """1 / x."""
    return 1.0 / as_value(x)


def _deg2rad(x: Operand) -> Value:
    """Degrees in radians."""
    return as_value(x) * (pi / 180.0)


def _rad2deg(x: Operand) -> Value:
    """Radians in degrees."""
    return as_value(x) * (180.0 / pi)


def _sinc(x: Operand) -> Value:
    """sin(pi x) / (pi x); 1 at 0."""
    angle = as_value(x) * pi
    zero = ops.equal(angle, 0.0)
    angle = ops.where(zero, 1.0, angle)
    return ops.where(zero, 1.0, ops.sin(angle) / angle)


def _isfinite(x: Operand) -> Value:
    """True where x is neither infinite nor NaN."""
    return ops.less(ops.absolute(x), float("inf"))


def _isneginf(x: Operand) -> Value:
    """True where x is minus infinity."""
    return ops.equal(as_value(x), -float("inf"))


def _isposinf(x: Operand) -> Value:
    """True where x is infinity."""
    return ops.equal(as_value(x), float("inf"))


def _isinf(x: Operand) -> Value:
    """True where x is infinite."""
    return ops.is_infinite(as_value(x))


def _isnan(x: Operand) -> Value:
    """True where x is not a number."""
    return ops.is_nan(as_value(x))


def _isreal(x: Operand) -> Value:
    """True everywhere: tensors are real."""
    return ops.less(_imaginary(x), 1.0)


def _identity(x: Operand) -> Value:
    """x."""
    return as_value(x)


def _imaginary(x: Operand) -> Value:
    """0: tensors are real."""
    return ops.broadcast_to(ops.constant(0.0), as_value(x).shape)


for _name, _operation in (
    ("arccos", ops.arccos),
    ("arccosh", ops.arccosh),
    ("arcsin", ops.arcsin),
    ("arcsinh", ops.arcsinh),
    ("arctan", ops.arctan),
    ("arctanh", ops.arctanh),
    ("cbrt", ops.cbrt),
    ("cos", ops.cos),
    ("cosh", ops.cosh),
    ("deg2rad", _deg2rad),
    ("erf", ops.erf),
    ("erfc", ops.erfc),
    ("erfinv", ops.erfinv),
    ("exp", ops.exp),
    ("exp2", ops.exp2),
    ("expm1", ops.expm1),
    ("isfinite", _isfinite),
    ("isinf", _isinf),
    ("isnan", _isnan),
    ("isneginf", _isneginf),
    ("isposinf", _isposinf),
    ("log", ops.log),
    ("log10", ops.log10),
    ("log1p", ops.log1p),
    ("log2", ops.log2),
    ("rad2deg", _rad2deg),
    ("reciprocal", _reciprocal),
    ("rsqrt", ops.rsqrt),
    ("sin", ops.sin),
    ("sinc", _sinc),
    ("sinh", ops.sinh),
    ("sqrt", ops.sqrt),
    ("tan", ops.tan),
):
    _unary(_name, _operation)

for _name, _operation, *_aliases in (
    ("absolute", ops.absolute, "abs", "fabs"),
    ("ceil", ops.ceil),
    ("floor", ops.floor),
    ("negative", ops.negative),
    ("sign", ops.sign),
    ("square", ops.square),
    ("trunc", ops.trunc),
):
    _unary(_name, _operation, *_aliases, whole=True)

for _name, _compare in (
    ("arctan2", ops.arctan2),
    ("equal", ops.equal),
    ("greater", ops.greater),
    ("greater_equal", ops.greater_equal),
    ("hypot", ops.hypot),
    ("less", ops.less),
    ("less_equal", ops.less_equal),
    ("logaddexp", ops.logaddexp),
    ("logical_xor", exact_difference),
    ("not_equal", ops.not_equal),
    ("power", ops.power),
):
    _binary(_name, _compare)

_binary("divide", ops.divide, "true_divide")
_binary("floor_divide", ops.floor_divide, whole=True)
_binary("mod", ops.mod, whole=True)


@function("fmod")
def fmod(x1: X, x2: X) -> Value:
    """What is left of x1 after whole multiples of x2; it has the sign of x1."""
    quotient = ops.trunc(ops.divide(x1, x2))
    return like(ops.subtract(x1, quotient * x2), x1, x2)


@function("logaddexp2")
def logaddexp2(x1: X, x2: X) -> Value:
    """log2(2^x1 + 2^x2) without overflow."""
    return ops.logaddexp(ops.multiply(x1, _LN2), ops.multiply(x2, _LN2)) / _LN2


@function("divide_no_nan")
def divide_no_nan(x1: X, x2: X) -> Value:
    """x1 / x2; 0 where x2 is 0."""
    zero = ops.equal(as_value(x2), 0.0)
    return ops.where(zero, 0.0, ops.divide(x1, ops.where(zero, 1.0, x2)))


@function("fmax")
def fmax(x1: X, x2: X) -> Value:
    """The larger of x1 and x2; of a number and NaN, the number."""
    a, b = as_value(x1), as_value(x2)
    larger = ops.where(ops.is_nan(a), b, ops.where(ops.is_nan(b), a, ops.maximum(a, b)))
    return like(larger, x1, x2)


@function("fmin")
def fmin(x1: X, x2: X) -> Value:
    """The smaller of x1 and x2; of a number and NaN, the number."""
    a, b = as_value(x1), as_value(x2)
    smaller = ops.where(ops.is_nan(a), b, ops.where(ops.is_nan(b), a, ops.minimum(a, b)))
    return like(smaller, x1, x2)


@function("heaviside")
def heaviside(x1: X, x2: X) -> Value:
    """0 below 0, 1 above, x2 at 0."""
    a = as_value(x1)
    return ops.where(ops.equal(a, 0.0), x2, ops.where(a > 0.0, 1.0, 0.0))


@function("ldexp")
def ldexp(x1: X, x2: X) -> Value:
    """x1 times 2 to the x2."""
    return ops.multiply(x1, ops.exp2(as_value(x2)))


@function("round")
def rounded(x: T, decimals: Int = 0) -> Value:
    """The nearest number of so many decimals, ties to even."""
    if decimals == 0 or x.dtype == "int32":
        return like(ops.rint(x), x) if decimals >= 0 else rounded_to(x, 10.0**decimals)
    return rounded_to(x, 10.0**decimals)


def rounded_to(x: Value, factor: float) -> Value:
    """x in steps of 1 / factor."""
    return like(ops.rint(x * factor) / factor, x)


@function("clip")
def clip(x: T, x_min: X, x_max: X) -> Value:
    """x held between two bounds."""
    return like(ops.minimum(ops.maximum(x, x_min), x_max), x, x_min, x_max)


@function("nan_to_num")
def nan_to_num(
    x: T, nan: Float = 0.0, posinf: OptionalFloat = None, neginf: OptionalFloat = None
) -> Value:
    """x with NaN and the infinities replaced, these by the largest numbers unless told."""
    top = 3.4028234663852886e38
    x = ops.where(ops.is_nan(x), nan, x)
    x = ops.where(_isposinf(x), top if posinf is None else posinf, x)
    return ops.where(_isneginf(x), -top if neginf is None else neginf, x)


@function("isclose")
def isclose(
    x1: X,
    x2: X,
    rtol: NonNegativeFloat = 1e-5,
    atol: NonNegativeFloat = 1e-8,
    equal_nan: Bool = False,
) -> Value:
    """Whether |x1 - x2| is at most atol + rtol |x2|, element by element."""
    a, b = as_value(x1), as_value(x2)
    near = ops.absolute(a - b) <= atol + rtol * ops.absolute(b)
    same = ops.logical_or(ops.equal(a, b), ops.logical_and(near, _isfinite(b)))
    if not equal_nan:
        return same
    return ops.logical_or(same, ops.logical_and(ops.is_nan(a), ops.is_nan(b)))


@function("where")
def where(condition: T, x1: X, x2: X) -> Value:
    """x1 where the condition holds, else x2."""
    return like(ops.where(cast(condition, "bool"), x1, x2), x1, x2)


@function("select")
def select(condlist: Xs, choicelist: Xs, default: X = 0) -> Value:
    """For each element the choice of the first condition that holds, else the default."""
    if len(condlist) != len(choicelist):
        raise ShapeError(f"{len(condlist)} conditions choose among {len(choicelist)} tensors")
    found = as_value(default)
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = ops.where(cast(condition, "bool"), choice, found)
    return like(found, *choicelist, default)


@function("logical_and")
def logical_and(x1: T, x2: T) -> Value:
    """Both true."""
    return ops.logical_and(cast(x1, "bool"), cast(x2, "bool"))


@function("logical_or")
def logical_or(x1: T, x2: T) -> Value:
    """Either true."""
    return ops.logical_or(cast(x1, "bool"), cast(x2, "bool"))


@function("logical_not")
def logical_not(x: T) -> Value:
    """Not true."""
    return ops.logical_not(cast(x, "bool"))


@function("cast")
def cast_to(x: T, dtype: Dtype) -> Value:
    """x in another element type: fractions are cut off, what is not 0 is true."""
    return cast(x, dtype)


@function("saturate_cast")
def saturate_cast(x: T, dtype: Dtype) -> Value:
    """As cast, what lies beyond the element type's range becomes its nearest number."""
    return cast(x, dtype)


@function("copy")
def copy(x: T) -> Value:
    """x, stored on its own."""
    return x if x.dtype == "bool" else ops.copy(x)


@function("stop_gradient")
def stop_gradient(x: T) -> Value:
    """x, as a constant to differentiation."""
    return ops.stop_gradient(x)


for _name, _operation, *_aliases in (
    ("conjugate", _identity, "conj", "real"),
    ("imag", _imaginary),
    ("isreal", _isreal),
):
    _unary(_name, _operation, *_aliases)
