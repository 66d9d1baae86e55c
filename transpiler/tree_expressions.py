"""Expressions: from Lark's tree to `kgen.syntax` nodes."""

from __future__ import annotations

from typing import Any

from kgen import syntax
from kgen.diagnostics import Diagnostic, KgenError, Span
from kgen.literals import RawField, fstring_parts, number_value, string_value
from kgen.parser import grammar
from kgen.scan import Line
from kgen.sound_text import SoundText
from lark import Token, Transformer_NonRecursive, v_args
from lark.exceptions import UnexpectedInput
from lark.tree import Meta

_CONSTANTS = {"True": True, "False": False, "None": None, "...": ...}


@v_args(meta=True)
class ExpressionBuilder(Transformer_NonRecursive[Token, Any]):
    """One method per grammar rule; mistakes are collected in `diagnostics`."""

    def __init__(self, sound: SoundText, diagnostics: list[Diagnostic]) -> None:
        super().__init__(visit_tokens=False)
        self.sound = sound
        self.diagnostics = diagnostics

    def span(self, meta: Meta | Token) -> Span:
        assert meta.start_pos is not None and meta.end_pos is not None
        return self.sound.span(meta.start_pos, meta.end_pos)

    # --- atoms ---

    def name(self, meta: Meta, children: list[Any]) -> syntax.Name:
        return syntax.Name(self.span(meta), str(children[0]))

    def number(self, meta: Meta, children: list[Any]) -> syntax.Constant:
        return syntax.Constant(self.span(meta), number_value(children[0]))

    def string(self, meta: Meta, children: list[Any]) -> syntax.Constant:
        return syntax.Constant(self.span(meta), self.text(children[0]))

    def constant(self, meta: Meta, children: list[Any]) -> syntax.Constant:
        return syntax.Constant(self.span(meta), _CONSTANTS[children[0]])

    def text(self, token: Token) -> str:
        """The value of a string token; empty when it is malformed."""
        try:
            return string_value(str(token), self.span(token))
        except KgenError as error:
            self.diagnostics.extend(error.diagnostics)
            return ""

    def fstring(self, meta: Meta, children: list[Any]) -> syntax.FString:
        span = self.span(meta)
        parts: list[str | syntax.FStringField] = []
        try:
            for part in fstring_parts(str(children[0]), span):
                parts.append(self._field(part, span) if isinstance(part, RawField) else part)
        except KgenError as error:
            self.diagnostics.extend(error.diagnostics)
        return syntax.FString(span, tuple(parts))

    def _field(self, field: RawField, span: Span) -> syntax.FStringField:
        end = field.start + len(field.text)
        line = Line(field.start, end, 1, [])
        sound = SoundText(span.source, [line])
        sound.text = f"({field.text})\n"
        try:
            tree = grammar().parse(sound.text)
        except UnexpectedInput as error:
            place = sound.span(min(error.pos_in_stream or 0, len(field.text)), len(field.text) + 1)
            raise KgenError(
                [
                    Diagnostic(
                        "K0116",
                        "malformed f-string",
                        place,
                        "not an expression",
                        help="a field holds one expression, and a format after `:`",
                    )
                ]
            ) from error
        statement = ExpressionBuilder(sound, self.diagnostics).transform(tree)
        return syntax.FStringField(
            Span(span.source, field.start - 1, field.end), statement.value, field.format_spec
        )

    def list_display(self, meta: Meta, children: list[Any]) -> syntax.ListExpr:
        return syntax.ListExpr(self.span(meta), present(children))

    def tuple_display(self, meta: Meta, children: list[Any]) -> syntax.TupleExpr:
        return syntax.TupleExpr(self.span(meta), present(children))

    def dict_display(self, meta: Meta, children: list[Any]) -> syntax.DictExpr:
        return syntax.DictExpr(self.span(meta), present(children))

    def pair(self, meta: Meta, children: list[Any]) -> tuple[syntax.Expr, syntax.Expr]:
        return children[0], children[1]

    def list_comprehension(self, meta: Meta, children: list[Any]) -> syntax.Comprehension:
        element, *clauses = children
        return syntax.Comprehension(self.span(meta), element, None, tuple(clauses))

    def dict_comprehension(self, meta: Meta, children: list[Any]) -> syntax.Comprehension:
        (key, element), *clauses = children
        return syntax.Comprehension(self.span(meta), element, key, tuple(clauses))

    def clause(self, meta: Meta, children: list[Any]) -> syntax.ForClause:
        target, iterable, *conditions = children
        return syntax.ForClause(self.span(meta), target, iterable, tuple(conditions))

    def condition(self, meta: Meta, children: list[Any]) -> syntax.Expr:
        expression: syntax.Expr = children[0]
        return expression

    def target(self, meta: Meta, children: list[Any]) -> syntax.Target:
        return syntax.Target(self.span(meta), tuple(map(str, children)))

    # --- operators ---

    def unary(self, meta: Meta, children: list[Any]) -> syntax.Unary:
        return syntax.Unary(self.span(meta), str(children[0]), children[1])

    def binary(self, meta: Meta, children: list[Any]) -> syntax.Binary:
        left, operator, right = children
        return syntax.Binary(self.span(meta), str(operator), left, right)

    def compare(self, meta: Meta, children: list[Any]) -> syntax.Compare:
        return syntax.Compare(self.span(meta), tuple(children[::2]), tuple(children[1::2]))

    def comparator(self, meta: Meta, children: list[Any]) -> str:
        return " ".join(children)

    def choice(self, meta: Meta, children: list[Any]) -> syntax.Conditional:
        body, condition, otherwise = children
        return syntax.Conditional(self.span(meta), condition, body, otherwise)

    def pipe(self, meta: Meta, children: list[Any]) -> syntax.Pipe:
        return syntax.Pipe(self.span(meta), children[0], children[1])

    # --- what follows a value ---

    def call(self, meta: Meta, children: list[Any]) -> syntax.Call:
        function, *arguments = children
        call = syntax.Call(self.span(meta), function, present(arguments))
        self._check_arguments(call.arguments)
        return call

    def argument(self, meta: Meta, children: list[Any]) -> syntax.Argument:
        return syntax.Argument(self.span(meta), None, children[0])

    def keyword_argument(self, meta: Meta, children: list[Any]) -> syntax.Argument:
        return syntax.Argument(self.span(meta), str(children[0]), children[1])

    def _check_arguments(self, arguments: tuple[syntax.Argument, ...]) -> None:
        seen: set[str] = set()
        for argument in arguments:
            if argument.name is None and seen:
                self.report(
                    "K0117",
                    "a positional argument follows a named one",
                    argument.span,
                    "has no name",
                    "put it before the named arguments, or name it",
                )
            elif argument.name in seen:
                self.repeated(f"argument `{argument.name}`", argument.span)
            if argument.name is not None:
                seen.add(argument.name)

    def subscript(self, meta: Meta, children: list[Any]) -> syntax.Subscript:
        return syntax.Subscript(self.span(meta), children[0], tuple(children[1:]))

    def slice_index(self, meta: Meta, children: list[Any]) -> syntax.Slice:
        return syntax.Slice(self.span(meta), *children)

    def attribute(self, meta: Meta, children: list[Any]) -> syntax.Attribute:
        return syntax.Attribute(self.span(meta), children[0], str(children[1]))

    # --- statements an f-string's field needs ---

    def module(self, meta: Meta, children: list[Any]) -> Any:
        return children[0]

    def expression_statement(self, meta: Meta, children: list[Any]) -> syntax.Expression:
        return syntax.Expression(self.span(meta), children[0])

    # --- mistakes ---

    def report(self, code: str, message: str, span: Span, label: str, help: str) -> None:
        self.diagnostics.append(Diagnostic(code, message, span, label, help=help))

    def repeated(self, what: str, span: Span) -> None:
        self.report("K0118", f"{what} is given twice", span, "second time", "keep one of the two")


def present(children: list[Any]) -> Any:
    """The children an optional part of a rule left behind, as a tuple."""
    return tuple(child for child in children if child is not None)
