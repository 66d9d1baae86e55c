"""Vector mathematics for float32: each function once, for LLVM vectors and for NumPy arrays.

`Vector` stands for `vectors.NumpyVector` or `lowering.IrVector`. The polynomials are weighted
least-squares fits, refined towards minimax by Lawson's iteration, rounded to float32. Stated
errors are in units in the last place (ulp) of the result against the exact value, with fused
multiply-add; without it (baseline x86-64) add one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Vector = Any

LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693145751953125
LN2_LOW = 1.42860682030941723212e-6
SHIFTER = 12582912.0  # 1.5 * 2**23: adding it rounds to a whole number in the low bits
SHIFTER_BITS = 0x4B400000
INFINITY = float("inf")
NAN = float("nan")

EXP_TERMS = (0.49999994, 0.1666652, 0.041668408, 0.008368899, 0.0013814219)
EXPM1_TERMS = (0.5, 0.16666666, 0.04166636, 0.00833339, 0.0013940893, 0.00019845898)
LOG_TERMS = (
    0.33333313,
    -0.2500001,
    0.20002119,
    -0.16667996,
    0.14219543,
    -0.12405574,
    0.11888212,
    -0.11675769,
    0.06746675,
)
ERF_NEAR_TERMS = (
    0.12837915,
    -0.37612498,
    0.11281842,
    -0.026767721,
    0.0049948315,
    -0.0005999411,
)
ERF_FAR_TERMS = (
    -0.0002822984,
    -1.6268921,
    -0.9192597,
    -0.1499416,
    0.032066673,
    -0.004390436,
    0.00028267782,
)
POWER_TERMS = (1.0, 0.693147, 0.24022242, 0.055507336, 0.009671513, 0.0013264727)
SIN_TERMS = (-0.16666667, 0.008333329, -0.00019839327, 2.7182373e-06)
COS_TERMS = (0.041666668, -0.0013888883, 2.4799452e-05, -2.7205044e-07)
LOG_DOUBLE_TERMS = (
    0.6666666666658642,
    0.4000000005271065,
    0.2857141705357832,
    0.22223377417100493,
    0.18123448553558155,
    0.16822245634588232,
)
EXP_DOUBLE_TERMS = (
    0.49999999999594985,
    0.1666666666657021,
    0.04166666699438772,
    0.008333333387912504,
    0.0013888806696479318,
    0.00019841163688261743,
    2.488271108897613e-05,
    2.764354866810415e-06,
)


def horner(x: Vector, terms: Sequence[float]) -> Vector:
    """The polynomial with `terms` (constant first) at `x`."""
    total = x.fma(terms[-1], terms[-2])
    for term in reversed(terms[:-2]):
        total = total.fma(x, term)
    return total


def split_exponent(x: Vector) -> tuple[Vector, Vector]:
    """`(n, r)` with `x = n * ln 2 + r`, n whole as int32, |r| <= ln 2 / 2; |x| below 2**21."""
    shifted = x.fma(LOG2_E, SHIFTER)
    whole = shifted - SHIFTER
    rest = whole.fma(-LN2_LOW, whole.fma(-LN2_HIGH, x))
    return shifted.bits() - SHIFTER_BITS, rest


def power_of_two(exponent: Vector) -> Vector:
    """2**exponent for int32 lanes within -126..127, by building the bit pattern."""
    return ((exponent + 127) << 23).from_bits()


def clamp(x: Vector, low: float, high: float) -> Vector:
    """`x` brought into low..high; NaN stays NaN."""
    x = (x > high).choose(high, x)
    return (x < low).choose(low, x)


def copy_sign(magnitude: Vector, sign: Vector) -> Vector:
    """`magnitude` (not negative) with the sign bit of `sign`."""
    return (magnitude.bits() | (sign.bits() & -0x80000000)).from_bits()


def vector_exp(x: Vector) -> Vector:
    """e**x, at most 1 ulp (denormal results included)."""
    n, r = split_exponent(clamp(x, -104.5, 89.5))
    p = (r * r).fma(horner(r, EXP_TERMS), r) + 1.0
    half = n.arithmetic_shift(1)
    return p * power_of_two(half) * power_of_two(n - half)


def vector_expm1(x: Vector) -> Vector:
    """e**x - 1 without cancellation, at most 2 ulp."""
    n, r = split_exponent(clamp(x, -20.0, 88.8))
    p = (r * r).fma(horner(r, EXPM1_TERMS), r)
    scale = power_of_two(n - 1)  # halved, since 2**128 has no float32
    return (x.magnitude() < 0.3).choose(p, p.fma(scale, scale - 0.5) * 2.0)


def log_parts(x: Vector) -> tuple[Vector, Vector]:
    """`(e, f)` with `x = 2**e * (1 + f)` and 1 + f in sqrt(1/2)..sqrt(2); x positive, finite."""
    tiny = x < 1.1754943508222875e-38
    normal = tiny.choose(x * 8388608.0, x)
    offset = normal.bits() - 0x3F3504F3
    exponent = offset.arithmetic_shift(23)
    mantissa = (normal.bits() - (exponent << 23)).from_bits()
    e = exponent.to_float()
    return tiny.choose(e - 23.0, e), mantissa - 1.0


def vector_log(x: Vector) -> Vector:
    """Natural logarithm, at most 1 ulp; -inf at 0, NaN below."""
    e, f = log_parts(x)
    square = f * f
    tail = (square * f).fma(horner(f, LOG_TERMS), e * LN2_LOW)
    result = e.fma(LN2_HIGH, f + square.fma(-0.5, tail))
    result = (x < INFINITY).choose(result, x)
    result = x.equals(0.0).choose(-INFINITY, result)
    return (x < 0.0).choose(NAN, result)


def vector_log1p(x: Vector) -> Vector:
    """log(1 + x) without cancellation, at most 2 ulp; -inf at -1, NaN below."""
    u = x + 1.0
    rest = (u > 2.0).choose(1.0 - (u - x), x - (u - 1.0))
    e, f = log_parts(u)
    f = f + rest * power_of_two(clamp(0.0 - e, -126.0, 126.0).to_int())
    square = f * f
    tail = (square * f).fma(horner(f, LOG_TERMS), e * LN2_LOW)
    result = e.fma(LN2_HIGH, f + square.fma(-0.5, tail))
    result = (x.magnitude() < 1e-4).choose(x.fma(x * x.fma(0.33333334, -0.5), x), result)
    result = (x < INFINITY).choose(result, x)
    result = x.equals(-1.0).choose(-INFINITY, result)
    return (x < -1.0).choose(NAN, result)


def vector_tanh(x: Vector) -> Vector:
    """Hyperbolic tangent, at most 3 ulp."""
    t = vector_expm1(clamp(x.magnitude() * 2.0, 0.0, 20.0))
    return copy_sign(t / (t + 2.0), x)


def vector_sigmoid(x: Vector) -> Vector:
    """1 / (1 + e**-x), at most 3 ulp, down to denormal results."""
    e = vector_exp(-x.magnitude())
    return (x < 0.0).choose(e, 1.0) / (e + 1.0)


def vector_erf(x: Vector) -> Vector:
    """Error function, at most 2 ulp: near 0 x times a polynomial, beyond 1 - 2**polynomial.

    That power, of -27 at least, is put together as bits: its exponent added to its fraction's.
    """
    t = x.magnitude()
    near = x.fma(horner(x * x, ERF_NEAR_TERMS), x)
    q = horner((t > 3.95).choose(3.95, t), ERF_FAR_TERMS)
    shifted = q + SHIFTER
    fraction = horner(q - (shifted - SHIFTER), POWER_TERMS)
    far = 1.0 - (fraction.bits() + (shifted.bits() << 23)).from_bits()
    return (t > 0.92).choose(copy_sign(far, x), near)


def reduce_angle(x: Vector) -> tuple[Vector, Vector]:
    """`(q, r)` with `x = q * pi/2 + r`, |r| <= pi/4, as float64 and float32; q is modulo 4.

    Two words of pi/2 in float64 and a true fused multiply-add keep r right to a float32 ulp for
    |x| up to 2**48; beyond (and for inf, NaN) r is NaN.
    """
    wide = (x.magnitude() < 281474976710656.0).choose(x, NAN).double()
    n = (wide * 0.6366197723675814).rint()
    r = n.exact_fma(-1.5707963267948966, wide)
    r = n.exact_fma(-6.123233995736766e-17, r)
    return (n - (n * 0.25).floor() * 4.0).single(), r.single()


def sine_of_quadrant(q: Vector, r: Vector) -> Vector:
    """sin(q * pi/2 + r) for whole q in 0..3 and |r| <= pi/4."""
    s = r * r
    sine = (r * s).fma(horner(s, SIN_TERMS), r)
    cosine = (s * s).fma(horner(s, COS_TERMS), s.fma(-0.5, 1.0))
    odd = q.equals(1.0) | q.equals(3.0)
    value = odd.choose(cosine, sine)
    return (q > 1.5).choose(-value, value)


def vector_sin(x: Vector) -> Vector:
    """Sine, at most 2 ulp for |x| below 2**48; NaN beyond."""
    q, r = reduce_angle(x)
    return x.equals(0.0).choose(x, sine_of_quadrant(q, r))


def vector_cos(x: Vector) -> Vector:
    """Cosine, at most 2 ulp for |x| below 2**48; NaN beyond."""
    q, r = reduce_angle(x)
    q = q + 1.0
    return sine_of_quadrant((q > 3.5).choose(q - 4.0, q), r)


def vector_power(x: Vector, y: Vector) -> Vector:
    """x**y as NumPy has it, at most 1 ulp: computed as exp(y * log |x|) in float64."""
    base = x.magnitude()
    e, f = log_parts(base)
    wide = f.double()
    s = wide / (wide + 2.0)
    z = s * s
    log = e.double() * 0.6931471805599453 + (s * 2.0 + s * z * horner(z, LOG_DOUBLE_TERMS))
    log = base.equals(0.0).choose(-INFINITY, log)
    log = base.equals(INFINITY).choose(INFINITY, log)
    exponent = y.double() * log
    exponent = (exponent > 200.0).choose(200.0, exponent)
    exponent = (exponent < -200.0).choose(-200.0, exponent)
    n = (exponent * LOG2_E).rint()
    r = exponent - n * 0.6931471805599453
    p = 1.0 + (r + r * r * horner(r, EXP_DOUBLE_TERMS))
    k = n.single().to_int()
    result = (p * power_of_two_wide(k)).single()
    whole = y.rint().equals(y)
    half = y * 0.5
    odd = whole & half.rint().differs(half)
    negative = x.bits().arithmetic_shift(31).differs(0)
    flipped = (negative & odd).choose(-result, result)
    result = ((x < 0.0) & ~whole & (base < INFINITY)).choose(NAN, flipped)
    result = (x.differs(x) | y.differs(y)).choose(x + y, result)
    one = x.equals(1.0) | y.equals(0.0) | (x.equals(-1.0) & y.magnitude().equals(INFINITY))
    return one.choose(1.0, result)


def power_of_two_wide(exponent: Vector) -> Vector:
    """2**exponent as float64 for int32 lanes within -300..300 (a product of four float32)."""
    quarter = exponent.arithmetic_shift(2)
    rest = exponent - quarter * 3
    step = power_of_two(quarter).double()
    return step * step * step * power_of_two(rest).double()


def vector_sign(x: Vector) -> Vector:
    """-1, 0 or 1 by the sign of x; NaN stays NaN."""
    return (x > 0.0).choose(1.0, (x < 0.0).choose(-1.0, x))


ONE_ARGUMENT: dict[str, Callable[[Vector], Vector]] = {
    "exp": vector_exp,
    "expm1": vector_expm1,
    "log": vector_log,
    "log1p": vector_log1p,
    "tanh": vector_tanh,
    "sigmoid": vector_sigmoid,
    "erf": vector_erf,
    "sin": vector_sin,
    "cos": vector_cos,
    "sign": vector_sign,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1.0 / x,
    "rsqrt": lambda x: 1.0 / x.sqrt(),
    "sqrt": lambda x: x.sqrt(),
    "floor": lambda x: x.floor(),
    "ceil": lambda x: x.ceil(),
    "rint": lambda x: x.rint(),
    "absolute": lambda x: x.magnitude(),
}
