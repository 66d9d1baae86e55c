"""Statements and declarations: from Lark's tree to `kgen.syntax` nodes.

The span of a statement with a block is its header, from the first word to the
colon; every other node's span is all of its text.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from kgen import syntax
from kgen.diagnostics import Diagnostic, Span
from kgen.sound_text import SoundText
from kgen.tree_expressions import ExpressionBuilder, present
from lark import Token, Tree, v_args
from lark.tree import Meta

MAX_DEPTH = 100


def build_module(
    tree: Tree[Token], sound: SoundText, diagnostics: list[Diagnostic]
) -> syntax.Module:
    """The syntax tree of a file; adds to `diagnostics` what the grammar could not see."""
    doc, declarations = ModuleBuilder(sound, diagnostics).transform(tree)
    module = syntax.Module(sound.source, declarations, doc)
    _check_depth(module, diagnostics)
    return module


@dataclass(frozen=True, slots=True)
class _Suite:
    """A block: where its colon ends, its docstring (if it may have one) and its statements."""

    colon: Token
    statements: tuple[syntax.Statement, ...]

    @property
    def documented(self) -> tuple[str | None, tuple[syntax.Statement, ...]]:
        doc = _doc(self.statements[0])
        return doc, self.statements if doc is None else self.statements[1:]


@v_args(meta=True)
class ModuleBuilder(ExpressionBuilder):
    """One method per rule for statements and declarations."""

    def module(
        self, meta: Meta, children: list[Any]
    ) -> tuple[str | None, tuple[syntax.Declaration, ...]]:
        doc = _doc(children[0]) if children else None
        rest = children if doc is None else children[1:]
        for child in rest:
            if isinstance(child, syntax.Expression):
                self.report(
                    "K0114",
                    "an expression cannot stand at the top level of a file",
                    child.span,
                    "it would do nothing",
                    "bind it to a name, or move it into a model",
                )
        return doc, tuple(child for child in rest if not isinstance(child, syntax.Expression))

    # --- declarations ---

    def param(self, meta: Meta, children: list[Any]) -> syntax.ParamDecl:
        return syntax.ParamDecl(self.span(meta), str(children[0]), children[1])

    def use(self, meta: Meta, children: list[Any]) -> syntax.Use:
        path, *names = children
        return syntax.Use(self.span(meta), self.text(path), present(names))

    def model(self, meta: Meta, children: list[Any]) -> syntax.ModelDef:
        name, parameters, suite = children
        doc, body = suite.documented
        header = self._header(meta, suite)
        return syntax.ModelDef(header, str(name), self.span(name), parameters or (), body, doc)

    def layer(self, meta: Meta, children: list[Any]) -> syntax.LayerDecl:
        name, parameters, inputs, suite = children
        self._check_parameters((*parameters, *inputs), ordered=False)
        doc, body = suite.documented
        return syntax.LayerDecl(self._header(meta, suite), str(name), parameters, inputs, body, doc)

    def objective(self, meta: Meta, children: list[Any]) -> syntax.FunctionDecl:
        kind, name, parameters, suite = children
        doc, body = suite.documented
        return syntax.FunctionDecl(
            self._header(meta, suite), str(kind), str(name), parameters, body, doc
        )

    def function(self, meta: Meta, children: list[Any]) -> syntax.Def:
        name, parameters, suite = children
        doc, body = suite.documented
        return syntax.Def(self._header(meta, suite), str(name), parameters, body, doc)

    def parameters(self, meta: Meta, children: list[Any]) -> tuple[syntax.Parameter, ...]:
        parameters: tuple[syntax.Parameter, ...] = present(children)
        self._check_parameters(parameters, ordered=True)
        return parameters

    def parameter(self, meta: Meta, children: list[Any]) -> syntax.Parameter:
        return syntax.Parameter(self.span(meta), str(children[0]), children[1])

    def _check_parameters(self, parameters: tuple[syntax.Parameter, ...], *, ordered: bool) -> None:
        """Report repeated names and (if `ordered`) required parameters after optional ones."""
        seen: set[str] = set()
        optional = False
        for parameter in parameters:
            if parameter.name in seen:
                self.repeated(f"parameter `{parameter.name}`", parameter.span)
            elif ordered and optional and parameter.default is None:
                self.report(
                    "K0117",
                    "a parameter without a default follows one with a default",
                    parameter.span,
                    "has no default",
                    "put it first, or give it a default",
                )
            optional = optional or parameter.default is not None
            seen.add(parameter.name)

    # --- statements ---

    def suite(self, meta: Meta, children: list[Any]) -> _Suite:
        statements = tuple(child for child in children if not isinstance(child, Token))
        return _Suite(children[0], statements)

    def assign(self, meta: Meta, children: list[Any]) -> syntax.Assign:
        left, value = children
        return syntax.Assign(self.span(meta), self._assigned(left), value)

    def _assigned(self, left: syntax.Expr) -> syntax.Target:
        """The target an expression on the left of `=` stands for; reports what is none."""
        parts = left.items if isinstance(left, syntax.TupleExpr) else (left,)
        names = tuple(part.id for part in parts if isinstance(part, syntax.Name))
        wrong = next((part for part in parts if not isinstance(part, syntax.Name)), None)
        if isinstance(left, syntax.TupleExpr) and len(parts) < 2:
            wrong = left
        if wrong is not None:
            help = "bind a name: `y = ...`"
            if isinstance(wrong, syntax.Attribute):
                help = "give settings where the layer is made: `Dense(64, trainable=False)`"
            elif isinstance(wrong, syntax.TupleExpr):
                help = "unpack into two names or more, without nesting: `a, b = ...`"
            self.report("K0113", "only names can be bound", wrong.span, "not a name", help)
        elif len(set(names)) < len(names) and names.count("_") < 2:
            self.repeated("a name", left.span)
        return syntax.Target(left.span, names)

    def input(self, meta: Meta, children: list[Any]) -> syntax.InputDecl:
        return syntax.InputDecl(self.span(meta), str(children[0]), children[1])

    def output(self, meta: Meta, children: list[Any]) -> syntax.OutputDecl:
        return syntax.OutputDecl(self.span(meta), str(children[0]), children[1])

    def weight(self, meta: Meta, children: list[Any]) -> syntax.WeightDecl:
        kind, name, spec, initializer, *options = children
        for position, option in enumerate(options):
            if option.name in [earlier.name for earlier in options[:position]]:
                self.repeated(f"`{option.name}=`", option.span)
        span = self.span(meta)
        return syntax.WeightDecl(span, str(kind), str(name), spec, initializer, tuple(options))

    def option(self, meta: Meta, children: list[Any]) -> syntax.Argument:
        return syntax.Argument(self.span(meta), str(children[0]), children[1])

    def spec(self, meta: Meta, children: list[Any]) -> syntax.TensorSpec:
        return syntax.TensorSpec(self.span(meta), str(children[0]), present(children[1:]))

    def dimension(self, meta: Meta, children: list[Any]) -> syntax.Dimension:
        return syntax.Dimension(self.span(meta), None, children[0])

    def labelled_dimension(self, meta: Meta, children: list[Any]) -> syntax.Dimension:
        return syntax.Dimension(self.span(meta), str(children[0]), children[1])

    def dim(self, meta: Meta, children: list[Any]) -> syntax.DimDecl:
        dims: list[syntax.DimBound] = []
        for child in children:
            if isinstance(child, syntax.DimBound):
                dims.append(child)
            else:
                span, bound = child
                last = dims[-1]
                dims[-1] = syntax.DimBound(last.span.to(span), last.name, (*last.bounds, bound))
        return syntax.DimDecl(self.span(meta), tuple(dims))

    def open_dim(self, meta: Meta, children: list[Any]) -> syntax.DimBound:
        name, bound = children
        return syntax.DimBound(self.span(meta), str(name), () if bound is None else (bound[1],))

    def bound(self, meta: Meta, children: list[Any]) -> tuple[Span, tuple[str, syntax.Expr]]:
        operator, value = children
        if operator not in (">=", "<=", ">", "<"):
            self.report(
                "K0101",
                f"expected a bound, found `{operator}`",
                self.span(operator),
                "not a bound",
                "bounds are `>=`, `<=`, `>` and `<`; a fixed size needs no `dim`",
            )
        return self.span(meta), (str(operator), value)

    def view(self, meta: Meta, children: list[Any]) -> syntax.View:
        name, *inputs, value = children
        names = tuple(str(item) for item in inputs if item is not None)
        if len(set(names)) < len(names):
            self.repeated("an input", self.span(meta))
        return syntax.View(self.span(meta), str(name), names, value)

    def result(self, meta: Meta, children: list[Any]) -> syntax.Return:
        return syntax.Return(self.span(meta), children[0])

    def train(self, meta: Meta, children: list[Any]) -> syntax.Train:
        return syntax.Train(self._header(meta, children[0]), children[0].statements)

    def for_loop(self, meta: Meta, children: list[Any]) -> syntax.For:
        target, iterable, suite = children
        return syntax.For(self._header(meta, suite), target, iterable, suite.statements)

    def if_block(self, meta: Meta, children: list[Any]) -> syntax.If:
        condition, suite, *elifs, otherwise = children
        rest: tuple[syntax.Statement, ...] = otherwise or ()
        for header, elif_condition, elif_body in reversed(elifs):
            rest = (syntax.If(header, elif_condition, elif_body, rest),)
        return syntax.If(self._header(meta, suite), condition, suite.statements, rest)

    def elif_block(self, meta: Meta, children: list[Any]) -> tuple[Any, ...]:
        condition, suite = children
        return self._header(meta, suite), condition, suite.statements

    def else_block(self, meta: Meta, children: list[Any]) -> tuple[syntax.Statement, ...]:
        statements: tuple[syntax.Statement, ...] = children[0].statements
        return statements

    def _header(self, meta: Meta, suite: _Suite) -> Span:
        assert suite.colon.end_pos is not None
        return self.sound.span(meta.start_pos, suite.colon.end_pos)


def _doc(statement: Any) -> str | None:
    value = statement.value if isinstance(statement, syntax.Expression) else None
    if isinstance(value, syntax.Constant) and isinstance(value.value, str):
        return inspect.cleandoc(value.value)
    return None


def _check_depth(module: syntax.Module, diagnostics: list[Diagnostic]) -> None:
    """Refuse trees too deep for the recursive walks that follow."""
    pending: list[tuple[syntax.Tree, int]] = [(node, 1) for node in module.declarations]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            diagnostics.append(
                Diagnostic(
                    "K0616",
                    f"this is nested more than {MAX_DEPTH} levels deep",
                    node.span,
                    "one level too many",
                    ("blocks, brackets, operators and `|>` each add a level",),
                    "bind inner parts to names of their own, line by line",
                )
            )
            return
        pending.extend((child, depth + 1) for child in syntax.children(node))
