"""What a declaration is made of: kinds of argument, parameters, definitions, the scope."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NoReturn, Protocol

from kgen.graph import Dim, Shape, ShapeError, TensorType, Value


class ArgumentProblem(Exception):
    """An argument that does not fit: `argument` is its name or position, None if missing.

    `unsupported` tells what Keras accepts and kgen does not yet from plain mistakes.
    """

    def __init__(
        self,
        message: str,
        help: str = "",
        *,
        argument: str | int | None = None,
        unsupported: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.argument = argument
        self.unsupported = unsupported


@dataclass(frozen=True)
class Kind:
    """What an argument may be. `wants` completes the sentence "expected ..."."""

    wants: str

    def check(self, value: Any) -> Any:
        """The value in canonical form.

        Raises:
            ArgumentProblem: the value is not of this kind.
        """
        raise NotImplementedError

    def refuse(self, value: Any, help: str = "") -> NoReturn:
        raise ArgumentProblem(f"expected {self.wants}, found {show(value)}", help)


class _Required:
    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True)
class Param:
    """One argument: its name, kind, and default (`REQUIRED` if it has none)."""

    name: str
    kind: Kind
    default: Any


class LayerInstance:
    """A constructed layer, as another layer is given it for an argument (`RNN(LSTMCell(8))`).

    `bound` is its declaration with its arguments, None for a model or a `Sequential`.
    What can be done with it is in `Scope`: `sublayer` and `call`.
    """

    name: str
    bound: Bound | None


class Target(Protocol):
    """What a loss wants `y` to be, from the prediction's type and the loss's arguments."""

    def __call__(self, prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule: ...


@dataclass(frozen=True)
class TargetRule:
    """Element type, shape without the batch, and the number of classes of integer labels.

    A label may be `ignored` besides. Rows that are `filled` may be shorter: zeros follow.
    """

    dtype: str
    shape: Shape
    classes: int | None = None
    ignored: int | None = None
    filled: bool = False


@dataclass(frozen=True)
class Totals:
    """What a metric adds up over the batches, and the function of `kgen.runtime.figures`
    that makes the figure of it."""

    values: tuple[Value, ...]
    finish: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Scope(Protocol):
    """What elaboration lends to a layer while it is applied."""

    @property
    def training(self) -> bool:
        """Whether the graph is the training graph."""
        ...

    def weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initializer: Bound,
        *,
        regularizer: Bound | None = None,
        constraint: Bound | None = None,
        trainable: bool = True,
    ) -> Value:
        """The layer's weight of this name: made by the first call, shared by later ones."""
        ...

    @property
    def batch(self) -> int | None:
        """The rows of every batch, where the model fixes them."""
        ...

    def state(self, name: str, shape: tuple[int, ...]) -> Value:
        """What the layer keeps from batch to batch: `[batch, *shape]`, zeros at first.

        It is no weight: neither trained nor counted. `assign` gives its new value.
        """
        ...

    def assign(self, weight: Value, new: Value) -> None:
        """Record the new value of a weight (training only), or of a state."""
        ...

    def stream(self) -> int:
        """An identifier for a random node, fixed by layer and call."""
        ...

    def add_loss(self, value: Value) -> None:
        """Add a scalar to the loss."""
        ...

    def sublayer(
        self, inner: LayerInstance, name: str | None = None, *, below: str = "", **changes: Any
    ) -> LayerInstance:
        """The layer, with its weights below this one's path (and `below`, which ends with `/`).

        With a `name` it is a copy of that name with weights of its own, made by the
        first call and shared by later ones; `changes` are arguments that differ.
        """
        ...

    def mask_of(self, value: Value) -> Value | None:
        """Which steps of a tensor count, as truth values `[batch, time]`; None if all do."""
        ...

    def set_mask(self, value: Value, mask: Value) -> None:
        """Say which steps of a result count; otherwise the layer's kind decides."""
        ...

    def inside(self, inner: LayerInstance, shape: Shape | None = None) -> Scope:
        """The scope of a layer that this one is made of, but does not apply: its cell.

        With a shape it is entered among the model's layers, as giving tensors of that shape.
        """
        ...

    def call_in_loop(self, inner: LayerInstance, inputs: Value, **arguments: Any) -> Any:
        """As `call`, for one step in the body of a loop; refuses what would have to leave it."""
        ...

    def call(self, inner: LayerInstance, inputs: Any, **arguments: Any) -> Any:
        """Apply another layer to a tensor or a list of them, as `inner(inputs, ...)` would."""
        ...

    def call_for_steps(self, inner: LayerInstance, inputs: Any, steps: Value | float) -> Any:
        """As `call`, for so many steps of a sequence as rows of one large batch.

        None, and nothing done, if the layer keeps something of what it is given.
        """
        ...

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        """Report a mistake at the call."""
        ...


@dataclass(frozen=True, eq=False)
class Definition:
    """One name of one family. `function` makes the nodes (or, for an optimizer, its rule).

    `inputs` is what a layer's first tensor may be: `one`, `many` (a list of tensors), `any`
    (either); it is `none` without one. `minimum` is how many a list needs. `call` are the
    further arguments of a layer's call, `Layer(...)(x, mask=...)`.
    `target` belongs to losses, `finish` (`mean` or `root`) to metrics; those `of_totals`
    take weights too, and give `Totals`. `common` are the
    arguments that elaboration itself interprets (`name`, `trainable`); `apply` passes
    them on only where the function declares them.
    """

    family: str
    name: str
    aliases: tuple[str, ...]
    params: tuple[Param, ...]
    function: Callable[..., Any]
    inputs: str = "one"
    minimum: int = 1
    call: tuple[Param, ...] = ()
    common: frozenset[str] = frozenset()
    target: Target | None = None
    finish: str = "mean"
    of_totals: bool = False

    @cached_property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        """The first line of the documentation."""
        return self.doc.split("\n", 1)[0]

    @property
    def signature(self) -> str:
        """The arguments as a user writes them: `Dense(units, activation=None, ...)`."""
        return f"{self.name}({_listed(self.params)})"

    @property
    def call_signature(self) -> str:
        """The call of a layer as a user writes it: `LSTM(...)(x, mask=None, ...)`."""
        first = "[a, b]" if self.inputs == "many" else "x"
        rest = f", {_listed(self.call)}" if self.call else ""
        return f"{self.name}(...)({first}{rest})"

    def param(self, name: str) -> Param:
        return next(p for p in self.params if p.name == name)

    def apply(self, scope: Scope, *tensors: Any, **arguments: Any) -> Any:
        """Call the function with the arguments it declares; shape errors become `scope.fail`."""
        kept = {k: v for k, v in arguments.items() if k not in self.common}
        lead = (scope,) if self._scoped else ()
        try:
            return self.function(*lead, *tensors, **kept)
        except ShapeError as error:
            scope.fail(f"{self.name}: {error}", help=error.help, notes=error.notes)

    @cached_property
    def lead(self) -> str:
        """The name of the first tensor."""
        names = list(inspect.signature(self.function).parameters)
        return names[1 if self._scoped else 0]

    @cached_property
    def _scoped(self) -> bool:
        return next(iter(inspect.signature(self.function).parameters), "") == "scope"


@dataclass(frozen=True, eq=False)
class Bound:
    """A definition with its arguments; `given` are those the user wrote."""

    definition: Definition
    arguments: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def family(self) -> str:
        return self.definition.family

    @property
    def name(self) -> str:
        return self.definition.name

    def __str__(self) -> str:
        given = (f"{key}={show(value)}" for key, value in self.given.items())
        return f"{self.name}({', '.join(given)})"


def _listed(params: Iterable[Param]) -> str:
    return ", ".join(
        p.name if p.default is REQUIRED else f"{p.name}={show(p.default)}" for p in params
    )


_SHOWN = 40
_SCALARS = (bool, int, float, str, type(None))


def _plain(value: Any) -> bool:
    """A scalar, or lists of scalars or of such lists."""
    if isinstance(value, list | tuple):
        return all(_plain(item) for item in value)
    return isinstance(value, _SCALARS)


def show(value: Any) -> str:
    """A build-time value as a user would write it."""
    if isinstance(value, Bound):
        return str(value)
    if isinstance(value, Definition):
        return value.name
    if isinstance(value, LayerInstance):
        return f"the layer {value.name}"
    if isinstance(value, Value):
        return f"a tensor {value.type}"
    if isinstance(value, Dim):
        return f"the open dimension {value.name}"
    if isinstance(value, list | tuple | dict) and (not _plain(value) or len(repr(value)) > _SHOWN):
        return f"a {type(value).__name__} of {len(value)}"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]}...{text[-1]}"
