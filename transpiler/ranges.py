"""What values a model's integer inputs may have: they number the rows of its tables."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.graph import Graph, Value

# Operations that pass on what they are given.
_MOVES = ("broadcast_to", "concatenate", "copy", "reshape", "slice_axis", "transpose")


def index_limits(graphs: Iterable[Graph | None]) -> dict[str, int]:
    """For each input that numbers the rows of tables as it is, how many the smallest has.

    Numbers that a model computes are not among them: `gather_rows` holds those to its table.
    """
    limits: dict[str, int] = {}
    for graph in graphs:
        for node in graph.nodes if graph is not None else ():
            if node.op.name not in ("gather_rows", "scatter_rows"):
                continue
            gathers = node.op.name == "gather_rows"
            rows = node.inputs[0].shape[0] if gathers else node.attrs["rows"]
            assert isinstance(rows, int)
            for name in _inputs(node.inputs[1]):
                limits[name] = min(rows, limits.get(name, rows))
    return limits


def _inputs(places: Value) -> Iterable[str]:
    """The inputs whose elements are among the places, moved about at most."""
    stack, seen = [places], set()
    while stack:
        value = stack.pop()
        if value in seen:
            continue
        seen.add(value)
        if value.node.op.name == "input":
            yield value.node.attrs["name"]
        elif value.node.op.name in _MOVES:
            stack += value.node.inputs
