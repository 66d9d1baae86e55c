"""Kernels of running sums, orders of rows, and elements by place."""

from __future__ import annotations

from kgen.body import Body
from kgen.kernels.loops import (
    known_size,
    long_vectors,
    rows_text,
    scaled,
    shared,
    shared_loop,
    width,
)
from kgen.texts import OrderText, PlaceText, RunningText


def running(body: Body) -> RunningText:
    """One element after the other along an axis; what lies behind the axis goes in tiles."""
    node = body.group.anchor
    out, axis = node.output, node.attrs["axis"]
    before, behind = out.shape[:axis], out.shape[axis + 1 :]
    length = rows_text(out.shape[axis : axis + 1])
    cols = width(behind)
    vectors, step = long_vectors(cols, body.lanes)
    rows = rows_text(out.shape[: axis + 1])
    share = shared(before)
    names = [body.view(value, rows, cols) for value in node.inputs]
    parts = [f"load({name}, i, j, 1, {vectors})" for name in names]
    total = f"total + {parts[0]}" if len(parts) == 1 else f"{parts[0]} * total + {parts[1]}"
    body.written.append(out)
    start = scaled("o", length)
    return RunningText(
        share=share,
        loop="o in range(first, last)",
        dealt=shared_loop(share, "o in range(first, last)"),
        cols=str(cols),
        step=step,
        vectors=vectors,
        length=length,
        row=f"{start} + {length} - 1 - k" if node.attrs["reverse"] else f"{start} + k",
        total=total,
        target=body.view(out, rows, cols),
    )


def ordered(body: Body) -> OrderText:
    """An element's place in the order is the number of those that go before it."""
    node = body.group.anchor
    source, target = node.inputs[0], node.output
    rows, cols = source.shape[:-1], known_size(source.shape[-1:])
    size = known_size(target.shape[-1:])
    vectors, step = long_vectors(cols, body.lanes)
    share = shared(rows)
    body.written.append(target)
    return OrderText(
        share=share,
        loop="i in range(first, last)",
        dealt=shared_loop(share, "i in range(first, last)"),
        cols=str(cols),
        step=step,
        vectors=vectors,
        source=body.view(source, rows_text(rows), cols),
        before=f"part {'>' if node.attrs['descending'] else '<'} value",
        size=str(size),
        target=body.view(target, rows_text(rows), size),
    )


def taken_along(body: Body) -> PlaceText:
    """Element by element: places are data."""
    node = body.group.anchor
    source = node.inputs[0]
    rows, cols = rows_text(source.shape[:-1]), known_size(source.shape[-1:])
    return _by_place(body, cols, "j", "place", rows, spread=False)


def added_along(body: Body) -> PlaceText:
    """The reverse: each row belongs to one thread, which adds in order."""
    node = body.group.anchor
    rows, cols = rows_text(node.output.shape[:-1]), known_size(node.output.shape[-1:])
    return _by_place(body, cols, "place", "j", rows, spread=True)


def _by_place(
    body: Body, size: int, target_col: str, source_col: str, rows: str, *, spread: bool
) -> PlaceText:
    node = body.group.anchor
    source, places = node.inputs
    count = known_size(places.shape[-1:])
    share = shared(node.output.shape[:-1])
    body.written.append(node.output)
    name = body.view(source, rows, known_size(source.shape[-1:]))
    target = body.view(node.output, rows, known_size(node.output.shape[-1:]))
    value = f"element({name}, i, {source_col})"
    return PlaceText(
        share=share,
        loop="i in range(first, last)",
        dealt=shared_loop(share, "i in range(first, last)"),
        zeros=str(size) if spread else "",
        count=str(count),
        places=body.view(places, rows, count),
        last_place=str(size - 1),
        value=f"{value} + element({target}, i, place)" if spread else value,
        target=target,
        target_col=target_col,
    )
