"""The graph: frozen, ordered, typed nodes, each with its span in the source.

Only a `Builder` makes nodes, and it runs the op's shape rule each time, so
whatever a pass produces is typed. Layers, losses and gradients are written as
functions on `Value`s; they add nodes to the builder that is current:

    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, 3)))
        y = exp(x) * 2.0
        graph = builder.graph("demo", outputs={"y": y})
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias

from kgen.diagnostics import Span, fail

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Dim:
    """A dimension known only at run time: a declared one, or one computed from declared ones.

    The name of a computed one is its formula in canonical form, so that equal
    formulas are equal dimensions; `dims.py` makes them. The bounds are those
    of the declaration, or what follows from it for a computed one.
    """

    name: str
    minimum: int = field(default=1, compare=False)
    maximum: int | None = field(default=None, compare=False)
    formula: Any = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return self.name


BATCH = Dim("batch")
# How many threads share the batch: the leading axis of sums that each makes of its own rows.
THREADS = Dim("number of threads")
FLOAT32_MAX = float.fromhex("0x1.fffffep127")
Size: TypeAlias = int | Dim
Shape: TypeAlias = tuple[Size, ...]
Attrs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TensorType:
    """An element type (`float32`, `int32` or `bool`) and a shape, batch first."""

    dtype: str
    shape: Shape

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True, slots=True)
class Sample:
    """How tests exercise an op: shapes (or ready arrays), attributes, domain of the values.

    `grad` says which inputs finite differences are to check.
    """

    shapes: tuple[tuple[int, ...] | Any, ...]
    attrs: Attrs = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    grad: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class OpDef:
    """One primitive operation; declaring it here is all it takes.

    `infer` is the shape rule, `gradient` emits the nodes of the derivative for
    each input (None where there is none), `reference` is NumPy. Elementwise
    ops carry `scalar`, an expression over tiles with `{0}`, `{1}` for inputs.
    `expand` writes the op in simpler ones, once derivatives have been taken.
    A structured op names its `kernel`; a `tiled` one computes tiles of rows by
    columns of its last axis, which elementwise nodes after it may finish in
    registers. What is `shared` has several results: nodes of one such op with the
    same inputs that differ in `part` alone are one kernel. An op with a kernel and
    an `expand` is expanded for machines that lack the kernel.
    `flops` counts its arithmetic, for a row where it has a batch.
    `needs` are sizes, with the least value of each, for which it is defined.
    """

    name: str
    infer: Callable[[Sequence[TensorType], Attrs], TensorType]
    reference: Callable[..., Any]
    gradient: Callable[[Node, Value], Sequence[Value | None]] | None = None
    scalar: str | None = None
    samples: tuple[Sample, ...] = ()
    cost: int = 0
    doc: str = ""
    expand: Callable[[Node, tuple[Value, ...]], Value] | None = None
    kernel: str = ""
    tiled: bool = False
    shared: bool = False
    flops: Callable[[Node], int] | None = None
    needs: Callable[[Node], Sequence[tuple[Size, int]]] | None = None

    @property
    def elementwise(self) -> bool:
        return self.scalar is not None


OPS: dict[str, OpDef] = {}


def register(op: OpDef) -> OpDef:
    """Enter an op in the table that the printer, tests and documentation read."""
    assert op.name not in OPS, op.name
    OPS[op.name] = op
    return op


@dataclass(frozen=True, eq=False)
class Value:
    """What a node produces. Equality is identity; `+ - * / **` add nodes."""

    name: str
    type: TensorType
    node: Node = field(repr=False)

    @property
    def shape(self) -> Shape:
        return self.type.shape

    @property
    def dtype(self) -> str:
        return self.type.dtype

    @property
    def span(self) -> Span | None:
        return self.node.span

    def __add__(self, other: Operand) -> Value:
        return apply("add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return apply("add", other, self)

    def __sub__(self, other: Operand) -> Value:
        return apply("subtract", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return apply("subtract", other, self)

    def __mul__(self, other: Operand) -> Value:
        return apply("multiply", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return apply("multiply", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return apply("divide", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return apply("divide", other, self)

    def __neg__(self) -> Value:
        return apply("negative", self)

    def __pow__(self, other: Operand) -> Value:
        return apply("power", self, other)

    def __lt__(self, other: Operand) -> Value:
        return apply("less", self, other)

    def __le__(self, other: Operand) -> Value:
        return apply("less_equal", self, other)

    def __gt__(self, other: Operand) -> Value:
        return apply("greater", self, other)

    def __ge__(self, other: Operand) -> Value:
        return apply("greater_equal", self, other)


Operand: TypeAlias = Value | float | int


@dataclass(frozen=True, eq=False)
class Node:
    """One application of an op."""

    op: OpDef
    inputs: tuple[Value, ...]
    attrs: Attrs
    span: Span | None
    output: Value = field(init=False)

    @property
    def stem(self) -> str:
        """What the node belongs to: its name without the op's (`dense` of `dense_add_1`)."""
        return re.sub(rf"_?{self.op.name}(_\d+)*$", "", self.output.name)

    def __str__(self) -> str:
        attrs = [f"{key}={value}" for key, value in self.attrs.items()]
        arguments = ", ".join([*(v.name for v in self.inputs), *attrs])
        return f"%{self.output.name}: {self.output.type} = {self.op.name}({arguments})"


@dataclass(frozen=True, slots=True)
class Initializer:
    """A Keras initializer by class name, with all its arguments."""

    kind: str
    args: Attrs


@dataclass(frozen=True, slots=True)
class Weight:
    """A weight of the model: its path (`dense/kernel`), value in the graph, and start.

    A `carried` one is a state of a layer: it has a row for each of the batch, which its shape
    leaves out, and is kept from batch to batch.
    """

    path: str
    value: Value
    initializer: Initializer
    trainable: bool
    carried: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(size for size in self.value.shape if isinstance(size, int))


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that `fit` reports: totals over the batches, and what is made of them.

    `totals` are of fixed shapes; `finish` names a function of `kgen.runtime.figures`,
    such as `mean` (the first total over the second), and `arguments` its further ones.
    """

    name: str
    totals: tuple[Value, ...]
    finish: str = "mean"
    arguments: Attrs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A model in one phase, nodes in order of evaluation.

    `updates` are new values of non-trainable weights by path; `loss` is a
    scalar; `gradients` are filled in by differentiation, by weight path.
    """

    name: str
    nodes: tuple[Node, ...]
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    weights: Mapping[str, Weight]
    updates: Mapping[str, Value] = field(default_factory=dict)
    loss: Value | None = None
    metrics: tuple[Metric, ...] = ()
    gradients: Mapping[str, Value] = field(default_factory=dict)

    def results(self) -> list[Value]:
        """Every value that must be computed."""
        found = [*self.outputs.values(), *self.updates.values(), *self.gradients.values()]
        if self.loss is not None:
            found.append(self.loss)
        for metric in self.metrics:
            found += metric.totals
        return found

    def __str__(self) -> str:
        lines = [f"graph {self.name}:"]
        for node in self.nodes:
            place = f"    # {node.span.place}" if node.span else ""
            lines.append(f"    {node}{place}")
        for title, values in (
            ("output", self.outputs),
            ("update", self.updates),
            ("gradient", self.gradients),
        ):
            lines += [f"    {title} {name} = %{value.name}" for name, value in values.items()]
        if self.loss is not None:
            lines.append(f"    loss = %{self.loss.name}")
        for m in self.metrics:
            totals = ", ".join(f"%{value.name}" for value in m.totals)
            lines.append(f"    metric {m.name} = {m.finish}({totals})")
        return "\n".join(lines) + "\n"


_current: ContextVar[Builder] = ContextVar("builder")


class Builder:
    """Makes nodes: types each one, names its value, and remembers the order."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.inputs: dict[str, Value] = {}
        self.weights: dict[str, Weight] = {}
        self.constants: dict[str, Value] = {}
        self.span: Span | None = None
        self.prefix = ""
        self._names: dict[str, int] = {}
        self._tokens: list[Token[Builder]] = []

    def __enter__(self) -> Builder:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _current.reset(self._tokens.pop())

    def unique(self, hint: str) -> str:
        """`hint`, or `hint_1`, `hint_2`, ... if it is taken."""
        if hint not in self._names:
            self._names[hint] = 0
            return hint
        while True:
            self._names[hint] += 1
            name = f"{hint}_{self._names[hint]}"
            if name not in self._names:
                self._names[name] = 0
                return name

    @contextmanager
    def naming(self, prefix: str) -> Iterator[None]:
        """Within, values without a name of their own are called `prefix_op`."""
        before, self.prefix = self.prefix, prefix
        try:
            yield
        finally:
            self.prefix = before

    def rename(self, value: Value, hint: str) -> None:
        """Give a value just made a better name."""
        object.__setattr__(value, "name", self.unique(hint))

    def add(
        self,
        op: OpDef,
        inputs: Sequence[Value],
        attrs: Attrs,
        *,
        name: str = "",
        span: Span | None = None,
    ) -> Value:
        """Append a node and return its value; shape errors carry the current span."""
        span = span or self.span
        try:
            result = op.infer([value.type for value in inputs], attrs)
            _check_open(result)
        except ShapeError as error:
            fail("K0401", str(error), span, notes=error.notes, help=error.help)
        node = Node(op, tuple(inputs), dict(attrs), span)
        default = f"{self.prefix}_{op.name}" if self.prefix and inputs else op.name
        value = Value(self.unique(name or default), result, node)
        object.__setattr__(node, "output", value)
        self.nodes.append(node)
        return value

    def input(self, name: str, type: TensorType, span: Span | None = None) -> Value:
        """Declare an input (or a target, or sample weights) of the graph."""
        value = self.add(
            OPS["input"],
            (),
            {"name": name, "dtype": type.dtype, "shape": type.shape},
            name=name,
            span=span,
        )
        self.inputs[name] = value
        return value

    def weight(
        self,
        path: str,
        shape: tuple[int, ...],
        initializer: Initializer,
        *,
        trainable: bool = True,
        span: Span | None = None,
    ) -> Value:
        """Declare a float32 weight; paths are unique."""
        assert path not in self.weights, path
        name = path.replace("/", "_")
        value = self.add(OPS["weight"], (), {"path": path, "shape": shape}, name=name, span=span)
        self.weights[path] = Weight(path, value, initializer, trainable)
        return value

    def state(self, path: str, shape: tuple[int, ...], *, span: Span | None = None) -> Value:
        """Declare a state: float32 `[batch, *shape]`, zeros at first, kept from step to step."""
        assert path not in self.weights, path
        attrs = {"path": path, "shape": (BATCH, *shape)}
        value = self.add(OPS["weight"], (), attrs, name=path.replace("/", "_"), span=span)
        self.weights[path] = Weight(path, value, Initializer("Zeros", {}), False, carried=True)
        return value

    def graph(
        self,
        name: str,
        outputs: Mapping[str, Value],
        *,
        updates: Mapping[str, Value] | None = None,
        loss: Value | None = None,
        metrics: Iterable[Metric] = (),
        gradients: Mapping[str, Value] | None = None,
    ) -> Graph:
        """Freeze what was built."""
        return Graph(
            name,
            tuple(self.nodes),
            dict(self.inputs),
            dict(outputs),
            dict(self.weights),
            dict(updates or {}),
            loss,
            tuple(metrics),
            dict(gradients or {}),
        )


def _check_open(result: TensorType) -> None:
    """Refuse a size that no value within the bounds of its dimensions makes at least 1."""
    for size in result.shape:
        if isinstance(size, Dim) and size.maximum is not None and size.maximum < 1:
            raise ShapeError(
                f"nothing is left of an axis: {size} is never above {size.maximum}",
                help="raise the upper bound of the dimension, or take smaller windows",
            )


class ShapeError(Exception):
    """Raised by shape rules; the builder turns it into a diagnostic with a place."""

    def __init__(self, message: str, *, notes: Iterable[str] = (), help: str = "") -> None:
        super().__init__(message)
        self.notes = tuple(notes)
        self.help = help


def current() -> Builder:
    """The builder in whose `with` block we are."""
    return _current.get()


def constant(value: float) -> Value:
    """A float32 scalar known at build time; equal ones are one node."""
    builder, key = current(), repr(float(value))
    if key not in builder.constants:
        builder.constants[key] = builder.add(OPS["constant"], (), {"value": float(value)})
    return builder.constants[key]


def as_value(operand: Operand) -> Value:
    return operand if isinstance(operand, Value) else constant(operand)


def apply(name: str, *operands: Operand, hint: str = "", **attrs: Any) -> Value:
    """Add a node of the op called `name`; plain numbers become constants."""
    return current().add(OPS[name], [as_value(v) for v in operands], attrs, name=hint)
