"""Products of matrices: rows by columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from kgen.body import Body, Cursor
from kgen.fuse import is_join, root
from kgen.graph import BATCH, Value
from kgen.kernels.convolving import LONG_RUN
from kgen.kernels.dealing import Loop, dealt
from kgen.kernels.loops import (
    Width,
    epilogue,
    known_size,
    own_rows,
    product_vectors,
    rows_text,
    shared,
    width,
)
from kgen.kernels.nest import nest, take_names
from kgen.kernels.staged_products import LONG_SUM, Stage, pays_to_stage, staged_product
from kgen.ops.panels import PANEL
from kgen.texts import (
    BlockedMatmulText,
    KernelText,
    MatmulText,
    NestText,
    PackedMatmulText,
)

# Floats of a matrix from which its panels are copied together, and of the largest panel.
_PACKED = 16384
_LARGEST_PANEL = 1 << 18
# Rows of a panel of 64 columns that stay in the first cache while all tiles meet them.
BLOCK = 128
# Rows that the next cache keeps together with what is made of them.
_TALL = 64
# As many where copying a panel takes longer, as it is turned over on the way.
_TALLER = 128
# Rows that lie a multiple of so many floats apart fall on a part of the caches' sets only.
_CROWDED = 256
# Columns from which threads share those of a single row's product.
_WIDE = 128


def matmul(body: Body) -> KernelText:
    node = body.group.anchor
    a, b = node.inputs
    cols, inner = width(body.group.domain.cols), width(b.shape[:1])
    share = shared(a.shape[:-1])
    bounds, columns = "first, last", f"0, {cols}"
    vectors, step = product_vectors(cols, body.lanes)
    rows = "ROWS"
    partial: Value | None = None
    large, alone = pays_to_pack(inner, cols), body.fusion.around is body.fusion.graph
    single = body.rows == "few" and a.shape[:-1] == (BATCH,)
    packs = large and not single
    if packs:
        terms = known_size(b.shape[:1])
        fits = terms * 32 <= _LARGEST_PANEL
        if is_wide(cols):
            rows, vectors, step = "HALF_ROWS", "4", "4 * LANES"
        if terms > BLOCK and (is_wide(cols) or not fits):
            partial = _partial(body)
            take_names(body, "stop", "top", "bottom")
        packs = fits
    elif single and alone and (large or _is_shared_wide(cols)):  # reading weights is what costs
        rows, vectors, step = "1", "4", "4 * LANES"
        bounds, columns = "first, last, left, right", "left, right"
        share = f"share_block(clock, batch, {cols}, 4 * LANES, thread, threads)"
        take_names(body)
    elif single and isinstance(cols, int) and cols >= 64:
        rows, vectors, step = ("1", "8", "8 * LANES") if cols > 64 else ("1", "4", "4 * LANES")
    elif body.rows != "training" and isinstance(cols, int) and cols >= 64:
        rows, vectors, step = "HALF_ROWS", "4", "4 * LANES"
    stage = Stage()
    if bounds == "first, last" and pays_to_stage(body, a.shape[:-1], inner, cols):
        stage = staged_product(body, rows_text(a.shape[:-1]), known_size(body.group.domain.cols))
        rows, vectors, step = stage.tile
        partial = None
    if cols == 1 and isinstance(inner, int) and inner >= LONG_RUN:
        return _dots(body, share, "first, last", inner)
    a_name = body.view(a, rows_text(a.shape[:-1]), inner)
    b_name = body.view(b, str(inner), cols)
    tiles = Loop(f"j in range(0, {cols}, {step})"), Loop(f"i in range(first, last, {rows})")
    is_whole, together = bounds == "first, last", isinstance(inner, int) and inner >= LONG_SUM
    own = own_rows(body, a.shape[:-1], rows)
    finish = epilogue(body, Cursor("i", "j", rows, vectors, limit=own))
    spread: Sequence[str] = stage.head
    if is_whole and not spread:
        spread = dealt(share, tiles, free=True, together=together)[0]
    text = MatmulText(
        dealt=tuple(spread),
        together=together,
        staged=stage.rows,
        tensors=stage.tensors,
        bounds=bounds,
        share=share,
        rows=rows,
        columns=columns,
        step=step,
        vectors=vectors,
        inner=str(inner),
        a=a_name,
        b=b_name,
        ahead=_ahead(body, finish, rows, vectors),
        body=finish,
    )
    if partial is not None:
        return _blocked(body, text, partial, _TALL, _crowded_packing(body, text))
    return _packed(text, f"panel = pack({b_name}, 0, j, {inner}, {vectors})") if packs else text


def _ahead(body: Body, finish: Sequence[str], rows: str, vectors: str) -> tuple[str, ...]:
    """Prefetches of tiles that the epilogue reads from rows far apart: a page each, or more."""
    tile = f"i, j, {rows}, {vectors}"
    far = (view.name for view in body.views.values() if view.step)
    return tuple(
        f"prefetch({name}, {tile})"
        for name in far
        if any(f"load({name}, {tile})" in line for line in finish)
    )


def _partial(body: Body) -> Value | None:
    """A value of the product's shape that the kernel stores, in memory that it does not read."""
    shape = body.group.anchor.output.shape
    for node in body.group.members:
        value = node.output
        free = value in body.stored and value not in body.in_place and not is_join(node)
        if free and value.shape == shape and value.dtype == "float32" and root(value) is value:
            return value
    return None


def _packed(text: MatmulText, packing: str) -> PackedMatmulText:
    """The product by panels of all terms."""
    return PackedMatmulText(**_parts(text), packing=packing)


def _parts(text: MatmulText) -> dict[str, Any]:
    return {field.name: getattr(text, field.name) for field in fields(text)}


def _blocked(
    body: Body, text: MatmulText, partial: Value, tall: int, packing: str
) -> BlockedMatmulText:
    """The product in blocks; sums of what was met so far wait where the kernel stores a result."""
    shape = body.group.anchor.output.shape
    sums = body.view(partial, rows_text(shape[:-1]), known_size(shape[-1:]))
    cut = own_rows(body, shape[:-1], text.rows)
    return BlockedMatmulText(
        **_parts(text),
        tall=str(tall),
        block=str(_block(int(text.inner))),
        packing=(packing,) if packing else (),
        right="panel, k - start, 0" if packing else f"{text.b}, k, j",
        sums=sums,
        waiting=f"store_rows({sums}, i, j, acc, {cut})" if cut else f"store({sums}, i, j, acc)",
    )


def _block(inner: int) -> int:
    """Terms of a long sum that are met together."""
    return -(-inner // -(-inner // BLOCK))


def _crowded_packing(body: Body, text: MatmulText) -> str:
    """Copies a panel of a block, if its rows would not all stay in the caches as they lie."""
    b = body.group.anchor.inputs[1]
    if int(body.fusion.strides.get(root(b), known_size(b.shape[1:]))) % _CROWDED:
        return ""
    block = _block(int(text.inner))
    return f"panel = pack({text.b}, start, j, {block}, {text.vectors}, stop - start)"


def dot_panels(body: Body) -> NestText:
    """A tile of columns lies within a panel, whose rows follow one another."""
    a, b = body.group.anchor.inputs
    cols, inner = known_size(body.group.domain.cols), known_size(b.shape[1:2])
    share = shared(a.shape[:-1])
    take_names(body, "start")
    left = body.view(a, rows_text(a.shape[:-1]), inner)
    right = body.view(b, str(cols // PANEL * inner), PANEL)
    own = own_rows(body, a.shape[:-1], "HALF_ROWS")
    finish = epilogue(body, Cursor("i", "j", "HALF_ROWS", "4", limit=own))
    return nest(
        free=True,
        share=share,
        loops=(
            Loop(f"j in range(0, {cols}, 4 * LANES)", (f"start = j // {PANEL} * {inner}",)),
            Loop("i in range(first, last, HALF_ROWS)"),
        ),
        start=(*_ahead(body, finish, "HALF_ROWS", "4"), "acc = zeros(HALF_ROWS, 4)"),
        inner=(Loop(f"k in range({inner})"),),
        body=(f"acc = outer(acc, {left}, i, k, {right}, start + k, j % {PANEL})",),
        finish=finish,
    )


def dot_turned(body: Body) -> MatmulText:
    """Panels of columns, which are rows of the matrix, turned over as they are copied."""
    a, b = body.group.anchor.inputs
    cols, inner = known_size(b.shape[:1]), known_size(b.shape[1:])
    rows, (vectors, step) = "ROWS", product_vectors(cols, body.lanes)
    if is_wide(cols):
        rows, vectors, step = "HALF_ROWS", "4", "4 * LANES"
    take_names(body, "start", "stop", "top", "bottom")
    left = body.view(a, rows_text(a.shape[:-1]), inner)
    right = body.view(b, str(cols), inner)
    partial = _partial(body) if inner > BLOCK else None
    own = own_rows(body, a.shape[:-1], rows)
    finish = epilogue(body, Cursor("i", "j", rows, vectors, limit=own))
    text = MatmulText(
        bounds="first, last",
        share=shared(a.shape[:-1]),
        rows=rows,
        columns=f"0, {cols}",
        step=step,
        vectors=vectors,
        inner=str(inner),
        a=left,
        b=right,
        ahead=_ahead(body, finish, rows, vectors),
        body=finish,
    )
    if partial is None:
        return _packed(text, f"panel = pack_t({right}, j, 0, {inner}, {vectors}, {inner})")
    packing = f"panel = pack_t({right}, j, start, {_block(inner)}, {vectors}, stop - start)"
    return _blocked(body, text, partial, _TALLER, packing)


def _dots(body: Body, share: str, bounds: str, inner: int) -> NestText:
    """Rows times a single column: lane by lane along both, then the lanes' sum."""
    a, b = body.group.anchor.inputs
    take_names(body, "rows", "column")
    row = body.view(a, rows_text(a.shape[:-1]), inner)
    column = body.view(b, "1", inner)
    own = own_rows(body, a.shape[:-1], "ROWS")
    return nest(
        free=True,
        share=share,
        loops=(Loop(f"i in range({bounds}, ROWS)"),),
        start=("acc = zeros(ROWS, 1)",),
        inner=(Loop(f"k in range(0, {inner}, LANES)"),),
        body=(
            f"rows = load({row}, i, k, ROWS, 1)",
            f"column = load({column}, 0, k, 1, 1)",
            "acc = acc + rows * column",
        ),
        finish=("acc = row_sum(acc)", *epilogue(body, Cursor("i", "0", "ROWS", "1", limit=own))),
    )


def pays_to_pack(inner: Width, cols: Width) -> bool:
    """Panels of long columns miss the caches unless copied together; small ones fit as they are."""
    if isinstance(inner, str) or isinstance(cols, str):
        return False
    return cols > 64 and inner * cols >= _PACKED


def _is_shared_wide(cols: Width) -> bool:
    """Whether there are columns for two threads."""
    return isinstance(cols, int) and cols >= _WIDE


def is_wide(cols: Width) -> bool:
    """Whether tiles of four vectors cover the columns about as well as those of two.

    Half as high, they read less for each product.
    """
    return isinstance(cols, int) and cols > 64 and -(-cols // 64) * 64 * 8 < -(-cols // 32) * 32 * 9
