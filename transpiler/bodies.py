"""Bodies of models: what calls, layers and declarations in them mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kgen import syntax
from kgen.buildtime import Arguments
from kgen.builtins import BUILTINS
from kgen.diagnostics import Report, Span, fail
from kgen.expressions import Expressions
from kgen.graph import Value
from kgen.inputs import check_output_name, declare_input, declare_output
from kgen.layering import (
    apply_comparison,
    apply_function,
    apply_layer,
    build,
    chained,
    compares,
    truth_option,
)
from kgen.limits import Budget
from kgen.names import Names, hidden, registered
from kgen.nesting import apply_model, instance
from kgen.opendims import declare_dims
from kgen.ownweights import assigned_in_layer, declare_weight
from kgen.parts import apply_part, record
from kgen.run import Frame, Run
from kgen.specials import SPECIAL, start_from, weights_option
from kgen.statements import refuse_weight
from kgen.values import (
    AnyLayer,
    BuildValue,
    Builtin,
    Layer,
    LayerChain,
    LayerOutput,
    ModelClass,
    ModelLayer,
    Registered,
    Special,
    has_tensor,
)
from kgen.views import declare_view

_CALL_COST = 20


class Elaborator(Expressions):
    """Executes the bodies of models: constructs and applies layers, declares inputs and outputs."""

    def __init__(self, budget: Budget, report: Report) -> None:
        super().__init__(budget, report)
        self.models: list[syntax.ModelDef | syntax.LayerDecl] = []

    # --- calls -----------------------------------------------------------------

    def call(self, function: BuildValue, arguments: Arguments, node: syntax.Expr) -> BuildValue:
        self.budget.spend(_CALL_COST, node.span)
        with self.placed(node.span):
            return self._called(function, arguments, node)

    @contextmanager
    def placed(self, span: Span) -> Iterator[None]:
        """Within, the file being built stands here; what it takes from others changes nothing."""
        run = self.run
        if run is None or span.source.path != run.place.source.path:
            yield
            return
        before, run.place = run.place, span
        try:
            yield
        finally:
            run.place = before

    def _called(self, function: BuildValue, arguments: Arguments, node: syntax.Expr) -> BuildValue:
        match function:
            case Special():
                return SPECIAL[function.name](self, arguments, node)
            case Registered():
                return self._registered(function, arguments, node)
            case Builtin():
                known = registered(function.name)
                given = (*arguments.positional, *arguments.keywords.values())
                if known is not None and any(has_tensor(value) for value in given):
                    return self._registered(known, arguments, node)
            case ModelClass():
                return instance(self, function, arguments, node)
            case Layer() | LayerChain() | ModelLayer():
                return self.apply(function, arguments)
            case LayerOutput():
                return apply_part(self, function, arguments)
            case Value():
                fail(
                    "K0305",
                    "a tensor cannot be called",
                    node.span,
                    label=str(function.type),
                    help=hidden(node, BUILTINS)
                    or "construct, then apply: Dense(64)(x), or x |> Dense(64)",
                )
        return super().call(function, arguments, node)

    def _registered(
        self, function: Registered, arguments: Arguments, node: syntax.Expr
    ) -> BuildValue:
        families = function.definitions
        tensor_first = bool(arguments.positional) and has_tensor(arguments.positional[0])
        file, arguments = weights_option(function, arguments)
        compared = compares(function)
        if tensor_first and compared is not None:
            run, _ = self.inside(node.span)
            return apply_comparison(run, compared, arguments, self.budget)
        if tensor_first and not families.keys() & {"function", "activation"}:
            help = f"construct, then apply: {function.name}(...)(x)"
            if "layer" in families:
                fail("K0305", f"{function.name} is applied before it is made", node.span, help=help)
        if tensor_first and "function" not in families and "activation" in families:
            rest = Arguments(arguments.span, arguments.positional[1:], arguments.keywords)
            only = Registered(function.name, {"activation": families["activation"]})
            bound = build(only, rest, self.budget)
        else:
            bound = build(function, arguments, self.budget)
        if bound.family in ("function", "activation"):
            run, _ = self.inside(node.span)
            if bound.family == "activation" and not tensor_first:
                return bound
            return apply_function(run, bound, arguments)
        if bound.family != "layer":
            if file is not None:
                fail("K0301", f"{bound.name} has no argument weights", arguments.place("weights"),
                     help="only layers and models take weights from files")  # fmt: skip
            return bound
        _, frame = self.inside(node.span)
        given = bound.arguments.get("name")
        name = frame.layer_name(bound.name, given, self.variable_of(node), node.span)
        again = frame.known.get(name) if frame.again else None
        if isinstance(again, Layer):
            return again
        trainable = bool(bound.arguments.get("trainable", True)) and frame.trainable
        layer = Layer(bound, name, node.span, trainable, frame.prefix)
        frame.known[name] = layer
        if file is not None:
            start_from(self, layer, file, arguments.place("weights"))
        return layer

    # --- application -----------------------------------------------------------

    def apply(self, layer: AnyLayer, arguments: Arguments) -> BuildValue:
        """Apply a layer, a chain of layers, or a model."""
        run, _ = self.inside(arguments.span)
        training, arguments = truth_option("training", arguments)
        before = len(run.results)
        with run.mode(training):
            if isinstance(layer, Layer):
                result: BuildValue = apply_layer(run, layer, arguments)
            else:
                if isinstance(layer, ModelLayer):
                    result = apply_model(self, layer, arguments)
                else:
                    result = self._apply_chain(layer, arguments)
                record(run, layer, arguments, before)
        run.results.append((layer.path, result))
        return result

    def _apply_chain(self, layer: LayerChain, arguments: Arguments) -> BuildValue:
        if len(arguments.positional) != 1 or arguments.keywords:
            fail(
                "K0301",
                "Sequential is applied to one value",
                arguments.span,
                help="write layers(x)",
            )
        value = arguments.positional[0]
        run, _ = self.inside(arguments.span)
        with self.budget.deeper(arguments.span), run.applying() as applied:
            for item in layer.items:
                self.budget.spend(_CALL_COST, arguments.span)
                value = self.apply(item, Arguments(arguments.span, [value]))
        run.applied.append(chained(layer, arguments, value, applied))
        return value

    def execute_model(self, frame: Frame) -> None:
        """Execute the body of a model in a frame."""
        outer, self.functions = self.functions, []
        self.models.append(frame.declaration)
        try:
            with self.framed(frame), self.budget.deeper(frame.call or frame.declaration.span):
                self.execute(frame.declaration.body, frame.names)
        finally:
            self.models.pop()
            self.functions = outer

    @contextmanager
    def running(self, run: Run, frame: Frame) -> Iterator[None]:
        """Within, expressions add to this run's graph, after the model's body."""
        self.run = run
        try:
            with self.framed(frame):
                yield
        finally:
            self.run = None

    @contextmanager
    def framed(self, frame: Frame) -> Iterator[None]:
        """Within, layers and declarations belong to this frame."""
        outer = self.frame, self.variable
        self.frame, self.variable = frame, None
        try:
            yield
        finally:
            self.frame, self.variable = outer

    # --- declarations ----------------------------------------------------------

    def failed(self) -> None:
        if self.frame is not None:
            self.frame.failed = True

    def bound(self, target: syntax.Target, value: BuildValue) -> None:
        if self.run is None or self.frame is None:
            return
        assigned_in_layer(self.frame, target, value)
        if not isinstance(value, Value) or len(target.names) != 1:
            return
        fresh = value not in self.run.steps and value not in self.run.paths
        if fresh and value not in self.run.named and value.node.op.name != "input":
            self.run.named.add(value)
            prefix = self.run.builder.prefix
            self.run.builder.rename(value, "_".join([*prefix.split(), target.names[0]]))

    def declare(self, statement: syntax.Statement, names: Names) -> None:
        run, frame = self.inside(statement.span)
        match statement:
            case syntax.DimDecl():
                declare_dims(statement, self, names, frame)
            case syntax.InputDecl():
                names.bind(statement.name, declare_input(statement, self, names, frame, run))
            case syntax.OutputDecl():
                check_output_name(statement, frame)
                if statement.value is None:
                    value = self.lookup(statement.name, names, statement.span)
                else:
                    value = self.named(statement.value, statement.name, names)
                declare_output(statement, value, frame, run)
                names.bind(statement.name, value)
            case syntax.View():
                declare_view(self, statement, names)
            case syntax.WeightDecl() if frame.scope is not None:
                declare_weight(self, statement, names, frame)
            case syntax.Train():
                if frame.train:
                    fail("K0510", "the model has a `train:` block already", statement.span,
                         help="merge the two blocks")  # fmt: skip
                frame.train.append(statement)
            case _:
                refuse_weight(statement)
