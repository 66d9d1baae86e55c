"""What operators, indices and attributes mean for tensors in an expression."""

from __future__ import annotations

from typing import NoReturn

from kgen import ops
from kgen.arithmetic import single
from kgen.diagnostics import Span, fail
from kgen.dims import ceil_divide, minus, plus
from kgen.graph import BATCH, Dim, Size, Value, apply
from kgen.layers.registry import find
from kgen.names import unsupported
from kgen.suggest import suggest
from kgen.values import BuildValue, describe

_COMPARISONS = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "power"}


def binary(op: str, a: BuildValue, b: BuildValue, span: Span) -> Value:
    """`a op b`, at least one of them a tensor."""
    if op == "@":
        if not (isinstance(a, Value) and isinstance(b, Value)):
            fail("K0303", f"{describe(a)} @ {describe(b)} has no meaning", span, help="use *")
        return matmul(a, b, span)
    left, right = operand(a, op, span), operand(b, op, span)
    if op in _ARITHMETIC:
        found = apply(_ARITHMETIC[op], left, right)
    else:
        quotient = ops.floor(ops.divide(left, right))
        found = quotient if op == "//" else ops.subtract(left, quotient * right)
    integers = op not in ("/", "**") and _is_whole(a) and _is_whole(b)
    return ops.as_int(found) if integers else found


def negative(value: Value) -> Value:
    """`-value`."""
    return ops.as_int(-value) if _is_whole(value) else -value


def _is_whole(value: BuildValue) -> bool:
    """Whether a tensor or number holds integers: such are computed in float32, and stay int32."""
    if isinstance(value, Value):
        return value.dtype == "int32"
    return isinstance(value, int) and not isinstance(value, bool)


def compare(op: str, a: BuildValue, b: BuildValue, span: Span) -> Value:
    """A comparison element by element."""
    if op not in _COMPARISONS:
        fail(
            "K0304",
            f"`{op}` needs values known at build time, found a tensor",
            span,
            help="compare tensors with ==, <, <=, > or >=",
        )
    left, right = (
        # Truth values have no order of their own: 0 and 1 stand for them.
        ops.as_float(x) if isinstance(x, Value) and x.dtype == "bool" else operand(x, op, span)
        for x in (a, b)
    )
    return apply(_COMPARISONS[op], left, right)


def operand(value: BuildValue, op: str, span: Span) -> Value | float:
    """A tensor, or a number that stands for one."""
    if isinstance(value, Value):
        return value
    if isinstance(value, int | float):
        return single(value, span)
    help = "a tensor combines with tensors and numbers"
    if isinstance(value, Dim):
        help = f"{value.name} is not known before the model runs; mean() divides by it"
    elif isinstance(value, list | tuple):
        help = "use a layer such as Concatenate(), or index the list"
    fail("K0303", f"a tensor {op} {describe(value)} has no meaning", span, help=help)


def matmul(a: Value, b: Value, span: Span) -> Value:
    """The product of matrices over the last axis of `a` and the last but one of `b`."""
    rank_a, rank_b = a.type.rank, b.type.rank
    if rank_b == 2 and rank_a >= 2 and BATCH not in b.shape:
        return ops.dot(a, b, contract=((rank_a - 1,), (0,)))
    if rank_a == rank_b and rank_a >= 3:
        lead = tuple(range(rank_a - 2))
        return ops.dot(a, b, contract=((rank_a - 1,), (rank_b - 2,)), batch=(lead, lead))
    fail(
        "K0401",
        f"cannot multiply {a.type} @ {b.type}",
        span,
        help="@ multiplies matrices of each sample; for vectors, use dot([a, b], axes=-1)",
    )


def subscript(value: Value, indices: list[BuildValue], span: Span) -> Value:
    """`value[i, a:b, ...]`; an index is an integer, a `slice`, None or `...`."""
    real = sum(index is not None and index is not ... for index in indices)
    if indices.count(...) > 1 or real > value.type.rank:
        fail(
            "K0402",
            f"{len(indices)} indices do not fit {value.type}",
            span,
            help="give one for each axis, the batch first: x[:, 0]",
        )
    if ... not in indices:
        indices = [*indices, ...]
    axis, dropped = 0, []
    shape: list[int | Dim] = []
    for index in indices:
        if index is ...:
            rest = value.type.rank - real
            shape += value.shape[axis : axis + rest]
            axis += rest
        elif index is None:
            shape.append(1)
        else:
            value, keep = _cut(value, axis, index, span)
            if keep:
                shape.append(value.shape[axis])
            else:
                dropped.append(axis)
            axis += 1
    return value if tuple(shape) == value.shape else ops.reshape(value, tuple(shape))


def _cut(value: Value, axis: int, index: BuildValue, span: Span) -> tuple[Value, bool]:
    """Take one index of one axis; says whether the axis stays."""
    size = value.shape[axis]
    if isinstance(index, slice) and index == slice(None, None, None):
        return value, True
    if size == BATCH:
        fail(
            "K0402",
            f"the axis {size} of {value.type} cannot be cut: its size is not known",
            span,
            help="write x[:, ...] to keep every sample",
        )
    ends = (index.start, index.stop) if isinstance(index, slice) else ()
    if isinstance(size, Dim) or any(isinstance(end, Dim) for end in ends):
        return _cut_open(value, axis, size, index, span)
    if isinstance(index, slice):
        places = range(*index.indices(size))
        if not places:
            fail(
                "K0402",
                f"the slice of axis {axis} of {value.type} is empty",
                span,
                help=f"the axis has {size} elements",
            )
        if places.step == 1:
            return ops.slice_axis(value, axis, places.start, places.stop), True
        starts, sizes, steps = [0] * value.type.rank, list(value.shape), [1] * value.type.rank
        starts[axis], sizes[axis], steps[axis] = places.start, len(places), places.step
        return ops.slice_axes(value, starts, sizes, steps), True
    if isinstance(index, bool) or not isinstance(index, int):
        _refuse_index(index, span)
    if not -size <= index < size:
        fail(
            "K0402",
            f"index {index} is out of range for axis {axis} of {value.type}",
            span,
            help=f"indices of this axis go from 0 to {size - 1}",
        )
    position = index % size
    return ops.slice_axis(value, axis, position, position + 1), False


def _refuse_index(index: BuildValue, span: Span) -> NoReturn:
    fail(
        "K0303",
        f"a tensor's index is an integer or a slice, found {describe(index)}",
        span,
        help="take(x, indices, axis=1) picks what a tensor says"
        if isinstance(index, Value)
        else "write x[:, 0] or x[:, 2:5]",
    )


def _cut_open(
    value: Value, axis: int, size: Size, index: BuildValue, span: Span
) -> tuple[Value, bool]:
    """As `_cut`, where the axis is open: data too short for the index are refused at run time."""
    kept, step = isinstance(index, slice), 1
    if isinstance(index, slice):
        step = 1 if index.step is None else index.step
        ends = (index.start or 0, size if index.stop is None else index.stop)
    elif isinstance(index, bool) or not isinstance(index, int):
        _refuse_index(index, span)
    else:
        ends = (index, size if index == -1 else index + 1)
    start, stop = (plus(size, end) if isinstance(end, int) and end < 0 else end for end in ends)
    if step == 1:
        return ops.slice_axis(value, axis, start, stop), kept
    if step < 1 or not isinstance(start, int):
        unsupported("a slice of an open axis that goes backwards, or in steps from its end", span)
    starts, sizes, steps = [0] * value.type.rank, list(value.shape), [1] * value.type.rank
    starts[axis], sizes[axis], steps[axis] = start, ceil_divide(minus(stop, start), step), step
    return ops.slice_axes(value, starts, sizes, steps), kept


def attribute(value: Value, name: str, span: Span) -> BuildValue:
    """`tensor.shape`, `.dtype`, `.ndim`; the batch in a shape is an open dimension."""
    known: dict[str, BuildValue] = {
        "shape": tuple(value.shape),
        "dtype": value.dtype,
        "ndim": value.type.rank,
    }
    if name in known:
        return known[name]
    help = f"tensor functions are called by name: {name}(x)" if find("function", name) else ""
    fail(
        "K0203",
        f"a tensor has no attribute `{name}`",
        span,
        label="unknown attribute",
        help=help or suggest(name, known) or f"a tensor has {', '.join(known)}",
    )
