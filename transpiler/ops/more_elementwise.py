"""Further elementwise functions of one tensor, and those of two that are made of others."""

from __future__ import annotations

import numpy as np
from kgen.graph import Operand, Value, as_value
from kgen.ops import elementwise as e
from kgen.ops.elementwise import Unary, unary

_LN2 = 0.6931471805599453
_LN10 = 2.302585092994046
_TWO_OVER_ROOT_PI = 1.1283791670955126


def _special(name: str) -> np.ufunc:
    import scipy.special

    found: np.ufunc = getattr(scipy.special, name)
    return found


def _inverse_root(x: Value) -> Value:
    return e.rsqrt(1.0 - e.square(x))


ceil: Unary = unary("ceil", "ceil({0})", np.ceil, None, doc="The smallest integer not below x.")
rint: Unary = unary("rint", "rint({0})", np.rint, None, doc="The nearest integer, ties to even.")
sin: Unary = unary("sin", "sin({0})", np.sin, lambda x, y: cos(x), cost=40, doc="Sine.")
cos: Unary = unary("cos", "cos({0})", np.cos, lambda x, y: -sin(x), cost=40, doc="Cosine.")
tan: Unary = unary(
    "tan",
    "tan({0})",
    np.tan,
    lambda x, y: 1.0 + e.square(y),
    low=-1.2,
    high=1.2,
    cost=50,
    doc="Tangent.",
)
arcsin: Unary = unary(
    "arcsin",
    "arcsin({0})",
    np.arcsin,
    lambda x, y: _inverse_root(x),
    low=-0.8,
    high=0.8,
    cost=40,
    doc="Inverse sine; NaN beyond -1 and 1.",
)
arccos: Unary = unary(
    "arccos",
    "arccos({0})",
    np.arccos,
    lambda x, y: -_inverse_root(x),
    low=-0.8,
    high=0.8,
    cost=40,
    doc="Inverse cosine; NaN beyond -1 and 1.",
)
arctan: Unary = unary(
    "arctan",
    "arctan({0})",
    np.arctan,
    lambda x, y: 1.0 / (1.0 + e.square(x)),
    cost=40,
    doc="Inverse tangent.",
)
sinh: Unary = unary(
    "sinh", "sinh({0})", np.sinh, lambda x, y: cosh(x), cost=40, doc="Hyperbolic sine."
)
cosh: Unary = unary(
    "cosh", "cosh({0})", np.cosh, lambda x, y: sinh(x), cost=40, doc="Hyperbolic cosine."
)
arcsinh: Unary = unary(
    "arcsinh",
    "arcsinh({0})",
    np.arcsinh,
    lambda x, y: e.rsqrt(1.0 + e.square(x)),
    cost=40,
    doc="Inverse hyperbolic sine.",
)
arccosh: Unary = unary(
    "arccosh",
    "arccosh({0})",
    np.arccosh,
    lambda x, y: e.rsqrt((x - 1.0) * (x + 1.0)),
    low=1.3,
    high=4.0,
    cost=40,
    doc="Inverse hyperbolic cosine; NaN below 1.",
)
arctanh: Unary = unary(
    "arctanh",
    "arctanh({0})",
    np.arctanh,
    lambda x, y: 1.0 / (1.0 - e.square(x)),
    low=-0.8,
    high=0.8,
    cost=40,
    doc="Inverse hyperbolic tangent; NaN beyond -1 and 1.",
)
exp2: Unary = unary("exp2", "exp2({0})", np.exp2, lambda x, y: y * _LN2, cost=40, doc="2 to the x.")
log2: Unary = unary(
    "log2",
    "log2({0})",
    np.log2,
    lambda x, y: 1.0 / (x * _LN2),
    low=0.1,
    cost=40,
    doc="Logarithm to base 2.",
)
log10: Unary = unary(
    "log10",
    "log10({0})",
    np.log10,
    lambda x, y: 1.0 / (x * _LN10),
    low=0.1,
    cost=40,
    doc="Logarithm to base 10.",
)
cbrt: Unary = unary(
    "cbrt",
    "cbrt({0})",
    np.cbrt,
    lambda x, y: 1.0 / (3.0 * e.square(y)),
    low=0.1,
    cost=60,
    doc="Cube root.",
)
erfc: Unary = unary(
    "erfc",
    "erfc({0})",
    lambda x: _special("erfc")(x),
    lambda x, y: e.exp(-e.square(x)) * -_TWO_OVER_ROOT_PI,
    cost=60,
    doc="1 - erf(x) without cancellation.",
)
erfinv: Unary = unary(
    "erfinv",
    "erfinv({0})",
    lambda x: _special("erfinv")(x),
    lambda x, y: e.exp(e.square(y)) / _TWO_OVER_ROOT_PI,
    low=-0.9,
    high=0.9,
    cost=60,
    doc="The y whose erf is x; infinite at -1 and 1, NaN beyond.",
)


def trunc(x: Operand) -> Value:
    """x without its fraction."""
    x = as_value(x)
    return e.where(x < 0.0, ceil(x), e.floor(x))


def is_nan(x: Value) -> Value:
    """True where x is not a number."""
    return e.not_equal(x, x)


def is_infinite(x: Value) -> Value:
    """True where x is infinite."""
    return e.equal(e.absolute(x), float("inf"))


def floor_divide(a: Operand, b: Operand) -> Value:
    """The largest integer not above a / b."""
    return e.floor(e.divide(a, b))


def mod(a: Operand, b: Operand) -> Value:
    """What is left of a after whole multiples of b; it has the sign of b."""
    return e.subtract(a, e.multiply(floor_divide(a, b), b))


def arctan2(y: Operand, x: Operand) -> Value:
    """The angle of the point (x, y), in -pi..pi."""
    y, x = as_value(y), as_value(x)
    steep = e.absolute(y) > e.absolute(x)
    # Of the two quotients only the one in use has a divisor that cannot be 0.
    along = e.where(steep, 1.0, x)
    along = e.where(e.equal(along, 0.0), 1.0, along)
    across = e.where(steep, y, 1.0)
    flat = arctan(y / along)
    half = e.where(y < 0.0, -np.pi / 2, np.pi / 2)
    turned = e.where(x < 0.0, e.where(y < 0.0, -np.pi, np.pi), 0.0)
    return e.where(steep, half - arctan(x / across), flat + turned)


def logaddexp(a: Operand, b: Operand) -> Value:
    """log(exp(a) + exp(b)) without overflow."""
    a, b = as_value(a), as_value(b)
    gap = e.where(e.equal(a, b), 0.0, a - b)
    return e.maximum(a, b) + e.log1p(e.exp(-e.absolute(gap)))


def hypot(a: Operand, b: Operand) -> Value:
    """sqrt(a^2 + b^2) without overflow."""
    large = e.maximum(e.absolute(a), e.absolute(b))
    small = e.minimum(e.absolute(a), e.absolute(b))
    ratio = small / e.where(large > 0.0, large, 1.0)
    return large * e.sqrt(1.0 + e.square(ratio))
