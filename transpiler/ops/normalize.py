"""Softmax and its kin: kept whole until derivatives are taken, so that they stay stable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from kgen.graph import (
    Attrs,
    Node,
    OpDef,
    Sample,
    ShapeError,
    TensorType,
    Value,
    apply,
    register,
)
from kgen.ops import elementwise as e
from kgen.ops.precision import rounded
from kgen.ops.reduce import max as reduce_max
from kgen.ops.reduce import sum as reduce_sum


def _same(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    return TensorType("float32", inputs[0].shape)


def _softmax_reference(x: Any, axis: int) -> Any:
    wide = np.asarray(x, np.float64)
    powers = np.exp(wide - wide.max(axis, keepdims=True))
    return rounded(powers / powers.sum(axis, keepdims=True), x)


def _log_softmax_reference(x: Any, axis: int) -> Any:
    wide = np.asarray(x, np.float64)
    shifted = wide - wide.max(axis, keepdims=True)
    return rounded(shifted - np.log(np.exp(shifted).sum(axis, keepdims=True)), x)


def _softmax_gradient(node: Node, grad: Value) -> list[Value | None]:
    y, axis = node.output, node.attrs["axis"]
    return [y * (grad - reduce_sum(grad * y, axis, keepdims=True))]


def _log_softmax_gradient(node: Node, grad: Value) -> list[Value | None]:
    axis = node.attrs["axis"]
    return [grad - softmax(node.inputs[0], axis) * reduce_sum(grad, axis, keepdims=True)]


def _expand_softmax(node: Node, inputs: tuple[Value, ...]) -> Value:
    x, axis = inputs[0], node.attrs["axis"]
    powers = e.exp(x - reduce_max(x, axis, keepdims=True))
    return powers / reduce_sum(powers, axis, keepdims=True)


def _expand_log_softmax(node: Node, inputs: tuple[Value, ...]) -> Value:
    x, axis = inputs[0], node.attrs["axis"]
    shifted = x - reduce_max(x, axis, keepdims=True)
    return shifted - e.log(reduce_sum(e.exp(shifted), axis, keepdims=True))


def _expand_softplus(node: Node, inputs: tuple[Value, ...]) -> Value:
    x = inputs[0]
    return e.relu(x) + e.log1p(e.exp(-e.absolute(x)))


_SAMPLES = (
    Sample(((3, 5),), {"axis": 1}),
    Sample(((2, 3, 4),), {"axis": 1}),
    Sample(((4, 1),), {"axis": 1}),
    Sample(((3, 7),), {"axis": 1}, low=-200.0, high=200.0, grad=()),
)

register(
    OpDef(
        "softmax",
        _same,
        _softmax_reference,
        _softmax_gradient,
        samples=_SAMPLES,
        doc="exp(x) over its sum along an axis, shifted by the maximum.",
        expand=_expand_softmax,
    )
)
register(
    OpDef(
        "log_softmax",
        _same,
        _log_softmax_reference,
        _log_softmax_gradient,
        samples=_SAMPLES,
        doc="x less the logarithm of the sum of exp(x) along an axis, without overflow.",
        expand=_expand_log_softmax,
    )
)
register(
    OpDef(
        "softplus",
        _same,
        lambda x: rounded(np.logaddexp(0.0, np.asarray(x, np.float64)), x),
        lambda node, grad: [grad * e.sigmoid(node.inputs[0])],
        samples=(Sample(((3, 5),)), Sample(((3, 5),), low=-200.0, high=200.0, grad=())),
        doc="log(1 + exp(x)) without overflow.",
        expand=_expand_softplus,
    )
)


def _expand_entropy(node: Node, inputs: tuple[Value, ...]) -> Value:
    """log(1 + exp(-|x|)) + ([x > 0] - t) x: exact where a difference of large terms is not."""
    x, t = inputs
    fade = e.log1p(e.exp(-e.absolute(x)))
    return fade + (e.as_float(x > 0.0) - t) * x


def _entropy_reference(x: Any, t: Any) -> Any:
    wide, target = np.asarray(x, np.float64), np.asarray(t, np.float64)
    above = (wide > 0).astype(np.float64)
    value = np.logaddexp(0.0, -np.abs(wide)) + (above - target) * wide
    return rounded(value, x, t)


def _pair(inputs: Sequence[TensorType], attrs: Attrs) -> TensorType:
    if inputs[0].shape != inputs[1].shape:
        raise ShapeError(f"logits {inputs[0]} and targets {inputs[1]} differ in shape")
    return TensorType("float32", inputs[0].shape)


register(
    OpDef(
        "sigmoid_crossentropy",
        _pair,
        _entropy_reference,
        lambda node, grad: [
            grad * (e.sigmoid(node.inputs[0]) - node.inputs[1]),
            -grad * node.inputs[0],
        ],
        samples=(
            Sample(((3, 5), (3, 5)), low=-4.0, high=4.0),
            Sample(((3, 5), (3, 5)), low=-200.0, high=200.0, grad=()),
        ),
        doc="-t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), accurate at any logit.",
        expand=_expand_entropy,
    )
)


def sigmoid_crossentropy(x: Value, t: Value) -> Value:
    """Binary crossentropy of targets `t` with logits `x`, elementwise."""
    return apply("sigmoid_crossentropy", x, t)


def softmax(x: Value, axis: int = -1) -> Value:
    """exp(x) over its sum along `axis`, shifted by the maximum."""
    return apply("softmax", x, axis=axis % x.type.rank)


def log_softmax(x: Value, axis: int = -1) -> Value:
    """x less the logarithm of the sum of exp(x) along `axis`, without overflow."""
    return apply("log_softmax", x, axis=axis % x.type.rank)


def softplus(x: Value) -> Value:
    """log(1 + exp(x)) without overflow."""
    return apply("softplus", x)
