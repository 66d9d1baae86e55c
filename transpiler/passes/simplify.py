"""Fold constants, drop what changes nothing, and compute the same thing once.

before                              after
%c = constant(value=2.0)            %c = constant(value=6.0)
%d = constant(value=3.0)            %y = multiply(x, c)
%e = multiply(c, d)
%z = multiply(x, e)
%y = add(z, 0.0)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen import ops
from kgen.graph import Graph, Node, Value, constant, current
from kgen.rewrite import rebuild


def simplify(graph: Graph) -> Graph:
    """Local rewrites and common subexpressions, in one walk."""
    seen: dict[Any, Value] = {}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        new = _local(node, inputs)
        if new is not None:
            return new
        if node.op.name in ("input", "weight", "constant"):
            return None
        inputs = _unspread(node, inputs)
        key = (node.op.name, inputs, _key(node.attrs))
        found = seen.get(key)
        if found is None:
            found = current().add(node.op, inputs, node.attrs, name=node.output.name)
            seen[key] = found
        return found

    return rebuild(graph, rewrite)


def _key(attrs: Any) -> Any:
    return tuple(sorted((name, repr(value)) for name, value in attrs.items()))


def known_number(value: Value) -> float | None:
    """The number a value is known to be, through any broadcasting."""
    node = value.node
    if node.op.name == "broadcast_to":
        return known_number(node.inputs[0])
    return float(node.attrs["value"]) if node.op.name == "constant" else None


def _local(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    name = node.op.name
    shape = node.output.shape
    if name in ("reshape", "broadcast_to") and inputs[0].shape == shape:
        return inputs[0]
    if name in ("reshape", "broadcast_to") and inputs[0].node.op.name == name:
        return current().add(node.op, inputs[0].node.inputs, node.attrs, name=node.output.name)
    if name == "reshape" and (number := known_number(inputs[0])) is not None:
        return ops.broadcast_to(constant(number), shape)
    if name == "transpose" and inputs[0].node.op.name == "transpose":
        inner = inputs[0].node.attrs["axes"]
        return ops.transpose(inputs[0].node.inputs[0], [inner[a] for a in node.attrs["axes"]])
    if name in ("sum", "max", "min") and all(
        inputs[0].shape[axis] == 1 for axis in node.attrs["axes"]
    ):
        return ops.reshape(inputs[0], shape)
    if name == "add" and (joined := _joined(node, inputs)) is not None:
        return joined
    if not node.op.elementwise or node.output.dtype != "float32" or not inputs:
        return None
    numbers = [known_number(value) for value in inputs]
    if name != "broadcast_to" and all(number is not None for number in numbers):
        folded = node.op.reference(
            *(np.float32(number) for number in numbers if number is not None)
        )
        return ops.broadcast_to(constant(float(folded)), shape)
    return _identity(name, inputs, numbers, shape)


def _joined(node: Node, inputs: tuple[Value, ...]) -> Value | None:
    """The sum of joins that are zero where the other is not, as one join.

    The gradients of slices of one tensor add up so.
    """
    sources = [value.node for value in inputs]
    if any(n.op.name != "concatenate" or n.output.shape != node.output.shape for n in sources):
        return None
    axis = sources[0].attrs["axis"]
    if sources[1].attrs["axis"] != axis:
        return None
    parts: list[tuple[int, int, Value]] = []
    for source in sources:
        start = 0
        for value in source.inputs:
            stop = start + int(value.shape[axis])  # type: ignore[arg-type]
            if known_number(value) != 0.0:
                parts.append((start, stop, value))
            start = stop
    parts.sort(key=lambda part: part[0])
    joined: list[Value] = []
    shape, at = node.output.shape, 0

    def fill(stop: int) -> None:
        if stop > at:
            filler = (*shape[:axis], stop - at, *shape[axis + 1 :])
            joined.append(ops.broadcast_to(constant(0.0), filler))

    for begin, stop, value in parts:
        if begin < at:
            return None
        fill(begin)
        joined.append(value)
        at = stop
    fill(start)
    return ops.concatenate(joined, axis)


def _identity(
    name: str, inputs: tuple[Value, ...], numbers: list[float | None], shape: Any
) -> Value | None:
    """x + 0, x - 0, x * 1, x * -1, x / 1, x ** 1 and --x; never x * 0, which would lose NaN."""
    neutral = {"add": 0.0, "subtract": 0.0, "multiply": 1.0, "divide": 1.0, "power": 1.0}
    if name == "negative" and inputs[0].node.op.name == "negative":
        return inputs[0].node.inputs[0]
    if name == "multiply" and -1.0 in numbers:
        return ops.broadcast_to(-inputs[numbers.index(-1.0) - 1], shape)
    if name not in neutral:
        return None
    if numbers[1] == neutral[name]:
        return ops.broadcast_to(inputs[0], shape)
    if name in ("add", "multiply") and numbers[0] == neutral[name]:
        return ops.broadcast_to(inputs[1], shape)
    if name == "divide" and (number := numbers[1]):
        reciprocal = 1.0 / number
        if np.float32(reciprocal) * number == 1.0:  # exact only for powers of two
            return inputs[0] * reciprocal
    return None


def _unspread(node: Node, inputs: tuple[Value, ...]) -> tuple[Value, ...]:
    """Elementwise ops broadcast by themselves: take what a broadcast was made of."""
    if not node.op.elementwise or len(inputs) < 2:
        return inputs
    from kgen.ops.elementwise import broadcast_shapes

    current_inputs = list(inputs)
    for position, value in enumerate(inputs):
        if value.node.op.name != "broadcast_to":
            continue
        trial = [*current_inputs]
        trial[position] = value.node.inputs[0]
        if broadcast_shapes([v.shape for v in trial]) == node.output.shape:
            current_inputs = trial
    return tuple(current_inputs)
