"""Conversions between types (PTX ISA, `cvt`)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ptx_frame import Active, Array, Frame, Step, split, write
from ptx_rounding import ROUNDINGS, flush, narrow, saturate
from ptx_syntax import TYPES, Instruction

_WHOLE: dict[str, Callable[[Array], Array]] = {
    "rni": np.rint,
    "rzi": np.trunc,
    "rmi": np.floor,
    "rpi": np.ceil,
}


def _float_to_integer(values: Array, to: np.dtype[np.generic], mode: str) -> Array:
    """Rounded, then clamped to the type's range; NaN as the hardware has it."""
    limits = np.iinfo(to)  # type: ignore[type-var]
    wide = values.astype(np.float64)
    whole = _WHOLE[mode](wide)
    # The largest float64 below 2**64 or 2**63 is not the type's maximum: compare, then clamp.
    high = whole >= float(limits.max)
    low = whole <= float(limits.min)
    unclear = high | low | np.isnan(whole)
    inside = np.where(unclear, 0.0, whole).astype(to)
    clamped = np.where(high, limits.max, np.where(low, limits.min, inside)).astype(to)
    nan = 0
    if values.dtype == np.float64 or to.itemsize == 8:
        nan = limits.min if to.kind == "i" else limits.max // 2 + 1
    return np.where(np.isnan(whole), to.type(nan), clamped)


def _integer_to_integer(values: Array, to: np.dtype[np.generic], clamp: bool) -> Array:
    if not clamp:
        return values.astype(to)
    limits, given = np.iinfo(to), np.iinfo(values.dtype)  # type: ignore[type-var]
    low = max(limits.min, given.min)
    high = min(limits.max, given.max)
    return np.clip(values, low, high).astype(to)


def _converter(ins: Instruction, to: str, source: str, flags: set[str]) -> Callable[[Array], Array]:
    target, given = TYPES[to], TYPES[source]
    modes = [flag for flag in flags if flag in ROUNDINGS or flag in _WHOLE]
    mode = modes[0] if len(modes) == 1 else "rn"
    if len(modes) > 1:
        raise ins.fail("two rounding modes")
    if given.kind != "f" and target.kind != "f":
        return lambda x: _integer_to_integer(x, target, "sat" in flags)
    if given.kind != "f":
        if mode == "rn":
            return lambda x: x.astype(target)
        if given.itemsize > 4 or to != "f32":
            raise ins.fail("directed rounding of this conversion is not supported")
        return lambda x: narrow(x.astype(np.float64), mode)
    if target.kind != "f":
        if mode not in _WHOLE:
            raise ins.fail("a conversion to integers needs .rni, .rzi, .rmi or .rpi")
        return lambda x: _float_to_integer(x, target, mode)
    if mode in _WHOLE:
        return lambda x: _WHOLE[mode](x.astype(target))
    if target.itemsize < given.itemsize and mode != "rn":
        return lambda x: narrow(x.astype(np.float64), mode, target)
    return lambda x: x.astype(target)


_SHORT = {("tf32", "f32"): "rna", ("bf16x2", "f32"): "rn"}


def _to_tf32(value: Array) -> Array:
    """The nearest of 10 bits behind the point, ties away from zero; NaN is 0x7fffffff."""
    bits = value.view(np.uint32)
    rounded = (bits + np.uint32(1 << 12)) >> np.uint32(13) << np.uint32(13)
    kept = np.where(np.isinf(value), bits, rounded)
    return np.where(np.isnan(value), np.uint32(0x7FFFFFFF), kept)


def _to_bfloat16(value: Array) -> Array:
    """The nearest of 7 bits behind the point, ties to even; NaN is 0x7fff."""
    bits = value.view(np.uint32)
    upper, rest = bits >> np.uint32(16), bits & np.uint32(0xFFFF)
    half = np.uint32(1 << 15)
    up = (rest > half) | ((rest == half) & ((upper & np.uint32(1)) == 1))
    return np.where(np.isnan(value), np.uint32(0x7FFF), upper + up.astype(np.uint32))


def _shorten(frame: Frame, ins: Instruction) -> Step:
    """cvt.rna.tf32.f32, and cvt.rn.bf16x2.f32, whose first source becomes the upper half."""
    mode, kind = ins.modifiers[0], ins.modifiers[1:]
    if mode != _SHORT[kind]:
        raise ins.fail(f"rounding .{mode} of this conversion is not supported")
    if kind[0] == "tf32":
        return frame.elementwise(ins, _to_tf32, "b32", ("f32",))

    def both(upper: Array, lower: Array) -> Array:
        return (_to_bfloat16(upper) << np.uint32(16)) | _to_bfloat16(lower)

    return frame.elementwise(ins, both, "b32", ("f32", "f32"))


def convert(frame: Frame, ins: Instruction) -> Step:
    """cvt: between integers, floats and both; operands may be wider registers."""
    if ins.modifiers[1:] in _SHORT:
        return _shorten(frame, ins)
    flags, (to, source) = split(ins, *ROUNDINGS, *_WHOLE, "ftz", "sat", types=2)
    if "pred" in (to, source) or len(ins.operands) != 2:
        raise ins.fail("expected two operands, no predicates")
    function = _converter(ins, to, source, flags)
    read = frame.reader(ins, ins.operands[1], source)
    out = frame.target(ins, ins.operands[0], to)
    flush_input = "ftz" in flags and source == "f32"
    flush_result = "ftz" in flags and to == "f32"
    clamp = "sat" in flags and TYPES[to].kind == "f"

    def step(active: Active) -> None:
        value = read()
        value = function(flush(value) if flush_input else value)
        if flush_result:
            value = flush(value)
        write(out, saturate(value) if clamp else value, active)

    return step


def convert_address(frame: Frame, ins: Instruction) -> Step:
    """cvta: all spaces share one range of addresses here, so nothing changes."""
    split(ins, "to", "global", "shared", "local", "const")
    return frame.elementwise(ins, np.positive, "u64", ("u64",))
