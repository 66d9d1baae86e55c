"""Products of which the warps of a GPU's block have an operand in common."""

from __future__ import annotations

from dataclasses import dataclass

from kgen.access import count
from kgen.body import Body
from kgen.graph import Shape
from kgen.kernels.dealing import WARP, staged
from kgen.kernels.loops import Width
from kgen.kernels.nest import take_names
from kgen.precision import FLOAT32

# Terms of a sum from which the warps of a block divide it.
LONG_SUM = 128
# What makes a product large enough for blocks of warps to share an operand: rows for each of the
# batch (and how many there are where that is open), terms of a sum and columns, and numbers for
# each row of the batch where warps could as well divide long sums.
_MANY_ROWS = 16
_OPEN_ROWS = 64
_MANY_NUMBERS = 1 << 15
_STAGED_TERMS = 16
_STAGED_COLUMNS = 33


@dataclass(frozen=True)
class Stage:
    """How blocks of warps share a product of so many `rows`, which is empty if they do not.

    `head` begins the loop over tiles of `vectors`; `tensors` is what tensor cores round operands
    to, if they multiply.
    """

    rows: str = ""
    vectors: str = ""
    head: tuple[str, ...] = ()
    tensors: str = ""

    @property
    def tile(self) -> tuple[str, str, str]:
        """Rows and vectors that a warp finishes together, and the columns they cover."""
        return "ROWS", self.vectors, f"{self.vectors} * LANES"


def staged_product(body: Body, rows: str, cols: int) -> Stage:
    """The stage of a product, whose operands are rounded as the module has it."""
    if body.precision == FLOAT32:
        vectors = 4 if -(-cols // (2 * WARP)) % 2 == 0 else 2
        return Stage(rows, str(vectors), staged(rows, cols, vectors))
    take_names(body, "top", "sums")
    return Stage(rows, "2", staged(rows, cols, 2, "top", "TALL_ROWS"), body.precision)


def pays_to_stage(body: Body, rows: Shape, inner: Width, cols: Width) -> bool:
    """Whether there are enough tiles for blocks of a GPU, and each operand is met many times."""
    if not body.has_blocks or isinstance(inner, str) or isinstance(cols, str):
        return False
    names, known = count(rows)
    each = known * (_OPEN_ROWS if len(names) > 1 else 1)
    is_busy = inner < LONG_SUM or each * cols >= _MANY_NUMBERS
    return is_busy and each >= _MANY_ROWS and inner >= _STAGED_TERMS and cols >= _STAGED_COLUMNS
