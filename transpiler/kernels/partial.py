"""Sums over each thread's own rows of the batch, which it keeps in a part of its own."""

from __future__ import annotations

from kgen.body import Body
from kgen.kernels.dealing import Loop
from kgen.kernels.loops import (
    known_size,
    long_vectors,
    product_vectors,
    rows_text,
    shared,
    width,
)
from kgen.kernels.nest import nest
from kgen.texts import NestText


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


def dot_parts(body: Body) -> NestText:
    node = body.group.anchor
    a, b = node.inputs
    rows, cols = known_size(a.shape[-1:]), known_size(b.shape[-1:])
    vectors, step = product_vectors(width(b.shape[-1:]), body.lanes)
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
