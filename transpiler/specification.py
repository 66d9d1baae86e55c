"""The emitted module's record of its model: what the runtime reads, as Python source."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kgen import __version__, pycode
from kgen.access import count
from kgen.diagnostics import utf8_path
from kgen.dims import declared, requirements
from kgen.fingerprint import fingerprint
from kgen.graph import BATCH, Dim, Graph, Shape
from kgen.kernels import node_flops
from kgen.layer_order import beside
from kgen.model import Described, Model, ViewInfo
from kgen.precision import FLOAT32
from kgen.program import Buffer, Program
from kgen.ranges import index_limits


@dataclass(frozen=True, slots=True)
class Phases:
    """A model with its programs laid out; `few` predicts one row, or a few.

    They take up to `max_memory` bytes, if that is not None.
    """

    model: Model
    weights: Mapping[str, Buffer]
    slots: Mapping[str, float]
    trainable: int
    size: int
    predict: Program
    few: Program
    train: Program | None
    evaluate: Program | None
    views: tuple[Program, ...] = ()
    states: Mapping[str, Buffer] = field(default_factory=dict)
    max_memory: int | None = None

    def programs(self) -> list[Program]:
        """All that there are."""
        single = [p for p in (self.predict, self.few, self.train, self.evaluate) if p is not None]
        return [*single, *self.views]


def basename(path: str) -> str:
    """A file's name, fit to stand in a docstring."""
    return pycode.printable(re.split(r"[\\/]", utf8_path(path))[-1]).replace('"', "'")


def specification(phase: Phases, name: str, weights: str, precision: str) -> str:
    """The record `name` of a model, whose weights are in the tuple `weights`."""
    model = phase.model
    arguments = [
        f"name={pycode.quoted(model.name)}",
        f"source={pycode.quoted(basename(model.source.path))}",
        f"version={pycode.quoted(__version__)}",
        f"fingerprint={pycode.quoted(fingerprint(model))}",
        _records("inputs", "Input", _inputs(model)),
        _records("outputs", "Output", _outputs(model.predict)),
        _records("targets", "Target", _targets(model)),
        f"weights={weights}",
        _records("metrics", "Metric", _metrics(phase)),
        pycode.sequence(_layers(phase), "()", 4, "layers="),
        f"trainable={phase.trainable}",
        f"size={phase.size}",
    ]
    if model.optimizer is not None and phase.train is not None:
        feeds = [i.name for i in model.inputs]
        feeds += [t.input for t in model.targets] + [t.sample_weight for t in model.targets]
        arguments += [
            pycode.literal(dict(phase.slots), 4, "slots="),
            described(model.optimizer.described, 4, "optimizer="),
            f"totals={sum(buffer.size for buffer in phase.train.totals)}",
        ]
    else:
        feeds = [i.name for i in model.inputs]
    arguments.append(pycode.literal(tuple(feeds), 4, "feeds="))
    arguments += _dims(phase)
    if phase.states:
        arguments.append(_records("states", "LayerState", _states(phase)))
    if pairs := beside(model):
        arguments.append(pycode.literal(pairs, 4, "beside="))
    if model.files:
        arguments.append(pycode.literal(model.files, 4, "files="))
    if model.views:
        arguments.append(pycode.sequence([_view(v) for v in model.views], "()", 4, "views="))
    if phase.max_memory is not None:
        arguments.append(f"max_memory={phase.max_memory}")
    if precision != FLOAT32:
        arguments.append(f"precision={pycode.quoted(precision)}")
    return pycode.call("Spec", arguments, 0, f"{name} = ")


def _records(field: str, kind: str, rows: Sequence[tuple[Any, ...]], indent: int = 4) -> str:
    prefix = f"{field}=" if field else ""
    cells = [[pycode.literal(cell) for cell in row] for row in rows]
    together = pycode.sequence([f"{kind}({', '.join(row)})" for row in cells], "()", indent, prefix)
    if "\n" not in together:
        return together
    items = [pycode.call(kind, row, indent + 4) for row in cells]
    return pycode.sequence(items, "()", indent, prefix)


def _inputs(model: Model) -> list[tuple[Any, ...]]:
    limits = index_limits((model.predict, model.train, model.evaluate))
    return [
        (i.name, i.dtype, _open(i.shape), *_options(limits.get(i.name), i.shape))
        for i in model.inputs
    ]


def _view(view: ViewInfo) -> str:
    """The record of a view."""
    limits = index_limits((view.graph,))
    inputs = [
        (i.name, i.dtype, _open(i.shape), *_options(limits.get(feed), i.shape))
        for i, feed in zip(view.inputs, view.feeds, strict=True)
    ]
    _, needs = requirements([view.graph])
    arguments = [
        pycode.quoted(view.name),
        _records("", "Input", inputs, 12),
        _records("", "Output", _outputs(view.graph), 12),
        pycode.literal(view.feeds, 12),
    ]
    if needs:
        arguments.append(pycode.literal(tuple(size.name for size in needs), 12, "needs="))
    return pycode.call("View", arguments, 8)


def _outputs(graph: Graph) -> list[tuple[Any, ...]]:
    return [
        (name, _open(v.shape[1:]), *_options(v.dtype, v.shape[1:], "float32"))
        for name, v in graph.outputs.items()
    ]


def _options(value: Any, shape: Shape, usual: Any = None) -> tuple[Any, ...]:
    """What follows a shape in a record, where it is not as usual: a value, and open dimensions."""
    dims = tuple(size.name for size in shape if isinstance(size, Dim))
    return (value, dims) if dims else () if value == usual else (value,)


def _dims(phase: Phases) -> list[str]:
    """Arguments for the open dimensions: their bounds, and what sizes made of them need."""
    model = phase.model
    graphs = [graph for graph in (model.predict, model.train, model.evaluate) if graph is not None]
    order = declared(model.predict.inputs.values())
    least, needs = requirements(graphs)
    rows = []
    for dim in order:
        bounds = (max(least.get(dim, 1), dim.minimum), dim.maximum)
        rows.append(
            (dim.name, *(bounds if bounds[1] is not None else bounds[:1] if bounds[0] > 1 else ()))
        )
    arguments = [_records("dims", "Dim", rows)] if rows else []
    if needs:
        arguments.append(pycode.literal(tuple(size.name for size in needs), 4, "needs="))
    batch = next((i.batch for i in model.inputs if i.batch is not None), None)
    return [*arguments, *([f"batch={batch}"] if batch is not None else [])]


def _open(shape: Shape) -> tuple[int | None, ...]:
    return tuple(None if isinstance(size, Dim) else size for size in shape)


def _targets(model: Model) -> list[tuple[Any, ...]]:
    rows = []
    for t in model.targets:
        dims = tuple(size.name for size in t.shape if isinstance(size, Dim))
        options: list[Any] = [t.classes, dims, t.weights, t.ignored, t.filled]
        while options and options[-1] in (None, (), False):
            options.pop()
        rows.append((t.output, t.dtype, _open(t.shape), *options))
    return rows


def weight_table(phase: Phases, name: str) -> str:
    """The model's weights in the order of the flat buffer, as the tuple `name`."""
    graph = phase.model.predict if phase.model.train is None else phase.model.train
    items = []
    for path, buffer in sorted(phase.weights.items(), key=lambda item: item[1].offset):
        weight = graph.weights[path]
        cells = [
            pycode.quoted(path),
            pycode.literal(weight.shape, 8),
            str(buffer.offset),
            pycode.quoted(weight.initializer.kind),
            pycode.literal(dict(weight.initializer.args)),
        ]
        if not weight.trainable:
            cells.append("False")
        if buffer.step:
            cells.append(f"step={buffer.step}")
        items.append(pycode.call("Weight", cells, 4))
    return pycode.sequence(items, "()", 0, f"{name} = ")


def _states(phase: Phases) -> list[tuple[Any, ...]]:
    """The states of layers, by their places in a row."""
    weights = phase.model.predict.weights
    return [(path, weights[path].shape, b.offset) for path, b in phase.states.items()]


def _metrics(phase: Phases) -> list[tuple[Any, ...]]:
    """Metrics by the places of their totals, each behind the one before."""
    graph = phase.model.train
    rows: list[tuple[Any, ...]] = []
    place = 0
    for metric in graph.metrics if graph is not None else ():
        places: list[Any] = []
        for value in metric.totals:
            places.append((place, *value.shape) if value.shape else place)
            place += count(value.shape)[1]
        row: tuple[Any, ...] = (metric.name, tuple(places))
        if metric.arguments:
            row = (*row, metric.finish, dict(metric.arguments))
        elif metric.finish != "mean":
            row = (*row, metric.finish)
        rows.append(row)
    return rows


def layer_flops(model: Model) -> dict[str, int]:
    """Arithmetic of each layer for one row, in inference: its nodes carry its name."""
    names = sorted((info.name for info in model.layers), key=len, reverse=True)
    found = dict.fromkeys(names, 0)
    for node in model.predict.nodes:
        owner = node.output.name
        layer = next((n for n in names if owner == n or owner.startswith(f"{n}_")), None)
        if layer is not None and BATCH in node.output.shape:
            found[layer] += node_flops(node)
    return found


def _layers(phase: Phases) -> list[str]:
    items = []
    work = layer_flops(phase.model)
    for info in phase.model.layers:
        parameters = sum(phase.weights[path].size for path in info.weights)
        cells = [
            pycode.quoted(info.name),
            pycode.quoted(info.kind),
            pycode.literal(_open(info.shape)),
            str(parameters),
            str(work[info.name]),
            str(info.span.line),
        ]
        if info.weights:
            cells.append(pycode.literal(info.weights, 12))
        items.append(pycode.call("Layer", cells, 8))
    return items


def described(value: Any, indent: int = 0, prefix: str = "") -> str:
    """A runtime object as the call that makes it."""
    if isinstance(value, Described):
        arguments = [described(v, indent + 4, f"{name}=") for name, v in value.args.items()]
        return pycode.call(value.kind, arguments, indent, prefix)
    return prefix + pycode.literal(value, indent)
