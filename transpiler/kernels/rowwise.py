"""Rows on their own: maps, and reductions along the row with what follows from them."""

from __future__ import annotations

from kgen.access import FULL, ONE, ROW, count, place, row_access
from kgen.body import Body, Cursor
from kgen.fuse import REDUCTIONS, Fusion, Group, is_join
from kgen.graph import Node, Value
from kgen.kernels.loops import (
    ACCUMULATORS,
    FOLD,
    START,
    Width,
    elementwise_members,
    long_vectors,
    own_rows,
    shared,
    shared_loop,
    starts_with_batch,
    width,
)
from kgen.texts import FlatText, KernelText, RowsText, Stage

# Widest row (in floats) that is held in registers whole.
IN_REGISTERS = 64
# From so many numbers on, those to be overwritten are claimed so many tiles ahead.
_MANY_NUMBERS, _TILES_AHEAD = 1024, 4


def rowwise(body: Body) -> KernelText:
    group = body.group
    if count(group.domain.rows) == ONE:
        reduces = any(node.op.name in REDUCTIONS for node in group.members)
        if not reduces and count(group.domain.cols) != ONE:
            return _flat(body)
    share = shared(group.domain.rows)
    cols = width(group.domain.cols)
    if isinstance(cols, int) and cols <= IN_REGISTERS:
        tile_rows = _tile_rows(body, cols)
        stages = _one_pass(body, cols, tile_rows)
        step = "" if tile_rows == 1 else f", {tile_rows}"
        loop = f"i in range(first, last{step})"
    else:
        stages = _passes(body, cols)
        loop = "i in range(first, last)"
    return RowsText(share=share, loop=loop, dealt=shared_loop(share, loop), stages=stages)


def _tile_rows(body: Body, cols: int) -> int:
    """Rows taken together where a row is short: independent work hides latency."""
    if not starts_with_batch(body.group.domain.rows) or _uses_row_maps(body):
        return 1
    return 2 if cols <= 32 else 1


def _uses_row_maps(body: Body) -> bool:
    group, fusion = body.group, body.fusion
    for node in group.members:
        if is_join(node):
            continue
        shape = node.inputs[0].shape if node.op.name in REDUCTIONS else node.output.shape
        placed = place(shape, group.domain)
        if node.op.name in REDUCTIONS:
            split = len(node.inputs[0].shape[: node.attrs["axes"][0]])
            leaves = fusion.operand_leaves(node.inputs[0], group, split, FULL)
        else:
            assert placed is not None
            leaves = fusion.leaves(node, group, *placed)
        if any(leaf.access.rows not in ("each", "one") for leaf in leaves or ()):
            return True
    return False


def _one_pass(body: Body, cols: int, tile_rows: int) -> tuple[Stage, ...]:
    """Rows short enough to stay in registers from the first statement to the last."""
    vectors = f"VECTORS_{cols}" if cols > 4 else "1"
    own = own_rows(body, body.group.domain.rows, tile_rows)
    cursor = Cursor("i", "0", str(tile_rows), vectors, limit=own)
    for node in body.group.members:
        value = node.output
        if node.op.name in REDUCTIONS:
            text = _reduced_operand(body, node, cursor, cols)
            if cols > 1:
                text = f"row_{node.op.name}({text})"
            access = row_access(body.group.domain)
            body.assign(value, access, text)
            if value in body.stored:
                body.store(value, len(value.shape), access, cursor)
        else:
            elementwise_members(body, [node], cursor)
    return (Stage(tuple(body.take()), "", (), ()),)


def _reduced_operand(body: Body, node: Node, cursor: Cursor, cols: Width) -> str:
    """The operand of a row reduction, with what lies beyond the row out of the way."""
    source = node.inputs[0]
    split = node.attrs["axes"][0]
    text = body.spread(body.read(source, split, FULL, cursor), source, split, FULL, cursor)
    tile = body.lanes * (int(cursor.vectors) if cursor.vectors.isdigit() else 1)
    if isinstance(cols, int) and (cols % tile == 0 or cols == 1):
        return text
    return f"keep_columns({text}, {cursor.j}, {cols}, {START[node.op.name]})"


def _passes(body: Body, cols: Width) -> tuple[Stage, ...]:
    """Long rows: as many walks as reductions follow on one another."""
    levels = _levels(body)
    vectors, step = long_vectors(cols, body.lanes)
    cursor = Cursor("i", "j", "1", vectors)
    members = body.group.members
    stages: list[Stage] = []
    for level in range(max(levels.values()) + 1):
        now = [node for node in members if levels[node] == level]
        before = _row_values(body, [n for n in now if _is_row_value(body, n)], cursor)
        reductions = [node for node in now if node.op.name in REDUCTIONS]
        full = [n for n in now if not _is_row_value(body, n) and n.op.name not in REDUCTIONS]
        kept = [node for node in full if node.output in body.stored]
        accumulators: list[str] = []
        for node in reductions:
            accumulator = body.names.new(ACCUMULATORS[node.op.name])
            accumulators.append(accumulator)
            before.append(f"{accumulator} = full(1, {vectors}, {START[node.op.name]})")
        body.open()
        elementwise_members(body, kept, cursor)
        for node, accumulator in zip(reductions, accumulators, strict=True):
            text = _reduced_operand(body, node, cursor, cols)
            body.lines.append(f"{accumulator} = {FOLD[node.op.name].format(accumulator, text)}")
        lines = tuple(body.take())
        body.close()
        for node, accumulator in zip(reductions, accumulators, strict=True):
            body.assign(node.output, ROW, f"row_{node.op.name}({accumulator})")
            if node.output in body.stored:
                body.store(node.output, len(node.output.shape), ROW, cursor)
        loop = f"j in range(0, {cols}, {step})" if lines else ""
        stages.append(Stage(tuple(before), loop, lines, tuple(body.take(closed=False))))
    return tuple(stages)


def _row_values(body: Body, nodes: list[Node], cursor: Cursor) -> list[str]:
    """Statements for one value a row, outside the walk along it."""
    elementwise_members(body, nodes, cursor)
    return body.take(closed=False)


def _is_row_value(body: Body, node: Node) -> bool:
    if node.op.name in REDUCTIONS or is_join(node):
        return False
    placed = place(node.output.shape, body.group.domain)
    assert placed is not None
    return placed[1] == ROW


def _levels(body: Body) -> dict[Node, int]:
    """For each member, the walk in which it can be computed."""
    group, fusion = body.group, body.fusion
    levels: dict[Node, int] = {}

    def level_of(value: Value) -> int:
        if fusion.group_of.get(value) is group:
            node = value.node
            return levels[node] + (1 if node.op.name in REDUCTIONS else 0)
        if value in fusion.inline:
            return max((level_of(v) for v in value.node.inputs), default=0)
        return 0

    for node in group.members:
        levels[node] = max((level_of(value) for value in node.inputs), default=0)
    return levels


def spilled(fusion: Fusion, group: Group) -> list[Value]:
    """Costly values that a later walk along a long row reads again: better kept in memory."""
    cols = width(group.domain.cols)
    if group.kind != "rows" or (isinstance(cols, int) and cols <= IN_REGISTERS):
        return []
    body = Body(fusion, group, frozenset(), {}, rows="many")
    levels = _levels(body)
    found: list[Value] = []
    for node in group.members:
        later = [u for u in group.members if node.output in u.inputs and levels[u] > levels[node]]
        full = not _is_row_value(body, node) and node.op.name not in REDUCTIONS
        if later and full and node.op.cost >= 10:
            found.append(node.output)
    return found


def _flat(body: Body) -> FlatText:
    cols = width(body.group.domain.cols)
    vectors, step = long_vectors(cols, body.lanes)
    elementwise_members(body, body.group.members, Cursor("0", "j", "1", vectors))
    share, loop = f"share({cols}, {step}, thread, threads)", f"j in range(first, last, {step})"
    return FlatText(
        share=share,
        loop=loop,
        dealt=shared_loop(share, loop),
        body=(*_claims(body, cols, vectors), *body.take()),
    )


def _claims(body: Body, cols: Width, vectors: str) -> tuple[str, ...]:
    """Prefetches of what is overwritten, which other cores' caches may hold since they read it."""
    if body.has_blocks or isinstance(cols, str) or cols < _MANY_NUMBERS:
        return ()
    tile = f"0, j + {_TILES_AHEAD * int(vectors)} * LANES, 1, {vectors}"
    return tuple(
        f"prefetch_write({body.view(value, '1', cols)}, {tile})"
        for value in body.written
        if value in body.in_place
    )
