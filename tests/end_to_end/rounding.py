"""Exact values with bounds on float32 rounding: the source of every tolerance in this folder.

`bounds` evaluates a graph in float64 and carries, for each element, how far a float32 evaluation
of the same graph can be off: Wilkinson's running error analysis, operation by operation. With the
unit roundoff u = 2**-24 and operands known to within `rad`:

    a + b      rad(a) + rad(b) + u |a + b|
    a * b      |a| rad(b) + |b| rad(a) + rad(a) rad(b) + u |a * b|
    sum of n   sum of rad + n u sum |x|, in any order of summation
    dot        |A| rad(B) + rad(A) |B| + rad(A) rad(B) + n u |A| |B|, fused multiply-add or not
    f(x)       the larger of |f(x +- rad) - f(x)| for a monotone f, and its stated error in ulp

Over many steps these bounds grow much faster than errors do, which cancel. `sampled` evaluates a
graph with an error drawn from those bounds at every operation instead: the spread of a few such
runs shows how far float32 can take a long computation.

A comparison that rounding could turn is marked as unsure, and a choice that hangs on it is only
known to be one of its two sides. Nothing here is fitted to what the native code gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from kgen.dims import evaluate
from kgen.graph import OPS, Dim, Graph, Node, Shape, Value
from kgen.ops.contract import free_axes
from kgen.ops.scan import next_of, stack_key
from scipy.special import erf, expit

U = 2.0**-24
FUNCTION = 8.0 * U  # 4 ulp: the vector functions state 3 at most, and one more without FMA
TINY = 2.0**-126  # results below this may be flushed or lose digits

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Near:
    """Values in float64, and how far float32 may be from each.

    For truth values `rad` is 0 where they are certain and 1 where rounding could turn them.
    """

    mid: Array
    rad: Array

    @staticmethod
    def exact(array: Any) -> Near:
        """Numbers that float32 holds as they are."""
        mid = np.asarray(array)
        if mid.dtype != bool:
            mid = mid.astype(np.float64)
        return Near(mid, np.zeros(mid.shape))

    @property
    def size(self) -> Array:
        """The largest magnitude float32 could have."""
        return np.asarray(np.abs(self.mid) + self.rad)


def bounds(graph: Graph, feeds: Mapping[str, Near]) -> dict[Value, Near]:
    """Every value of a graph; `feeds` has inputs by name, weights by path, scalars by key."""
    done: dict[Value, Near] = {}
    sizes: dict[str, int] = {}
    loops: dict[Value, Loops] = {}
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op.name == "scan":
                loops[node.output] = _steps(node, [done[v] for v in node.inputs], bounds, join)
                continue
            found = _fed(node, feeds)
            if node.op.name == "scan_output":
                found = _projected(node, loops[node.inputs[0]])
            if found is None:
                inputs = [done[value] for value in node.inputs]
                if node.op.name == "equal" and (place := _extreme_operand(node)) is not None:
                    reduced = _reduced_axes(node.inputs[1 - place])
                    found = _is_extreme(inputs[place], inputs[1 - place], reduced)
                else:
                    found = RULES[node.op.name](inputs, _Attrs(node.attrs, sizes))
            for size, actual in zip(node.output.shape, found.mid.shape, strict=True):
                if isinstance(size, Dim) and size.formula is None:
                    sizes[size.name] = actual
            rad = np.where(np.isfinite(found.mid), found.rad, np.inf)
            done[node.output] = Near(found.mid, np.where(np.isnan(rad), np.inf, rad))
    return done


def sampled(
    graph: Graph, feeds: Mapping[str, Array], rng: np.random.Generator
) -> dict[Value, Array]:
    """Every value of a graph, each operation off by a random part of what float32 allows it."""
    done: dict[Value, Array] = {}
    sizes: dict[str, int] = {}
    exact = {name: Near.exact(array) for name, array in feeds.items()}
    loops: dict[Value, Loops] = {}

    def body(graph: Graph, feeds: Mapping[str, Array]) -> dict[Value, Array]:
        return sampled(graph, feeds, rng)

    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op.name == "scan":
                loops[node.output] = _steps(node, [done[v] for v in node.inputs], body, np.stack)
                continue
            found = _fed(node, exact)
            if node.op.name == "scan_output":
                found = Near.exact(_projected(node, loops[node.inputs[0]]))
            if found is None:
                inputs = [Near.exact(done[value]) for value in node.inputs]
                found = RULES[node.op.name](inputs, _Attrs(node.attrs, sizes))
            for size, actual in zip(node.output.shape, found.mid.shape, strict=True):
                if isinstance(size, Dim) and size.formula is None:
                    sizes[size.name] = actual
            done[node.output] = found.mid
            if found.mid.dtype != bool and np.any(found.rad):
                done[node.output] = found.mid + found.rad * rng.uniform(-1.0, 1.0, found.mid.shape)
    return done


def join(parts: Sequence[Near], axis: int) -> Near:
    """Steps put together along an axis of time."""
    mids, rads = [part.mid for part in parts], [part.rad for part in parts]
    return Near(np.stack(mids, axis), np.stack(rads, axis))


Loops = dict[tuple[str, str, bool], Any]


def _steps(
    node: Node, inputs: Sequence[Any], evaluate: Callable[..., Any], stack: Callable[..., Any]
) -> Loops:
    """The outputs of a loop over time, each step by `evaluate`."""
    loop = node.attrs["loop"]
    feeds = dict(zip(loop.names, inputs, strict=True))
    count = len(loop.sequences)
    whole = [feeds[name] for name in loop.names[:count]]
    first = whole[0]
    length = (first.mid if isinstance(first, Near) else first).shape[1]
    values = {key: loop.body.outputs[stack_key(*key)] for key in loop.stacks or ()} or {
        (n.output.name, flipped): n.output
        for n in loop.body.nodes
        for flipped in (False, True)
        if n.output.shape
    }
    parts: dict[tuple[str, bool], list[Any]] = {key: [] for key in values}
    for p in range(length):
        for name, flipped, array in zip(loop.names, loop.sequences, whole, strict=False):
            feeds[name] = _at(array, length - 1 - p if flipped else p)
        done = evaluate(loop.body, feeds)
        for key, steps in parts.items():
            steps.append(done[values[key]])
        for carry in loop.carried:
            feeds[carry] = done[loop.body.outputs[next_of(carry)]]
    found: Loops = {
        ("stack", key, flipped): stack(steps[::-1] if flipped else steps, 1)
        for (key, flipped), steps in parts.items()
    }
    return found | {("last", name, False): feeds[name] for name in loop.carried}


def _at(sequence: Any, place: int) -> Any:
    """One step of a sequence."""
    if isinstance(sequence, Near):
        return Near(sequence.mid[:, place], sequence.rad[:, place])
    return sequence[:, place]


def _projected(node: Node, loops: Loops) -> Any:
    return loops[node.attrs["kind"], node.attrs["key"], node.attrs["flipped"]]


def _fed(node: Node, feeds: Mapping[str, Near]) -> Near | None:
    key = {"input": "name", "weight": "path", "scalar_input": "key"}.get(node.op.name)
    return None if key is None else feeds[node.attrs[key]]


@dataclass(frozen=True)
class _Attrs:
    """A node's attributes, open dimensions given their sizes."""

    attrs: Mapping[str, Any]
    sizes: Mapping[str, int]

    def __getitem__(self, name: str) -> Any:
        value = self.attrs[name]
        return evaluate(value, self.sizes) if isinstance(value, Dim) else value

    def known(self) -> dict[str, Any]:
        """All of them, for an op's reference."""
        return {name: self._known(value) for name, value in self.attrs.items()}

    def _known(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self._known(item) for item in value)
        return evaluate(value, self.sizes) if isinstance(value, Dim) else value

    def shape(self) -> tuple[int, ...]:
        shape: Shape = self.attrs["shape"]
        return tuple(evaluate(size, self.sizes) for size in shape)


Rule = Callable[[Sequence[Near], _Attrs], Near]


def _add(a: Near, b: Near) -> Near:
    mid = a.mid + b.mid
    rad = a.rad + b.rad
    return Near(mid, rad + U * (np.abs(mid) + rad))


def _negative(a: Near) -> Near:
    return Near(-a.mid, a.rad)


def _multiply(a: Near, b: Near) -> Near:
    mid = a.mid * b.mid
    rad = np.abs(a.mid) * b.rad + np.abs(b.mid) * a.rad + a.rad * b.rad
    return Near(mid, rad + U * (np.abs(mid) + rad) + TINY)


def _divide(a: Near, b: Near) -> Near:
    """With room for a product with the reciprocal, which rounds once more."""
    mid = a.mid / b.mid
    rad = (a.rad + np.abs(mid) * b.rad) / (np.abs(b.mid) - b.rad)
    rad = np.where(np.abs(b.mid) > b.rad, rad, np.inf)
    return Near(mid, rad + 3 * U * (np.abs(mid) + rad) + TINY)


def _monotone(function: Callable[[Array], Array], x: Near, error: float) -> Near:
    """A function that rises or falls throughout, evaluated to a relative `error`."""
    mid = function(x.mid)
    rad = np.maximum(np.abs(function(x.mid + x.rad) - mid), np.abs(function(x.mid - x.rad) - mid))
    return Near(mid, rad + error * (np.abs(mid) + rad) + TINY)


def _power(a: Near, b: Near) -> Near:
    mid = np.power(a.mid, b.mid)
    rad = np.zeros_like(mid)
    for base in (a.mid - a.rad, a.mid, a.mid + a.rad):
        for exponent in (b.mid - b.rad, b.mid + b.rad):
            rad = np.maximum(rad, np.abs(np.power(base, exponent) - mid))
    return Near(mid, rad + FUNCTION * (np.abs(mid) + rad) + TINY)


def _square(x: Near) -> Near:
    return _multiply(x, x)


def _where(condition: Near, a: Near, b: Near) -> Near:
    mid = np.where(condition.mid, a.mid, b.mid)
    sure = np.where(condition.mid, a.rad, b.rad)
    unsure = np.abs(a.mid - b.mid) + np.maximum(a.rad, b.rad)
    return Near(mid, np.where(condition.rad == 0, sure, unsure))


def _larger(a: Near, b: Near, sign: float) -> Near:
    """maximum (sign 1) or minimum (-1): the clear winner's error, or the larger of both."""
    gap = sign * (a.mid - b.mid)
    close = np.maximum(a.rad, b.rad)
    rad = np.where(gap > a.rad + b.rad, a.rad, np.where(-gap > a.rad + b.rad, b.rad, close))
    return Near(np.where(gap >= 0, a.mid, b.mid) + 0 * gap, rad)


def _compare(function: Callable[[Array, Array], Array]) -> Rule:
    def rule(inputs: Sequence[Near], attrs: _Attrs) -> Near:
        a, b = inputs
        margin = a.rad + b.rad
        sure = (np.abs(a.mid - b.mid) > margin) | (margin == 0)
        return Near(function(a.mid, b.mid), np.where(sure, 0.0, 1.0))

    return rule


def _extreme_operand(node: Node) -> int | None:
    """Which operand of an `equal` the other is the largest or smallest of."""
    for place in (0, 1):
        other = node.inputs[1 - place]
        while other.node.op.name in ("broadcast_to", "reshape"):
            other = other.node.inputs[0]
        if other.node.op.name in ("max", "min") and other.node.inputs[0] is node.inputs[place]:
            return place
    return None


def _reduced_axes(value: Value) -> tuple[int, ...]:
    """The axes over which an extreme was taken, through any broadcast."""
    while value.node.op.name in ("broadcast_to", "reshape"):
        value = value.node.inputs[0]
    return tuple(value.node.attrs["axes"])


def _is_extreme(x: Near, extreme: Near, reduced: tuple[int, ...]) -> Near:
    """Whether an element is the extreme one, which is a copy of an element, bit for bit.

    Elements that rounding cannot bring up to it are surely not; one that has no such rival
    surely is.
    """
    far = np.abs(x.mid - extreme.mid) > x.rad + extreme.rad
    kept = (1,) * (far.ndim - extreme.mid.ndim) + extreme.mid.shape
    axes = tuple(
        axis
        for axis, (own, size) in enumerate(zip(far.shape, kept, strict=True))
        if size == 1 and own > 1
    )
    if not axes:  # spread over the elements by now: compare within what shares the extreme
        axes = reduced
    rivals = np.sum(~far, axis=axes, keepdims=True)
    exact = (x.rad == 0) & (extreme.rad == 0)
    sure = far | (rivals == 1) | exact
    return Near(x.mid == extreme.mid, np.where(sure, 0.0, 1.0))


def _logical(function: Callable[..., Array], decides: bool) -> Rule:
    """and, or: certain if both are, or if one certain operand decides."""

    def rule(inputs: Sequence[Near], attrs: _Attrs) -> Near:
        a, b = inputs
        alone = [(x.mid == decides) & (x.rad == 0) for x in inputs]
        sure = alone[0] | alone[1] | ((a.rad == 0) & (b.rad == 0))
        return Near(function(a.mid, b.mid), np.where(sure, 0.0, 1.0))

    return rule


def _as_float(x: Near) -> Near:
    return Near(x.mid.astype(np.float64), x.rad)


def _step(function: Callable[[Array], Array]) -> Rule:
    """floor, sign: exact unless the interval holds a step."""

    def rule(inputs: Sequence[Near], attrs: _Attrs) -> Near:
        (x,) = inputs
        mid = function(x.mid)
        jump = np.maximum(
            np.abs(function(x.mid + x.rad) - mid), np.abs(function(x.mid - x.rad) - mid)
        )
        return Near(mid, jump)

    return rule


def _relu(x: Near) -> Near:
    return Near(np.maximum(x.mid, 0.0), np.where(x.mid + x.rad < 0, 0.0, x.rad))


def _sum(x: Near, axes: Sequence[int], keepdims: bool) -> Near:
    axes = tuple(axes)
    terms = np.prod([x.mid.shape[axis] for axis in axes])
    rad = np.sum(x.rad, axis=axes, keepdims=keepdims)
    rad = rad + terms * U * np.sum(x.size, axis=axes, keepdims=keepdims)
    return Near(np.sum(x.mid, axis=axes, keepdims=keepdims), rad)


def _extreme(x: Near, axes: Sequence[int], keepdims: bool, sign: float) -> Near:
    def largest(array: Array) -> Array:
        return np.asarray(sign * np.max(sign * array, axis=tuple(axes), keepdims=keepdims))

    mid = largest(x.mid)
    rad = np.maximum(np.abs(largest(x.mid + x.rad) - mid), np.abs(largest(x.mid - x.rad) - mid))
    return Near(mid, rad)


def contraction(a: Array, b: Array, attrs: Any) -> Array:
    """The `dot` op in float64."""
    contract, batch = attrs["contract"], attrs["batch"]
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    left = [next(letters) for _ in range(a.ndim)]
    right = [next(letters) for _ in range(b.ndim)]
    for i, j in zip((*contract[0], *batch[0]), (*contract[1], *batch[1]), strict=True):
        right[j] = left[i]
    out = [left[i] for i in batch[0]]
    out += [left[i] for i in free_axes(a.ndim, contract[0], batch[0])]
    out += [right[i] for i in free_axes(b.ndim, contract[1], batch[1])]
    result: Array = np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", a, b)
    return result


def _dot(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    a, b = inputs
    terms = np.prod([a.mid.shape[axis] for axis in attrs["contract"][0]])
    rad = contraction(np.abs(a.mid), b.rad, attrs) + contraction(a.rad, b.size, attrs)
    rad = rad + terms * U * contraction(a.size, b.size, attrs)
    return Near(contraction(a.mid, b.mid, attrs), rad)


def _dot_panels(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    a, b = inputs
    mid, rad, size = (np.moveaxis(v, 0, 1).reshape(len(v[0]), -1) for v in (b.mid, b.rad, b.size))
    spread = np.abs(a.mid) @ rad + a.rad @ size + len(mid) * U * (a.size @ size)
    return Near(a.mid @ mid, spread)


def _dot_turned(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    a, b = inputs
    spread = np.abs(a.mid) @ b.rad.T + a.rad @ b.size.T
    return Near(a.mid @ b.mid.T, spread + b.mid.shape[1] * U * (a.size @ b.size.T))


def _dot_parts(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    """All rows in one part; each of several has fewer terms."""
    a, b = (Near(*(np.reshape(v, (-1, v.shape[-1])) for v in (x.mid, x.rad))) for x in inputs)
    rad = np.abs(a.mid).T @ b.rad + a.rad.T @ b.size + len(a.mid) * U * (a.size.T @ b.size)
    return Near((a.mid.T @ b.mid)[None], rad[None])


def _gathered(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    table, places = inputs
    rows = np.clip(places.mid.astype(int), 0, len(table.mid) - 1)
    return Near(table.mid[rows], table.rad[rows])


def _numbered(name: str) -> Rule:
    """Whole numbers made of whole numbers."""
    return lambda inputs, attrs: Near.exact(
        np.asarray(OPS[name].reference(*(x.mid for x in inputs), **attrs.known()), np.float64)
    )


def _scattered(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    """As sums of as many terms as fall on a row."""
    values, places = inputs
    width = values.mid.shape[-1]
    rows = np.clip(places.mid.astype(int), 0, attrs["rows"] - 1).reshape(-1)

    def added(array: Array) -> Array:
        total = np.zeros((attrs["rows"], width))
        np.add.at(total, rows, array.reshape(-1, width))
        return total

    terms = np.bincount(rows, minlength=attrs["rows"])[:, None]
    return Near(added(values.mid), added(values.rad) + terms * U * added(values.size))


def _exp(x: Near) -> Near:
    return _monotone(np.exp, x, FUNCTION)


def _log(x: Near) -> Near:
    return _monotone(np.log, x, FUNCTION)


def _shifted(x: Near, axis: int) -> Near:
    return _add(x, _negative(_extreme(x, (axis,), True, 1.0)))


def _softmax(x: Near, axis: int) -> Near:
    powers = _exp(_shifted(x, axis))
    return _divide(powers, _sum(powers, (axis,), True))


def _log_softmax(x: Near, axis: int) -> Near:
    shifted = _shifted(x, axis)
    return _add(shifted, _negative(_log(_sum(_exp(shifted), (axis,), True))))


def _softplus(x: Near) -> Near:
    power = _exp(Near(-np.abs(x.mid), x.rad))
    return _add(_relu(x), _monotone(np.log1p, power, FUNCTION))


def _both(function: Callable[[Array], Array]) -> Rule:
    """What moves elements about, and rounds nothing."""
    return lambda inputs, attrs: Near(function(inputs[0].mid), function(inputs[0].rad))


def _reshaped(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    shape = attrs.shape()
    return Near(inputs[0].mid.reshape(shape), inputs[0].rad.reshape(shape))


def _spread(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    shape = attrs.shape()
    return Near(np.broadcast_to(inputs[0].mid, shape), np.broadcast_to(inputs[0].rad, shape))


def _sliced(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    picked = np.arange(attrs["start"], attrs["stop"])
    x, axis = inputs[0], attrs["axis"]
    return Near(np.take(x.mid, picked, axis), np.take(x.rad, picked, axis))


def _placed(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    x, axis, start = inputs[0], attrs["axis"], attrs["start"]
    around = [(0, 0)] * x.mid.ndim
    around[axis] = (start, attrs["size"] - start - x.mid.shape[axis])
    return Near(np.pad(x.mid, around), np.pad(x.rad, around))


def _joined(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    axis = attrs["axis"]
    return Near(
        np.concatenate([x.mid for x in inputs], axis),
        np.concatenate([x.rad for x in inputs], axis),
    )


def _transposed(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    axes = attrs["axes"]
    return Near(inputs[0].mid.transpose(axes), inputs[0].rad.transpose(axes))


def _indices(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    shape = attrs.shape()
    return Near.exact(np.broadcast_to(np.arange(shape[-1]), shape))


def _constant(inputs: Sequence[Near], attrs: _Attrs) -> Near:
    value = np.asarray(attrs["value"], np.float64)
    return Near(value, np.abs(value - value.astype(np.float32)))


def _unary(rule: Callable[[Near], Near]) -> Rule:
    return lambda inputs, attrs: rule(inputs[0])


def _binary(rule: Callable[[Near, Near], Near]) -> Rule:
    return lambda inputs, attrs: rule(inputs[0], inputs[1])


def _function(function: Callable[[Array], Array], error: float = FUNCTION) -> Rule:
    return lambda inputs, attrs: _monotone(function, inputs[0], error)


def _rounded(number: float) -> Near:
    """A number as float32 has it, to within its rounding."""
    return Near(np.asarray(number), np.asarray(U * abs(number)))


def _twice_below(x: Near) -> Near:
    """1 + erf(x / sqrt(2))."""
    inner = _multiply(x, _rounded(0.5**0.5))
    return _add(Near.exact(1.0), _monotone(erf, inner, FUNCTION))


def _normal_gate(x: Near) -> Near:
    return _multiply(_multiply(Near.exact(0.5), x), _twice_below(x))


def _normal_gate_slope(x: Near) -> Near:
    power = _exp(_multiply(_square(x), Near.exact(-0.5)))
    density = _multiply(_multiply(x, power), _rounded((2.0 * np.pi) ** -0.5))
    return _add(_multiply(Near.exact(0.5), _twice_below(x)), density)


RULES: dict[str, Rule] = {
    "add": _binary(_add),
    "subtract": _binary(lambda a, b: _add(a, _negative(b))),
    "multiply": _binary(_multiply),
    "divide": _binary(_divide),
    "power": _binary(_power),
    "maximum": _binary(lambda a, b: _larger(a, b, 1.0)),
    "minimum": _binary(lambda a, b: _larger(a, b, -1.0)),
    "less": _compare(np.less),
    "less_equal": _compare(np.less_equal),
    "greater": _compare(np.greater),
    "greater_equal": _compare(np.greater_equal),
    "equal": _compare(np.equal),
    "not_equal": _compare(np.not_equal),
    "logical_and": _logical(np.logical_and, False),
    "logical_or": _logical(np.logical_or, True),
    "logical_not": _unary(lambda x: Near(~x.mid, x.rad)),
    "where": lambda inputs, attrs: _where(*inputs),
    "negative": _unary(_negative),
    "exp": _unary(_exp),
    "expm1": _function(np.expm1),
    "log": _unary(_log),
    "log1p": _function(np.log1p),
    "tanh": _function(np.tanh),
    "sigmoid": _function(expit),
    "erf": _function(erf),
    "normal_gate": _unary(_normal_gate),
    "normal_gate_slope": _unary(_normal_gate_slope),
    "sqrt": _function(lambda x: np.sqrt(np.maximum(x, 0.0)), 2 * U),
    "rsqrt": _function(lambda x: 1.0 / np.sqrt(np.maximum(x, 0.0))),
    "square": _unary(_square),
    "absolute": _unary(lambda x: Near(np.abs(x.mid), x.rad)),
    "sign": _step(np.sign),
    "floor": _step(np.floor),
    "ceil": _step(np.ceil),
    "relu": _unary(_relu),
    "copy": _unary(lambda x: x),
    "stop_gradient": _unary(lambda x: x),
    "as_float": _unary(_as_float),
    "softmax": lambda inputs, attrs: _softmax(inputs[0], attrs["axis"]),
    "log_softmax": lambda inputs, attrs: _log_softmax(inputs[0], attrs["axis"]),
    "softplus": _unary(_softplus),
    "sum": lambda inputs, attrs: _sum(inputs[0], attrs["axes"], attrs["keepdims"]),
    "max": lambda inputs, attrs: _extreme(inputs[0], attrs["axes"], attrs["keepdims"], 1.0),
    "min": lambda inputs, attrs: _extreme(inputs[0], attrs["axes"], attrs["keepdims"], -1.0),
    "dot": _dot,
    "dot_panels": _dot_panels,
    "dot_turned": _dot_turned,
    "dot_parts": _dot_parts,
    "sum_parts": lambda inputs, attrs: _sum(inputs[0], (0,), True),
    "gather_rows": _gathered,
    "distinct_ranks": _numbered("distinct_ranks"),
    "distinct_rows": _numbered("distinct_rows"),
    "distinct_places": _numbered("distinct_places"),
    "scatter_rows": _scattered,
    "array": lambda inputs, attrs: Near.exact(attrs["numbers"].values),
    "as_int": _unary(lambda x: x),
    "reshape": _reshaped,
    "broadcast_to": _spread,
    "transpose": _transposed,
    "concatenate": _joined,
    "slice_axis": _sliced,
    "place_axis": _placed,
    "index": _indices,
    "constant": _constant,
    "batch_size": lambda inputs, attrs: Near.exact(float(len(inputs[0].mid))),
    "size_of": lambda inputs, attrs: Near.exact(float(inputs[0].mid.shape[attrs["axis"]])),
}
