"""Declared inputs and outputs of a model."""

from __future__ import annotations

from kgen import syntax
from kgen.buildtime import Evaluator
from kgen.diagnostics import Span, fail
from kgen.dims import bases
from kgen.graph import BATCH, TensorType, Value
from kgen.names import Names
from kgen.opendims import Opening, declared_shape, unify
from kgen.run import Frame, Run
from kgen.suggest import suggest
from kgen.values import BuildValue, describe

_DTYPES = ("float32", "int32")
_INSTEAD = {
    "float": "float32",
    "float16": "float32",
    "bfloat16": "float32",
    "float64": "float32",
    "bool": "float32",
    "int": "int32",
    "int8": "int32",
    "int16": "int32",
    "int64": "int32",
    "uint8": "int32",
    "string": "int32",
}


def declared_type(
    spec: syntax.TensorSpec, evaluator: Evaluator, names: Names, opening: Opening | None = None
) -> TensorType:
    """The type of `float32[784]`, batch first; `opening` is the input that may leave sizes open."""
    if spec.dtype not in _DTYPES:
        instead = _INSTEAD.get(spec.dtype)
        fail(
            "K0403",
            f"inputs are float32 or int32, found {spec.dtype}",
            Span(spec.span.source, spec.span.start, spec.span.start + len(spec.dtype)),
            help=f"declare {instead} and convert the data"
            if instead
            else suggest(spec.dtype, _DTYPES) or "declare float32 for numbers, int32 for indices",
        )
    shape = declared_shape(spec, evaluator, names, opening)
    return TensorType(spec.dtype, (BATCH, *shape))


def declare_input(
    statement: syntax.InputDecl, evaluator: Evaluator, names: Names, frame: Frame, run: Run
) -> Value:
    """An input of the model, or what a nested model is given for it."""
    _check_free(statement.name, frame, statement.span)
    type_ = declared_type(statement.spec, evaluator, names, Opening(statement.name, frame, run))
    if frame.feeds is None:
        value = run.builder.input(statement.name, type_, statement.span)
    else:
        value = _fed(statement.name, type_, names, frame, run)
    frame.inputs[statement.name] = (value, statement.span)
    return value


def _fed(name: str, type_: TensorType, names: Names, frame: Frame, run: Run) -> Value:
    assert frame.feeds is not None and frame.call is not None
    title = frame.declaration.name
    position = len(frame.inputs)
    if frame.feeds_by_name:
        given = frame.feeds_by_name.get(name)
    else:
        given = frame.feeds[position] if position < len(frame.feeds) else None
    if given is None:
        fail(
            "K0301",
            f"{title} has an input `{name}` that this call gives no tensor for",
            frame.call,
            help="several tensors go in a list: model([a, b])",
        )
    if not unify(name, type_, given, names, frame):
        fail(
            "K0402",
            f"the input `{name}` of {title} is {type_}, found {given.type}",
            frame.call,
            notes=["\n".join(["the value came about as:", *(f"  {r}" for r in run.chain(given))])],
            help="shapes must agree; Reshape or Flatten changes one",
        )
    return given


def declare_output(statement: syntax.OutputDecl, value: BuildValue, frame: Frame, run: Run) -> None:
    """An output of the model: a float32 or int32 tensor with a row for each sample."""
    check_result("an output", value, statement.span, run, nested=frame.feeds is not None)
    frame.outputs[statement.name] = (value, statement.span)


def check_result(
    title: str, value: BuildValue, span: Span, run: Run, *, nested: bool = False
) -> None:
    """Refuse what is no float32 or int32 tensor with a row for each sample.

    A nested model may be applied to more rows than the batch has, such as all steps of each.
    """
    if not isinstance(value, Value):
        fail(
            "K0405",
            f"{title} is a tensor, found {describe(value)}",
            span,
            help="apply layers to an input: output y = x |> Dense(10)",
        )
    if value.dtype == "bool":
        fail(
            "K0405",
            f"{title} is float32 or int32, found {value.type}",
            span,
            help='cast(condition, "int32") makes numbers of truth values',
        )
    rows = value.shape[0] if value.shape else 1
    if not (rows == BATCH or (nested and BATCH in bases(rows))) or BATCH in value.shape[1:]:
        fail(
            "K0405",
            f"{title} has a row for each sample of the batch, found {value.type}",
            span,
            notes=["\n".join(["the value came about as:", *(f"  {r}" for r in run.chain(value))])],
            help="reduce over other axes than the first: mean(x, axis=-1)",
        )


def check_output_name(statement: syntax.OutputDecl, frame: Frame) -> None:
    """Refuse a second output of the same name."""
    _check_free(statement.name, frame, statement.span)


def _check_free(name: str, frame: Frame, span: Span) -> None:
    for kind, table in (("input", frame.inputs), ("output", frame.outputs)):
        if name in table:
            fail(
                "K0504",
                f"there is an {kind} called `{name}` already",
                span,
                help="inputs and outputs of a model have different names",
            )
