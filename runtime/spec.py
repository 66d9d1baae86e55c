"""What an emitted module declares about its model: plain, frozen records.

`Model` (fit, predict, save ...) and the engine read nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dim:
    """An open dimension, whose size each batch of data gives, within bounds."""

    name: str
    minimum: int = 1
    maximum: int | None = None


@dataclass(frozen=True)
class Input:
    """An input: `shape` leaves out the batch; None marks an open dimension.

    `dims` names the open ones in order; here and below they are formulas over the
    names where a size is computed. Integers that number the rows of a table must
    lie in `[0, limit)`.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...]
    limit: int | None = None
    dims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Output:
    """An output; `shape` leaves out the batch."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"
    dims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """What `y` must be for the output of the same name.

    `dtype` is `int32` for class labels, which must lie in `[0, classes)` or be `ignored`, and
    `float32` otherwise; `shape` leaves out the batch. Rows that are `filled` may be shorter than
    that: zeros follow.
    """

    output: str
    dtype: str
    shape: tuple[int | None, ...]
    classes: int | None = None
    dims: tuple[str, ...] = ()
    weights: tuple[int, ...] = ()
    ignored: int | None = None
    filled: bool = False


@dataclass(frozen=True)
class Weight:
    """A weight: its place (in floats) in the flat buffer, and how it starts.

    Trainable weights come first in the buffer, the others behind them. Rows of a matrix lie
    `step` floats apart where that is not 0.
    """

    path: str
    shape: tuple[int, ...]
    offset: int
    initializer: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    trainable: bool = True
    step: int = 0


@dataclass(frozen=True)
class LayerState:
    """What a layer keeps from batch to batch, zero at first.

    `shape` leaves out the batch; `offset` counts floats of a row before it.
    """

    path: str
    shape: tuple[int, ...]
    offset: int


@dataclass(frozen=True)
class Metric:
    """A reported figure: what `figures` makes of some totals.

    `totals` are the positions of numbers among the totals, or (position, *shape) of
    arrays; `finish` names the function and `arguments` are its further ones.
    """

    name: str
    totals: tuple[int | tuple[int, ...], ...]
    finish: str = "mean"
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A row of the summary table; `line` is the layer's line in the `.k` file."""

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    flops: int
    line: int
    weights: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """A part of the model to be used by itself.

    `feeds` are its inputs as its program knows them, `needs` as in `Spec`.
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    feeds: tuple[str, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spec:
    """A model as its runtime sees it.

    `trainable` and `size` count floats of the flat weight buffer: the trainable
    part, and all of it. `slots` are the optimizer's flat buffers by name with
    the value each starts from; `optimizer` is a runtime optimizer or None.
    `totals` counts the figures a step reports; `feeds` names, in order, the
    inputs, targets and sample weights as the programs know them.
    `dims` are the open dimensions in the order of the kernels' clock, and `needs`
    formulas that must be at least 1; `batch` is the number of rows of every batch,
    where the model fixes it. `files` are pairs: weights below this path start from this file's.
    `beside` are pairs of layers of one class and shape whose order the graph does not tell.
    `precision` is what operands of large products are rounded to.
    `max_memory` are the bytes that its programs may take, if there is a limit.
    `fingerprint` tells what it computes: digests of outputs, loss and optimizer, joined by `-`.
    """

    name: str
    source: str
    version: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    targets: tuple[Target, ...]
    weights: tuple[Weight, ...]
    metrics: tuple[Metric, ...]
    layers: tuple[Layer, ...]
    trainable: int
    size: int
    slots: Mapping[str, float] = field(default_factory=dict)
    optimizer: Any = None
    totals: int = 0
    feeds: tuple[str, ...] = ()
    dims: tuple[Dim, ...] = ()
    needs: tuple[str, ...] = ()
    batch: int | None = None
    views: tuple[View, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    states: tuple[LayerState, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()
    precision: str = "float32"
    max_memory: int | None = None
    fingerprint: str = ""
