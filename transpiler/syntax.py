"""The syntax tree of `.k`: frozen, with a span on every node, nothing resolved.

Names are plain strings here; `elaborate` finds out what they mean. The span of
a node with a block is its header, up to the colon; docstrings are kept as
`inspect.cleandoc` leaves them.
`x |> f` is kept as a `Pipe`, so that the formatter can print it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from kgen.diagnostics import Source, Span


@dataclass(frozen=True, slots=True)
class Tree:
    """What every node of the tree has."""

    span: Span


# --- expressions -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name(Tree):
    id: str


@dataclass(frozen=True, slots=True)
class Constant(Tree):
    """A number, a string without placeholders, `True`, `False`, `None`, or `...`."""

    value: object


@dataclass(frozen=True, slots=True)
class FString(Tree):
    """`parts` alternates text and expressions, in source order."""

    parts: tuple[str | FStringField, ...]


@dataclass(frozen=True, slots=True)
class FStringField(Tree):
    value: Expr
    format_spec: str


@dataclass(frozen=True, slots=True)
class ListExpr(Tree):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class TupleExpr(Tree):
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DictExpr(Tree):
    items: tuple[tuple[Expr, Expr], ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Tree):
    """`[element for target in iterable if condition]`; `key` is set for dicts."""

    element: Expr
    key: Expr | None
    clauses: tuple[ForClause, ...]


@dataclass(frozen=True, slots=True)
class ForClause(Tree):
    target: Target
    iterable: Expr
    conditions: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Unary(Tree):
    """`op` is one of `-`, `+`, `not`."""

    op: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Tree):
    """`op` is one of `+ - * / // % ** @ and or`."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare(Tree):
    """`a < b <= c`: `ops` has one entry fewer than `operands` (`in`, `not in`, `is` too)."""

    operands: tuple[Expr, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Tree):
    """`body if condition else otherwise`."""

    condition: Expr
    body: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class Argument(Tree):
    """A call's argument: positional when `name` is None."""

    name: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class Call(Tree):
    function: Expr
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Attribute(Tree):
    value: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Slice(Tree):
    start: Expr | None
    stop: Expr | None
    step: Expr | None


@dataclass(frozen=True, slots=True)
class Subscript(Tree):
    value: Expr
    indices: tuple[Expr | Slice, ...]


@dataclass(frozen=True, slots=True)
class Pipe(Tree):
    """`value |> function`: the call `function(value)`, written left to right."""

    value: Expr
    function: Expr


Expr: TypeAlias = (
    Name
    | Constant
    | FString
    | ListExpr
    | TupleExpr
    | DictExpr
    | Comprehension
    | Unary
    | Binary
    | Compare
    | Conditional
    | Call
    | Attribute
    | Subscript
    | Pipe
)

# --- statements --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Target(Tree):
    """What an assignment or a loop binds: one name, or several to unpack into."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assign(Tree):
    """`target = value`; inside `train:` the same node holds the settings."""

    target: Target
    value: Expr


@dataclass(frozen=True, slots=True)
class Expression(Tree):
    """An expression on a line of its own (a docstring, or a mistake)."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Dimension(Tree):
    """One dimension of a declared shape: `784`, `length`, `None`, `batch=32`."""

    label: str | None
    value: Expr


@dataclass(frozen=True, slots=True)
class TensorSpec(Tree):
    """`float32[784]`."""

    dtype: str
    dims: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class InputDecl(Tree):
    name: str
    spec: TensorSpec


@dataclass(frozen=True, slots=True)
class OutputDecl(Tree):
    """`output name = value`, or `output name` for a name bound before."""

    name: str
    value: Expr | None


@dataclass(frozen=True, slots=True)
class DimBound(Tree):
    """One name of a `dim` statement; `bounds` are pairs such as `(">=", 1)`."""

    name: str
    bounds: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class DimDecl(Tree):
    dims: tuple[DimBound, ...]


@dataclass(frozen=True, slots=True)
class WeightDecl(Tree):
    """`weight name: float32[...] = initializer` (or `state ...`) in a `layer`.

    `options` are named, such as `regularizer=L2(0.01)`.
    """

    kind: str  # "weight" or "state"
    name: str
    spec: TensorSpec
    initializer: Expr | None
    options: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class For(Tree):
    target: Target
    iterable: Expr
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class If(Tree):
    """`elif` is an `If` that stands alone in `otherwise`."""

    condition: Expr
    body: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Parameter(Tree):
    """A parameter of a definition; required when `default` is None."""

    name: str
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Def(Tree):
    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str | None


@dataclass(frozen=True, slots=True)
class Return(Tree):
    value: Expr


@dataclass(frozen=True, slots=True)
class View(Tree):
    """`view name(input, ...) = value`."""

    name: str
    inputs: tuple[str, ...]
    value: Expr


@dataclass(frozen=True, slots=True)
class Train(Tree):
    """The `train:` block; its settings are assignments, order kept."""

    body: tuple[Statement, ...]


Statement: TypeAlias = (
    Assign
    | Expression
    | InputDecl
    | OutputDecl
    | DimDecl
    | WeightDecl
    | For
    | If
    | Def
    | Return
    | View
    | Train
)

# --- top level ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParamDecl(Tree):
    """`param name = default`; `-D name=value` overrides it."""

    name: str
    default: Expr


@dataclass(frozen=True, slots=True)
class Use(Tree):
    """`use "path.k": names`; without names the file's declarations all come in."""

    path: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class ModelDef(Tree):
    name: str
    name_span: Span
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str | None


@dataclass(frozen=True, slots=True)
class LayerDecl(Tree):
    """`layer Name(parameters)(inputs):` with weights, statements and a `return`."""

    name: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str | None


@dataclass(frozen=True, slots=True)
class FunctionDecl(Tree):
    """`loss name(...)` or `metric name(...)` at top level."""

    kind: str  # "loss" or "metric"
    name: str
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str | None


Declaration: TypeAlias = ParamDecl | Use | ModelDef | LayerDecl | FunctionDecl | Def | Assign


@dataclass(frozen=True, slots=True)
class Module:
    """One `.k` file."""

    source: Source
    declarations: tuple[Declaration, ...]
    doc: str | None = None


def children(node: Tree) -> Iterator[Tree]:
    """The nodes directly below a node, in source order."""
    pending: list[object] = [getattr(node, name) for name in reversed(type(node).__match_args__)]
    while pending:
        value = pending.pop()
        if isinstance(value, Tree):
            yield value
        elif isinstance(value, tuple):
            pending.extend(reversed(value))


def same(first: object, second: object) -> bool:
    """Whether two trees say the same, wherever in their files they stand."""
    if type(first) is not type(second):
        return False
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, Tree | Module):
        names = [name for name in type(first).__match_args__ if name not in _PLACES]
        return all(same(getattr(first, name), getattr(second, name)) for name in names)
    return first == second


_PLACES = ("span", "name_span", "source")
