"""Evaluation of a graph by the NumPy references of its ops: the oracle of tests and `selfcheck`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from kgen.dims import evaluate
from kgen.graph import Dim, Graph, Node, Value


def interpret(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[Value, np.ndarray]:
    """Evaluate with the ops' NumPy references (the oracle of tests and `selfcheck`).

    `feeds` holds an array for each input by name and each weight by path, and
    may hold `seed`-dependent random values under a random node's name.
    """
    done: dict[Value, np.ndarray] = {}
    for node in graph.nodes:
        if node.op.name == "input":
            done[node.output] = np.asarray(feeds[node.attrs["name"]])
        elif node.op.name == "weight":
            done[node.output] = np.asarray(feeds[node.attrs["path"]])
        elif node.output.name in feeds:
            done[node.output] = np.asarray(feeds[node.output.name])
        else:
            arrays = [done[value] for value in node.inputs]
            attrs = _concrete(node, arrays, graph, done)
            done[node.output] = np.asarray(node.op.reference(*arrays, **attrs))
    return done


def _concrete(
    node: Node, arrays: Sequence[np.ndarray], graph: Graph, done: Mapping[Value, np.ndarray]
) -> dict[str, Any]:
    """The node's attributes with open dimensions replaced by what the feeds have."""
    shapes = [(value, done[value].shape) for value in graph.inputs.values() if value in done]
    sizes = {**_counted(shapes), **_sizes(shapes)}
    return {name: _known(value, sizes) for name, value in node.attrs.items()}


def open_sizes(graph: Graph, feeds: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The size of each declared open dimension, the batch among them, in arrays for the inputs."""
    inputs = [(value, name) for name, value in graph.inputs.items() if name in feeds]
    return _sizes((value, feeds[name].shape) for value, name in inputs)


def _sizes(shapes: Iterable[tuple[Value, Sequence[int]]]) -> dict[str, int]:
    return {
        size.name: actual
        for value, shape in shapes
        for size, actual in zip(value.shape, shape, strict=True)
        if isinstance(size, Dim) and size.formula is None
    }


def _counted(shapes: Iterable[tuple[Value, Sequence[int]]]) -> dict[str, int]:
    """Dimensions counted from others, which the body of a loop knows by their sizes alone."""
    return {
        size.name: actual
        for value, shape in shapes
        for size, actual in zip(value.shape, shape, strict=True)
        if isinstance(size, Dim) and size.formula is not None
    }


def _known(value: Any, sizes: Mapping[str, int]) -> Any:
    """An attribute with its open dimensions replaced."""
    if isinstance(value, Dim):
        return sizes[value.name] if value.name in sizes else evaluate(value, sizes)
    return tuple(_known(item, sizes) for item in value) if isinstance(value, tuple) else value
