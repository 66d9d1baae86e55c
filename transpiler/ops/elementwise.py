"""Elementwise operations: NumPy broadcasting, one stanza each.

`scalar` is the expression over tiles that fusion composes; the functions it
names are those of `kgen.runtime.tiles`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Operand,
    Sample,
    Shape,
    ShapeError,
    Size,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops.precision import rounded

Gradient: TypeAlias = Callable[[Node, Value], Sequence[Value | None]]
Unary: TypeAlias = Callable[[Operand], Value]
Binary: TypeAlias = Callable[[Operand, Operand], Value]


def broadcast_shapes(shapes: Sequence[Shape]) -> Shape:
    """NumPy's rule over known and open dimensions."""
    rank = max((len(shape) for shape in shapes), default=0)
    result: list[Size] = []
    for axis in range(-rank, 0):
        size: Size = 1
        for shape in shapes:
            own = shape[axis] if len(shape) >= -axis else 1
            if own == 1 or own == size:
                continue
            if size != 1:
                listed = " and ".join(f"[{', '.join(map(str, s))}]" for s in shapes)
                raise ShapeError(
                    f"shapes {listed} cannot be combined",
                    help=f"axis {axis} has sizes {size} and {own}; "
                    "they must be equal, or one of them 1",
                )
            size = own
        result.append(size)
    return tuple(result)


def _arithmetic(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    for type_ in inputs:
        if type_.dtype == "bool":
            raise ShapeError(
                "a truth value stands where a number is needed",
                help="choose between two tensors with where(condition, a, b)",
            )
    return TensorType("float32", broadcast_shapes([t.shape for t in inputs]))


def _comparison(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("bool", broadcast_shapes([t.shape for t in inputs]))


def _selection(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    if inputs[0].dtype != "bool":
        raise ShapeError(
            f"where() needs a condition, found {inputs[0]}",
            help="compare first: where(x > 0, a, b)",
        )
    return TensorType("float32", broadcast_shapes([t.shape for t in inputs]))


def _f32(function: Callable[..., Any]) -> Callable[..., Any]:
    """Evaluate in float64 and round once: the reference is exact to half an ulp."""

    def reference(*arrays: Any) -> Any:
        with np.errstate(all="ignore"):
            return rounded(function(*(np.asarray(a, np.float64) for a in arrays)), *arrays)

    return reference


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `_f32`, but integers and truth values stay what they are."""
    exact = _f32(function)

    def reference(x: Any) -> Any:
        return np.array(x) if np.asarray(x).dtype.kind in "iub" else exact(x)

    return reference


def _reduced(gradient: Callable[[Node, Value], Sequence[Value | None]]) -> Gradient:
    """Sum each gradient over the axes along which its input was broadcast."""
    from kgen.ops.composite import unbroadcast

    def full(node: Node, grad: Value) -> Sequence[Value | None]:
        return [
            None if g is None else unbroadcast(g, v.shape)
            for g, v in zip(gradient(node, grad), node.inputs, strict=True)
        ]

    return full


def unary(
    name: str,
    scalar: str,
    reference: Callable[[Any], Any],
    derivative: Callable[[Value, Value], Operand] | None,
    *,
    low: float = -2.0,
    high: float = 2.0,
    cost: int = 1,
    infer: Callable[[Sequence[TensorType], Attrs], TensorType] = _arithmetic,
    doc: str,
) -> Callable[[Operand], Value]:
    """Declare a function of one tensor; `derivative` is of (input, output)."""

    def gradient(node: Node, grad: Value) -> Sequence[Value | None]:
        assert derivative is not None
        return [grad * derivative(node.inputs[0], node.output)]

    op = register(
        OpDef(
            name,
            infer,
            _f32(reference) if infer is _arithmetic else _kept(reference),
            gradient if derivative else lambda node, grad: [None],
            scalar,
            (
                Sample(((3, 5),), low=low, high=high, grad=None if derivative else ()),
                Sample(((1,),), low=low, high=high, grad=()),
            ),
            cost,
            doc,
        )
    )

    def call(x: Operand) -> Value:
        return apply(op.name, x)

    call.__name__ = name
    call.__doc__ = doc
    return call


def _binary(
    name: str,
    scalar: str,
    reference: Callable[[Any, Any], Any],
    gradient: Gradient | None,
    *,
    infer: Callable[[Sequence[TensorType], Attrs], TensorType] = _arithmetic,
    low: float = -2.0,
    high: float = 2.0,
    cost: int = 1,
    doc: str,
) -> Callable[[Operand, Operand], Value]:
    boolean = infer is not _arithmetic
    op = register(
        OpDef(
            name,
            infer,
            reference if boolean else _f32(reference),
            _lazy_reduced(gradient) if gradient else lambda node, grad: [None, None],
            scalar,
            (
                Sample(((3, 5), (3, 5)), low=low, high=high, grad=None if gradient else ()),
                Sample(((2, 1, 5), (3, 1)), low=low, high=high, grad=None if gradient else ()),
                Sample(((4, 1), ()), low=low, high=high, grad=None if gradient else ()),
            ),
            cost,
            doc,
        )
    )

    def call(a: Operand, b: Operand) -> Value:
        return apply(op.name, a, b)

    call.__name__ = name
    call.__doc__ = doc
    return call


def _lazy_reduced(gradient: Gradient) -> Gradient:
    def full(node: Node, grad: Value) -> Sequence[Value | None]:
        return _reduced(gradient)(node, grad)

    return full


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf as exact

    return np.asarray(exact(x))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return np.asarray(expit(x))


def _ties(node: Node, grad: Value, first: Callable[[Value, Value], Value]) -> list[Value | None]:
    """The gradient goes to the winner, and half to each where both are equal."""
    a, b = node.inputs
    share = where(first(a, b), 1.0, where(equal(a, b), 0.5, 0.0))
    return [grad * share, grad * (1.0 - share)]


add: Binary = _binary("add", "{0} + {1}", np.add, lambda n, g: [g, g], doc="a + b")
subtract: Binary = _binary("subtract", "{0} - {1}", np.subtract, lambda n, g: [g, -g], doc="a - b")
multiply: Binary = _binary(
    "multiply",
    "{0} * {1}",
    np.multiply,
    lambda n, g: [g * n.inputs[1], g * n.inputs[0]],
    doc="a * b",
)
divide: Binary = _binary(
    "divide",
    "{0} / {1}",
    np.divide,
    lambda n, g: [g / n.inputs[1], -(g * n.output / n.inputs[1])],
    low=0.5,
    cost=4,
    doc="a / b",
)
power: Binary = _binary(
    "power",
    "power({0}, {1})",
    np.power,
    lambda n, g: [
        g * n.inputs[1] * power(n.inputs[0], n.inputs[1] - 1.0),
        g * where(n.inputs[0] > 0.0, n.output * log(maximum(n.inputs[0], 1e-38)), 0.0),
    ],
    low=0.5,
    cost=30,
    doc="a ** b",
)
maximum: Binary = _binary(
    "maximum",
    "maximum({0}, {1})",
    np.maximum,
    lambda n, g: _ties(n, g, greater),
    doc="The larger of a and b; NaN if either is NaN.",
)
minimum: Binary = _binary(
    "minimum",
    "minimum({0}, {1})",
    np.minimum,
    lambda n, g: _ties(n, g, less),
    doc="The smaller of a and b; NaN if either is NaN.",
)

less: Binary = _binary("less", "{0} < {1}", np.less, None, infer=_comparison, doc="a < b")
less_equal: Binary = _binary(
    "less_equal", "{0} <= {1}", np.less_equal, None, infer=_comparison, doc="a <= b"
)
greater: Binary = _binary("greater", "{0} > {1}", np.greater, None, infer=_comparison, doc="a > b")
greater_equal: Binary = _binary(
    "greater_equal", "{0} >= {1}", np.greater_equal, None, infer=_comparison, doc="a >= b"
)
equal: Binary = _binary("equal", "{0} == {1}", np.equal, None, infer=_comparison, doc="a == b")
not_equal: Binary = _binary(
    "not_equal", "{0} != {1}", np.not_equal, None, infer=_comparison, doc="a != b"
)
# Truth values have no samples of their own: the ops that make and use them are sampled.
register(
    OpDef(
        "logical_and",
        _comparison,
        np.logical_and,
        lambda n, g: [None, None],
        "{0} & {1}",
        cost=1,
        doc="Both true.",
    )
)
register(
    OpDef(
        "logical_or",
        _comparison,
        np.logical_or,
        lambda n, g: [None, None],
        "{0} | {1}",
        cost=1,
        doc="Either true.",
    )
)
register(
    OpDef(
        "logical_not", _comparison, np.logical_not, lambda n, g: [None], "~{0}", cost=1, doc="Not."
    )
)


def logical_and(a: Value, b: Value) -> Value:
    """Both true."""
    return apply("logical_and", a, b)


def logical_or(a: Value, b: Value) -> Value:
    """Either true."""
    return apply("logical_or", a, b)


def logical_not(a: Value) -> Value:
    """Not true."""
    return apply("logical_not", a)


register(
    OpDef(
        "where",
        _selection,
        lambda c, a, b: rounded(np.where(c, a, b), a, b),
        _lazy_reduced(lambda n, g: [None, where(n.inputs[0], g, 0.0), where(n.inputs[0], 0.0, g)]),
        "select({0}, {1}, {2})",
        cost=1,
        doc="a where the condition holds, else b.",
    )
)


def where(condition: Value, a: Operand, b: Operand) -> Value:
    """`a` where the condition holds, else `b`."""
    return apply("where", condition, a, b)


negative: Unary = unary("negative", "-{0}", np.negative, lambda x, y: -1.0, doc="-x")
exp: Unary = unary("exp", "exp({0})", np.exp, lambda x, y: y, cost=15, doc="e to the x.")
expm1: Unary = unary(
    "expm1", "expm1({0})", np.expm1, lambda x, y: y + 1.0, cost=20, doc="exp(x) - 1."
)
log: Unary = unary(
    "log", "log({0})", np.log, lambda x, y: 1.0 / x, low=0.1, cost=15, doc="Natural logarithm."
)
log1p: Unary = unary(
    "log1p", "log1p({0})", np.log1p, lambda x, y: 1.0 / (1.0 + x), low=-0.5, cost=20, doc="log(1+x)"
)
tanh: Unary = unary(
    "tanh", "tanh({0})", np.tanh, lambda x, y: 1.0 - square(y), cost=20, doc="Hyperbolic tangent."
)
sigmoid: Unary = unary(
    "sigmoid",
    "sigmoid({0})",
    _sigmoid,
    lambda x, y: y * (1.0 - y),
    cost=20,
    doc="1 / (1 + exp(-x)).",
)
erf: Unary = unary(
    "erf",
    "erf({0})",
    _erf,
    lambda x, y: exp(-square(x)) * 1.1283791670955126,
    cost=25,
    doc="The error function; its derivative is 2/sqrt(pi) exp(-x^2).",
)
sqrt: Unary = unary(
    "sqrt", "sqrt({0})", np.sqrt, lambda x, y: 0.5 / y, low=0.1, cost=6, doc="Square root."
)
rsqrt: Unary = unary(
    "rsqrt",
    "1.0 / sqrt({0})",
    lambda x: 1.0 / np.sqrt(x),
    lambda x, y: -0.5 * y / x,
    low=0.1,
    cost=10,
    doc="1 / sqrt(x).",
)
square: Unary = unary("square", "square({0})", np.square, lambda x, y: 2.0 * x, doc="x * x.")
absolute: Unary = unary(
    "absolute", "absolute({0})", np.abs, lambda x, y: sign(x), low=0.1, doc="The magnitude of x."
)
sign: Unary = unary("sign", "sign({0})", np.sign, None, doc="-1, 0 or 1.")
floor: Unary = unary("floor", "floor({0})", np.floor, None, doc="The largest integer not above x.")
register(
    OpDef(
        "relu",
        _arithmetic,
        _f32(lambda x: np.maximum(x, 0.0)),
        lambda n, g: [where(n.output > 0.0, g, 0.0)],
        "maximum({0}, 0.0)",
        (Sample(((3, 5),), low=0.1), Sample(((3, 5),), grad=())),
        cost=1,
        doc="max(x, 0); the gradient at 0 is 0.",
    )
)


def relu(x: Operand) -> Value:
    """max(x, 0); the gradient at 0 is 0."""
    return apply("relu", x)


def _same(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return inputs[0]


copy: Unary = unary(
    "copy", "{0}", lambda x: x, lambda x, y: 1.0, infer=_same, doc="x, stored on its own."
)
stop_gradient: Unary = unary(
    "stop_gradient",
    "{0}",
    lambda x: x,
    None,
    infer=_same,
    cost=0,
    doc="x, as a constant to differentiation.",
)

register(
    OpDef(
        "as_float",
        lambda inputs, attrs: TensorType("float32", inputs[0].shape),
        lambda x: rounded(x, x),
        lambda n, g: [None],
        "as_float({0})",
        cost=1,
        doc="1.0 for true and 0.0 for false; integers become float32.",
    )
)


def as_float(x: Value) -> Value:
    """1.0 for true and 0.0 for false; integers become float32."""
    return x if x.dtype == "float32" else apply("as_float", x)


register(
    OpDef(
        "as_int",
        lambda inputs, attrs: TensorType("int32", inputs[0].shape),
        lambda x: np.asarray(x).astype(np.int32),
        lambda n, g: [None],
        "{0}",
        (Sample(((3, 5),), low=-9.0, high=9.0, grad=()),),
        cost=0,
        doc="Whole numbers as int32: in memory they are integers, to arithmetic float32.",
    )
)


def as_int(x: Value) -> Value:
    """Whole numbers as int32; truth values as 0 and 1."""
    x = as_float(x) if x.dtype == "bool" else x
    return x if x.dtype == "int32" else apply("as_int", x)
