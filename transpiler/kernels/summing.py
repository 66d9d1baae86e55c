"""Products of matrices over all rows of the batch, which weights' gradients are, and of stacks."""

from __future__ import annotations

from kgen.body import Body, Cursor
from kgen.kernels.dealing import Loop, dealt
from kgen.kernels.loops import (
    Width,
    epilogue,
    known_size,
    product_vectors,
    rows_text,
    shared,
    width,
)
from kgen.kernels.products import BLOCK, is_wide, pays_to_pack
from kgen.kernels.staged_products import Stage, staged_product
from kgen.texts import BatchedText, KernelText, OuterText, PackedOuterText, Tiles

# Numbers of a gradient from which blocks of warps have enough tiles to share an operand.
_MANY_SUMS = 1 << 19


def outer(body: Body) -> KernelText:
    a, b = body.group.anchor.inputs
    rows, cols = width(a.shape[-1:]), width(b.shape[-1:])
    inner = rows_text(a.shape[:-1])
    vectors, step = product_vectors(cols, body.lanes)
    height = "ROWS"
    if is_wide(cols):
        height, vectors, step = "HALF_ROWS", "4", "4 * LANES"
    stage = Stage()
    many = isinstance(rows, int) and isinstance(cols, int) and rows * cols >= _MANY_SUMS
    if body.has_blocks and many:
        stage = staged_product(body, str(rows), known_size(b.shape[-1:]))
        height, vectors, step = stage.tile
    by_rows = isinstance(rows, str) or isinstance(cols, str) or rows >= cols
    share = (
        f"share({rows}, ROWS, thread, threads)"
        if by_rows
        else f"share({cols}, {step}, thread, threads)"
    )
    along_rows = f"i in range({'first, last' if by_rows else f'0, {rows}'}, {height})"
    along_cols = f"j in range({f'0, {cols}' if by_rows else 'first, last'}, {step})"
    tiles = Loop(along_rows), Loop(along_cols)
    spread = stage.head or tuple(dealt(share, tiles, free=True, together=True)[0])
    a_name, b_name = body.view(a, inner, rows), body.view(b, inner, cols)
    if len(body.group.members) == 1 and pays_to_pack(2 * BLOCK, cols):
        out = body.group.anchor.output
        body.written.append(out)
        return PackedOuterText(
            dealt=spread,
            together=True,
            staged=stage.rows,
            tensors=stage.tensors,
            share=share,
            outer_loop=along_cols,
            inner_loop=along_rows,
            rows=height,
            vectors=vectors,
            inner=inner,
            begin="0",
            end=inner,
            until=inner,
            block=str(BLOCK),
            a=a_name,
            b=b_name,
            out=body.view(out, str(rows), cols),
            line="i",
        )
    return OuterText(
        dealt=spread,
        together=True,
        staged=stage.rows,
        tensors=stage.tensors,
        share=share,
        outer_loop=along_cols,
        inner_loop=along_rows,
        vectors=vectors,
        inner=inner,
        a=a_name,
        b=b_name,
        rows=height,
        body=epilogue(body, Cursor("i", "j", height, vectors)),
    )


def batched(body: Body) -> BatchedText:
    node = body.group.anchor
    a, b = node.inputs
    batch = len(node.attrs["batch"][0])
    rows, inner = width(a.shape[batch : batch + 1]), width(a.shape[batch + 1 :])
    cols = width(b.shape[batch + 1 :])
    share = shared(a.shape[:batch], "1")
    vectors, step = product_vectors(cols, body.lanes)
    out = node.output
    entries = rows_text(a.shape[:batch])
    matrices = Loop("o in range(first, last)"), Loop(f"j in range(0, {cols}, {step})")
    text = BatchedText(
        dealt=tuple(dealt(share, matrices, free=True)[0]),
        share=share,
        rows=str(rows),
        cols=str(cols),
        inner=str(inner),
        tiles=_tiles(rows),
        step=step,
        vectors=vectors,
        a=body.view(a, f"{entries} * {rows}", inner),
        b=body.view(b, f"{entries} * {inner}", cols),
        out=body.view(out, f"{entries} * {rows}", cols),
    )
    body.written.append(out)
    return text


def _tiles(rows: Width) -> tuple[Tiles, ...]:
    """The rows of one matrix in whole tiles, which must not reach into the next, and the rest."""
    if isinstance(rows, int) and rows % 8 == 0:
        return (Tiles(f"i in range(0, {rows}, ROWS)", "ROWS"),)
    if isinstance(rows, int) and rows < 8:
        return (Tiles(f"i in range({rows})", "1"),)
    whole = f"{rows} // ROWS * ROWS"
    rest = Tiles(f"i in range({whole}, {rows})", "1")
    return Tiles(f"i in range(0, {whole}, ROWS)", "ROWS"), rest
