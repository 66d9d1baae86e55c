"""Statements of a body: bindings, loops, choices, functions; errors are collected.

A statement that fails is reported and its names are poisoned, so that the rest
of the body is still checked and what depends on the failure stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kgen import syntax
from kgen.buildtime import Arguments, Evaluator
from kgen.builtins import iterate
from kgen.diagnostics import KgenError, Report, Span, fail
from kgen.limits import Budget
from kgen.names import Names
from kgen.run import collect
from kgen.suggest import suggest
from kgen.values import DONE, POISON, BuildValue, Function, Silenced


@dataclass(frozen=True)
class Returned:
    """A `return` was reached."""

    value: BuildValue


Inlined: TypeAlias = syntax.Def | syntax.LayerDecl | syntax.FunctionDecl


class Executor(Evaluator):
    """Executes bodies; the statements of models are left to a subclass."""

    def __init__(self, budget: Budget, report: Report) -> None:
        super().__init__(budget)
        self.report = report
        self.functions: list[Inlined] = []
        self.variable: tuple[syntax.Expr, str] | None = None

    # --- what elaboration adds -------------------------------------------------

    def declare(self, statement: syntax.Statement, names: Names) -> None:
        """Execute a statement that belongs to a model: `input`, `output`, `train` ..."""
        fail(
            "K0505",
            "this statement belongs into a model",
            statement.span,
            help="move it into the block of a `model`",
        )

    def bound(self, target: syntax.Target, value: BuildValue) -> None:
        """Take note that names were bound by an assignment."""

    def failed(self) -> None:
        """Take note that a statement failed."""

    # --- statements ------------------------------------------------------------

    def execute(self, body: Sequence[syntax.Statement], names: Names) -> Returned | None:
        """Execute a body; returns what it returns, if it does."""
        for statement in body:
            self.budget.spend(1, statement.span)
            try:
                result = self._statement(statement, names)
            except KgenError as error:
                collect(self.report, error)
            except Silenced:
                pass
            else:
                if result is not None:
                    return result
                continue
            self.failed()
            for name in assigned(statement):
                names.bind(name, POISON)
            if isinstance(statement, syntax.Return):
                return Returned(POISON)
        return None

    def _statement(self, statement: syntax.Statement, names: Names) -> Returned | None:
        match statement:
            case syntax.Assign():
                self._assign(statement, names)
            case syntax.Expression():
                self._expression(statement, names)
            case syntax.For():
                return self._for(statement, names)
            case syntax.If():
                taken = self.condition(statement.condition, names)
                with self.budget.deeper(statement.span):
                    return self.execute(statement.body if taken else statement.otherwise, names)
            case syntax.Def():
                names.bind(statement.name, Function(statement, names))
            case syntax.Return():
                if not self.functions:
                    fail(
                        "K0505",
                        "`return` outside a function",
                        statement.span,
                        help="a model's results are declared: output name = value",
                    )
                return Returned(self.evaluate(statement.value, names))
            case _:
                if self.functions and not _belongs(statement, self.functions[-1]):
                    fail(
                        "K0505",
                        "this statement cannot stand in a function",
                        statement.span,
                        help="move it to the model's own block",
                    )
                if not isinstance(statement, syntax.InputDecl) or not self.functions:
                    self.declare(statement, names)
        return None

    def _assign(self, statement: syntax.Assign, names: Names) -> None:
        target, node = statement.target, statement.value
        if (
            isinstance(node, syntax.TupleExpr)
            and len(node.items) == len(target.names)
            and len(target.names) > 1
        ):
            value: BuildValue = tuple(
                [
                    self.named(item, name, names)
                    for item, name in zip(node.items, target.names, strict=True)
                ]
            )
        elif len(target.names) == 1:
            value = self.named(node, target.names[0], names)
        else:
            value = self.evaluate(node, names)
        self.unpack(target, value, names)
        self.bound(target, value)

    def named(self, node: syntax.Expr, name: str, names: Names) -> BuildValue:
        """Evaluate what a variable is bound to: a layer constructed there takes its name."""
        outer, self.variable = self.variable, (node, name)
        try:
            return self.evaluate(node, names)
        finally:
            self.variable = outer

    def variable_of(self, node: syntax.Expr) -> str | None:
        """The variable that a call's result is bound to directly, if it is."""
        if self.variable is None:
            return None
        value, name = self.variable
        while True:
            if isinstance(value, syntax.Conditional):
                if node is value.body or node is value.otherwise:
                    return name
                value = value.otherwise
            elif isinstance(value, syntax.Call) and _loads(value) and node is not value:
                value = value.arguments[-1].value
            else:
                return name if node is value else None

    def _expression(self, statement: syntax.Expression, names: Names) -> None:
        if isinstance(statement.value, syntax.Constant):
            return
        if self.evaluate(statement.value, names) is DONE:
            return
        fail(
            "K0505",
            "the value of this line is not used",
            statement.span,
            help="bind it to a name, or declare it: output name = ...",
        )

    def _for(self, statement: syntax.For, names: Names) -> Returned | None:
        source = self.evaluate(statement.iterable, names)
        for item in iterate(source, self.budget, statement.iterable.span):
            self.unpack(statement.target, item, names)
            with self.budget.deeper(statement.span):
                result = self.execute(statement.body, names)
            if result is not None:
                return result
        return None

    # --- functions -------------------------------------------------------------

    def call(self, function: BuildValue, arguments: Arguments, node: syntax.Expr) -> BuildValue:
        if isinstance(function, Function):
            return self.call_function(function, arguments, node.span)
        return super().call(function, arguments, node)

    def call_function(self, function: Function, arguments: Arguments, span: Span) -> BuildValue:
        """Inline a `def`; recursion is refused."""
        names = Names(function.names)
        declaration = function.declaration
        self.fit(declaration.name, declaration.parameters, arguments, names)
        return self.inline(declaration, names, span)

    def inline(self, declaration: Inlined, names: Names, span: Span) -> BuildValue:
        """What a body returns whose parameters are bound; recursion is refused."""
        if any(declaration is active for active in self.functions):
            fail(
                "K0606",
                f"`{declaration.name}` calls itself",
                span,
                label="recursion",
                help="functions are inlined, so they cannot recur; use a loop",
            )
        self.functions.append(declaration)
        outer, self.variable = self.variable, None
        try:
            with self.budget.deeper(span):
                result = self.execute(declaration.body, names)
        finally:
            self.functions.pop()
            self.variable = outer
        if result is None:
            fail(
                "K0309",
                f"`{declaration.name}` ended without a `return`",
                span,
                help="its body must return a value",
            )
        if result.value is POISON:
            raise Silenced
        return result.value

    def fit(
        self,
        title: str,
        parameters: Sequence[syntax.Parameter],
        arguments: Arguments,
        names: Names,
    ) -> None:
        """Bind parameters to the arguments of a call, or to their defaults."""
        known = [parameter.name for parameter in parameters]
        given: dict[str, BuildValue] = {}
        if len(arguments.positional) > len(known):
            fail(
                "K0301",
                f"{title} takes {len(known)} arguments, found {len(arguments.positional)}",
                arguments.place(len(known)),
                help=f"the arguments are {', '.join(known)}" if known else "call it without any",
            )
        given.update(zip(known, arguments.positional, strict=False))
        for name, value in arguments.keywords.items():
            if name not in known:
                help = suggest(name, known) or f"the arguments are {', '.join(known) or 'none'}"
                place = arguments.place(name)
                fail("K0301", f"{title} has no argument `{name}`", place, help=help)
            if name in given:
                place = arguments.place(name)
                fail("K0301", f"{title} is given `{name}` twice", place, help="remove one of them")
            given[name] = value
        for parameter in parameters:
            if parameter.name in given:
                names.bind(parameter.name, given[parameter.name])
            elif parameter.default is None:
                help = f"write {title}({parameter.name}=...)"
                fail("K0301", f"{title} needs `{parameter.name}`", arguments.span, help=help)
            else:
                names.bind(parameter.name, self.evaluate(parameter.default, names))


def assigned(statement: syntax.Statement) -> Iterator[str]:
    """The names that a statement would bind."""
    match statement:
        case syntax.Assign():
            yield from statement.target.names
        case syntax.For():
            yield from statement.target.names
            for inner in statement.body:
                yield from assigned(inner)
        case syntax.If():
            for inner in (*statement.body, *statement.otherwise):
                yield from assigned(inner)
        case syntax.InputDecl() | syntax.OutputDecl() | syntax.Def() | syntax.WeightDecl():
            yield statement.name
        case syntax.DimDecl():
            yield from (dim.name for dim in statement.dims)
        case syntax.View():
            yield statement.name


def _loads(call: syntax.Call) -> bool:
    """Whether a call gives the layer that is its last argument: `use_weights(file, layer)`."""
    function = call.function
    named = isinstance(function, syntax.Name) and function.id == "use_weights"
    return named and bool(call.arguments)


def _belongs(statement: syntax.Statement, function: Inlined) -> bool:
    """Whether a declaration may stand in a body: weights in layers, the target's type in losses."""
    if isinstance(function, syntax.LayerDecl):
        return isinstance(statement, syntax.WeightDecl)
    return (
        isinstance(function, syntax.FunctionDecl)
        and isinstance(statement, syntax.InputDecl)
        and statement.name == function.parameters[0].name
    )


def refuse_weight(statement: syntax.Statement) -> None:
    """Report a weight outside a layer."""
    fail(
        "K0505",
        "weights are declared in a `layer`",
        statement.span,
        help="use a layer such as Dense, which has weights of its own",
    )
