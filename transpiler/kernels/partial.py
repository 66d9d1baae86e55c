"""Sums over each thread's own rows of the batch, which it keeps in a part of its own."""

from __future__ import annotations

from kgen.body import Body
from kgen.kernels.dealing import Loop
from kgen.kernels.loops import known_size, long_vectors, product_vectors, rows_text, shared
from kgen.kernels.nest import nest
from kgen.kernels.products import BLOCK, is_wide, pays_to_pack
from kgen.texts import KernelText, NestText, PackedOuterText

# Rows of a result from which copies of panels cost little beside the tiles that meet them.
_TALL = 64


def sum_parts(body: Body) -> NestText:
    node = body.group.anchor
    (x,) = node.inputs
    cols = known_size(x.shape[1:])
    vectors, step = long_vectors(cols, body.lanes)
    share = shared(x.shape[:1])
    source = body.view(x, rows_text(x.shape[:1]), cols)
    target = body.view(node.output, "threads", cols)
    body.written.append(node.output)
    return nest(
        share=share,
        loops=(Loop(f"j in range(0, {cols}, {step})"),),
        start=(f"acc = zeros(1, {vectors})",),
        inner=(Loop("i in range(first, last)"),),
        body=(f"acc = acc + load({source}, i, j, 1, {vectors})",),
        finish=(f"store({target}, thread, j, acc)",),
    )


def dot_parts(body: Body) -> KernelText:
    node = body.group.anchor
    a, b = node.inputs
    rows, cols = known_size(a.shape[-1:]), known_size(b.shape[-1:])
    many = a.type.rank > 2 and rows >= _TALL and rows % 8 == 0
    if many and pays_to_pack(2 * BLOCK, cols):
        return _packed(body, rows, cols)
    vectors, step = product_vectors(cols, body.lanes)
    share = shared(a.shape[:-1])
    inner = rows_text(a.shape[:-1])
    left, right = body.view(a, inner, rows), body.view(b, inner, cols)
    target = body.view(node.output, f"threads * {rows}", cols)
    body.written.append(node.output)
    place = f"{target}, thread * {rows} + i, j, acc"
    return nest(
        share=share,
        loops=(
            Loop(f"j in range(0, {cols}, {step})"),
            Loop(f"i in range(0, {rows}, ROWS)"),
        ),
        start=(f"acc = zeros(ROWS, {vectors})",),
        inner=(Loop("k in range(first, last)"),),
        body=(f"acc = outer_t(acc, {left}, k, i, {right}, k, j)",),
        finish=(f"store({place})" if rows % 8 == 0 else f"store_rows({place}, {rows} - i)",),
    )


def _packed(body: Body, rows: int, cols: int) -> PackedOuterText:
    """Many rows for each of the batch, block by block; a thread without any clears its part."""
    a, b = body.group.anchor.inputs
    out = body.group.anchor.output
    height, (vectors, step) = "ROWS", product_vectors(cols, body.lanes)
    if is_wide(cols):
        height, vectors, step = "HALF_ROWS", "4", "4 * LANES"
    inner = rows_text(a.shape[:-1])
    text = PackedOuterText(
        share=shared(a.shape[:-1]),
        outer_loop=f"j in range(0, {cols}, {step})",
        inner_loop=f"i in range(0, {rows}, {height})",
        rows=height,
        vectors=vectors,
        inner=inner,
        begin="first",
        end="last",
        until="max(last, first + 1)",
        block=str(BLOCK),
        a=body.view(a, inner, rows),
        b=body.view(b, inner, cols),
        out=body.view(out, f"threads * {rows}", cols),
        line=f"thread * {rows} + i",
    )
    body.written.append(out)
    return text
