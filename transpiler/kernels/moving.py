"""Kernels that move elements: transposes, slices, joins."""

from __future__ import annotations

from itertools import count as count_from

from kgen.access import factor, product_text
from kgen.body import Body
from kgen.dims import expression, plus, product, times
from kgen.graph import Node, Size, Value
from kgen.kernels.dealing import Loop, dealt
from kgen.kernels.loops import known_size, long_vectors, rows_text, shared, shared_loop, width
from kgen.texts import CopyText, KernelText, Move, PermuteRowsText, PermuteText, TransposeText


def transposed(body: Body) -> KernelText:
    node = body.group.anchor
    source, target = node.inputs[0], node.output
    body.written.append(target)
    if node.attrs["axes"] == (1, 0) and all(isinstance(s, int) for s in source.shape):
        rows, cols = known_size(source.shape[:1]), known_size(source.shape[1:])
        share = f"share({rows}, LANES, thread, threads)"
        blocks = Loop("i in range(first, last, LANES)"), Loop(f"j in range(0, {cols}, LANES)")
        return TransposeText(
            dealt=tuple(dealt(share, blocks, free=True)[0]),
            share=share,
            cols=str(cols),
            source=body.view(source, str(rows), cols),
            target=body.view(target, str(cols), rows),
        )
    return _permute(body, source, target)


def _permute(body: Body, source: Value, target: Value) -> PermuteText | PermuteRowsText:
    """Row i and column j of the target, split into axes, give the source's place."""
    axes = body.group.anchor.attrs["axes"]
    shape = target.shape
    rows, cols = shape[:-1], width(shape[-1:])
    digits: list[str] = []
    for axis in range(len(shape) - 1):
        below = factor(product_text(shape[axis + 1 : -1]))
        text = "i" if below == "1" else f"i // {below}"
        own = factor(product_text(shape[axis : axis + 1]))
        digits.append(text if axis == 0 else f"{text} % {own}")
    digits.append("j")
    place_of = {axes[axis]: digit for axis, digit in enumerate(digits)}
    row = place_of[0]
    for axis in range(1, len(shape) - 1):
        size = factor(product_text(source.shape[axis : axis + 1]))
        row = f"({row}) * {size} + {_term(place_of[axis])}"
    share = shared(rows)
    loop = "i in range(first, last)"
    source_view = body.view(source, rows_text(source.shape[:-1]), width(source.shape[-1:]))
    if axes[-1] == len(shape) - 1:
        vectors, step = long_vectors(cols, body.lanes)
        return PermuteRowsText(
            share=share,
            loop=loop,
            dealt=shared_loop(share, loop),
            cols=str(cols),
            step=step,
            vectors=vectors,
            source=source_view,
            source_row=row,
            target=body.view(target, rows_text(rows), cols),
        )
    return PermuteText(
        share=share,
        loop=loop,
        dealt=shared_loop(share, loop),
        cols=str(cols),
        source=source_view,
        source_row=row,
        source_col=place_of[len(shape) - 1],
        target=body.view(target, rows_text(rows), cols),
    )


def _term(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def copied(body: Body) -> CopyText:
    """Slices, joins and zeros around, seen as runs of columns."""
    node = body.group.anchor
    axis = node.attrs["axis"]
    target = node.output
    rows = target.shape[:axis]
    cols = width(target.shape[axis:])
    vectors, step = _copy_vectors(node, body.lanes)
    moves: list[Move] = []
    start: Size = 0
    for value in node.inputs:
        own = width(value.shape[axis:])
        name = body.view(value, rows_text(rows), own)
        if node.op.name == "slice_axis":
            skip = times(node.attrs["start"], product(value.shape[axis + 1 :]))
            part = f"load({name}, i, {_shifted(skip)}, 1, {vectors})"
            moves.append(Move(f"j in range(0, {cols}, {step})", "j", part))
        else:
            if node.op.name == "place_axis":
                moves.append(Move(f"j in range(0, {cols}, {step})", "j", f"zeros(1, {vectors})"))
                start = times(node.attrs["start"], product(value.shape[axis + 1 :]))
            part = f"load({name}, i, j, 1, {vectors})"
            moves.append(Move(f"j in range(0, {own}, {step})", _shifted(start), part))
            start = plus(start, product(value.shape[axis:]))
    share = shared(rows)
    body.written.append(target)
    loop = "i in range(first, last)"
    return CopyText(
        share=share,
        loop=loop,
        dealt=shared_loop(share, loop),
        target=body.view(target, rows_text(rows), cols),
        moves=tuple(moves),
    )


def _shifted(by: Size) -> str:
    return "j" if by == 0 else f"j + {expression(by)}"


def _copy_vectors(node: Node, lanes: int) -> tuple[str, str]:
    """Vectors in a copy's tile, and the columns a tile covers.

    A tile off the grid of tiles may overhang its row, but is masked only where the row is no
    multiple of a tile (of 4 lanes or more); failing all else, an odd number of vectors is none.
    """
    axis = node.attrs["axis"]
    parts = [width(value.shape[axis:]) for value in (*node.inputs, node.output)]
    widths = [part for part in parts if isinstance(part, int)]
    if len(widths) < len(parts):  # rows of open size are always masked
        return long_vectors(width(node.output.shape[axis:]), lanes)
    widths.pop()
    cols = sum(widths)
    edges = [sum(widths[:position]) for position in range(1, len(widths) + 1)]
    if node.op.name == "place_axis":
        inner = known_size(node.output.shape[axis + 1 :])
        cols = known_size(node.output.shape[axis:])
        edges = [node.attrs["start"] * inner, node.attrs["start"] * inner + widths[0], cols]
    if node.op.name == "slice_axis":
        inner = known_size(node.output.shape[axis + 1 :])
        edges += [node.attrs["start"] * inner, node.attrs["stop"] * inner]
    preferred = long_vectors(known_size(node.output.shape[axis:]), lanes)
    for vectors in (int(preferred[0]), 4, 2, 1):
        if cols % (4 * vectors) or all(edge % (lanes * vectors) == 0 for edge in edges):
            break
    else:
        vectors = next(odd for odd in count_from(3, 2) if cols % odd)
    return str(vectors), "LANES" if vectors == 1 else f"{vectors} * LANES"
