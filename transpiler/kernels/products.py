"""Products of matrices: rows by columns, weight gradients, stacks of matrices."""

from __future__ import annotations

from kgen.access import FULL
from kgen.body import Body, Cursor
from kgen.kernels.loops import elementwise_members, known_size, product_vectors, rows_text, shared
from kgen.texts import (
    BatchedText,
    KernelText,
    MatmulText,
    OuterText,
    PackedMatmulText,
    PackedOuterText,
)

# Floats of a matrix from which its panels are copied together, and of the largest panel.
_PACKED = 16384
_LARGEST_PANEL = 1 << 18
# Rows of the batch that a weight gradient sums at a time.
_BLOCK = 256


def _epilogue(body: Body, cursor: Cursor) -> tuple[str, ...]:
    """What the members after the product compute on its tile, and the stores."""
    group = body.group
    anchor = group.anchor.output
    split = len(group.domain.rows)
    body.know(anchor, FULL, "acc")
    body.names.taken.add("acc")
    if anchor in body.stored:
        body.store(anchor, split, FULL, cursor)
    elementwise_members(body, group.members[1:], cursor)
    return tuple(body.take())


def matmul(body: Body) -> MatmulText:
    node = body.group.anchor
    a, b = node.inputs
    cols = known_size(body.group.domain.cols)
    inner = known_size(b.shape[:1])
    share, first, last = shared(a.shape[:-1])
    vectors, step = product_vectors(cols)
    rows = "ROWS"
    kind = PackedMatmulText if body.packing and _pays_to_pack(inner, cols) else MatmulText
    if not body.packing and cols >= 64:
        rows, vectors, step = "HALF_ROWS", "4", "4 * LANES"  # long reads, for few rows
    a_name = body.view(a, rows_text(a.shape[:-1]), inner)
    b_name = body.view(b, str(inner), cols)
    return kind(
        share=share,
        first=first,
        last=last,
        rows=rows,
        cols=str(cols),
        step=step,
        vectors=vectors,
        inner=str(inner),
        a=a_name,
        b=b_name,
        body=_epilogue(body, Cursor("i", "j", rows, vectors)),
    )


def _pays_to_pack(inner: int, cols: int) -> bool:
    """Panels of long columns miss the caches unless copied together; small ones fit as they are."""
    return cols > 64 and inner * cols >= _PACKED and inner * 32 <= _LARGEST_PANEL


def outer(body: Body) -> KernelText:
    a, b = body.group.anchor.inputs
    rows, cols = known_size(a.shape[-1:]), known_size(b.shape[-1:])
    inner = rows_text(a.shape[:-1])
    vectors, step = product_vectors(cols)
    by_rows = rows >= cols
    share = (
        f"share({rows}, ROWS, thread, threads)"
        if by_rows
        else f"share({cols}, {step}, thread, threads)"
    )
    along_rows = f"i in range({'first, last' if by_rows else f'0, {rows}'}, ROWS)"
    along_cols = f"j in range({f'0, {cols}' if by_rows else 'first, last'}, {step})"
    a_name, b_name = body.view(a, inner, rows), body.view(b, inner, cols)
    if len(body.group.members) == 1 and _pays_to_pack(_BLOCK, cols):
        out = body.group.anchor.output
        body.written.append(out)
        return PackedOuterText(
            share=share,
            outer_loop=along_cols,
            inner_loop=along_rows,
            vectors=vectors,
            inner=inner,
            block=str(_BLOCK),
            a=a_name,
            b=b_name,
            out=body.view(out, str(rows), cols),
        )
    return OuterText(
        share=share,
        outer_loop=along_cols,
        inner_loop=along_rows,
        vectors=vectors,
        inner=inner,
        a=a_name,
        b=b_name,
        body=_epilogue(body, Cursor("i", "j", "ROWS", vectors)),
    )


def batched(body: Body) -> BatchedText:
    node = body.group.anchor
    a, b = node.inputs
    batch = len(node.attrs["batch"][0])
    rows, inner = known_size(a.shape[batch : batch + 1]), known_size(a.shape[batch + 1 :])
    cols = known_size(b.shape[batch + 1 :])
    share, first, last = shared(a.shape[:batch])
    vectors, step = product_vectors(cols)
    out = node.output
    entries = rows_text(a.shape[:batch])
    text = BatchedText(
        share=share,
        first=first,
        last=last,
        rows=str(rows),
        cols=str(cols),
        inner=str(inner),
        tile_rows="ROWS" if rows % 8 == 0 else "1",
        step=step,
        vectors=vectors,
        a=body.view(a, f"{entries} * {rows}", inner),
        b=body.view(b, f"{entries} * {inner}", cols),
        out=body.view(out, f"{entries} * {rows}", cols),
    )
    body.written.append(out)
    return text
