"""Where the weights lie in the flat buffer, and how far apart the rows of large ones.

A matrix whose rows follow one another at a multiple of 1 KiB wastes the caches: a block of its
columns falls on a part of their sets only. Rows of such a matrix lie one cache line further apart.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from kgen.access import count
from kgen.fuse import root
from kgen.graph import Graph, Value, Weight
from kgen.model import CACHE_LINE, padded
from kgen.program import Buffer

_STRIDE = 256  # floats
_LARGE = 1 << 16
# What reads a weight, and writes its gradient, as a matrix.
_OF_MATRICES = ("dot", "dot_turned", "transpose")


def place_weights(
    reference: Graph, lowered: Sequence[Graph], alone: Container[str]
) -> tuple[dict[str, Buffer], int, int]:
    """Every weight's buffer: trainable ones first, each on a cache line.

    Args:
        reference: the graph that declares the weights.
        lowered: all graphs of the model that use them, after all passes.
        alone: the paths of weights that the optimizer updates by themselves.

    Returns:
        The buffers by path, the floats of the trainable part, and of the whole.
    """
    buffers: dict[str, Buffer] = {}
    offset = trainable = 0
    for wanted in (True, False):
        for path, weight in reference.weights.items():
            if weight.trainable is wanted and not weight.carried:
                size = count(weight.shape)[1]
                apart = path not in alone and _lies_apart(weight, lowered)
                step = weight.shape[-1] + CACHE_LINE if apart else 0
                buffers[path] = Buffer(path, "weight", size, key=path, offset=offset, step=step)
                offset += padded(weight.shape[0] * step if step else size)
        if wanted:
            trainable = offset
    return buffers, trainable, offset


def place_states(reference: Graph) -> tuple[dict[str, Buffer], int]:
    """The buffer of every state, its offset in floats of a row; and the floats of all of them."""
    buffers: dict[str, Buffer] = {}
    offset = 0
    for path, weight in reference.weights.items():
        if weight.carried:
            size = count(weight.shape)[1]
            buffers[path] = Buffer(path, "state", size, key=path, offset=offset)
            offset += size
    return buffers, offset


def _lies_apart(weight: Weight, lowered: Sequence[Graph]) -> bool:
    shape = weight.shape
    if len(shape) != 2 or shape[0] == 1 or shape[1] % _STRIDE or shape[0] * shape[1] < _LARGE:
        return False
    return all(_is_matrix(graph, weight.path) for graph in lowered if weight.path in graph.weights)


def _is_matrix(graph: Graph, path: str) -> bool:
    """Whether every kernel sees the weight, and its gradient, as the matrix that it is."""
    value = graph.weights[path].value
    users = [node for node in graph.nodes if value in node.inputs]
    if path in graph.updates or any(node.op.name not in _OF_MATRICES for node in users):
        return False
    gradient = graph.gradients.get(path)
    return gradient is None or _is_product(gradient, graph)


def _is_product(gradient: Value, graph: Graph) -> bool:
    users = [node for node in graph.nodes if gradient in node.inputs]
    return root(gradient) is gradient and gradient.node.op.name == "dot" and not users
