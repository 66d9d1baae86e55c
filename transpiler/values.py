"""The values a `.k` program computes with at build time: a closed set, nothing of Python's.

None, truth values, numbers, strings, lists, tuples and dicts are Python's own
objects; tensors are `graph.Value`s, an open dimension is a `graph.Dim`. What
else a name can mean is a class here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from kgen import syntax
from kgen.diagnostics import Source, Span
from kgen.graph import Dim, TensorType, Value
from kgen.layers.registry import Bound, Definition, LayerInstance
from kgen.limits import Budget, check_items

if TYPE_CHECKING:
    from kgen.names import Names

BuildValue: TypeAlias = Any


class Silenced(Exception):
    """An expression used a name whose definition failed; that has been reported."""


@dataclass(frozen=True)
class Poison:
    """The value of a name whose definition failed."""


POISON = Poison()


@dataclass(frozen=True)
class Done:
    """The value of a call that is a statement of its own."""


DONE = Done()


def _described(value: BuildValue) -> str:
    # Messages show values by their `repr` where they know no better.
    return describe(value)


@dataclass(frozen=True, eq=False, repr=False)
class Builtin:
    """A build-time function such as `range`."""

    name: str
    function: Callable[..., BuildValue]

    __repr__ = _described


@dataclass(frozen=True, eq=False, repr=False)
class Registered:
    """A name of the layer registry with its meaning in each family that has one."""

    name: str
    definitions: Mapping[str, Definition]

    __repr__ = _described


@dataclass(frozen=True, eq=False, repr=False)
class Special:
    """A name of the language that builds what no registry entry can, such as `Sequential`."""

    name: str

    __repr__ = _described


@dataclass(frozen=True, eq=False, repr=False)
class Function:
    """A `def` with the names it closes over."""

    declaration: syntax.Def
    names: Names

    __repr__ = _described


@dataclass(frozen=True, eq=False, repr=False)
class ModelClass:
    """A `model` declaration; calling it gives a layer."""

    declaration: syntax.ModelDef
    names: Names
    source: Source

    __repr__ = _described


@dataclass(eq=False)
class Layer(LayerInstance):
    """A layer: a registry definition with its arguments, its name, and once applied its weights.

    No optimizer changes weights that are `untrained`, whether or not the layer is frozen; `states`
    are kept from batch to batch; `inner` are the copies of other layers that it is made
    of, by name; `place` is where the file being built has it, though it may be declared in another.
    """

    bound: Bound
    name: str
    span: Span
    trainable: bool
    prefix: str = ""
    weights: dict[str, Value] = field(default_factory=dict)
    untrained: set[str] = field(default_factory=set)
    states: dict[str, Value] = field(default_factory=dict)
    shapes: list[TensorType] = field(default_factory=list)
    inner: dict[str, AnyLayer] = field(default_factory=dict)
    calls: int = 0
    place: Span | None = None

    @property
    def path(self) -> str:
        return self.prefix + self.name

    @property
    def kind(self) -> str:
        return self.bound.name


@dataclass(frozen=True)
class Application:
    """One call of a model or a `Sequential`: its tensors, and what its layers made, by path."""

    training: bool
    tensors: tuple[Value, ...]
    results: tuple[tuple[str, BuildValue], ...]


@dataclass(eq=False)
class LayerChain(LayerInstance):
    """`Sequential([...])`: layers applied one after the other."""

    items: tuple[AnyLayer, ...]
    name: str
    span: Span
    prefix: str = ""
    applied: list[Application] = field(default_factory=list)
    bound: None = None

    @property
    def path(self) -> str:
        return self.prefix + self.name


@dataclass(eq=False)
class ModelLayer(LayerInstance):
    """A model used as a layer, with its arguments; `layers` are its own, by name.

    `ends` are inputs and outputs of its first call.
    """

    model: ModelClass
    arguments: Mapping[str, BuildValue]
    name: str
    span: Span
    trainable: bool
    prefix: str = ""
    layers: dict[str, AnyLayer] = field(default_factory=dict)
    calls: int = 0
    applied: list[Application] = field(default_factory=list)
    ends: tuple[Mapping[str, Value], Mapping[str, Value]] | None = None
    bound: None = None

    @property
    def path(self) -> str:
        return self.prefix + self.name


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """`model.layer`: applied to the model's inputs, it gives what that layer of it makes."""

    model: LayerChain | ModelLayer
    names: tuple[str, ...]


AnyLayer: TypeAlias = Layer | LayerChain | ModelLayer


def describe(value: BuildValue) -> str:
    """What a value is, in a few words: `the number 3`, `a tensor float32[batch, 10]`."""
    match value:
        case None:
            return "None"
        case bool():
            return str(value)
        case int() | float():
            return f"the number {value}"
        case str():
            shown = value if len(value) <= 30 else value[:27] + "..."
            return f"the string {shown!r}"
        case list():
            return f"a list of {len(value)}"
        case tuple():
            return f"a tuple of {len(value)}"
        case dict():
            return f"a dict of {len(value)}"
        case Value():
            return f"a tensor {value.type}"
        case Dim():
            return f"the open dimension {value.name}"
        case Layer():
            return f"the {value.kind} layer {value.name}"
        case LayerChain():
            return f"the Sequential layer {value.name}"
        case ModelLayer():
            return f"the {value.model.declaration.name} model {value.name}"
        case LayerOutput():
            return f"the layer {value.names[-1]} of {value.model.name}"
        case ModelClass():
            return f"the model {value.declaration.name}"
        case Function():
            return f"the function {value.declaration.name}"
        case Builtin() | Registered() | Special():
            return f"the name {value.name}"
        case Bound():
            return f"{value.name}(...)"
        case _:
            return "..."


def is_number(value: BuildValue) -> bool:
    """Whether a value is a number; truth values are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def has_tensor(value: BuildValue) -> bool:
    """Whether a value is a tensor or a list that begins with one."""
    if isinstance(value, list | tuple):
        return bool(value) and isinstance(value[0], Value)
    return isinstance(value, Value)


def measure(value: BuildValue, budget: Budget, span: Span) -> None:
    """Refuse collections that hold, counting shared parts each time, too many items."""
    count, stack = 0, [value]
    while stack:
        item = stack.pop()
        count += 1
        if isinstance(item, list | tuple):
            check_items(count + len(item), span)
            stack.extend(item)
        elif isinstance(item, dict):
            check_items(count + len(item), span)
            stack.extend(item.values())
    budget.spend(count, span)
