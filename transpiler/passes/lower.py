"""Write structured ops in simple ones, and bring reductions and products to the forms with kernels.

    before                                          after
    %y = softmax(x, axis=1)                         %max = max(x); %exp = exp(x - max) ...
    %s = sum(x, axes=(0, 1))                        %r = sum(x, axes=(1,)); %s = sum(r, axes=(0,))
    %d = dot(g, w, contract=((1,), (1,)))           %t = transpose(w); %d = dot(g, t)

A reduction is left over one run of adjacent axes. A product is left as
rows times columns (`contract` is a's last axis with b's first after the batch
axes) or, where both contract all their leading axes, as it is.
"""

from __future__ import annotations

from kgen import ops
from kgen.dims import product
from kgen.graph import Graph, Node, Value, apply, current
from kgen.ops.contract import free_axes
from kgen.rewrite import rebuild


def lower(graph: Graph) -> Graph:
    """Expand what has no kernel of its own."""
    if any(_expands(node) for node in graph.nodes):  # into what may have to be rewritten as well
        graph = rebuild(graph, _expanded)
    return rebuild(graph, _rewrite)


def _expands(node: Node) -> bool:
    return node.op.expand is not None and not node.op.kernel


def _expanded(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if not _expands(node):
        return None
    assert node.op.expand is not None
    with current().naming(node.stem):
        expanded = node.op.expand(node, inputs)
    current().rename(expanded, node.output.name)
    return expanded


def _rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if node.op.name == "stop_gradient":
        return inputs[0]
    with current().naming(node.stem):
        if node.op.name in ("sum", "max", "min"):
            return _reduction(node, inputs[0])
        if node.op.name == "dot":
            return _product(node, *inputs)
        if node.op.name == "conv_transpose":
            return _conv_transpose(node, *inputs)
    return None


def _runs(axes: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Sorted axes split where they are not adjacent."""
    runs: list[tuple[int, ...]] = []
    for axis in axes:
        if runs and runs[-1][-1] == axis - 1:
            runs[-1] = (*runs[-1], axis)
        else:
            runs.append((axis,))
    return runs


def _reduction(node: Node, x: Value) -> Value | None:
    """Trailing axes first, then what is in front: the batch last, as its sum crosses threads."""
    axes, keepdims = node.attrs["axes"], node.attrs["keepdims"]
    behind = x.shape[axes[-1] + 1 :]
    if axes[-1] > 0 and behind and all(size == 1 for size in behind):  # then they are trailing
        lines = ops.reshape(x, x.shape[: axes[-1] + 1])
        folded = apply(node.op.name, lines, axes=axes, keepdims=False)
        return ops.reshape(_reduction(folded.node, lines) or folded, node.output.shape)
    runs = _runs(axes)
    first = runs[0]
    if len(runs) == 1 and first[0] == 0 and len(first) > 1:
        runs = [(0,), first[1:]]
    elif len(runs) == 1:
        return None
    for run in reversed(runs):
        x = apply(node.op.name, x, axes=run, keepdims=True)
    return x if keepdims else ops.reshape(x, node.output.shape)


def _product(node: Node, a: Value, b: Value) -> Value | None:
    (ca, cb), (ba, bb) = node.attrs["contract"], node.attrs["batch"]
    fa, fb = free_axes(a.type.rank, ca, ba), free_axes(b.type.rank, cb, bb)
    if not ba and ca == tuple(range(len(ca))) == cb and len(fa) == 1 and len(fb) == 1:
        if len(ca) == 1 and not _is_open(a, ca):
            a, fa, ca = ops.transpose(a, (1, 0)), (0,), (1,)
        else:
            return None
    elif not ba and len(ca) == 1 and ca[0] == a.type.rank - 1 and cb == (0,) and len(fb) == 1:
        return None
    rows = ops.transpose(a, (*ba, *fa, *ca))
    columns = ops.transpose(b, (*bb, *cb, *fb))
    return _matrices(node, rows, columns, len(ba), len(fa), len(ca), len(fb))


def _conv_transpose(node: Node, x: Value, w: Value) -> Value | None:
    """With padding for all that the taps reach, and whole strides of positions to crop.

    Without strides it is a convolution. Where taps lie apart or sizes are open, it is one of
    positions with zeros between them.
    """
    strides, low, positions = (node.attrs[name] for name in ("strides", "low", "positions"))
    sizes = [size for size in (*x.shape[1:-1], *positions) if isinstance(size, int)]
    spread = max(strides) == 1 or max(node.attrs["dilation"]) > 1
    if spread or len(sizes) < 2 * len(strides):
        return ops.conv_spread(x, w, node.attrs)
    wanted = list(sizes[len(strides) :])
    wanted[-1] += -wanted[-1] % strides[-1]
    before, behind, starts = [0], [0], []
    for axis, step in enumerate(strides):
        least = -(-(low[axis] - int(w.shape[axis]) + 1) // step)  # type: ignore[arg-type]
        most = (wanted[axis] - 1 + low[axis]) // step
        before.append(max(0, -least))
        behind.append(max(0, most - sizes[axis] + 1))
        starts.append(low[axis] + before[-1] * step)
    x = ops.pad(x, [*before, 0], [*behind, 0])
    attrs = {**node.attrs, "low": tuple(starts), "positions": tuple(wanted)}
    y = current().add(node.op, (x, w), attrs)
    extra = wanted[-1] - sizes[-1]
    return ops.crop(y, [0] * y.type.rank, [*[0] * len(strides), extra, 0])


def _is_open(value: Value, axes: tuple[int, ...]) -> bool:
    return any(not isinstance(value.shape[axis], int) for axis in axes)


def _matrices(node: Node, a: Value, b: Value, nb: int, na: int, nc: int, nf: int) -> Value:
    """The product of stacks of matrices, reshaped to the node's result."""
    batch, rows, inner = a.shape[:nb], a.shape[nb : nb + na], a.shape[nb + na :]
    columns = b.shape[nb + nc :]
    if nb == 0:
        a2 = ops.reshape(a, (*rows, product(inner)))
        b2 = ops.reshape(b, (product(inner), product(columns)))
        contract = ((a2.type.rank - 1,), (0,))
        out = current().add(node.op, (a2, b2), {"contract": contract, "batch": ((), ())})
        return ops.reshape(out, node.output.shape)
    a3 = ops.reshape(a, (*batch, product(rows), product(inner)))
    b3 = ops.reshape(b, (*batch, product(inner), product(columns)))
    axes = tuple(range(nb))
    attrs = {"contract": ((nb + 1,), (nb,)), "batch": (axes, axes)}
    return ops.reshape(current().add(node.op, (a3, b3), attrs), node.output.shape)
