"""Which function builds the step of which instruction."""

from __future__ import annotations

import ptx_floats as floats
import ptx_integers as integers
from ptx_access import load, store
from ptx_atomics import atomic
from ptx_bits import BITS, Builder
from ptx_convert import convert, convert_address
from ptx_frame import Active, Frame, Step
from ptx_select import move, select, select_by_sign, set_predicate, set_value
from ptx_syntax import Instruction
from ptx_tensor import multiply_add
from ptx_warp import active_mask, shuffle, vote

_INTEGERS: dict[str, Builder] = {
    "add": integers.add_subtract,
    "sub": integers.add_subtract,
    "addc": integers.add_subtract,
    "subc": integers.add_subtract,
    "mul": integers.multiply,
    "mad": integers.multiply_add,
    "madc": integers.multiply_add,
    "div": integers.divide,
    "rem": integers.divide,
    "min": integers.extremum,
    "max": integers.extremum,
    "neg": integers.unary,
    "abs": integers.unary,
}
_FLOATS: dict[str, Builder] = {
    "add": floats.arithmetic,
    "sub": floats.arithmetic,
    "mul": floats.arithmetic,
    "mad": floats.arithmetic,
    "fma": floats.arithmetic,
    "div": floats.divide,
    "sqrt": floats.root,
    "rcp": floats.root,
    "rsqrt": floats.root,
    "ex2": floats.approximate,
    "lg2": floats.approximate,
    "sin": floats.approximate,
    "cos": floats.approximate,
    "tanh": floats.approximate,
    "min": floats.extremum,
    "max": floats.extremum,
    "neg": floats.sign,
    "abs": floats.sign,
    "copysign": floats.copy_sign,
    "testp": floats.property_test,
}


def _nothing(frame: Frame, ins: Instruction) -> Step:
    """Fences order memory, which is in order here anyway; barriers are the scheduler's."""
    return lambda active: None


_OTHERS: dict[str, Builder] = {
    **BITS,
    "and": integers.bitwise,
    "or": integers.bitwise,
    "xor": integers.bitwise,
    "not": integers.unary,
    "shl": integers.shift,
    "shr": integers.shift,
    "mov": move,
    "setp": set_predicate,
    "set": set_value,
    "selp": select,
    "slct": select_by_sign,
    "cvt": convert,
    "cvta": convert_address,
    "ld": load,
    "ldu": load,
    "st": store,
    "atom": atomic,
    "red": atomic,
    "mma": multiply_add,
    "shfl": shuffle,
    "vote": vote,
    "activemask": active_mask,
    "membar": _nothing,
    "fence": _nothing,
    "bar": _nothing,
    "barrier": _nothing,
}


def build(frame: Frame, ins: Instruction) -> Step:
    """The step of an instruction, its guard included; PtxError for what is not known."""
    kind = ins.modifiers[-1] if ins.modifiers else ""
    if kind in ("f32", "f64") and ins.opcode in _FLOATS:
        builder = _FLOATS[ins.opcode]
    elif kind[:1] in ("s", "u", "b") and ins.opcode in _INTEGERS:
        builder = _INTEGERS[ins.opcode]
    elif ins.opcode in _OTHERS:
        builder = _OTHERS[ins.opcode]
    else:
        raise ins.fail("unknown instruction")
    try:
        step = builder(frame, ins)
    except (ValueError, IndexError) as error:
        raise ins.fail(f"operands not understood ({error})") from error
    if ins.guard is None:
        return step
    chosen = frame.guard(ins, ins.guard)

    def guarded(active: Active) -> None:
        subset = chosen(active)
        if subset.count:
            step(subset)

    return guarded
