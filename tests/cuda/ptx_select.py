"""Moves, comparisons and selections."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from ptx_frame import Active, Array, Frame, Step, split, write
from ptx_rounding import flush
from ptx_syntax import TYPES, Group, Instruction, Name, Pair

Comparison = Callable[[Array, Array], Array]


def _unordered(compare: Comparison) -> Comparison:
    return lambda a, b: compare(a, b) | np.isnan(a) | np.isnan(b)


def _ordered_differs(a: Array, b: Array) -> Array:
    return (a < b) | (a > b)


_COMPARISONS: dict[str, Comparison] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
_INTEGER: dict[str, Comparison] = {
    **_COMPARISONS,
    "lo": np.less,
    "ls": np.less_equal,
    "hi": np.greater,
    "hs": np.greater_equal,
}
_FLOAT: dict[str, Comparison] = {
    **_COMPARISONS,
    "ne": _ordered_differs,
    **{f"{name}u": _unordered(compare) for name, compare in _COMPARISONS.items()},
    "num": lambda a, b: ~(np.isnan(a) | np.isnan(b)),
    "nan": lambda a, b: np.isnan(a) | np.isnan(b),
}
_JOINS = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}


def move(frame: Frame, ins: Instruction) -> Step:
    """mov, also between a register and a group of its parts."""
    _, (kind,) = split(ins)
    out, source = ins.operands
    if isinstance(source, Group):
        return _pack(frame, ins, source, kind)
    if isinstance(out, Group):
        return _unpack(frame, ins, out, kind)
    value = frame.source(ins, source, kind)
    target = frame.target(ins, out, kind)

    def step(active: Active) -> None:
        write(target, value, active)

    return step


def _pack(frame: Frame, ins: Instruction, parts: Group, kind: str) -> Step:
    bits = 8 * TYPES[kind].itemsize // len(parts.items)
    arrays = [frame.source(ins, part, f"b{bits}") for part in parts.items]
    unsigned = f"b{8 * TYPES[kind].itemsize}"
    out = frame.target(ins, ins.operands[0], unsigned)

    def step(active: Active) -> None:
        value = arrays[0].astype(out.dtype)
        for place, array in enumerate(arrays[1:], 1):
            value |= array.astype(out.dtype) << out.dtype.type(bits * place)
        write(out, value, active)

    return step


def _unpack(frame: Frame, ins: Instruction, parts: Group, kind: str) -> Step:
    bits = 8 * TYPES[kind].itemsize // len(parts.items)
    source = frame.source(ins, ins.operands[1], f"b{8 * TYPES[kind].itemsize}")
    outs = [frame.target(ins, part, f"b{bits}") for part in parts.items]

    def step(active: Active) -> None:
        value = source.copy()
        for place, out in enumerate(outs):
            write(out, (value >> value.dtype.type(bits * place)).astype(f"u{bits // 8}"), active)

    return step


def _comparison(ins: Instruction, kind: str) -> tuple[Comparison, str | None]:
    """What a setp or set compares by, and how it joins a further predicate."""
    dtype = TYPES[kind]
    names = [each for each in ins.modifiers if each in _INTEGER or each in _FLOAT]
    joins = [each for each in ins.modifiers if each in _JOINS]
    if len(names) != 1 or len(joins) > 1:
        raise ins.fail("expected one comparison")
    table = _FLOAT if dtype.kind == "f" else _INTEGER
    if names[0] not in table or (names[0] in ("lo", "ls", "hi", "hs") and dtype.kind == "i"):
        raise ins.fail(f"no comparison .{names[0]} of {kind}")
    compare = table[names[0]]
    if "ftz" in ins.modifiers:
        inner = compare
        compare = lambda a, b: inner(flush(a), flush(b))  # noqa: E731
    return compare, joins[0] if joins else None


def set_predicate(frame: Frame, ins: Instruction) -> Step:
    """setp: p, or p|q with q the opposite, joined with a further predicate or not."""
    _, (kind,) = split(ins, *_INTEGER, *_FLOAT, *_JOINS, "ftz")
    compare, join = _comparison(ins, kind)
    first = ins.operands[0]
    outs = [frame.target(ins, first.first if isinstance(first, Pair) else first, "pred")]
    if isinstance(first, Pair):
        outs.append(frame.target(ins, first.second, "pred"))
    a, b = (frame.source(ins, operand, kind) for operand in ins.operands[1:3])
    if join is None and len(outs) == 1 and isinstance(compare, np.ufunc):
        ufunc, out = compare, outs[0]

        def direct(active: Active) -> None:
            ufunc(a, b, out=out, where=active.where)

        return direct
    other, negated = None, False
    if join is not None:
        further = ins.operands[3]
        if not isinstance(further, Name):
            raise ins.fail("expected a predicate")
        other, negated = frame.source(ins, Name(further.text), "pred"), further.negated

    def step(active: Active) -> None:
        result = compare(a, b)
        results = [result, ~result][: len(outs)]
        if join is not None and other is not None:
            right = ~other if negated else other.copy()
            results = [_JOINS[join](each, right) for each in results]
        for out, each in zip(outs, results, strict=True):
            write(out, each, active)

    return step


def set_value(frame: Frame, ins: Instruction) -> Step:
    """set: all ones, or 1.0, where the comparison holds."""
    _, (to, kind) = split(ins, *_INTEGER, *_FLOAT, "ftz", types=2)
    compare, _ = _comparison(ins, kind)
    yes = TYPES[to].type(1.0) if TYPES[to].kind == "f" else np.array(-1).astype(TYPES[to])

    def compute(a: Array, b: Array) -> Array:
        return np.where(compare(a, b), yes, TYPES[to].type(0))

    return frame.elementwise(ins, compute, to, (kind, kind))


def _where(a: Array, b: Array, predicate: Array) -> Array:
    return np.where(predicate, a, b)


def select(frame: Frame, ins: Instruction) -> Step:
    """selp: a where the predicate holds, else b."""
    _, (kind,) = split(ins)
    return frame.elementwise(ins, _where, kind, (kind, kind, "pred"))


def select_by_sign(frame: Frame, ins: Instruction) -> Step:
    """slct: a where c >= 0, else b."""
    flags, (kind, last) = split(ins, "ftz", types=2)

    def compute(a: Array, b: Array, c: Array) -> Array:
        return np.where((flush(c) if "ftz" in flags else c) >= 0, a, b)

    return frame.elementwise(ins, compute, kind, (kind, kind, last))
