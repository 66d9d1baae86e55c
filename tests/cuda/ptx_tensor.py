"""Products on tensor cores (PTX ISA, "Matrix multiply-accumulate operation using mma instruction").

All lanes of a warp take part. Lane 4 g + t holds, of A (16 rows), row g in registers 0 and 2 and
row g + 8 in 1 and 3; words t of a row in 0 and 1, words t + 4 in 2 and 3; of B (8 columns), words t
and t + 4 of column g; of C and D, columns 2 t and 2 t + 1 of row g, and of row g + 8. A word is a
tf32 number, or two of bfloat16, the lower half first.

The operands' products are exact. The ISA leaves open in what order they and C are added, and how
sums are rounded; it promises float32's precision. Here they are added in float64 and rounded once.
Who compares must allow for any order and for roundings that cut: for each of n numbers added, the
sum of their magnitudes times 2 ** -23.
"""

from __future__ import annotations

import numpy as np
from ptx_frame import WARP, Active, Array, Frame, Step, write
from ptx_syntax import Group, Instruction, Operand

ROWS, COLUMNS, WORDS = 16, 8, 8
# How many numbers a word has.
_TERMS = {
    "sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32": 1,
    "sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32": 2,
}


def _numbers(words: Array, terms: int) -> Array:
    """What words hold, as float64, along a further axis."""
    if terms == 1:
        return words.view(np.float32).astype(np.float64)[..., None]
    halves = np.stack([words << np.uint32(16), words & np.uint32(0xFFFF0000)], axis=-1)
    return halves.view(np.float32).astype(np.float64)


def _matrix(registers: list[Array], places: tuple[Array, Array], shape: tuple[int, int]) -> Array:
    """Each warp's matrix from registers, of which each has (row, column) for every lane."""
    values = np.stack([each.reshape(-1, WARP) for each in registers], axis=1)
    found = np.zeros((len(values), *shape), values.dtype)
    found[:, places[0], places[1]] = values
    return found


def multiply_add(frame: Frame, ins: Instruction) -> Step:
    """mma.sync: D = A B + C, for tf32 and bfloat16 with sums in float32."""
    kind = ".".join(ins.modifiers)
    if kind not in _TERMS or len(ins.operands) != 4:
        raise ins.fail("this product is not supported")
    terms = _TERMS[kind]

    def registers(operand: Operand, count: int) -> tuple[Operand, ...]:
        if not isinstance(operand, Group) or len(operand.items) != count:
            raise ins.fail(f"expected {count} registers")
        return operand.items

    d, a, b, c = map(registers, ins.operands, (4, 4, 2, 4))
    outs = [frame.target(ins, each, "f32") for each in d]
    left = [frame.source(ins, each, "b32") for each in a]
    right = [frame.source(ins, each, "b32") for each in b]
    sums = [frame.source(ins, each, "f32") for each in c]
    group, place = np.divmod(np.arange(WARP), 4)
    register = np.arange(4)[:, None]
    of_left = group + 8 * (register % 2), place + 4 * (register // 2)
    of_right = place + 4 * register[:2], np.broadcast_to(group, (2, WARP))
    of_sums = group + 8 * (register // 2), 2 * place + register % 2

    def step(active: Active) -> None:
        together = active.mask.reshape(-1, WARP)
        if (together.any(axis=1) != together.all(axis=1)).any():
            raise ins.fail("not all lanes of a warp take part")
        if terms == 1:
            _check(ins, [*left, *right], active)
        with np.errstate(all="ignore"):
            rows = _numbers(_matrix(left, of_left, (ROWS, WORDS)), terms)
            columns = _numbers(_matrix(right, of_right, (WORDS, COLUMNS)), terms)
            total = _matrix(sums, of_sums, (ROWS, COLUMNS)).astype(np.float64)
            for word in range(WORDS):
                for term in range(terms):
                    total += rows[:, :, word, term, None] * columns[:, None, word, :, term]
            found = total.astype(np.float32)[:, of_sums[0], of_sums[1]]
        for n, out in enumerate(outs):
            write(out, found[:, n].reshape(-1), active)

    return step


def _check(ins: Instruction, operands: list[Array], active: Active) -> None:
    """Bits that tf32 lacks must not be set, which the ISA does not define; those of NaN may."""
    for words in operands:
        rest = ((words & np.uint32(0x1FFF)) != 0) & ~np.isnan(words.view(np.float32))
        if (rest & active.mask).any():
            raise ins.fail("an operand was not rounded to tf32")
