"""Rounding bounds of attention by blocks: those of what it is written in; importing adds them.

Blocks add the same terms up in another order, which the bounds of sums allow, and lower what was
added so far by factors that are exponentials as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from kgen.graph import OPS, Builder, TensorType
from kgen.rewrite import rebuild
from rounding import RULES, Near, Rule, _Attrs, bounds


def _written(name: str) -> Rule:
    """An operation as its expansion, its exponentials and sums off by twice as much."""

    def rule(inputs: Any, attrs: _Attrs) -> Near:
        op = OPS[name]
        assert op.expand is not None
        with Builder() as builder:
            values = tuple(
                builder.input(f"x{n}", TensorType("float32", near.mid.shape))
                for n, near in enumerate(inputs)
            )
            node = builder.add(op, values, attrs.known()).node
            whole = builder.graph(name, {"y": op.expand(node, values)})
        graph = rebuild(whole, lambda node, inputs: None)  # without the operation itself
        wide = {
            f"x{n}": Near(np.asarray(near.mid, np.float64), near.rad)
            for n, near in enumerate(inputs)
        }
        found = bounds(graph, wide)[graph.outputs["y"]]
        return Near(found.mid, 2.0 * found.rad)

    return rule


RULES.update({name: _written(name) for name in ("attention", "attention_gradient")})
