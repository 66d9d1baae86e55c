"""What elaboration delivers: a model in its phases, and all that training it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kgen.diagnostics import Source, Span
from kgen.graph import Graph, Shape, Value

CACHE_LINE = 16


def padded(size: int) -> int:
    """Floats a weight takes in the flat buffers: whole cache lines."""
    return -(-size // CACHE_LINE) * CACHE_LINE


@dataclass(frozen=True, slots=True)
class Described:
    """A runtime object by class name and keyword arguments: `Adam(learning_rate=0.001)`.

    Arguments are numbers, strings, truth values, None, lists, or `Described`.
    """

    kind: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InputInfo:
    """An input as the user sees it; `shape` leaves out the batch."""

    name: str
    dtype: str
    shape: Shape
    batch: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """What `y` must be for one output. `classes` bounds integer labels, but for `ignored`.

    `input` and `sample_weight` name the inputs of the training graph; there is a weight
    for each place of the shape `weights` of a sample. Rows that are `filled` may be shorter.
    """

    output: str
    input: str
    sample_weight: str
    dtype: str
    shape: Shape
    classes: int | None
    weights: tuple[int, ...] = ()
    ignored: int | None = None
    filled: bool = False


@dataclass(frozen=True, slots=True)
class ViewInfo:
    """A part of the model to be used by itself; `feeds` are its inputs' names in its graph."""

    name: str
    inputs: tuple[InputInfo, ...]
    feeds: tuple[str, ...]
    graph: Graph
    span: Span


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """A row of the summary: one layer, or one nested model's layer."""

    name: str
    kind: str
    shape: Shape
    weights: tuple[str, ...]
    calls: int
    span: Span


@dataclass(frozen=True, slots=True)
class Applied:
    """One application of a layer, a function, or a model inside another: what a reader sees as one.

    `path` is the layer's or model's, empty for functions; what a model does `inside` is None for
    the others. Values are those of the graph as it was before any pass.
    """

    path: str
    kind: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    span: Span
    inside: Outline | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """What the body of a model applies, in order, from its inputs to its outputs.

    `ends` are further values that something is made of: views, objectives, losses added.
    """

    applied: tuple[Applied, ...]
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    ends: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class OptimizerInfo:
    """The optimizer's runtime description and its update as graphs, one after another.

    Their inputs are called `weights`, `gradients`, or after a slot, and are flat for all
    trainable weights, or `<name>:<path>` for the share of one weight; each output is what
    the buffer of its name becomes. `updates` makes them for a flat buffer of so many
    floats; `alone` are the paths of weights with a share of their own. `scalars` are the
    runtime's per-step figures.
    """

    described: Described
    slots: Mapping[str, float]
    scalars: tuple[str, ...]
    updates: Callable[[int], tuple[Graph, ...]]
    alone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Model:
    """An elaborated model. Graphs share weights by path.

    `predict` is inference; `train` and `evaluate` have targets, sample weights,
    loss and metrics besides, `train` in training mode with gradients still to
    be taken. `train`, `evaluate` and `optimizer` are None without `train:`. `files`
    are pairs: weights below this path start from those of this file. `outline` is of `train`
    where there is one, else of `predict`.
    """

    name: str
    doc: str
    source: Source
    span: Span
    inputs: tuple[InputInfo, ...]
    layers: tuple[LayerInfo, ...]
    predict: Graph
    train: Graph | None
    evaluate: Graph | None
    targets: tuple[TargetInfo, ...]
    optimizer: OptimizerInfo | None
    outline: Outline
    views: tuple[ViewInfo, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
