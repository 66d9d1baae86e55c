"""The registry: what the language offers by name, and how its arguments are checked.

One declaration is one decorated function whose signature is Keras's signature:

    @layer("Dropout")
    def dropout(scope: Scope, x: Value, *, rate: Fraction, seed: Seed = None) -> Value: ...

Annotations are `Annotated[type, Kind]`; a `Kind` checks one argument and says in words
what it wants. `bind` fits arguments to a definition, `Definition.apply` makes the nodes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NoReturn, Protocol, TypeAlias, TypeVar, get_type_hints

from kgen.graph import Shape, ShapeError, TensorType, Value
from kgen.layers.planned import PLANNED

FAMILIES = (
    "layer",
    "function",
    "activation",
    "initializer",
    "regularizer",
    "constraint",
    "optimizer",
    "schedule",
    "loss",
    "metric",
)


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


class Target(Protocol):
    """What a loss wants `y` to be, from the prediction's type and the loss's arguments."""

    def __call__(self, prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule: ...


@dataclass(frozen=True)
class TargetRule:
    """Element type, shape without the batch, and the number of classes of integer labels."""

    dtype: str
    shape: Shape
    classes: int | None = None


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
        trainable: bool = True,
    ) -> Value:
        """The layer's weight of this name: made by the first call, shared by later ones."""
        ...

    def assign(self, weight: Value, new: Value) -> None:
        """Record a weight's new value (training only)."""
        ...

    def stream(self) -> int:
        """An identifier for a random node, fixed by layer and call."""
        ...

    def add_loss(self, value: Value) -> None:
        """Add a scalar to the loss."""
        ...

    def fail(self, message: str, *, help: str = "", notes: Iterable[str] = ()) -> NoReturn:
        """Report a mistake at the call."""
        ...


@dataclass(frozen=True, eq=False)
class Definition:
    """One name of one family. `function` makes the nodes (or, for an optimizer, its rule).

    `inputs` is `one`, `many` (a list of tensors) or `none`; `minimum` is how many a list needs.
    `target` belongs to losses, `finish` (`mean` or `root`) to metrics. `common` are the
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
    common: frozenset[str] = frozenset()
    target: Target | None = None
    finish: str = "mean"

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
        shown = [
            p.name if p.default is REQUIRED else f"{p.name}={show(p.default)}" for p in self.params
        ]
        return f"{self.name}({', '.join(shown)})"

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


_TABLES: dict[str, dict[str, Definition]] = {family: {} for family in FAMILIES}
_Function = TypeVar("_Function", bound=Callable[..., Any])
Decorator: TypeAlias = Callable[[_Function], _Function]

# The leading parameters that are no arguments: the scope, and the tensors of a call.
_TENSORS = {"layer": 1, "activation": 1, "regularizer": 1, "loss": 2, "metric": 2}


def declare(family: str, name: str, *aliases: str, **facts: Any) -> Callable[..., Any]:
    """Enter the decorated function in a family's table under a name and its aliases.

    `facts` are further fields of `Definition`; `lead` and `extra` are parameters that
    every member of the family has without declaring them, before and behind its own.
    """
    lead: Sequence[Param] = facts.pop("lead", ())
    extra: Sequence[Param] = facts.pop("extra", ())

    def enter(function: _Function) -> _Function:
        hints = get_type_hints(function, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())
        if parameters and parameters[0].name == "scope":
            parameters = parameters[1:]
        parameters = parameters[_TENSORS.get(family, 0) :]
        params = [
            Param(
                p.name,
                _kind(hints[p.name], f"{name}.{p.name}"),
                REQUIRED if p.default is inspect.Parameter.empty else p.default,
            )
            for p in parameters
        ]
        own = {p.name for p in params}
        behind = [p for p in extra if p.name not in own]
        definition = Definition(
            family,
            name,
            aliases,
            (*lead, *params, *behind),
            function,
            common=frozenset(p.name for p in (*lead, *behind)),
            **facts,
        )
        for key in (name, *aliases):
            assert key not in _TABLES[family], f"{family} {key} is declared twice"
            _TABLES[family][key] = definition
        return function

    return enter


def _kind(hint: Any, where: str) -> Kind:
    for fact in getattr(hint, "__metadata__", ()):
        if isinstance(fact, Kind):
            return fact
    raise AssertionError(f"{where} has no Kind")


def find(family: str, name: str) -> Definition | None:
    """The definition called `name`, exactly; optimizers go by lower-case names too."""
    table = _TABLES[family]
    found = table.get(name)
    if found is None and family == "optimizer":
        found = next((d for key, d in table.items() if key.lower() == name.lower()), None)
    return found


def names(family: str) -> tuple[str, ...]:
    """Every name and alias of a family, sorted."""
    return tuple(sorted(_TABLES[family]))


def definitions(family: str) -> tuple[Definition, ...]:
    """Every definition of a family, sorted by name."""
    return tuple(sorted(set(_TABLES[family].values()), key=lambda d: d.name))


def planned(family: str) -> tuple[str, ...]:
    """Names that Keras has and kgen does not support yet."""
    return tuple(name for name in PLANNED.get(family, ()) if find(family, name) is None)


def suggest(name: str, candidates: Iterable[str]) -> str:
    """A `did you mean` sentence, or nothing."""
    found = list(candidates)
    lowered = {candidate.lower(): candidate for candidate in reversed(found)}
    if name.lower() in lowered:
        return f"did you mean {lowered[name.lower()]}?"
    close = get_close_matches(name, found, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else ""


def bind(definition: Definition, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Every argument of the definition, checked, defaults filled in.

    Raises:
        ArgumentProblem: too many, unknown, doubled, missing or unfit arguments.
    """
    return dict(bound(definition, args, kwargs).arguments)


def bound(
    definition: Definition, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
) -> Bound:
    """A definition with its arguments; raises as `bind` does."""
    kwargs = kwargs or {}
    title, params = definition.name, definition.params
    if len(args) > len(params):
        raise ArgumentProblem(
            f"{title} takes {len(params)} arguments, found {len(args)}",
            definition.signature,
            argument=len(params),
        )
    given: dict[str, Any] = {}
    for position, (param, value) in enumerate(zip(params, args, strict=False)):
        given[param.name] = _checked(title, param, value, position)
    known = [param.name for param in params]
    for name, value in kwargs.items():
        if name not in known:
            hint = suggest(name, known) or f"the arguments are {', '.join(known)}"
            raise ArgumentProblem(f"{title} has no argument {name}", hint, argument=name)
        if name in given:
            raise ArgumentProblem(
                f"{title} is given {name} twice",
                f"argument {known.index(name) + 1} is {name} already",
                argument=name,
            )
        given[name] = _checked(title, definition.param(name), value, name)
    missing = [p.name for p in params if p.default is REQUIRED and p.name not in given]
    if missing:
        raise ArgumentProblem(
            f"{title} needs {' and '.join(missing)}", f"write {definition.signature}"
        )
    arguments = {
        param.name: given[param.name] if param.name in given else param.kind.check(param.default)
        for param in params
    }
    return Bound(definition, arguments, given)


def member(family: str, title: str, **kwargs: Any) -> Bound:
    """A member that the caller knows to exist, with arguments."""
    definition = find(family, title)
    assert definition is not None, title
    return bound(definition, (), kwargs)


def _checked(title: str, param: Param, value: Any, argument: str | int) -> Any:
    try:
        return param.kind.check(value)
    except ArgumentProblem as problem:
        raise ArgumentProblem(
            f"{title}: {param.name}: {problem.message}",
            problem.help,
            argument=argument,
            unsupported=problem.unsupported,
        ) from None


def construct(
    name: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    families: Sequence[str] = FAMILIES,
) -> Bound | None:
    """`Name(arguments)` where the place does not say the family: the first whose arguments fit.

    None if no family has the name. `adapt` later turns it into the family a place wants.

    Raises:
        ArgumentProblem: the first family's, if the arguments fit none.
    """
    problem: ArgumentProblem | None = None
    for family in families:
        definition = find(family, name)
        if definition is None:
            continue
        try:
            return bound(definition, args, kwargs)
        except ArgumentProblem as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return None


def adapt(value: Bound, family: str) -> Bound | None:
    """The same name and arguments in another family (`Identity` is layer and initializer)."""
    if value.family == family:
        return value
    definition = find(family, value.name)
    return None if definition is None else bound(definition, (), value.given)


def show(value: Any) -> str:
    """A build-time value as a user would write it."""
    if isinstance(value, Bound):
        return str(value)
    if isinstance(value, Definition):
        return value.name
    if isinstance(value, Value):
        return f"a tensor {value.type}"
    return repr(value)
