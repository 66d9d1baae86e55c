"""From a group of nodes to the text of its kernel: loops, tile sizes, work split."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace

from kgen.access import count
from kgen.body import Body, Rows
from kgen.dims import declared, definitions, symbol
from kgen.fuse import REDUCTIONS, Fusion, Group
from kgen.graph import BATCH, Node, Size, Value
from kgen.kernels.attending import attend, attend_gradient
from kgen.kernels.columnwise import columns
from kgen.kernels.convolving import conv, turn
from kgen.kernels.depthwise import depthwise, depthwise_filter
from kgen.kernels.distinct import distinct_places, distinct_ranks, distinct_rows
from kgen.kernels.filter_parts import filter_parts
from kgen.kernels.filtering import conv_filter
from kgen.kernels.indexing import gathered, scattered
from kgen.kernels.loops import starts_with_batch
from kgen.kernels.moving import copied, transposed
from kgen.kernels.ordering import added_along, ordered, running, taken_along
from kgen.kernels.partial import dot_parts, sum_parts
from kgen.kernels.pooling import pick, pool, pool_where, spread, unpool
from kgen.kernels.products import dot_panels, dot_turned, matmul
from kgen.kernels.rowwise import rowwise, spilled
from kgen.kernels.shifting import moved
from kgen.kernels.slicing import filter_slices
from kgen.kernels.summing import batched, outer
from kgen.kernels.transposing import conv_transpose
from kgen.kernels.warping import unwarp, warp
from kgen.kernels.winograd import winograd, winograd_kernel
from kgen.kernels.winograd_filter import winograd_filter
from kgen.texts import KernelText

__all__ = ["Draft", "draft", "flops", "is_by_batch", "node_flops", "spilled"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A kernel's text with what its arguments stand for, in order."""

    text: KernelText
    arguments: tuple[Value, ...]
    written: tuple[Value, ...]
    by_batch: bool
    starts: tuple[int, ...]


def draft(
    fusion: Fusion,
    group: Group,
    stored: frozenset[Value],
    in_place: Mapping[Value, Value],
    name: str,
    *,
    rows: Rows,
    anonymous: bool = False,
) -> Draft:
    """Write the kernel of a group, with the model's names in it or without.

    `rows` are those it is written for: to copy the panels of large products
    together pays from a few tiles of rows on, not for a single row.
    """
    body = Body(fusion, group, stored, in_place, rows=rows, anonymous=anonymous)
    text = _WRITERS[group.kind](body)
    views = [view.definition(index) for index, view in enumerate(body.views.values())]
    setup = [f"{key} = random_key(clock, {stream})" for stream, key in body.keys.items()]
    text = replace(text, name=name, views=tuple(views), setup=tuple(setup))
    return Draft(
        replace(text, sizes=_sizes(text, fusion)),
        tuple(view.base for view in body.views.values()),
        tuple(dict.fromkeys(body.written)),
        by_batch=is_by_batch(group),
        starts=tuple(view.start for view in body.views.values()),
    )


def _sizes(text: KernelText, fusion: Fusion) -> tuple[str, ...]:
    """The statements that define the open dimensions which a kernel's text names."""
    words = set(re.findall(r"[^\W\d]\w*", repr(astuple(text))))
    used = [dim for name, dim in fusion.dims.items() if name in words]
    order = declared(fusion.around.inputs.values())
    return tuple(
        f"{symbol(dim)} = {value or f'dimension(clock, {order.index(dim)})'}"
        for dim, value in definitions(used, order)
    )


def is_by_batch(group: Group) -> bool:
    """Whether each thread works on its own rows of the batch."""
    if group.kind in ("dot_parts", "filter_parts", "sum_parts", "winograd_filter"):
        return True
    rows = tuple(group.outer) if group.kind == "columns" else group.domain.rows
    if group.kind == "outer" or not starts_with_batch(rows) or BATCH in group.domain.cols:  # type: ignore[arg-type]
        return False
    values = {v for node in group.members for v in (*node.inputs, node.output)}
    return all(BATCH not in v.shape or starts_with_batch(v.shape) for v in values)


_WRITERS: dict[str, Callable[[Body], KernelText]] = {
    "attend": attend,
    "attend_gradient": attend_gradient,
    "matmul": matmul,
    "outer": outer,
    "batched": batched,
    "rows": rowwise,
    "columns": columns,
    "transpose": transposed,
    "copy": copied,
    "gather": gathered,
    "scatter": scattered,
    "distinct_ranks": distinct_ranks,
    "distinct_rows": distinct_rows,
    "distinct_places": distinct_places,
    "running": running,
    "order": ordered,
    "take_along": taken_along,
    "add_along": added_along,
    "move": moved,
    "conv": conv,
    "conv_filter": conv_filter,
    "conv_transpose": conv_transpose,
    "filter_parts": filter_parts,
    "filter_slices": filter_slices,
    "dot_panels": dot_panels,
    "dot_turned": dot_turned,
    "dot_parts": dot_parts,
    "sum_parts": sum_parts,
    "turn": turn,
    "depthwise": depthwise,
    "depthwise_filter": depthwise_filter,
    "pool": pool,
    "pool_where": pool_where,
    "unpool": unpool,
    "pick": pick,
    "spread": spread,
    "warp": warp,
    "unwarp": unwarp,
    "winograd": winograd,
    "winograd_filter": winograd_filter,
    "winograd_kernel": winograd_kernel,
}


def typical(length: Size) -> int:
    """How often a loop counts: once where that is open, as open dimensions do everywhere here."""
    return length if isinstance(length, int) else 1


def node_flops(node: Node) -> int:
    """Arithmetic of a node, for one row where it has a batch; costly functions count by cost."""
    if node.op.flops is not None:
        return node.op.flops(node)
    if node.op.name == "scan":
        loop = node.attrs["loop"]
        return typical(loop.length) * sum(node_flops(n) for n in loop.body.nodes)
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
