"""Kernels that read or write rows at places which data give."""

from __future__ import annotations

from kgen.body import Body, Cursor
from kgen.kernels.loops import (
    Width,
    epilogue,
    known_size,
    long_vectors,
    rows_text,
    shared,
    shared_loop,
    width,
)
from kgen.texts import GatherText, ScatterText


def gathered(body: Body) -> GatherText:
    """A row of the table for each place; what follows is computed in registers."""
    node = body.group.anchor
    table, places = node.inputs
    rows, cols = width(table.shape[:1]), known_size(table.shape[1:])
    share = shared(places.shape)
    vectors, step = long_vectors(cols, body.lanes)
    loop = "i in range(first, last)"
    return GatherText(
        share=share,
        loop=loop,
        dealt=shared_loop(share, loop),
        places=body.view(places, rows_text(places.shape), 1),
        last_row=_last(rows),
        cols=str(cols),
        step=step,
        vectors=vectors,
        table=body.view(table, str(rows), cols),
        body=epilogue(body, Cursor("i", "j", "1", vectors)),
    )


def scattered(body: Body) -> ScatterText:
    """Each thread owns every so many rows of the result, so that none is written by two."""
    node = body.group.anchor
    values, places = node.inputs
    rows, cols = width(node.output.shape[:1]), known_size(node.output.shape[1:])
    vectors, step = long_vectors(cols, body.lanes)
    together = max(1, 16 // cols)  # rows of one cache line belong to one thread
    body.written.append(node.output)
    return ScatterText(
        rows=str(rows),
        owner="row" if together == 1 else f"row // {together}",
        count=rows_text(places.shape),
        places=body.view(places, rows_text(places.shape), 1),
        last_row=_last(rows),
        cols=str(cols),
        step=step,
        vectors=vectors,
        values=body.view(values, rows_text(places.shape), cols),
        target=body.view(node.output, str(rows), cols),
    )


def _last(rows: Width) -> str:
    return str(rows - 1) if isinstance(rows, int) else f"{rows} - 1"
