"""From a group of nodes to the text of its kernel: loops, tile sizes, work split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count as count_from

from kgen.access import FULL, ONE, ROW, Domain, count, place, row_access
from kgen.body import Body, Cursor
from kgen.fuse import REDUCTIONS, Fusion, Group
from kgen.graph import BATCH, Node, Shape, Value
from kgen.texts import (
    BatchedText,
    BlockColumnsText,
    ColumnsText,
    CopyText,
    FlatText,
    KernelText,
    MatmulText,
    Move,
    OuterText,
    PackedMatmulText,
    PackedOuterText,
    PermuteText,
    RowsText,
    Stage,
    TransposeText,
)

# Widest row (in floats) that is held in registers whole.
IN_REGISTERS = 64
# Floats of a matrix from which its panels are copied together, and of the largest panel.
_PACKED = 16384
_LARGEST_PANEL = 1 << 18
# Rows of the batch that a weight gradient sums at a time.
_BLOCK = 256
_FOLD = {"sum": "{0} + {1}", "max": "maximum({0}, {1})", "min": "minimum({0}, {1})"}
_START = {"sum": "0.0", "max": "-np.inf", "min": "np.inf"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A kernel's text with what its arguments stand for, in order."""

    text: KernelText
    arguments: tuple[Value, ...]
    written: tuple[Value, ...]
    by_batch: bool


def draft(
    fusion: Fusion,
    group: Group,
    stored: frozenset[Value],
    in_place: Mapping[Value, Value],
    name: str,
    *,
    packing: bool,
    anonymous: bool = False,
) -> Draft:
    """Write the kernel of a group, with the model's names in it or without.

    `packing` copies the panels of large products together, which pays from a
    few rows of tiles on: in training, not for a single sample.
    """
    body = Body(fusion, group, stored, in_place, packing=packing, anonymous=anonymous)
    text = _WRITERS[group.kind](body, KernelText(name, (), (), ()))
    views = [
        f"{view.name} = {'imatrix' if view.integer else 'matrix'}"
        f"(args, {index}, {view.rows}, {view.cols})"
        for index, view in enumerate(body.views.values())
    ]
    setup = [f"{key} = random_key(clock, {stream})" for stream, key in body.keys.items()]
    return Draft(
        replace(text, views=tuple(views), setup=tuple(setup)),
        tuple(view.base for view in body.views.values()),
        tuple(body.written),
        by_batch=is_by_batch(group),
    )


def is_by_batch(group: Group) -> bool:
    """Whether each thread works on its own rows of the batch."""
    if group.kind == "columns":
        return BATCH in group.outer
    if group.kind == "transpose":
        return group.domain.rows[0] == BATCH == group.anchor.inputs[0].shape[0]
    return BATCH in group.domain.rows and group.kind != "outer"


def _rows_text(rows: Shape) -> str:
    names, known = count(rows)
    return " * ".join([*names, *([str(known)] if known != 1 or not names else [])])


def _scaled(name: str, factor: int) -> str:
    return name if factor == 1 else f"{name} * {factor}"


def _share(rows: Shape) -> tuple[str, str, str]:
    """The line that shares rows among threads, and the first and last row."""
    names, known = count(rows)
    if names:
        line = "share(batch, ROWS, thread, threads)"
        return line, _scaled("first", known), _scaled("last", known)
    return f"share({known}, ROWS, thread, threads)", "first", "last"


def _vectors(cols: int) -> tuple[str, str]:
    """Vectors in a product's tile, and the columns a tile covers."""
    return ("1", "LANES") if cols <= 16 else ("2", "2 * LANES")


def _long_vectors(cols: int) -> tuple[str, str]:
    """Vectors in a map's tile, and the columns a tile covers."""
    if cols <= 16:
        return "1", "LANES"
    return ("2", "2 * LANES") if cols <= 32 else ("4", "4 * LANES")


def _size(shape: Shape) -> int:
    names, known = count(shape)
    assert not names
    return known


# --- products ------------------------------------------------------------------


def _epilogue(body: Body, cursor: Cursor) -> tuple[str, ...]:
    """What the members after the product compute on its tile, and the stores."""
    group = body.group
    anchor = group.anchor.output
    split = len(group.domain.rows)
    body.know(anchor, FULL, "acc")
    body.names.taken.add("acc")
    if anchor in body.stored:
        body.store(anchor, split, FULL, cursor)
    _elementwise_members(body, group.members[1:], cursor)
    return tuple(body.take())


def _elementwise_members(body: Body, members: list[Node], cursor: Cursor) -> None:
    for node in members:
        value = node.output
        placed = place(value.shape, body.group.domain)
        assert placed is not None
        body.read(value, *placed, cursor) if value not in body.stored else body.compute(
            value, *placed, cursor
        )
        if value in body.stored:
            body.store(value, *placed, cursor)


def _matmul(body: Body, base: KernelText) -> MatmulText:
    node = body.group.anchor
    a, b = node.inputs
    cols = _size(body.group.domain.cols)
    inner = _size(b.shape[:1])
    share, first, last = _share(a.shape[:-1])
    vectors, step = _vectors(cols)
    rows = "ROWS"
    kind = PackedMatmulText if body.packing and _pays_to_pack(inner, cols) else MatmulText
    if not body.packing and cols >= 64:
        rows, vectors, step = "HALF_ROWS", "4", "4 * LANES"  # long reads, for few rows
    a_name = body.view(a, _rows_text(a.shape[:-1]), inner)
    b_name = body.view(b, str(inner), cols)
    return kind(
        base.name,
        (),
        (),
        (),
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


def _outer(body: Body, base: KernelText) -> KernelText:
    a, b = body.group.anchor.inputs
    rows, cols = _size(a.shape[-1:]), _size(b.shape[-1:])
    inner = _rows_text(a.shape[:-1])
    vectors, step = _vectors(cols)
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
            base.name,
            (),
            (),
            (),
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
        base.name,
        (),
        (),
        (),
        share=share,
        outer_loop=along_cols,
        inner_loop=along_rows,
        vectors=vectors,
        inner=inner,
        a=a_name,
        b=b_name,
        body=_epilogue(body, Cursor("i", "j", "ROWS", vectors)),
    )


def _batched(body: Body, base: KernelText) -> BatchedText:
    node = body.group.anchor
    a, b = node.inputs
    batch = len(node.attrs["batch"][0])
    rows, inner = _size(a.shape[batch : batch + 1]), _size(a.shape[batch + 1 :])
    cols = _size(b.shape[batch + 1 :])
    share, first, last = _share(a.shape[:batch])
    vectors, step = _vectors(cols)
    out = node.output
    entries = _rows_text(a.shape[:batch])
    text = BatchedText(
        base.name,
        (),
        (),
        (),
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


# --- rows ----------------------------------------------------------------------


def _rows(body: Body, base: KernelText) -> KernelText:
    group = body.group
    if not count(group.domain.rows)[0] and _size(group.domain.rows) == 1:
        reduces = any(node.op.name in REDUCTIONS for node in group.members)
        if not reduces and count(group.domain.cols) != ONE:
            return _flat(body, base)
    share, first, last = _share(group.domain.rows)
    cols = _size(group.domain.cols)
    if cols <= IN_REGISTERS:
        tile_rows = _tile_rows(body, cols)
        stages = _one_pass(body, cols, tile_rows)
        step = "" if tile_rows == 1 else f", {tile_rows}"
        loop = f"i in range({first}, {last}{step})"
    else:
        stages = _passes(body, cols)
        loop = f"i in range({first}, {last})"
    return RowsText(base.name, (), (), (), share=share, loop=loop, stages=stages)


def _tile_rows(body: Body, cols: int) -> int:
    """Rows taken together where a row is short: independent work hides latency."""
    if BATCH not in body.group.domain.rows or _uses_row_maps(body):
        return 1
    return 4 if cols <= 16 else 2 if cols <= 32 else 1


def _uses_row_maps(body: Body) -> bool:
    group, fusion = body.group, body.fusion
    for node in group.members:
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
    cursor = Cursor("i", "0", str(tile_rows), vectors)
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
            _elementwise_members(body, [node], cursor)
    return (Stage(tuple(body.take()), "", (), ()),)


def _reduced_operand(body: Body, node: Node, cursor: Cursor, cols: int) -> str:
    """The operand of a row reduction, with what lies beyond the row out of the way."""
    source = node.inputs[0]
    split = node.attrs["axes"][0]
    text = body.read(source, split, FULL, cursor)
    if cols % 16 == 0 or cols == 1:
        return text
    return f"keep_columns({text}, {cursor.j}, {cols}, {_START[node.op.name]})"


def _passes(body: Body, cols: int) -> tuple[Stage, ...]:
    """Long rows: as many walks as reductions follow on one another."""
    levels = _levels(body)
    vectors, step = _long_vectors(cols)
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
            accumulator = body.names.new("total" if node.op.name == "sum" else "extreme")
            accumulators.append(accumulator)
            before.append(f"{accumulator} = full(1, {vectors}, {_START[node.op.name]})")
        body.open()
        _elementwise_members(body, kept, cursor)
        for node, accumulator in zip(reductions, accumulators, strict=True):
            text = _reduced_operand(body, node, cursor, cols)
            body.lines.append(f"{accumulator} = {_FOLD[node.op.name].format(accumulator, text)}")
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
    _elementwise_members(body, nodes, cursor)
    return body.take(closed=False)


def _is_row_value(body: Body, node: Node) -> bool:
    if node.op.name in REDUCTIONS:
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
    if group.kind != "rows" or _size(group.domain.cols) <= IN_REGISTERS:
        return []
    body = Body(fusion, group, frozenset(), {}, packing=False)
    levels = _levels(body)
    found: list[Value] = []
    for node in group.members:
        later = [u for u in group.members if node.output in u.inputs and levels[u] > levels[node]]
        full = not _is_row_value(body, node) and node.op.name not in REDUCTIONS
        if later and full and node.op.cost >= 10:
            found.append(node.output)
    return found


def _flat(body: Body, base: KernelText) -> FlatText:
    cols = _size(body.group.domain.cols)
    vectors, step = _long_vectors(cols)
    _elementwise_members(body, body.group.members, Cursor("0", "j", "1", vectors))
    return FlatText(
        base.name,
        (),
        (),
        (),
        share=f"share({cols}, {step}, thread, threads)",
        loop=f"j in range(first, last, {step})",
        body=tuple(body.take()),
    )


# --- columns -------------------------------------------------------------------


def _columns(body: Body, base: KernelText) -> KernelText:
    group = body.group
    cols = _size(group.domain.cols)
    vectors, step = _long_vectors(cols)
    inner = _rows_text(group.domain.rows)
    blocks = bool(group.outer)
    cursor = Cursor(f"o * {inner} + i" if blocks else "i", "j", "1", vectors)
    after = Cursor("o" if blocks else "0", "j", "1", vectors)
    reductions = [node for node in group.members if node.op.name in REDUCTIONS]
    accumulators = [body.names.new("total") for _ in reductions]
    before = tuple(
        f"{name} = full(1, {vectors}, {_START[node.op.name]})"
        for name, node in zip(accumulators, reductions, strict=True)
    )
    body.open()
    for name, node in zip(accumulators, reductions, strict=True):
        source = node.inputs[0]
        split = node.attrs["axes"][-1] + 1
        text = body.read(source, split, FULL, cursor)
        body.lines.append(f"{name} = {_FOLD[node.op.name].format(name, text)}")
    lines = tuple(body.take())
    body.close()
    results = Domain(group.outer, group.domain.cols)  # type: ignore[arg-type]
    _results(body, results, dict(zip(reductions, accumulators, strict=True)), after)
    loop = f"j in range({f'0, {cols}' if blocks else 'first, last'}, {step})"
    if not blocks:
        return ColumnsText(
            base.name,
            (),
            (),
            (),
            share=f"share({cols}, {step}, thread, threads)",
            loop=loop,
            before=before,
            inner=inner,
            body=lines,
            after=tuple(body.take()),
        )
    share, first, last = _share(results.rows)
    return BlockColumnsText(
        base.name,
        (),
        (),
        (),
        share=share,
        outer_loop=f"o in range({first}, {last})",
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


# --- moving --------------------------------------------------------------------


def _transpose(body: Body, base: KernelText) -> KernelText:
    node = body.group.anchor
    source, target = node.inputs[0], node.output
    body.written.append(target)
    if node.attrs["axes"] == (1, 0) and all(isinstance(s, int) for s in source.shape):
        rows, cols = _size(source.shape[:1]), _size(source.shape[1:])
        return TransposeText(
            base.name,
            (),
            (),
            (),
            share=f"share({rows}, LANES, thread, threads)",
            cols=str(cols),
            source=body.view(source, str(rows), cols),
            target=body.view(target, str(cols), rows),
        )
    return _permute(body, base, source, target)


def _permute(body: Body, base: KernelText, source: Value, target: Value) -> PermuteText:
    """Row i and column j of the target, split into axes, give the source's place."""
    axes = body.group.anchor.attrs["axes"]
    shape = target.shape
    rows, cols = shape[:-1], _size(shape[-1:])
    digits: list[str] = []
    for axis in range(len(shape) - 1):
        below = _size(shape[axis + 1 : -1]) if axis + 1 < len(shape) - 1 else 1
        text = "i" if below == 1 else f"i // {below}"
        digits.append(text if axis == 0 else f"{text} % {_size(shape[axis : axis + 1])}")
    digits.append("j")
    place_of = {axes[axis]: digit for axis, digit in enumerate(digits)}
    row = place_of[0]
    for axis in range(1, len(shape) - 1):
        row = f"({row}) * {_size(source.shape[axis : axis + 1])} + {_term(place_of[axis])}"
    share, first, last = _share(rows)
    by_batch = rows[:1] == (BATCH,)
    return PermuteText(
        base.name,
        (),
        (),
        (),
        share=share,
        loop=f"i in range({first if by_batch else 'first'}, {last if by_batch else 'last'})",
        cols=str(cols),
        source=body.view(source, _rows_text(source.shape[:-1]), _size(source.shape[-1:])),
        source_row=row,
        source_col=place_of[len(shape) - 1],
        target=body.view(target, _rows_text(rows), cols),
    )


def _term(text: str) -> str:
    return text if text.isidentifier() else f"({text})"


def _copy(body: Body, base: KernelText) -> CopyText:
    """Slices and joins, seen as runs of columns."""
    node = body.group.anchor
    axis = node.attrs["axis"]
    target = node.output
    rows = target.shape[:axis]
    cols = _size(target.shape[axis:])
    vectors, step = _copy_vectors(node)
    moves: list[Move] = []
    start = 0
    for value in node.inputs:
        width = _size(value.shape[axis:])
        name = body.view(value, _rows_text(rows), width)
        if node.op.name == "slice_axis":
            skip = node.attrs["start"] * _size(value.shape[axis + 1 :])
            column = "j" if skip == 0 else f"j + {skip}"
            moves.append(Move(f"j in range(0, {cols}, {step})", name, column, "j"))
        else:
            column = "j" if start == 0 else f"j + {start}"
            moves.append(Move(f"j in range(0, {width}, {step})", name, "j", column))
            start += width
    share, first, last = _share(rows)
    body.written.append(target)
    return CopyText(
        base.name,
        (),
        (),
        (),
        share=share,
        loop=f"i in range({first}, {last})",
        vectors=vectors,
        target=body.view(target, _rows_text(rows), cols),
        moves=tuple(moves),
    )


def _copy_vectors(node: Node) -> tuple[str, str]:
    """Vectors in a copy's tile, and the columns a tile covers.

    A tile off the grid of tiles may overhang its row, but is masked only where the row is no
    multiple of a tile (of 4, 8 or 16 lanes); failing all else, an odd number of vectors is none.
    """
    axis = node.attrs["axis"]
    widths = [_size(value.shape[axis:]) for value in node.inputs]
    cols = sum(widths)
    edges = [sum(widths[:position]) for position in range(1, len(widths) + 1)]
    if node.op.name == "slice_axis":
        inner = _size(node.output.shape[axis + 1 :])
        edges += [node.attrs["start"] * inner, node.attrs["stop"] * inner]
    preferred = _long_vectors(_size(node.output.shape[axis:]))
    for vectors in (int(preferred[0]), 4, 2, 1):
        if cols % (4 * vectors) or all(edge % (16 * vectors) == 0 for edge in edges):
            break
    else:
        vectors = next(odd for odd in count_from(3, 2) if cols % odd)
    return str(vectors), "LANES" if vectors == 1 else f"{vectors} * LANES"


_WRITERS: dict[str, Callable[[Body, KernelText], KernelText]] = {
    "matmul": _matmul,
    "outer": _outer,
    "batched": _batched,
    "rows": _rows,
    "columns": _columns,
    "transpose": _transpose,
    "copy": _copy,
}


def node_flops(node: Node) -> int:
    """Arithmetic of a node, for one row where it has a batch; costly functions count by cost."""
    if node.op.name == "dot":
        a, axes = node.inputs[0], node.attrs["contract"][0]
        inner = count(tuple(a.shape[axis] for axis in axes))[1]
        return 2 * inner * count(node.output.shape)[1]
    if node.op.name in REDUCTIONS:
        return count(node.inputs[0].shape)[1]
    return max(node.op.cost, 1) * count(node.output.shape)[1] if node.op.elementwise else 0


def flops(group: Group) -> tuple[int, int]:
    """Arithmetic of a group: for a row of the batch, and besides."""
    row = fixed = 0
    for node in group.members:
        if any(BATCH in value.shape for value in (node.output, *node.inputs)):
            row += node_flops(node)
        else:
            fixed += node_flops(node)
    return row, fixed
