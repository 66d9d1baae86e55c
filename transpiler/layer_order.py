"""Which layers of one class stand side by side, so that a graph does not tell their order."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.graph import Graph
from kgen.model import Model


def beside(model: Model) -> tuple[tuple[str, str], ...]:
    """Pairs of layers of one class and shape, the second of which does not read the first.

    Keras counts the layers of a class by their distance from the outputs. Each pair are
    neighbours in the order of application, in one model; nested models always make one.
    """
    kinds = {info.name: info.kind for info in model.layers}
    scopes: dict[str, dict[str, list[str]]] = {}
    for info in model.layers:
        parts = info.name.split("/")
        for depth in range(len(parts)):
            scope, entry = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
            if scope in kinds:  # what is inside a layer goes by its name
                break
            scopes.setdefault(scope, {}).setdefault(entry, []).extend(info.weights)
    found: list[tuple[str, str]] = []
    for entries in scopes.values():
        after = _Readers(model.predict, entries)
        latest: dict[object, str] = {}
        for entry, paths in entries.items():
            if not paths:
                continue
            shapes = tuple(model.predict.weights[path].shape for path in paths)
            alike = (kinds.get(entry), shapes)
            before = latest.get(alike)
            if before and (entry not in kinds or not after.reads(entry, before)):
                found.append((before, entry))
            latest[alike] = entry
    return tuple(found)


class _Readers:
    """What depends on which layers' weights, each weight being a bit."""

    def __init__(self, graph: Graph, entries: Mapping[str, list[str]]) -> None:
        places = {path: 1 << place for place, path in enumerate(graph.weights)}
        self.weights = {
            entry: [places[path] for path in paths if path in places]
            for entry, paths in entries.items()
        }
        bits = {weight.value: places[path] for path, weight in graph.weights.items()}
        fed = set(graph.inputs.values())
        # For each use of weights on data: which weights, and which ones the data went through.
        self.uses: list[tuple[int, int]] = []
        for node in graph.nodes:
            data = through = own = 0
            for value in node.inputs:
                if value in fed:
                    data, through = 1, through | bits.get(value, 0)
                else:
                    own |= bits.get(value, 0)
            if data:
                fed.add(node.output)
                self.uses += [(own, through)] if own else []
            bits[node.output] = bits.get(node.output, 0) | through | own

    def reads(self, entry: str, before: str) -> bool:
        """Whether each call of a layer reads what went through another.

        A call uses each weight of its layer, so one weight that is only used on such data tells it.
        """
        passed = sum(self.weights[before])
        for weight in self.weights[entry]:
            uses = [through for own, through in self.uses if own & weight]
            if uses and all(through & passed for through in uses):
                return True
        return False
