"""Let each thread sum the gradients of small weights over its own rows of the batch.

before                                  after
%dw = dot(%x, %dy, over the batch)      %parts = dot_parts(%x, %dy)    [threads, ...]
                                        %dw = sum(%parts, axis 0)

A product over the whole batch needs the rows that other threads made: a barrier, and rows that
travel between cores. Where the gradients are smaller than those rows, they travel instead, once.
So are the gradients of a convolution's kernel, since an image has many windows, and of a layer
that is applied to each step of a sequence.
"""

from __future__ import annotations

from math import prod

from kgen import ops
from kgen.dims import product
from kgen.graph import BATCH, Graph, Node, Shape, Value, apply
from kgen.rewrite import rebuild

# Floats of all gradients up to which a part for each thread pays.
_SMALL = 1 << 15
# Floats of one gradient up to which it pays beside the floats of a sequence that it is summed of,
# and at all: the parts of many threads must not fill the memory.
_BESIDE_A_SEQUENCE, _LARGEST = 4, 1 << 18
# How many steps are counted where their number is open.
_OPEN_STEPS = 32
# Windows of an image from which parts of a convolution's gradient cost little beside it.
_MANY_WINDOWS = 8


def part(graph: Graph) -> Graph:
    """Split sums over the batch by threads, where all of them together are small."""
    chosen = {node for node in graph.nodes if _is_product(node) or _is_sum(node)}
    if not graph.gradients or sum(_size(node) for node in chosen) > _SMALL:
        chosen = set()
    chosen |= {node for node in graph.nodes if _is_filter(node) or _is_of_steps(node)}
    if not chosen:
        return graph

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node not in chosen:
            return None
        name = node.output.name
        if node.op.name == "dot":
            parts = ops.dot_parts(inputs[0], inputs[1], f"{name}_parts")
        elif node.op.name == "conv_filter":
            parts = ops.filter_parts(node, inputs[0], inputs[1], f"{name}_parts")
        else:
            parts = ops.sum_parts(inputs[0], f"{name}_parts")
        total = apply("sum", parts, hint=name, axes=(0,), keepdims=False)
        return ops.reshape(total, node.output.shape)

    return rebuild(graph, rewrite)


def _size(node: Node) -> int:
    return _size_of(node.output.shape)


def _size_of(shape: Shape) -> int:
    size = product(shape)
    assert isinstance(size, int)
    return size


def _is_product(node: Node) -> bool:
    """Whether it is a product of two matrices over all rows of the batch."""
    if node.op.name != "dot" or BATCH in node.output.shape:
        return False
    a, b = node.inputs
    contract, batch = node.attrs["contract"], node.attrs["batch"]
    leading = tuple(range(a.type.rank - 1))
    return (
        not batch[0]
        and contract == (leading, leading)
        and a.type.rank == b.type.rank
        and a.shape[:1] == (BATCH,)
        and isinstance(product(node.output.shape), int)
    )


def _is_of_steps(node: Node) -> bool:
    """Whether it is a product over sequences beside which its result is small."""
    if not _is_product(node) or node.inputs[0].type.rank < 3:
        return False
    a, b = node.inputs
    steps = prod(size if isinstance(size, int) else _OPEN_STEPS for size in a.shape[1:-1])
    each = steps * (_size_of(a.shape[-1:]) + _size_of(b.shape[-1:]))
    return _size(node) <= min(_BESIDE_A_SEQUENCE * each, _LARGEST)


def _is_sum(node: Node) -> bool:
    """Whether it is the sum of the rows of the batch, each of several numbers."""
    if node.op.name != "sum" or node.attrs["axes"] != (0,):
        return False
    x = node.inputs[0]
    return (
        x.type.rank == 2 and x.shape[0] == BATCH and isinstance(x.shape[1], int) and x.shape[1] > 1
    )


def _is_filter(node: Node) -> bool:
    """Whether it is the gradient of a convolution of images of known size for its kernel."""
    if node.op.name != "conv_filter":
        return False
    x, grad = node.inputs
    windows = product(grad.shape[1:-1])
    known = isinstance(product(x.shape[1:]), int) and isinstance(windows, int)
    return x.shape[0] == BATCH and known and windows >= _MANY_WINDOWS  # type: ignore[operator]
