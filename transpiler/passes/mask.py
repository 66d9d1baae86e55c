"""Read off a dropout's result which of its elements pass a gradient on.

before                                      after
%z = where(%kept, %y * 1.25, 0)             the same
%a = where(%kept, %g, 0)                    %c = %z > 0
%b = %y > 0                                 %d = where(%c, %g * 1.25, 0)
%d = where(%b, %a * 1.25, 0)

An element of a ReLU passes it on if it was positive and kept, which is when it is positive still:
no random number is drawn again, and the ReLU's result need not be stored.
"""

from __future__ import annotations

from kgen.graph import Graph, Node, Value, current
from kgen.passes.simplify import known_number
from kgen.rewrite import rebuild


def mask(graph: Graph) -> Graph:
    """Rewrite the gradients of dropouts that follow a ReLU."""
    dropped: dict[tuple[Value, Value, float], Value] = {}

    def rewrite(node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op.name != "where" or known_number(inputs[2]) != 0.0:
            return None
        condition, chosen, zero = inputs
        if chosen.node.op.name != "multiply":
            return None
        value, other = chosen.node.inputs
        factor = known_number(other)
        if factor is None or factor < 1.0:  # less than one may make zero of what is positive
            return None
        result = dropped.get((*_condition_and_sign(value, condition), factor))
        if result is not None:
            sign = condition.node
            condition = current().add(sign.op, (result, sign.inputs[1]), {}, name="kept")
            chosen = value.node.inputs[1] * other
        made = current().add(node.op, (condition, chosen, zero), node.attrs, name=node.output.name)
        dropped[condition, value, factor] = made
        return made

    return rebuild(graph, rewrite)


def _condition_and_sign(value: Value, condition: Value) -> tuple[Value, Value]:
    """Of `where(kept, ..., 0)` chosen where `y > 0`: `kept` and `y`; else what is in no dropout."""
    sign, inner = condition.node, value.node
    if (sign.op.name, inner.op.name) != ("greater", "where"):
        return condition, condition
    if known_number(sign.inputs[1]) != 0.0 or known_number(inner.inputs[2]) != 0.0:
        return condition, condition
    return inner.inputs[0], sign.inputs[0]
