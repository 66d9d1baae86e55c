"""Keras's initializers, in NumPy.

Variance scaling follows He, Glorot and LeCun as Keras does: the fans of a kernel
`[..., inputs, outputs]` count its receptive field, and a truncated normal is
widened so that its variance is the one asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from kgen.runtime.errors import WeightError
from kgen.runtime.spec import Spec
from kgen.runtime.weights import weight_views
from numpy.typing import NDArray

InitialValues = NDArray[np.float32]
Shape = tuple[int, ...]

# The standard deviation of a standard normal truncated at two.
_TRUNCATED_STDDEV = 0.87962566103423978

# Scale, mode and distribution of the initializers that are cases of VarianceScaling.
_SCALED = {
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "GlorotNormal": (1.0, "fan_avg", "truncated_normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "HeNormal": (2.0, "fan_in", "truncated_normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "truncated_normal"),
}


def initial_weights(spec: Spec, seed: int, flat: np.ndarray) -> None:
    """Fills `flat`; each weight's values depend on the seed and its own path alone."""
    views = weight_views(spec, flat)
    for weight in spec.weights:
        entropy = [seed, int.from_bytes(weight.path.encode(), "little")]
        rng = np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy)))
        views[weight.path][...] = initialize(
            weight.initializer, weight.arguments, weight.shape, rng
        )


def initialize(
    kind: str, arguments: Mapping[str, Any], shape: Shape, rng: np.random.Generator
) -> InitialValues:
    """The first value of a weight.

    Args:
        kind: Keras's class name, such as `GlorotUniform`.
        arguments: Its arguments. A `seed` that is not None replaces `rng`.
        shape: The weight's shape.
        rng: Where random numbers come from.

    Raises:
        WeightError: the initializer is unknown or does not fit the shape.
    """
    given = dict(arguments)
    seed = given.pop("seed", None)
    if seed is not None:
        rng = np.random.default_rng(seed)
    if kind in _SCALED:
        scale, mode, distribution = _SCALED[kind]
        return _variance_scaling(shape, rng, scale, mode, distribution)
    function = _FUNCTIONS.get(kind)
    if function is None:
        raise WeightError(f"no initializer is called {kind}")
    return function(shape, rng, **given)


def fans(shape: Shape) -> tuple[int, int]:
    """How many inputs and outputs a weight of this shape connects."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _constant(shape: Shape, rng: np.random.Generator, value: Any = 0.0) -> InitialValues:
    try:
        return np.full(shape, np.asarray(value, np.float32), np.float32)
    except ValueError:
        found = list(np.shape(value))
        raise WeightError(f"Constant has values {found} for a weight of {list(shape)}") from None


def _zeros(shape: Shape, rng: np.random.Generator) -> InitialValues:
    return np.zeros(shape, np.float32)


def _ones(shape: Shape, rng: np.random.Generator) -> InitialValues:
    return np.ones(shape, np.float32)


def _identity(shape: Shape, rng: np.random.Generator, gain: float = 1.0) -> InitialValues:
    if len(shape) != 2:
        raise WeightError(f"Identity fills matrices, not a weight of shape {shape}")
    return np.asarray(gain * np.eye(*shape), np.float32)


def _normal(
    shape: Shape, rng: np.random.Generator, mean: float = 0.0, stddev: float = 0.05
) -> InitialValues:
    return np.asarray(rng.standard_normal(shape, np.float32) * np.float32(stddev) + mean)


def _truncated(
    shape: Shape, rng: np.random.Generator, mean: float = 0.0, stddev: float = 0.05
) -> InitialValues:
    flat = rng.standard_normal(math.prod(shape), np.float32)
    beyond = np.flatnonzero(np.abs(flat) > 2.0)
    while beyond.size:
        flat[beyond] = rng.standard_normal(beyond.size, np.float32)
        beyond = beyond[np.abs(flat[beyond]) > 2.0]
    return np.asarray(flat.reshape(shape) * np.float32(stddev) + np.float32(mean))


def _uniform(
    shape: Shape, rng: np.random.Generator, minval: float = -0.05, maxval: float = 0.05
) -> InitialValues:
    span = np.float32(maxval - minval)
    return np.asarray(rng.random(shape, np.float32) * span + np.float32(minval))


def _variance_scaling(
    shape: Shape,
    rng: np.random.Generator,
    scale: float = 1.0,
    mode: str = "fan_in",
    distribution: str = "truncated_normal",
) -> InitialValues:
    fan_in, fan_out = fans(shape)
    fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[mode]
    variance = scale / max(1.0, fan)
    if distribution == "uniform":
        limit = math.sqrt(3.0 * variance)
        return _uniform(shape, rng, -limit, limit)
    if distribution == "untruncated_normal":
        return _normal(shape, rng, 0.0, math.sqrt(variance))
    return _truncated(shape, rng, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)


def _orthogonal(shape: Shape, rng: np.random.Generator, gain: float = 1.0) -> InitialValues:
    """Q of a random matrix, with signs that make every rotation equally likely."""
    if len(shape) < 2:
        raise WeightError(f"Orthogonal needs two axes or more, not a weight of shape {shape}")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    if rows < columns:
        q = q.T
    return np.ascontiguousarray(gain * q.reshape(shape), np.float32)


def _unit_forget_bias(
    shape: Shape, rng: np.random.Generator, kind: str, arguments: Mapping[str, Any]
) -> InitialValues:
    """An LSTM's bias: ones for the forget gate, the second quarter; `kind` for the rest."""
    units = shape[0] // 4
    parts = [initialize(kind, arguments, (count,), rng) for count in (units, 2 * units)]
    return np.concatenate([parts[0], np.ones(units, np.float32), parts[1]])


_FUNCTIONS: dict[str, Callable[..., InitialValues]] = {
    "Zeros": _zeros,
    "Ones": _ones,
    "Constant": _constant,
    "Identity": _identity,
    "RandomNormal": _normal,
    "TruncatedNormal": _truncated,
    "RandomUniform": _uniform,
    "VarianceScaling": _variance_scaling,
    "Orthogonal": _orthogonal,
    "UnitForgetBias": _unit_forget_bias,
}
