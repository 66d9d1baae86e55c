"""Floating-point instructions.

Approximate functions (`.approx`, `.full`) give the correctly rounded value, of which hardware may
be off by a unit or two in the last place. NaN results keep NumPy's bits, where hardware has
0x7fffffff.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ptx_frame import Frame, Step, split
from ptx_memory import Array
from ptx_rounding import ROUNDINGS, directed, flush, flushing, fma, saturate
from ptx_syntax import TYPES, Instruction

Function = Callable[..., Array]


def _dressed(function: Function, flags: set[str]) -> Function:
    if "ftz" in flags:
        function = flushing(function)
    if "sat" in flags:
        inner = function
        return lambda *arrays: saturate(inner(*arrays))
    return function


def _mode(ins: Instruction, flags: set[str]) -> str:
    modes = flags & set(ROUNDINGS)
    if len(modes) > 1:
        raise ins.fail("two rounding modes")
    return modes.pop() if modes else "rn"


def arithmetic(frame: Frame, ins: Instruction) -> Step:
    """add, sub, mul, fma, mad (mad.f32 is fused as well)."""
    flags, (kind,) = split(ins, *ROUNDINGS, "ftz", "sat")
    mode = _mode(ins, flags)
    opcode = "fma" if ins.opcode == "mad" else ins.opcode
    if mode != "rn":
        if kind != "f32":
            raise ins.fail("directed rounding is supported for .f32 alone")
        function: Function = directed(opcode, mode)
    else:
        plain: dict[str, Function] = {
            "add": np.add,
            "sub": np.subtract,
            "mul": np.multiply,
            "fma": fma,
        }
        function = plain[opcode]
    sources = (kind,) * (3 if opcode == "fma" else 2)
    return frame.elementwise(ins, _dressed(function, flags), kind, sources)


def divide(frame: Frame, ins: Instruction) -> Step:
    """div: .rn, .approx, .full."""
    flags, (kind,) = split(ins, "rn", "approx", "full", "ftz")
    return frame.elementwise(ins, _dressed(np.divide, flags), kind, (kind, kind))


def _reciprocal(x: Array) -> Array:
    return np.asarray(np.divide(x.dtype.type(1), x))


def _rounded(function: Function) -> Function:
    """A function computed in float64, rounded to the type of its operand."""
    return lambda x: np.asarray(function(x.astype(np.float64)).astype(x.dtype))


_ROOTS: dict[str, Function] = {
    "sqrt": np.sqrt,
    "rcp": _reciprocal,
    "rsqrt": _rounded(lambda x: 1.0 / np.sqrt(x)),
}
_APPROXIMATE: dict[str, Function] = {
    "ex2": _rounded(np.exp2),
    "lg2": _rounded(np.log2),
    "sin": _rounded(np.sin),
    "cos": _rounded(np.cos),
    "tanh": _rounded(np.tanh),
}


def root(frame: Frame, ins: Instruction) -> Step:
    """sqrt, rcp, rsqrt."""
    flags, (kind,) = split(ins, "rn", "approx", "ftz")
    return frame.elementwise(ins, _dressed(_ROOTS[ins.opcode], flags), kind, (kind,))


def approximate(frame: Frame, ins: Instruction) -> Step:
    """ex2, lg2, sin, cos, tanh."""
    flags, (kind,) = split(ins, "approx", "ftz")
    if kind != "f32" or "approx" not in flags:
        raise ins.fail("expected .approx and .f32")
    return frame.elementwise(ins, _dressed(_APPROXIMATE[ins.opcode], flags), kind, (kind,))


def _extremum(larger: bool, propagate: bool) -> Function:
    pick = np.fmax if larger else np.fmin
    join = np.bitwise_and if larger else np.bitwise_or

    def compute(a: Array, b: Array) -> Array:
        bits = f"u{a.dtype.itemsize}"
        # Equal values have equal bits but for zeros, of which -0 is the smaller.
        value = np.where(a == b, join(a.view(bits), b.view(bits)).view(a.dtype), pick(a, b))
        return np.where(np.isnan(a) | np.isnan(b), a + b, value) if propagate else value

    return compute


def extremum(frame: Frame, ins: Instruction) -> Step:
    """min and max: a number beats NaN, unless `.NaN`."""
    flags, (kind,) = split(ins, "ftz", "NaN")
    function = _extremum(ins.opcode == "max", "NaN" in flags)
    sources = (kind,) * (len(ins.operands) - 1)
    if len(sources) == 3:
        return frame.elementwise(
            ins, _dressed(lambda a, b, c: function(function(a, b), c), flags), kind, sources
        )
    return frame.elementwise(ins, _dressed(function, flags), kind, sources)


def sign(frame: Frame, ins: Instruction) -> Step:
    """neg and abs: bits, NaN included."""
    flags, (kind,) = split(ins, "ftz")
    unsigned = f"u{TYPES[kind].itemsize}"
    top = TYPES[kind].type(-0.0).view(unsigned)
    negate = ins.opcode == "neg"

    def compute(x: Array) -> Array:
        value = flush(x) if "ftz" in flags else x
        bits = value.view(unsigned)
        return np.asarray((bits ^ top if negate else bits & ~top).view(x.dtype))

    return frame.elementwise(ins, compute, kind, (kind,))


def copy_sign(frame: Frame, ins: Instruction) -> Step:
    """copysign d, a, b: the sign of a, the rest of b."""
    _, (kind,) = split(ins)
    return frame.elementwise(ins, lambda a, b: np.copysign(b, a), kind, (kind, kind))


_TESTS: dict[str, Function] = {
    "finite": np.isfinite,
    "infinite": np.isinf,
    "number": lambda x: ~np.isnan(x),
    "notanumber": np.isnan,
    "normal": lambda x: np.isfinite(x) & (np.abs(x) >= np.finfo(x.dtype).tiny),
    "subnormal": lambda x: (x != 0) & (np.abs(x) < np.finfo(x.dtype).tiny),
}


def property_test(frame: Frame, ins: Instruction) -> Step:
    """testp."""
    flags, (kind,) = split(ins, *_TESTS)
    (name,) = flags
    return frame.elementwise(ins, _TESTS[name], "pred", (kind,))
