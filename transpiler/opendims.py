"""Dimensions that a model leaves open, and the batch it fixes."""

from __future__ import annotations

from dataclasses import dataclass

from kgen import syntax
from kgen.buildtime import Evaluator
from kgen.diagnostics import Span, fail
from kgen.dims import MAX_DIMS, bases, shape_text
from kgen.graph import BATCH, Dim, Size, TensorType, Value
from kgen.limits import MAX_SIZE, check_tensor
from kgen.names import Names
from kgen.run import Frame, Run
from kgen.values import BuildValue, describe


def declare_dims(
    statement: syntax.DimDecl, evaluator: Evaluator, names: Names, frame: Frame
) -> None:
    """`dim length >= 5, <= 100`: names for sizes that the data give."""
    for declared in statement.dims:
        if declared.name in frame.dims or declared.name == BATCH.name:
            fail(
                "K0404",
                f"there is a dimension called `{declared.name}` already",
                declared.span,
                help="the batch has that name; every dimension needs one of its own",
            )
        minimum, maximum = 1, None
        for sign, node in declared.bounds:
            bound = _bound(evaluator.evaluate(node, names), node.span)
            if sign in (">=", ">"):
                minimum = max(minimum, bound + (sign == ">"))
            else:
                upper = bound - (sign == "<")
                maximum = upper if maximum is None else min(maximum, upper)
        if maximum is not None and maximum < minimum:
            fail(
                "K0404",
                f"no size is at least {minimum} and at most {maximum}",
                declared.span,
                help="a dimension has at least one element",
            )
        dim = Dim(declared.name, minimum, maximum)
        frame.dims[declared.name] = dim
        names.bind(declared.name, dim)
        _check_number(frame, declared.span)


def _bound(value: BuildValue, span: Span) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SIZE:
        fail(
            "K0404",
            f"a bound is a number of elements, found {describe(value)}",
            span,
            help=f"write an integer up to {MAX_SIZE:,}",
        )
    return value


def _check_number(frame: Frame, span: Span) -> None:
    if len(frame.dims) > MAX_DIMS:
        fail(
            "K0404",
            f"a model can leave {MAX_DIMS} dimensions open",
            span,
            help="give the same name to sizes that agree",
        )


@dataclass(frozen=True, slots=True)
class Opening:
    """An input of a model, which may leave sizes open with `None`, and fix the batch."""

    name: str
    frame: Frame
    run: Run


def declared_shape(
    spec: syntax.TensorSpec, evaluator: Evaluator, names: Names, opening: Opening | None
) -> tuple[Size, ...]:
    """The sizes that a declaration gives, without the batch."""
    sizes: list[Size] = []
    for position, item in enumerate(spec.dims):
        value = evaluator.evaluate(item.value, names)
        if item.label is not None and opening is not None:
            _fix_batch(item, position, value, opening.run)
        elif item.label is not None:
            fail("K0404", f"`{item.label}=` stands in an input's shape", item.span,
                 help="leave it out")  # fmt: skip
        elif opening is not None and (value is None or value is ...):
            name = f"{opening.name}_{len(sizes) + 1}"
            sizes.append(_anonymous(name, opening.frame, item.span))
        elif isinstance(value, Dim):
            sizes.append(value)
        elif isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SIZE:
            fail(
                "K0404",
                f"a dimension is a positive integer, found {describe(value)}",
                item.span,
                help=f"sizes go from 1 to {MAX_SIZE:,}; None leaves one open",
            )
        else:
            sizes.append(value)
    known = tuple(size for size in sizes if isinstance(size, int))
    check_tensor("an input", known, spec.span)
    return tuple(sizes)


def _anonymous(name: str, frame: Frame, span: Span) -> Dim:
    while name in frame.dims:
        name = f"{name}_"
    frame.dims[name] = dim = Dim(name)
    _check_number(frame, span)
    return dim


def _fix_batch(item: syntax.Dimension, position: int, value: BuildValue, run: Run) -> None:
    if item.label != "batch":
        fail("K0404", f"unknown label `{item.label}=`", item.span, help="only batch= is known")
    if position:
        fail("K0404", "the batch comes first", item.span, help="write float32[batch=32, 8, 16]")
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_SIZE:
        fail(
            "K0404",
            f"a batch is a positive number of rows, found {describe(value)}",
            item.span,
            help="leave batch= out where any number of rows will do",
        )
    if run.batch not in (None, value):
        fail(
            "K0404",
            f"the batch is {run.batch} already, and {value} here",
            item.span,
            help="all inputs have the same rows, so the batch is the same",
        )
    run.batch = value


def unify(name: str, declared: TensorType, given: Value, names: Names, frame: Frame) -> bool:
    """Whether a tensor is what a nested model declares; its open dimensions take the sizes."""
    if given.dtype != declared.dtype or given.type.rank != declared.rank:
        return False
    for wanted, size in zip(declared.shape, given.shape, strict=True):
        if isinstance(wanted, Dim) and wanted.name in frame.dims:
            known = frame.dims[wanted.name]
            if known == wanted and known is wanted:
                _check_bounds(name, wanted, size, frame)
                frame.dims[wanted.name] = size
                names.bind(wanted.name, size)
            elif known != size:
                return False
        elif wanted != size and not (wanted == BATCH and BATCH in bases(size)):
            return False
    return True


def _check_bounds(name: str, wanted: Dim, size: Size, frame: Frame) -> None:
    """A nested model's bounds must hold for the sizes that it is applied to."""
    low, high = (size, size) if isinstance(size, int) else (size.minimum, size.maximum)
    too_small = low < wanted.minimum
    too_large = wanted.maximum is not None and (high is None or high > wanted.maximum)
    if too_small or too_large:
        limit = f"at least {wanted.minimum}" if too_small else f"at most {wanted.maximum}"
        fail(
            "K0402",
            f"the input `{name}` of {frame.declaration.name} needs {wanted.name} {limit}, "
            f"found {shape_text((size,))}",
            frame.call,
            help="declare the same bounds for the open dimension of this model",
        )
