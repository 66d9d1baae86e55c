"""A warp's work on tensor cores, to generators: panels of rounded numbers, and their products.

A warp's tile is, if it can be, `TALL_ROWS` (32) rows by two vectors of 32 columns. The product is
formed turned over: what `mma.sync` calls its 16 rows are columns here, its 8 columns rows. For each
8 words of the sums a lane then reads 6 times four words that lie together, which is 24 turns of
shared memory for 16 products. With 8 rows by four vectors there would be 34 turns for 8 products,
and a product keeps the tensor cores of an A100's multiprocessor busy for as long as two turns last:
those would wait. Taller or wider tiles do not fit in a lane's registers together with an epilogue.

Which column or row of the tile is which of `mma.sync`, and which term of the sum is which, is free
as long as both operands agree: column 4 g + q of a vector belongs to the lanes 4 g to 4 g + 3, as
do rows 4 g to 4 g + 3 (of 32). So four words are read at a time, and four lanes exchange the sums
to have the usual tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kgen.runtime.cuda.panels import Block, shared_memory
from kgen.runtime.cuda.warp import LANES, ROWS, WARPS, int32
from kgen.runtime.ir_vectors import FLOAT, INT32
from kgen.runtime.lowering import Code, MatrixType, TileType
from kgen.runtime.lowering_memory import load_block, load_number, row_addresses
from kgen.runtime.lowering_products import turned
from llvmlite import ir
from numba.cuda import cgutils

# Words of a panel, for each row and column: one for each lane.
WORDS = LANES
FOUR = 4
# Words from one to the next of a row or column: the lanes that read together, eight at a time,
# then meet different banks.
GAP = 4
# Words that one `mma.sync` adds up, and its columns.
STEP = EIGHT = 8
# What instructions do that only compute.
PURE = ("nounwind", "readnone")
# Where a lane's sums are, by vector, column of four and the lane's rows.
Sums = list[list[list[Any]]]


@dataclass(frozen=True)
class Format:
    """Numbers that tensor cores multiply.

    Attributes:
        terms: how many there are in a word, which are `WORDS` terms of the sum apart.
        rounding: what makes a word of so many float32 numbers.
        product: the instruction.
    """

    terms: int
    rounding: str
    product: str


TF32 = Format(1, "cvt.rna.tf32.f32 $0, $1;", "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32")
BFLOAT16 = Format(
    2, "cvt.rn.bf16x2.f32 $0, $2, $1;", "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32"
)


class Tensors:
    """A warp at work on its tile, to generators.

    Attributes:
        group, place: the number of the lane's four, and the lane's in that.
        each: rows of a lane, of the 8, 16 or 32 that there are.
        panel: words of the right operand's columns, for all warps.
        left: those of the warp's rows of the left.
    """

    def __init__(self, code: Code, kind: Format, tile: TileType) -> None:
        builder = code.builder
        self.code, self.kind, self.vectors = code, kind, tile.vectors
        self.height, self.each = tile.rows, tile.rows // EIGHT
        self.block = Block(code)
        self.group = builder.udiv(self.block.lane, code.integer(FOUR))
        self.place = builder.urem(self.block.lane, code.integer(FOUR))
        self.width, self.stride = tile.vectors * LANES + GAP, tile.rows + GAP
        words = INT32.as_pointer()
        panel = shared_memory(builder, "panel", WORDS * self.width)
        left = shared_memory(builder, "left", WARPS * WORDS * self.stride)
        own = builder.mul(self.block.warp, code.integer(WORDS * self.stride))
        self.panel = builder.bitcast(panel, words)
        self.left = builder.gep(builder.bitcast(left, words), [own])

    def rounded(self, numbers: list[Any]) -> Any:
        """A word of as many numbers as the format has in one."""
        kind = ir.FunctionType(INT32, [FLOAT] * len(numbers))
        constraints = ",".join(["=r", *("f" for _ in numbers)])
        made = ir.InlineAsm(kind, self.kind.rounding, constraints)
        return self.code.builder.call(made, numbers, attrs=PURE)

    def terms(self, word: Any, start: Any, count: Any) -> list[tuple[Any, Any]]:
        """Which terms a word is made of, and whether each counts; the first term if not."""
        code, builder = self.code, self.code.builder
        found = []
        for part in range(self.kind.terms):
            number = code.plus(word, part * WORDS)
            counts = builder.icmp_signed("<", number, count)
            term = builder.add(start, builder.select(counts, number, code.integer(0)))
            found.append((term, counts))
        return found

    def write_panel(self, m: MatrixType, value: Any, start: Any, count: Any, j: Any) -> None:
        """Columns `j` and following of some rows, each word's by one warp; zeros behind them."""
        code, builder, block = self.code, self.code.builder, self.block
        mine = builder.sub(code.integer(WORDS), block.warp)
        ahead = builder.add(mine, builder.sub(block.warps, code.integer(1)))
        with cgutils.for_range(builder, builder.sdiv(ahead, block.warps)) as loop:
            word = builder.add(block.warp, builder.mul(loop.index, block.warps))
            parts = []
            for term, counts in self.terms(word, start, count):
                shape = 1, self.vectors
                found = load_block(code, m, value, term, j, shape, code.unit.zero)
                parts.append([builder.select(counts, one, code.unit.zero) for one in found])
            line = builder.add(builder.mul(word, code.integer(self.width)), block.lane)
            first = builder.gep(self.panel, [line])
            for v, numbers in enumerate(zip(*parts, strict=True)):
                place = builder.gep(first, [code.integer(v * LANES)])
                builder.store(self.rounded(list(numbers)), place)

    def write_rows(
        self, m: MatrixType, value: Any, i: Any, last: Any, start: Any, count: Any
    ) -> None:
        """Rows `i` and following, a lane each word of all of them; none of those from `last` on."""
        builder = self.code.builder
        for r in range(0, self.height, ROWS):
            with builder.if_then(builder.icmp_signed("<", self.code.plus(i, r), last)):
                self.write_some(m, value, i, range(r, r + ROWS), self.code.integer(0), start, count)

    def write_some(
        self, m: MatrixType, value: Any, i: Any, rows: range, k: Any, start: Any, count: Any
    ) -> None:
        """Some rows behind row `i`, a lane each word of all of them; terms begin in column `k`."""
        code, builder = self.code, self.code.builder
        line = builder.mul(self.block.lane, code.integer(self.stride))
        first = builder.gep(self.left, [line])
        parts = []
        for term, counts in self.terms(self.block.lane, start, count):
            column, row = builder.add(k, term), code.plus(i, rows[0])
            places = row_addresses(code, m, value, row, column, len(rows))
            numbers = [load_number(code, m, place) for place in places]
            parts.append([builder.select(counts, one, code.unit.zero) for one in numbers])
        words = [self.rounded(list(numbers)) for numbers in zip(*parts, strict=True)]
        words += [int32(0)] * (-len(words) % FOUR)
        for n in range(0, len(words), FOUR):
            place = builder.gep(first, [code.integer(rows[0] + n)])
            self.write_four(place, words[n : n + FOUR])

    def write_columns(
        self, m: MatrixType, value: Any, i: Any, last: Any, start: Any, count: Any
    ) -> None:
        """Columns `i` and following, each lane one; from `last` on the one before is repeated.

        Words for which there are no terms are left as they are.
        """
        code, builder = self.code, self.code.builder
        column = builder.add(i, self.block.lane)
        within = builder.icmp_signed("<", column, last)
        column = builder.select(within, column, builder.sub(last, code.integer(1)))
        first = builder.gep(self.left, [self.block.lane])
        for word in range(0, WORDS, ROWS):
            with builder.if_then(builder.icmp_signed("<", code.integer(word), count)):
                parts = [
                    self.eight(m, value, column, word + part * WORDS, start, count)
                    for part in range(self.kind.terms)
                ]
                for n, numbers in enumerate(zip(*parts, strict=True)):
                    place = builder.gep(first, [code.integer((word + n) * self.stride)])
                    builder.store(self.rounded(list(numbers)), place)

    def eight(
        self, m: MatrixType, value: Any, column: Any, number: int, start: Any, count: Any
    ) -> list[Any]:
        """A column's numbers in some rows, zeros for those that are no terms."""
        code, builder = self.code, self.code.builder
        before = builder.block
        with builder.if_then(builder.icmp_signed("<", code.integer(number), count)):
            row = code.plus(start, number)
            found = [
                builder.select(
                    builder.icmp_signed("<", code.integer(number + n), count),
                    load_number(code, m, place),
                    code.unit.zero,
                )
                for n, place in enumerate(row_addresses(code, m, value, row, column, ROWS))
            ]
            inside = builder.block
        result = []
        for one in found:
            result.append(builder.phi(FLOAT))
            result[-1].add_incoming(code.unit.zero, before)
            result[-1].add_incoming(one, inside)
        return result

    def write_four(self, place: Any, words: list[Any]) -> None:
        """Words that lie together."""
        builder = self.code.builder
        four = ir.Constant(ir.VectorType(INT32, FOUR), ir.Undefined)
        for n, word in enumerate(words):
            four = builder.insert_element(four, word, int32(n))
        builder.store(four, builder.bitcast(place, four.type.as_pointer()), align=16)

    def read(self, memory: Any, word: Any, stride: int, before: int, count: int) -> list[Any]:
        """The lane's of a word, which lie together: some rows, or columns of a vector."""
        code, builder = self.code, self.code.builder
        own = builder.mul(self.group, code.integer(count))
        line = builder.add(builder.mul(word, code.integer(stride)), code.plus(own, before))
        place = builder.gep(memory, [line])
        if count == 1:
            return [builder.load(place)]
        kind = ir.VectorType(INT32, count)
        found = builder.load(builder.bitcast(place, kind.as_pointer()), align=4 * count)
        return [builder.extract_element(found, int32(n)) for n in range(count)]

    def nothing(self) -> Sums:
        """Sums to begin with."""
        zero = self.code.unit.zero
        return self.placed([zero] * (self.vectors * FOUR * 2 * self.each))

    def placed(self, values: list[Any]) -> Sums:
        """Values as sums that grow."""
        builder, rest = self.code.builder, iter(values)
        found: Sums = []
        for _ in range(self.vectors):
            found.append([[] for _ in range(FOUR)])
            for column in found[-1]:
                for _ in range(2 * self.each):
                    column.append(cgutils.alloca_once(builder, FLOAT))
                    builder.store(next(rest), column[-1])
        return found

    def values(self, totals: Sums) -> list[Any]:
        """What sums have become."""
        return [self.code.builder.load(one) for sums in totals for part in sums for one in part]

    def multiply(self, totals: Sums, step: Any) -> None:
        """Eight words more."""
        code, builder = self.code, self.code.builder
        twice = builder.mul(self.place, code.integer(2))
        word = builder.add(builder.mul(step, code.integer(STEP)), twice)
        words = word, code.plus(word, 1)
        rows = [self.read(self.left, one, self.stride, 0, self.each) for one in words]
        for v, sums in enumerate(totals):
            columns = [self.read(self.panel, one, self.width, v * LANES, FOUR) for one in words]
            for q in range(0, FOUR, 2):
                left = [columns[half][q + n] for half in range(2) for n in range(2)]
                for n in range(self.each):
                    right = [rows[half][n] for half in range(2)]
                    places = [sums[q + c][n + m] for c in range(2) for m in (0, self.each)]
                    before = [builder.load(place) for place in places]
                    for place, after in zip(places, self.mma(left, right, before), strict=True):
                        builder.store(after, place)

    def multiply_all(self, totals: Sums, count: Any) -> None:
        """So many terms that lie in shared memory."""
        code, builder = self.code, self.code.builder
        is_full = builder.icmp_signed("<", code.integer(WORDS), count)
        words = builder.select(is_full, code.integer(WORDS), count)
        steps = builder.sdiv(code.plus(words, STEP - 1), code.integer(STEP))
        with cgutils.for_range(builder, steps) as step:
            self.multiply(totals, step.index)

    def mma(self, left: list[Any], right: list[Any], sums: list[Any]) -> list[Any]:
        """A lane's sums plus its part of a product, which all lanes of the warp form together."""
        builder = self.code.builder
        operands = [*left, *right, *sums]
        result = ir.LiteralStructType([FLOAT] * len(sums))
        kind = ir.FunctionType(result, [one.type for one in operands])
        numbers = iter(range(len(sums) + len(operands)))
        groups = ", ".join(
            "{" + ", ".join(f"${next(numbers)}" for _ in part) + "}"
            for part in (sums, left, right, sums)
        )
        inputs = ["r"] * len(left + right) + ["f"] * len(sums)
        constraints = ",".join([*("=f" for _ in sums), *inputs])
        made = ir.InlineAsm(kind, f"{self.kind.product} {groups};", constraints)
        found = builder.call(made, operands, attrs=("convergent", *PURE))
        return [builder.extract_value(found, n) for n in range(len(sums))]

    def in_rows(self, totals: Sums) -> list[Any]:
        """The sums as a tile has them: a column in each lane, exchanged among fours of lanes."""
        builder = self.code.builder
        found: dict[tuple[int, int], Any] = {}
        for v, sums in enumerate(totals):
            for m in range(2 * self.each):
                columns = [builder.load(sums[q][m]) for q in range(FOUR)]
                for t, row in enumerate(turned(self.code, columns)):
                    found[t * 2 * self.each + m, v] = row
        return [found[r, v] for r in range(self.height) for v in range(self.vectors)]
