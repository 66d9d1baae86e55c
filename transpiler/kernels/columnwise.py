"""Reductions down the columns, and what follows from them."""

from __future__ import annotations

from kgen.access import FULL, Domain, place
from kgen.body import Body, Cursor
from kgen.fuse import REDUCTIONS
from kgen.graph import Node
from kgen.kernels.dealing import Loop, dealt
from kgen.kernels.loops import ACCUMULATORS, FOLD, START, long_vectors, rows_text, shared, width
from kgen.texts import BlockColumnsText, ColumnsText, KernelText


def columns(body: Body) -> KernelText:
    group = body.group
    cols = width(group.domain.cols)
    vectors, step = long_vectors(cols, body.lanes)
    inner = rows_text(group.domain.rows)
    blocks = bool(group.outer)
    row = f"o * {inner} + i" if blocks else "i"
    cursor = Cursor(row, "j", "1", vectors, block=inner if blocks else "")
    after = Cursor("o" if blocks else "0", "j", "1", vectors)
    reductions = [node for node in group.members if node.op.name in REDUCTIONS]
    accumulators = [body.names.new(ACCUMULATORS[node.op.name]) for node in reductions]
    before = tuple(
        f"{name} = full(1, {vectors}, {START[node.op.name]})"
        for name, node in zip(accumulators, reductions, strict=True)
    )
    combined = tuple(
        f"{name} = block_{node.op.name}({name})"
        for name, node in zip(accumulators, reductions, strict=True)
    )
    body.open()
    for name, node in zip(accumulators, reductions, strict=True):
        source = node.inputs[0]
        split = node.attrs["axes"][-1] + 1
        text = body.read(source, split, FULL, cursor)
        body.lines.append(f"{name} = {FOLD[node.op.name].format(name, text)}")
    lines = tuple(body.take())
    body.close()
    results = Domain(group.outer, group.domain.cols)  # type: ignore[arg-type]
    _results(body, results, dict(zip(reductions, accumulators, strict=True)), after)
    loop = f"j in range({f'0, {cols}' if blocks else 'first, last'}, {step})"
    if not blocks:
        share = f"share({cols}, {step}, thread, threads)"
        return ColumnsText(
            share=share,
            loop=loop,
            dealt=tuple(dealt(share, [Loop(loop)], together=True)[0]),
            together=True,
            combined=combined,
            before=before,
            inner=inner,
            body=lines,
            after=tuple(body.take()),
        )
    share = shared(results.rows)
    blocks_loop = "o in range(first, last)"
    return BlockColumnsText(
        dealt=tuple(dealt(share, [Loop(blocks_loop), Loop(loop)], free=True)[0]),
        share=share,
        outer_loop=blocks_loop,
        loop=loop,
        before=before,
        inner=inner,
        body=lines,
        after=tuple(body.take()),
    )


def _results(body: Body, domain: Domain, sums: dict[Node, str], cursor: Cursor) -> None:
    """The reductions' results and what the group computes from them."""
    for node in body.group.members:
        value = node.output
        placed = place(value.shape, domain)
        assert placed is not None
        if node in sums:
            body.know(value, placed[1], sums[node])
        else:
            body.compute(value, *placed, cursor)
        if value in body.stored:
            body.store(value, *placed, cursor)
