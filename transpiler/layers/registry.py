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
from typing import Any, TypeVar, get_type_hints

from kgen.layers.declaration import (
    REQUIRED,
    ArgumentProblem,
    Bound,
    Definition,
    Kind,
    LayerInstance,
    Param,
    Scope,
    Target,
    TargetRule,
    Totals,
    show,
)
from kgen.layers.refused import REFUSED, REFUSED_ARGUMENTS
from kgen.suggest import closest

__all__ = [
    "FAMILIES",
    "REQUIRED",
    "ArgumentProblem",
    "Bound",
    "Definition",
    "Kind",
    "LayerInstance",
    "Param",
    "Scope",
    "Target",
    "TargetRule",
    "Totals",
    "adapt",
    "bind",
    "bind_call",
    "bound",
    "construct",
    "declare",
    "definitions",
    "find",
    "member",
    "names",
    "refused",
    "show",
    "suggest",
]

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


_TABLES: dict[str, dict[str, Definition]] = {family: {} for family in FAMILIES}
_Function = TypeVar("_Function", bound=Callable[..., Any])

# The leading parameters that are no arguments: the scope, and the tensors of a call.
_TENSORS = {
    "layer": 1,
    "activation": 1,
    "regularizer": 1,
    "constraint": 1,
    "loss": 2,
    "metric": 2,
}


def declare(family: str, name: str, *aliases: str, **facts: Any) -> Callable[..., Any]:
    """Enter the decorated function in a family's table under a name and its aliases.

    A layer's parameters before the `*` are those of its call: the tensor, then `call`.
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
        parameters = parameters[_TENSORS.get(family, 0) + bool(facts.get("of_totals")) :]
        made = {
            p.name: Param(
                p.name,
                _kind(hints[p.name], f"{name}.{p.name}"),
                REQUIRED if p.default is inspect.Parameter.empty else p.default,
            )
            for p in parameters
        }
        of_call = [
            made[p.name]
            for p in parameters
            if family == "layer" and p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        ]
        params = [param for param in made.values() if param not in of_call]
        own = {p.name for p in params}
        before = [p for p in lead if p.name not in own]
        behind = [p for p in extra if p.name not in own]
        definition = Definition(
            family,
            name,
            aliases,
            (*before, *params, *behind),
            function,
            call=tuple(of_call),
            common=frozenset(p.name for p in (*before, *behind)),
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


def refused(family: str, name: str) -> str:
    """Why kgen refuses a name that Keras has; nothing if it does not."""
    return "" if find(family, name) is not None else REFUSED.get(family, {}).get(name, "")


def suggest(name: str, candidates: Iterable[str]) -> str:
    """A `did you mean` sentence, or nothing."""
    found = list(candidates)
    lowered = {candidate.lower(): candidate for candidate in reversed(found)}
    if name.lower() in lowered:
        return f"did you mean {lowered[name.lower()]}?"
    match = closest(name, found)
    return f"did you mean {match}?" if match else ""


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
    given = _fit(definition.name, definition.params, definition.signature, args, kwargs or {})
    return Bound(definition, _complete(definition.params, given), given)


def bind_call(
    definition: Definition, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments of a layer's call behind its first tensor, checked, defaults filled in.

    Raises:
        ArgumentProblem: as `bind` does; positions count the first tensor.
    """
    title, signature = f"the call of {definition.name}", definition.call_signature
    try:
        given = _fit(title, definition.call, signature, args, kwargs)
    except ArgumentProblem as problem:
        if isinstance(problem.argument, int):
            problem.argument += 1
        raise
    return _complete(definition.call, given)


def _complete(params: Sequence[Param], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        param.name: given[param.name] if param.name in given else param.kind.check(param.default)
        for param in params
    }


def _fit(
    title: str,
    params: Sequence[Param],
    signature: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> dict[str, Any]:
    """The given arguments by name, checked."""
    if len(args) > len(params):
        raise ArgumentProblem(
            f"{title} takes {len(params)} arguments, found {len(args)}",
            signature,
            argument=len(params),
        )
    given: dict[str, Any] = {}
    for position, (param, value) in enumerate(zip(params, args, strict=False)):
        given[param.name] = _checked(title, param, value, position)
    known = [param.name for param in params]
    for name, value in kwargs.items():
        if name not in known:
            listed = f"the arguments are {', '.join(known)}" if known else f"write {signature}"
            hint = REFUSED_ARGUMENTS.get(name) or suggest(name, known) or listed
            raise ArgumentProblem(f"{title} has no argument {name}", hint, argument=name)
        if name in given:
            raise ArgumentProblem(
                f"{title} is given {name} twice",
                f"argument {known.index(name) + 1} is {name} already",
                argument=name,
            )
        given[name] = _checked(title, params[known.index(name)], value, name)
    missing = [p.name for p in params if p.default is REQUIRED and p.name not in given]
    if missing:
        raise ArgumentProblem(f"{title} needs {' and '.join(missing)}", f"write {signature}")
    return given


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
    candidates: Sequence[Definition], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Bound:
    """`Name(arguments)` where the place does not say the family: the first whose arguments fit.

    `adapt` later turns it into the family a place wants.

    Raises:
        ArgumentProblem: the first one's, if the arguments fit none.
    """
    problem: ArgumentProblem | None = None
    for definition in candidates:
        try:
            return bound(definition, args, kwargs)
        except ArgumentProblem as error:
            problem = problem or error
    assert problem is not None
    raise problem


def adapt(value: Bound, family: str) -> Bound | None:
    """The same name and arguments in another family (`Identity` is layer and initializer)."""
    if value.family == family:
        return value
    definition = find(family, value.name)
    return None if definition is None else bound(definition, (), value.given)
