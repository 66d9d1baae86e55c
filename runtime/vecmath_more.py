"""More vector mathematics, in float64 where that is the simplest way to an exact float32.

As in `vecmath`, stated errors are in units in the last place of the result. The polynomials are
least-squares fits at Chebyshev's nodes, weighted to bound the relative error.
"""

from __future__ import annotations

from collections.abc import Callable

from kgen.runtime.vecmath import (
    EXP_DOUBLE_TERMS,
    INFINITY,
    LOG2_E,
    LOG_DOUBLE_TERMS,
    NAN,
    Vector,
    clamp,
    copy_sign,
    horner,
    log_parts,
    power_of_two_wide,
    reduce_angle,
    sine_of_quadrant,
    vector_expm1,
    vector_log1p,
)

LN2 = 0.6931471805599453
HALF_PI = 1.5707963267948966
ATAN_TERMS = (
    0.999999999999367,
    -0.333333332871569,
    0.199999964717397,
    -0.142856142832252,
    0.11109656130206,
    -0.0907823865135591,
    0.0762017223835099,
    -0.0638257203203979,
    0.0507716964831058,
    -0.0356862704712629,
    0.0203131597697767,
    -0.00846021987419409,
    0.0022368827297751,
    -0.000277751105463112,
)
ASIN_TERMS = (
    0.99999999999998,
    0.166666666695769,
    0.0749999956395562,
    0.0446430928051499,
    0.0303756776208835,
    0.0224659003253965,
    0.0165156273532138,
    0.0184772909571288,
    -0.00252673466521914,
    0.0316613710605401,
)
ERFC_TERMS = (
    0.282094646286865,
    0.28210072181913,
    0.246723544887684,
    0.177518203324369,
    0.0748253214952008,
    0.0419348060045785,
    -0.230427133467951,
    0.418388133320037,
    -0.917791629532905,
    1.24898923468666,
    -0.870684504294727,
    0.196489333532499,
    0.127598942288656,
    -0.0978718184913943,
    0.0201124302312299,
)
# erf(t) = 2 t / sqrt(pi) times this series of t**2.
ERF_SERIES = (
    1,
    -0.333333333333333,
    0.1,
    -0.0238095238095238,
    0.00462962962962963,
    -0.000757575757575758,
    0.000106837606837607,
    -1.32275132275132e-05,
    1.45891690009337e-06,
    -1.45038522231505e-07,
    1.31225329638028e-08,
)
ERFINV_NEAR_TERMS = (
    1.50140935112992,
    0.246640276686191,
    -0.00417731802933509,
    -0.00125270762785668,
    0.000218251056971245,
    -4.9964759553728e-06,
    -3.41739264917359e-06,
    4.78975613513949e-07,
    1.37769018096988e-08,
    -1.09435878325897e-08,
    8.2057592662396e-10,
    1.34546854378223e-10,
    -2.05579240364814e-11,
    -5.71168147315123e-13,
)
ERFINV_FAR_TERMS = (
    3.03363657083044,
    1.00469246258306,
    0.00597343216837068,
    -0.00429466044595337,
    0.00294771066523422,
    -0.00198949996557214,
    0.00109184440071384,
    -0.000368836356205549,
    -3.80534612354561e-05,
    0.000111211582980005,
    -3.13856423948578e-05,
    -4.43156242103618e-06,
)


def wide_log(x: Vector) -> Vector:
    """log(x) in float64 for float32 x; -inf at 0, NaN below."""
    e, f = log_parts(x)
    wide = f.double()
    s = wide / (wide + 2.0)
    z = s * s
    log = e.double() * LN2 + (s * 2.0 + s * z * horner(z, LOG_DOUBLE_TERMS))
    log = x.equals(0.0).choose(-INFINITY, log)
    log = x.equals(INFINITY).choose(INFINITY, log)
    log = x.differs(x).choose(NAN, log)
    return (x < 0.0).choose(NAN, log)


def wide_exp(x: Vector) -> Vector:
    """e**x in float64, x within -200..200 (held there)."""
    held = clamp(x, -200.0, 200.0)
    n = (held * LOG2_E).rint()
    r = held - n * LN2
    p = 1.0 + (r + r * r * horner(r, EXP_DOUBLE_TERMS))
    return p * power_of_two_wide(n.single().to_int())


def vector_exp2(x: Vector) -> Vector:
    """2**x, at most 1 ulp."""
    return wide_exp(x.double() * LN2).single()


def vector_log2(x: Vector) -> Vector:
    """Logarithm to base 2, at most 1 ulp; -inf at 0, NaN below."""
    return (wide_log(x) * LOG2_E).single()


def vector_log10(x: Vector) -> Vector:
    """Logarithm to base 10, at most 1 ulp; -inf at 0, NaN below."""
    return (wide_log(x) * 0.4342944819032518).single()


def vector_cbrt(x: Vector) -> Vector:
    """Cube root, at most 1 ulp."""
    root = wide_exp(wide_log(x.magnitude()) * 0.3333333333333333).single()
    special = x.equals(0.0) | x.magnitude().equals(INFINITY)
    return special.choose(x, copy_sign(root, x))


def vector_sinh(x: Vector) -> Vector:
    """Hyperbolic sine, at most 2 ulp."""
    small = vector_expm1(clamp(x.magnitude(), 0.0, 2.0))
    near = (small + small / (small + 1.0)) * 0.5
    power = wide_exp(x.magnitude().double())
    far = ((power - 1.0 / power) * 0.5).single()
    return copy_sign((x.magnitude() < 1.0).choose(near, far), x)


def vector_cosh(x: Vector) -> Vector:
    """Hyperbolic cosine, at most 1 ulp."""
    power = wide_exp(x.magnitude().double())
    return ((power + 1.0 / power) * 0.5).single()


def vector_arcsinh(x: Vector) -> Vector:
    """Inverse hyperbolic sine, at most 3 ulp."""
    t = x.magnitude()
    held = clamp(t, 0.0, 1e9)
    near = vector_log1p(held + held * held / ((held * held + 1.0).sqrt() + 1.0))
    far = (wide_log(t) + LN2).single()
    return copy_sign((t > 1e8).choose(far, near), x)


def vector_arccosh(x: Vector) -> Vector:
    """Inverse hyperbolic cosine, at most 3 ulp; NaN below 1."""
    u = x - 1.0
    held = (u > 1e9).choose(1e9, u)
    near = vector_log1p(held + (held * (held + 2.0)).sqrt())
    far = (wide_log(x) + LN2).single()
    result = (x > 1e8).choose(far, near)
    return (x < 1.0).choose(NAN, result)


def vector_arctanh(x: Vector) -> Vector:
    """Inverse hyperbolic tangent, at most 3 ulp; NaN beyond -1 and 1."""
    t = x.magnitude()
    result = vector_log1p(t * 2.0 / (1.0 - t)) * 0.5
    result = copy_sign(result, x)
    return (t > 1.0).choose(NAN, result)


def vector_tan(x: Vector) -> Vector:
    """Tangent, at most 4 ulp for |x| below 2**48; NaN beyond."""
    q, r = reduce_angle(x)
    after = (q > 2.5).choose(q - 3.0, q + 1.0)
    result = sine_of_quadrant(q, r) / sine_of_quadrant(after, r)
    return x.equals(0.0).choose(x, result)


def vector_arctan(x: Vector) -> Vector:
    """Inverse tangent, at most 1 ulp."""
    t = x.magnitude().double()
    far = t > 1.0
    u = far.choose(1.0 / t, t)
    angle = u * horner(u * u, ATAN_TERMS)
    return copy_sign(far.choose(HALF_PI - angle, angle).single(), x)


def half_arcsin(x: Vector) -> tuple[Vector, Vector]:
    """`(far, angle)`: arcsin |x| is the angle, or beyond 1/2 a right angle less twice it."""
    t = x.magnitude().double()
    far = t > 0.5
    u = far.choose(((1.0 - t) * 0.5).sqrt(), t)
    return far, u * horner(u * u, ASIN_TERMS)


def vector_arcsin(x: Vector) -> Vector:
    """Inverse sine, at most 1 ulp; NaN beyond -1 and 1."""
    far, angle = half_arcsin(x)
    result = copy_sign(far.choose(HALF_PI - angle * 2.0, angle).single(), x)
    return (x.magnitude() > 1.0).choose(NAN, result)


def vector_arccos(x: Vector) -> Vector:
    """Inverse cosine, at most 1 ulp; NaN beyond -1 and 1."""
    far, angle = half_arcsin(x)
    negative = x.double() < 0.0
    near = negative.choose(HALF_PI + angle, HALF_PI - angle)
    twice = angle * 2.0
    result = far.choose(negative.choose(HALF_PI * 2.0 - twice, twice), near).single()
    return (x.magnitude() > 1.0).choose(NAN, result)


def vector_erfc(x: Vector) -> Vector:
    """1 - erf(x) without cancellation, at most 1 ulp, down to denormal results."""
    t = clamp(x.magnitude(), 0.0, 10.2).double()
    v = 1.0 / (t * 0.5 + 1.0)
    tail = wide_exp(-(t * t)) * v * horner(v, ERFC_TERMS)
    s = t * t
    near = 1.0 - t * 1.1283791670955126 * horner(s, ERF_SERIES)
    above = (t < 0.5).choose(near, tail)
    result = (x.double() < 0.0).choose(2.0 - above, above).single()
    return x.differs(x).choose(x, result)


def vector_erfinv(x: Vector) -> Vector:
    """The y whose erf is x, at most 2 ulp; infinite at -1 and 1, NaN beyond."""
    wide = x.double()
    w = -wide_log(((1.0 - wide) * (1.0 + wide)).single())
    near = horner(w - 2.5, ERFINV_NEAR_TERMS)
    far = horner((w.magnitude()).sqrt() - 3.2, ERFINV_FAR_TERMS)
    result = (wide * (w > 5.0).choose(far, near)).single()
    edge = x.magnitude().equals(1.0)
    result = edge.choose(copy_sign(x * 0.0 + INFINITY, x), result)
    return (x.magnitude() > 1.0).choose(NAN, result)


MORE_FUNCTIONS: dict[str, Callable[[Vector], Vector]] = {
    "arccos": vector_arccos,
    "arccosh": vector_arccosh,
    "arcsin": vector_arcsin,
    "arcsinh": vector_arcsinh,
    "arctan": vector_arctan,
    "arctanh": vector_arctanh,
    "cbrt": vector_cbrt,
    "cosh": vector_cosh,
    "erfc": vector_erfc,
    "erfinv": vector_erfinv,
    "exp2": vector_exp2,
    "log10": vector_log10,
    "log2": vector_log2,
    "sinh": vector_sinh,
    "tan": vector_tan,
}
