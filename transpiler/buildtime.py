"""Evaluation of expressions at build time, over the closed set of `values`.

`Evaluator` knows numbers, strings, collections, comprehensions and the
build-time functions. What an expression means beyond that (names of the
registry, calls of layers, operators on tensors) is left to the methods that
elaboration overrides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from kgen import arithmetic, syntax
from kgen.builtins import BUILTINS, call_builtin, formatted, instead_of_attribute, iterate
from kgen.diagnostics import KgenError, Span, fail
from kgen.graph import Value
from kgen.limits import Budget, check_bits, check_characters, check_items
from kgen.names import Names, hidden, unknown
from kgen.values import POISON, BuildValue, Builtin, Silenced, describe

# What the codes of exceeded limits begin with: whatever follows exceeds them as well.
LIMITS = "K06"


@dataclass(slots=True)
class Arguments:
    """The evaluated arguments of a call; every value has the span of its argument."""

    span: Span
    positional: list[BuildValue] = field(default_factory=list)
    keywords: dict[str, BuildValue] = field(default_factory=dict)
    spans: dict[str | int, Span] = field(default_factory=dict)

    def place(self, argument: str | int | None) -> Span:
        """Where an argument stands; the call where it is missing."""
        return self.span if argument is None else self.spans.get(argument, self.span)


class Evaluator:
    """Evaluates expressions in a namespace, within a budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget

    # --- what elaboration adds -------------------------------------------------

    def lookup(self, name: str, names: Names, span: Span) -> BuildValue:
        """The value of a name.

        Raises:
            Silenced: its definition failed and is reported.
        """
        found, value = names.find(name)
        if not found:
            if name not in BUILTINS:
                unknown(name, names, BUILTINS, span)
            value = BUILTINS[name]
        if value is POISON:
            raise Silenced
        return value

    def call(self, function: BuildValue, arguments: Arguments, node: syntax.Expr) -> BuildValue:
        """Call a value."""
        if isinstance(function, Builtin):
            if arguments.keywords:
                name = next(iter(arguments.keywords))
                fail(
                    "K0301",
                    f"{function.name}() takes no named arguments",
                    arguments.place(name),
                    help="give the values in order",
                )
            return call_builtin(function, arguments.positional, self.budget, node.span)
        fail(
            "K0305",
            f"{describe(function)} cannot be called",
            node.span,
            help=hidden(node, BUILTINS)
            or "layers, models, functions and build-time functions can be called",
        )

    def tensor_binary(self, op: str, a: BuildValue, b: BuildValue, span: Span) -> BuildValue:
        """An operator of which at least one side is a tensor."""
        arithmetic.mismatch(op, a, b, span)

    def tensor_negative(self, value: Value, span: Span) -> BuildValue:
        """`-tensor`."""
        return arithmetic.unary("-", value, span)

    def tensor_compare(self, op: str, a: BuildValue, b: BuildValue, span: Span) -> BuildValue:
        """A comparison of which at least one side is a tensor."""
        arithmetic.mismatch(op, a, b, span)

    def tensor_subscript(self, value: Value, node: syntax.Subscript, names: Names) -> BuildValue:
        """`tensor[...]`."""
        fail("K0303", f"{describe(value)} cannot be indexed", node.span, help="index a list")

    def attribute(self, value: BuildValue, node: syntax.Attribute) -> BuildValue:
        """`value.name`."""
        shown = node.value.id if isinstance(node.value, syntax.Name) else "items"
        fail(
            "K0203",
            f"{describe(value)} has no attribute `{node.name}`",
            node.span,
            label="unknown attribute",
            help=instead_of_attribute(value, node.name, shown),
        )

    # --- expressions -----------------------------------------------------------

    def evaluate(self, node: syntax.Expr, names: Names) -> BuildValue:
        """The value of an expression.

        Raises:
            KgenError: it has none; the diagnostic says why.
            Silenced: it uses a name whose definition failed.
        """
        self.budget.spend(1, node.span)
        self.budget.enter(node.span)
        try:
            match node:
                case syntax.Name():
                    return self.lookup(node.id, names, node.span)
                case syntax.Constant():
                    return self._constant(node)
                case syntax.Binary() | syntax.Pipe():
                    return self._spine(node, names)
                case syntax.Call():
                    return self._call(node, names)
                case syntax.ListExpr():
                    return [self.evaluate(item, names) for item in node.items]
                case syntax.TupleExpr():
                    return tuple([self.evaluate(item, names) for item in node.items])
                case syntax.DictExpr():
                    return {
                        arithmetic.key(self.evaluate(k, names), k.span): self.evaluate(v, names)
                        for k, v in node.items
                    }
                case syntax.Unary():
                    return self._unary(node, names)
                case syntax.Compare():
                    return self._compare(node, names)
                case syntax.Conditional():
                    taken = self.condition(node.condition, names)
                    return self.evaluate(node.body if taken else node.otherwise, names)
                case syntax.Attribute():
                    return self.attribute(self.evaluate(node.value, names), node)
                case syntax.Subscript():
                    return self._subscript(node, names)
                case syntax.FString():
                    return self._fstring(node, names)
                case syntax.Comprehension():
                    return self._comprehension(node, names)
        finally:
            self.budget.depth -= 1

    def condition(self, node: syntax.Expr, names: Names) -> bool:
        """The truth of an expression."""
        return arithmetic.truth(self.evaluate(node, names), node.span)

    def _constant(self, node: syntax.Constant) -> BuildValue:
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool):
            check_bits(value.bit_length(), node.span)
        elif isinstance(value, float):
            arithmetic.finite(value, node.span)
        elif isinstance(value, str):
            check_characters(len(value), node.span)
        return value

    def _spine(self, node: syntax.Binary | syntax.Pipe, names: Names) -> BuildValue:
        """Left-nested operators, in a loop: a pipeline may be as long as it likes."""
        chain: list[syntax.Binary | syntax.Pipe] = []
        first: syntax.Expr = node
        while isinstance(first, syntax.Binary | syntax.Pipe):
            chain.append(first)
            first = first.value if isinstance(first, syntax.Pipe) else first.left
        try:
            value = self.evaluate(first, names)
            while chain:
                value = self._step(value, chain.pop(), names)
        except (KgenError, Silenced) as error:
            self._rest(error, chain, names)
        return value

    def _step(
        self, value: BuildValue, step: syntax.Binary | syntax.Pipe, names: Names
    ) -> BuildValue:
        self.budget.spend(1, step.span)
        if isinstance(step, syntax.Pipe):
            return self._pipe(value, step, names)
        if step.op in ("and", "or"):
            goes_on = arithmetic.truth(value, step.left.span) == (step.op == "and")
            return self.evaluate(step.right, names) if goes_on else value
        return self.binary(step.op, value, self.evaluate(step.right, names), step.span)

    def _rest(
        self,
        error: KgenError | Silenced,
        chain: list[syntax.Binary | syntax.Pipe],
        names: Names,
    ) -> NoReturn:
        """Raise the error, with the mistakes in layers further along that do not depend on it."""
        first = list(error.diagnostics) if isinstance(error, KgenError) else []
        found = [*first]
        for step in reversed(chain):
            if any(diagnostic.code.startswith(LIMITS) for diagnostic in found):
                break
            if isinstance(step, syntax.Pipe):
                try:
                    self.evaluate(step.function, names)
                except KgenError as other:
                    found += other.diagnostics
                except Silenced:
                    pass
        raise error if found == first else KgenError(found)

    def binary(self, op: str, a: BuildValue, b: BuildValue, span: Span) -> BuildValue:
        """`a op b`."""
        if isinstance(a, Value) or isinstance(b, Value):
            return self.tensor_binary(op, a, b, span)
        return arithmetic.binary(op, a, b, self.budget, span)

    def _pipe(self, value: BuildValue, step: syntax.Pipe, names: Names) -> BuildValue:
        function = self.evaluate(step.function, names)
        arguments = Arguments(step.function.span, [value], {}, {0: step.function.span})
        return self.call(function, arguments, step)

    def _call(self, node: syntax.Call, names: Names) -> BuildValue:
        function = self.evaluate(node.function, names)
        return self.call(function, self.arguments(node, names), node)

    def arguments(self, node: syntax.Call, names: Names) -> Arguments:
        """The arguments of a call, evaluated in order."""
        result = Arguments(node.span)
        for argument in node.arguments:
            value = self.evaluate(argument.value, names)
            if argument.name is None:
                if result.keywords:
                    fail(
                        "K0301",
                        "an argument without a name follows one with a name",
                        argument.span,
                        help="put the arguments without names first",
                    )
                result.spans[len(result.positional)] = argument.span
                result.positional.append(value)
            elif argument.name in result.keywords:
                fail(
                    "K0301",
                    f"the argument `{argument.name}` is given twice",
                    argument.span,
                    help="remove one of them",
                )
            else:
                result.spans[argument.name] = argument.span
                result.keywords[argument.name] = value
        return result

    def _unary(self, node: syntax.Unary, names: Names) -> BuildValue:
        value = self.evaluate(node.operand, names)
        if node.op == "not":
            return not arithmetic.truth(value, node.operand.span)
        if isinstance(value, Value):
            return self.tensor_negative(value, node.span) if node.op == "-" else value
        return arithmetic.unary(node.op, value, node.span)

    def _compare(self, node: syntax.Compare, names: Names) -> BuildValue:
        left = self.evaluate(node.operands[0], names)
        for op, operand in zip(node.ops, node.operands[1:], strict=True):
            right = self.evaluate(operand, names)
            if (isinstance(left, Value) or isinstance(right, Value)) and not op.startswith("is"):
                if len(node.ops) > 1:
                    fail(
                        "K0303",
                        "comparisons of tensors cannot be chained",
                        node.span,
                        help="write logical_and(a < b, b < c)",
                    )
                return self.tensor_compare(op, left, right, node.span)
            if not arithmetic.compare(op, left, right, self.budget, node.span):
                return False
            left = right
        return True

    def _subscript(self, node: syntax.Subscript, names: Names) -> BuildValue:
        value = self.evaluate(node.value, names)
        if isinstance(value, Value):
            return self.tensor_subscript(value, node, names)
        if len(node.indices) != 1:
            fail("K0303", f"{describe(value)} takes one index", node.span, help="write a[i][j]")
        index = node.indices[0]
        if isinstance(index, syntax.Slice):
            result = arithmetic.cut(value, self.bounds(index, names), index.span)
            self.budget.spend(len(result), node.span)
            return result
        found = self.evaluate(index, names)
        result = arithmetic.subscript(value, found, index.span)
        if result is POISON:
            raise Silenced
        return result

    def bounds(self, node: syntax.Slice, names: Names) -> tuple[BuildValue, BuildValue, BuildValue]:
        """Start, stop and step of a slice; None where they are left out."""
        start, stop, step = (
            None if part is None else self.evaluate(part, names)
            for part in (node.start, node.stop, node.step)
        )
        arithmetic.check_bounds((start, stop, step), node.span)
        return start, stop, step

    def _fstring(self, node: syntax.FString, names: Names) -> BuildValue:
        parts: list[str] = []
        total = 0
        for part in node.parts:
            if not isinstance(part, str):
                value = self.evaluate(part.value, names)
                part = formatted(value, part.format_spec, self.budget, part.span)
            total += len(part)
            check_characters(total, node.span)
            parts.append(part)
        self.budget.spend(total // 16, node.span)
        return "".join(parts)

    def _comprehension(self, node: syntax.Comprehension, names: Names) -> BuildValue:
        items: list[BuildValue] = []
        pairs: dict[BuildValue, BuildValue] = {}

        def run(position: int) -> None:
            if position == len(node.clauses):
                check_items(len(items) + len(pairs) + 1, node.span)
                if node.key is None:
                    items.append(self.evaluate(node.element, scope))
                else:
                    key = arithmetic.key(self.evaluate(node.key, scope), node.key.span)
                    pairs[key] = self.evaluate(node.element, scope)
                return
            clause = node.clauses[position]
            source = self.evaluate(clause.iterable, scope)
            for item in iterate(source, self.budget, clause.iterable.span):
                self.unpack(clause.target, item, scope)
                if all(self.condition(test, scope) for test in clause.conditions):
                    run(position + 1)

        scope = Names(names)
        with self.budget.deeper(node.span):
            run(0)
        return items if node.key is None else pairs

    def unpack(self, target: syntax.Target, value: BuildValue, names: Names) -> None:
        """Bind a target's names to a value, or to its parts."""
        if len(target.names) == 1:
            names.bind(target.names[0], value)
            return
        if not isinstance(value, list | tuple) or len(value) != len(target.names):
            fail(
                "K0308",
                f"{describe(value)} cannot be unpacked into {len(target.names)} names",
                target.span,
                help=f"the right side must be a list or tuple of {len(target.names)}",
            )
        for name, part in zip(target.names, value, strict=True):
            names.bind(name, part)
