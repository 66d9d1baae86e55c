"""The graph of a model's layers, as it is drawn: boxes and what flows between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from math import prod
from typing import Literal

from kgen.graph import BATCH, Value
from kgen.model import Applied, Model, Outline

Role = Literal["input", "output", "layer", "function", "model", "end"]
ARROW = " \u2192 "
TIMES = " \u00d7 "


@dataclass(frozen=True, slots=True)
class Box:
    """A box: for a layer its name, class, output shape and weights.

    `line` is of the `.k` file; `call` tells which application of a shared layer it is, and of how
    many: the first one has the weights; `inside` is what a model or a `Sequential` does.
    """

    id: str
    role: Role
    title: str
    kind: str
    shape: str
    line: int
    weights: int = 0
    frozen: bool = False
    call: tuple[int, int] = (1, 1)
    inside: Diagram | None = None

    @property
    def is_shared(self) -> bool:
        """Whether it is applied several times."""
        return self.call[1] > 1

    @property
    def remark(self) -> str:
        """Weights, and whether they are another box's too."""
        number, total = self.call
        if number > 1:
            return f"shared, call {number} of {total}"
        words = [f"{self.weights:,} weights"] if self.weights else []
        words += ["frozen"] if self.frozen else []
        words += [f"shared, {total} calls"] if total > 1 else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Diagram:
    """Boxes in the order of the file, and pairs of their ids: from one to another."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]


def diagrams(models: Sequence[Model], wanted: str | None = None) -> dict[str, Diagram]:
    """The models' graphs by name: those that stand in no other, or the `wanted` one."""
    inner = {a.kind for model in models for a in _models_inside(model.outline)}
    shown = [m for m in models if (m.name == wanted if wanted else m.name not in inner)]
    return {model.name: diagram(model, f"m{place}") for place, model in enumerate(shown)}


def _models_inside(outline: Outline) -> Iterable[Applied]:
    for applied in outline.applied:
        if applied.inside is not None:
            yield applied
            yield from _models_inside(applied.inside)


def diagram(model: Model, prefix: str = "") -> Diagram:
    """The graph of a model; ids begin with the prefix."""
    return _Drawer(model, prefix).scope(model.outline)


class _Drawer:
    """Numbers boxes, and counts the calls of layers, through all of a model."""

    def __init__(self, model: Model, prefix: str) -> None:
        self.prefix = prefix
        self.numbers = count(1)
        graph = model.train if model.train is not None else model.predict
        self.weights = [w for w in graph.weights.values() if not w.carried]

    def scope(self, outline: Outline) -> Diagram:
        """What is applied between the inputs and outputs of one model."""
        return _Scope(self, outline).diagram()

    def new_id(self) -> str:
        return f"{self.prefix}b{next(self.numbers)}"


def _all(outline: Outline) -> Iterable[Applied]:
    for applied in outline.applied:
        yield applied
        if applied.inside is not None:
            yield from _all(applied.inside)


class _Scope:
    """Boxes of one body; `makers` tells from which box each value comes."""

    def __init__(self, drawer: _Drawer, outline: Outline) -> None:
        self.drawer = drawer
        self.outline = outline
        self.boxes: list[Box] = []
        self.edges: dict[tuple[str, str], None] = {}
        self.makers: dict[Value, str] = {}
        self.calls = Counter(applied.path for applied in outline.applied)
        self.called: Counter[str] = Counter()

    def diagram(self) -> Diagram:
        """All boxes from which an output, or another end, can be reached."""
        for name, value in self.outline.inputs.items():
            self.makers[value] = self._end("input", name, value)
        for applied in self.outline.applied:
            self._apply(applied)
        for name, value in self.outline.outputs.items():
            self._connect([value], self._end("output", name, value))
        for name, value in self.outline.ends:
            self._connect([value], self._end("end", name, value))
        return _joined(_needed(Diagram(tuple(self.boxes), tuple(self.edges))))

    def _end(self, role: Role, name: str, value: Value) -> str:
        id = self.drawer.new_id()
        self.boxes.append(Box(id, role, name, "", shape_text(value), _line(value)))
        return id

    def _connect(self, values: Iterable[Value], target: str) -> None:
        for value in values:
            source = self._source(value)
            if source is not None:
                self.edges[source, target] = None

    def _apply(self, applied: Applied) -> None:
        drawer, path = self.drawer, applied.path
        id = drawer.new_id()
        role: Role = "model" if applied.inside is not None else "layer" if path else "function"
        box = Box(id, role, applied.kind, "", "", applied.span.line)
        if path:
            self.called[path] += 1
            own = [w for w in drawer.weights if w.path.startswith(f"{path}/")]
            box = replace(
                box,
                title=path.split("/")[-1],
                kind=applied.kind,
                weights=sum(prod(w.shape) for w in own) if self.called[path] == 1 else 0,
                frozen=bool(own) and not any(w.trainable for w in own),
                call=(self.called[path], self.calls[path]),
            )
        box = replace(box, shape=", ".join(map(shape_text, applied.outputs)))
        self._connect(applied.inputs, id)
        if applied.inside is not None:
            inside = drawer.scope(applied.inside)
            # A shared model is drawn once, at its first call.
            box = replace(box, inside=inside if box.call[0] == 1 else None)
            for inner in _all(applied.inside):
                self.makers.update(dict.fromkeys(inner.outputs, id))
        self.boxes.append(box)
        self.makers.update(dict.fromkeys(applied.outputs, id))

    def _source(self, value: Value) -> str | None:
        """The box that makes a value; operators get boxes when somebody needs what they make."""
        stack = [value]
        seen: dict[Value, str | None] = {}
        while stack:
            at = stack[-1]
            if at in self.makers or at in seen:
                stack.pop()
                continue
            inputs = [v for v in at.node.inputs if v not in self.makers and v not in seen]
            if inputs:
                stack += inputs
                continue
            stack.pop()
            sources = [self.makers.get(v) or seen.get(v) for v in at.node.inputs]
            found = list(filter(None, sources))
            if not found:
                seen[at] = None
                continue
            id = self.drawer.new_id()
            title = at.node.op.name
            self.boxes.append(Box(id, "function", title, "", shape_text(at), _line(at)))
            self.edges.update(dict.fromkeys((source, id) for source in found))
            self.makers[at] = id
        return self.makers.get(value)


def _needed(drawn: Diagram) -> Diagram:
    """Without boxes that lead nowhere."""
    live = {box.id for box in drawn.boxes if box.role in ("input", "output", "end")}
    sources: dict[str, list[str]] = {}
    for source, target in drawn.edges:
        sources.setdefault(target, []).append(source)
    stack = list(live)
    while stack:
        for source in sources.get(stack.pop(), ()):
            if source not in live:
                live.add(source)
                stack.append(source)
    return Diagram(
        tuple(box for box in drawn.boxes if box.id in live),
        tuple(edge for edge in drawn.edges if live.issuperset(edge)),
    )


def _joined(drawn: Diagram) -> Diagram:
    """Functions of one line that only follow one another as one box: `square → sum → sqrt`."""
    leaving = Counter(source for source, _ in drawn.edges)
    entering = Counter(target for _, target in drawn.edges)
    boxes = {box.id: box for box in drawn.boxes}
    edges = dict.fromkeys(drawn.edges)
    for source, target in drawn.edges:
        first, second = boxes.get(source), boxes.get(target)
        if first is None or second is None or leaving[source] > 1 or entering[target] > 1:
            continue
        if {first.role, second.role} != {"function"} or first.line != second.line:
            continue
        boxes[target] = replace(second, title=first.title + ARROW + second.title)
        del boxes[source], edges[source, target]
        moved = [(a, b) for a, b in edges if b == source]
        edges = {(a, target if b == source else b): None for a, b in edges}
        entering[target] = len(moved)
    return Diagram(tuple(boxes.values()), tuple(edges))


def shape_text(value: Value) -> str:
    """The sizes but for the batch; `int32` before those of whole numbers; `scalar`."""
    shape = value.shape[1:] if value.shape[:1] == (BATCH,) else value.shape
    sizes = TIMES.join(f"{s:,}" if isinstance(s, int) else str(s) for s in shape) or "scalar"
    return sizes if value.dtype == "float32" else f"{value.dtype} {sizes}"


def _line(value: Value) -> int:
    return value.span.line if value.span is not None else 0
