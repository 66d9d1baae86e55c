"""From a group of nodes to the text of its kernel: loops, tile sizes, work split."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from kgen.access import count
from kgen.body import Body
from kgen.fuse import REDUCTIONS, Fusion, Group
from kgen.graph import BATCH, Node, Value
from kgen.kernels.columnwise import columns
from kgen.kernels.indexing import gathered, scattered
from kgen.kernels.moving import copied, transposed
from kgen.kernels.products import batched, matmul, outer
from kgen.kernels.rowwise import rows, spilled
from kgen.texts import KernelText

__all__ = ["Draft", "draft", "flops", "is_by_batch", "node_flops", "spilled"]


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
    text = _WRITERS[group.kind](body)
    views = [
        f"{view.name} = {'imatrix' if view.integer else 'matrix'}"
        f"(args, {index}, {view.rows}, {view.cols})"
        for index, view in enumerate(body.views.values())
    ]
    setup = [f"{key} = random_key(clock, {stream})" for stream, key in body.keys.items()]
    return Draft(
        replace(text, name=name, views=tuple(views), setup=tuple(setup)),
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


_WRITERS: dict[str, Callable[[Body], KernelText]] = {
    "matmul": matmul,
    "outer": outer,
    "batched": batched,
    "rows": rows,
    "columns": columns,
    "transpose": transposed,
    "copy": copied,
    "gather": gathered,
    "scatter": scattered,
}


def node_flops(node: Node) -> int:
    """Arithmetic of a node, for one row where it has a batch; costly functions count by cost."""
    if node.op.flops is not None:
        return node.op.flops(node)
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
