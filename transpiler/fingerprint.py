"""What a model computes, as a short text by which a checkpoint knows the model it belongs to.

It is made of the graphs as elaborated, before any pass, so it is the same for every target. Names
of values, dimensions, inputs and outputs, comments, the order of independent lines, metrics and
views have no part in it; paths of weights do, because files go by them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from kgen.dims import declared
from kgen.graph import Dim, Graph, Node, Value
from kgen.model import CACHE_LINE, Described, Model, OptimizerInfo
from kgen.ops.scan import Loop, next_of, stack_key


def fingerprint(model: Model) -> str:
    """Digests of what training depends on, joined by `-`.

    They are of the outputs, and, for a model that can be trained, of its loss with the updates of
    its other weights, and of the optimizer but for its learning rate, which checkpoints hold.
    """
    predict, train = model.predict, model.train
    if predict.outputs:
        parts = [_outputs(predict)]
    else:
        parts = [_digest(_outputs(view.graph) for view in model.views)]
    if train is not None and model.optimizer is not None:
        digests = _Digests(train).found
        updates = sorted(f"{path} {digests[value]}" for path, value in train.updates.items())
        loss = [digests[train.loss]] if train.loss is not None else []
        parts += [_digest([*loss, *updates]), _optimizer(model.optimizer)]
    return "-".join(parts)


def _outputs(graph: Graph) -> str:
    digests = _Digests(graph).found
    return _digest(digests[value] for value in graph.outputs.values())


def _optimizer(optimizer: OptimizerInfo) -> str:
    """The settings, and the graphs of the update, which constraints of weights are a part of."""
    settings = _settings(optimizer.described, without="learning_rate")
    graphs = []
    for graph in optimizer.updates(CACHE_LINE):
        digests = _Digests(graph).found
        graphs += [f"{name} {digests[value]}" for name, value in graph.outputs.items()]
    return _digest([settings, *graphs])


def _settings(value: Any, without: str = "") -> str:
    if isinstance(value, Described):
        arguments = {k: _settings(v) for k, v in value.args.items() if k != without}
        return f"{value.kind}{sorted(arguments.items())}"
    return _plain(value)


def _digest(texts: Iterable[str]) -> str:
    return blake2b("\n".join(texts).encode(), digest_size=8).hexdigest()


class _Digests:
    """The digest of every value of a graph: of the op, its attributes, and the inputs' digests.

    `dims` are what the open dimensions of a graph around it are called.
    """

    def __init__(self, graph: Graph, dims: Mapping[str, str] | None = None) -> None:
        given = graph.inputs.values()
        if dims is None:
            dims = {dim.name: f"dim {place}" for place, dim in enumerate(declared(given))}
        self.dims = dims
        self.places = {value: place for place, value in enumerate(given)}
        self.weights = {weight.value: weight for weight in graph.weights.values()}
        self.bodies: dict[Value, _Digests] = {}
        self.found: dict[Value, str] = {}
        for node in graph.nodes:
            inputs = [self.found[value] for value in node.inputs]
            self.found[node.output] = _digest([*self._own(node), *inputs])

    def _own(self, node: Node) -> list[str]:
        """What tells a node from others with the same inputs."""
        value = node.output
        if value in self.places:
            return ["input", str(self.places[value]), value.dtype, self._text(value.shape)]
        if value in self.weights:
            weight = self.weights[value]
            about = (weight.path, weight.shape, weight.trainable, weight.carried)
            return ["weight", self._text(about)]
        if node.op.name == "scan":
            return ["scan", *self._loop(value, node.attrs["loop"])]
        if node.op.name == "scan_output":
            return ["scan_output", *self._projection(node)]
        return [node.op.name, self._text(node.attrs)]

    def _loop(self, scan: Value, loop: Loop) -> list[str]:
        body = self.bodies[scan] = _Digests(loop.body, self.dims)
        carries = [body.found[loop.body.outputs[next_of(carry)]] for carry in loop.carried]
        return [self._text((loop.sequences, loop.length)), *carries]

    def _projection(self, node: Node) -> list[str]:
        """Which result of a loop: values of its body go by names, which are nobody's business."""
        (scan,) = node.inputs
        loop: Loop = scan.node.attrs["loop"]
        key, flipped = node.attrs["key"], node.attrs["flipped"]
        if node.attrs["kind"] == "last":
            return ["last", str(loop.carried.index(key))]
        if loop.stacks is not None:
            value = loop.body.outputs[stack_key(key, flipped)]
        else:
            value = next(n.output for n in loop.body.nodes if n.output.name == key)
        return ["stack", str(flipped), self.bodies[scan].found[value]]

    def _text(self, value: Any) -> str:
        if isinstance(value, Dim):
            return re.sub(r"[A-Za-z_]\w*", lambda m: self.dims.get(m[0], m[0]), value.name)
        if isinstance(value, Mapping):
            items = (f"{key}={self._text(one)}" for key, one in sorted(value.items()))
            return f"{{{', '.join(items)}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self._text, value))}]"
        return _plain(value)


def _plain(value: Any) -> str:
    """Numbers as Python has them, however NumPy prints its own."""
    return repr(value.item() if isinstance(value, np.generic) else value)
