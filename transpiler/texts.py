"""What each template receives: finished strings, one frozen record a template."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelText:
    """What every kernel has: a name, its documentation, its arguments' views and its set-up.

    `sizes` are the open dimensions it works with; `dealt` are the heads of its loops where many
    warps share them, `together` tells whether those of a block divide its sums. `staged` is the
    number of rows where those of a block have an operand in common, else empty; `tensors` are the
    numbers that tensor cores multiply there, if they do.
    """

    name: str = ""
    doc: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    dealt: tuple[str, ...] = ()
    together: bool = False
    staged: str = ""
    tensors: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatmulText(KernelText):
    """Rows of `a` times columns of `b`, finished by `body` while the tile is in registers.

    `ahead` asks for what `body` reads from afar.
    """

    bounds: str
    share: str
    columns: str
    rows: str
    step: str
    vectors: str
    inner: str
    a: str
    b: str
    ahead: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedMatmulText(MatmulText):
    """As `MatmulText`, each panel of `b` first copied to where its columns lie together.

    `packing` copies a panel.
    """

    packing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedMatmulText(MatmulText):
    """As `MatmulText`, a block of rows of `b` at a time, for `tall` rows of `a` after another.

    The first cache keeps the one while all tiles of the others meet it, and the next cache those.
    Tiles wait in `sums`, where the statement `waiting` puts them.
    """

    tall: str
    block: str
    packing: tuple[str, ...]
    right: str
    sums: str
    waiting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OuterText(KernelText):
    """The transpose of `a` times `b`, summed over the batch."""

    share: str
    outer_loop: str
    inner_loop: str
    rows: str
    vectors: str
    inner: str
    a: str
    b: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedOuterText(KernelText):
    """As `OuterText`, in blocks of rows, each panel of `b` copied together first.

    Of `inner` rows of the batch it sums those from `begin` to `end`, in blocks that start before
    `until`; `line` is where row i of the result lies in `out`.
    """

    share: str
    outer_loop: str
    inner_loop: str
    rows: str
    vectors: str
    inner: str
    begin: str
    end: str
    until: str
    block: str
    a: str
    b: str
    out: str
    line: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """A loop over tiles of so many rows."""

    loop: str
    rows: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchedText(KernelText):
    """A product of two matrices for each entry of the batch axes."""

    share: str
    rows: str
    cols: str
    inner: str
    tiles: tuple[Tiles, ...]
    step: str
    vectors: str
    a: str
    b: str
    out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsText(KernelText):
    """Blocks of queries of each head, which meet a block of keys after another.

    `step` queries lie along the lanes of `vectors`; tiles of `rows` keys meet them, from `lowest`
    to `stop`. `hidden` lowers the scores `acc` of keys that are not seen. Rows of keys and queries
    are copied to where those of the head lie together: `size_vectors` and `value_vectors` hold one
    of each, `size_rows` and `value_rows` are those of the turned blocks.
    """

    share: str
    heads: str
    key_head: str
    queries: str
    keys: str
    size: str
    value_size: str
    size_rows: str
    value_rows: str
    size_vectors: str
    value_vectors: str
    step: str
    vectors: str
    rows: str
    lowest: str
    stop: str
    q: str
    k: str
    v: str
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendText(HeadsText):
    """Attention: sums of values, if they are wanted, and what derivatives need of the scores."""

    kept: tuple[str, ...]
    found: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Weights of keys times rows of queries, tile by tile, added to the rows `target` of keys."""

    weights: str
    source: str
    target: str
    size: str
    rows: str
    vectors: str
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendGradientText(HeadsText):
    """Its derivatives, from the scores computed again: of the query and those of `added`.

    `seen` leaves no slope to scores that do not count.
    """

    sums: str
    delta: str
    grad: str
    query: str
    cleared: tuple[str, ...]
    added: tuple[Sum, ...]
    seen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One pass over a row: statements before it, per tile, and after it."""

    before: tuple[str, ...]
    loop: str
    body: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsText(KernelText):
    """Rows on their own, each in one pass or several."""

    share: str
    loop: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatText(KernelText):
    """One long row, shared by columns."""

    share: str
    loop: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsText(KernelText):
    """Sums (or extremes) down the columns, and what follows from them.

    `combined` makes the sums of a block's warps one.
    """

    share: str
    loop: str
    before: tuple[str, ...]
    inner: str
    body: tuple[str, ...]
    combined: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockColumnsText(KernelText):
    """As `ColumnsText`, for each of many blocks of rows."""

    share: str
    outer_loop: str
    loop: str
    before: tuple[str, ...]
    inner: str
    body: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransposeText(KernelText):
    """A matrix turned over, block by block."""

    share: str
    cols: str
    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermuteText(KernelText):
    """Axes in another order, element by element."""

    share: str
    loop: str
    cols: str
    source: str
    source_row: str
    source_col: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermuteRowsText(KernelText):
    """Axes in another order, the last one where it was: whole rows move."""

    share: str
    loop: str
    cols: str
    step: str
    vectors: str
    source: str
    source_row: str
    target: str


@dataclass(frozen=True, slots=True)
class Move:
    """Columns of a target, a part at a time."""

    loop: str
    target_col: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyText(KernelText):
    """Runs of columns moved from some matrices into another."""

    share: str
    loop: str
    target: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherText(KernelText):
    """Rows of a table at the numbers in `places`, finished by `body` in registers."""

    share: str
    loop: str
    places: str
    last_row: str
    cols: str
    step: str
    vectors: str
    table: str
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScatterText(KernelText):
    """Rows added to a table of zeros at the numbers in `places`, each thread to rows of its own."""

    rows: str
    owner: str
    count: str
    places: str
    last_row: str
    cols: str
    step: str
    vectors: str
    values: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NestText(KernelText):
    """What a thread does with its share, line by line; mostly loops, by `kernels.nest`."""

    bounds: str
    share: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningText(KernelText):
    """A running total along the middle axis of a tensor of three."""

    share: str
    loop: str
    cols: str
    step: str
    vectors: str
    length: str
    row: str
    total: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderText(KernelText):
    """The places of a row's elements in order: how many go before each is counted."""

    share: str
    loop: str
    cols: str
    step: str
    vectors: str
    source: str
    before: str
    size: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceText(KernelText):
    """Elements read or, into rows of zeros, added at places within their row."""

    share: str
    loop: str
    zeros: str
    count: str
    places: str
    last_place: str
    value: str
    target: str
    target_col: str


TEMPLATES: dict[type[KernelText], str] = {
    MatmulText: "matmul",
    PackedMatmulText: "packed_matmul",
    BlockedMatmulText: "blocked_matmul",
    PackedOuterText: "packed_outer",
    OuterText: "outer",
    BatchedText: "batched",
    AttendText: "attend",
    AttendGradientText: "attend_gradient",
    RowsText: "rows",
    FlatText: "flat",
    ColumnsText: "columns",
    BlockColumnsText: "block_columns",
    TransposeText: "transpose",
    PermuteText: "permute",
    PermuteRowsText: "permute_rows",
    CopyText: "copy",
    GatherText: "gather",
    ScatterText: "scatter",
    RunningText: "running",
    OrderText: "order",
    PlaceText: "place",
    NestText: "nest",
}
