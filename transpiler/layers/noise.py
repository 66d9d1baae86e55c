"""Layers that are random in training and the identity elsewhere."""

from __future__ import annotations

from math import sqrt

from kgen import ops
from kgen.graph import Shape, ShapeError, Value
from kgen.layers.family import layer
from kgen.layers.kinds import BelowOne, Fraction, OptionalInts, Seed
from kgen.layers.registry import Scope


def stream(scope: Scope, seed: int | None) -> int:
    """The random stream of this call; a layer's seed picks another one."""
    own = scope.stream()
    return own if seed is None else (own + 0x9E3779B1 * (seed + 1)) % 2**31


def noise_of(x: Value, noise_shape: tuple[int | None, ...] | None) -> Shape:
    """The shape of the random values: x's where `noise_shape` has None, or is None."""
    if noise_shape is None:
        return x.shape
    shape = tuple(
        own if size is None else size for own, size in zip(x.shape, noise_shape, strict=False)
    )
    fits = all(size in (1, own) for size, own in zip(shape, x.shape, strict=False))
    if len(noise_shape) != x.type.rank or not fits:
        raise ShapeError(
            f"noise_shape {list(noise_shape)} does not fit {x.type}",
            help="it has as many sizes, each the tensor's own, None for that, or 1",
        )
    return shape


@layer("Dropout")
def dropout(
    scope: Scope,
    x: Value,
    *,
    rate: Fraction,
    noise_shape: OptionalInts = None,
    seed: Seed = None,
) -> Value:
    """In training, 0 with probability `rate`, else x / (1 - rate)."""
    shape = noise_of(x, noise_shape)
    if not scope.training or rate == 0.0:
        return x
    if rate == 1.0:
        return ops.broadcast_to(ops.constant(0.0), x.shape)
    kept = ops.random_uniform(shape, stream(scope, seed)) >= rate
    return ops.where(kept, x * (1.0 / (1.0 - rate)), 0.0)


@layer("GaussianNoise")
def gaussian_noise(scope: Scope, x: Value, *, stddev: Fraction, seed: Seed = None) -> Value:
    """In training, x plus normal noise with mean 0."""
    if not scope.training or stddev == 0.0:
        return x
    return x + ops.random_normal(x.shape, stream(scope, seed)) * stddev


@layer("GaussianDropout")
def gaussian_dropout(scope: Scope, x: Value, *, rate: BelowOne, seed: Seed = None) -> Value:
    """In training, x times normal noise with mean 1 and variance rate / (1 - rate)."""
    if not scope.training or rate == 0.0:
        return x
    noise = ops.random_normal(x.shape, stream(scope, seed)) * sqrt(rate / (1.0 - rate))
    return x * (1.0 + noise)


@layer("AlphaDropout")
def alpha_dropout(
    scope: Scope,
    x: Value,
    *,
    rate: BelowOne,
    noise_shape: OptionalInts = None,
    seed: Seed = None,
) -> Value:
    """In training, selu's lower limit with probability `rate`; mean and variance stay.

    With p = -1.7581 and q = 1 - rate it is a * (x or p) + b, a = 1 / sqrt(q (1 + rate p^2)),
    b = -a p rate (Klambauer and others, 2017).
    """
    shape = noise_of(x, noise_shape)
    if not scope.training or rate == 0.0:
        return x
    low = -1.6732632423543772 * 1.0507009873554805
    factor: float = ((1.0 - rate) * (1.0 + rate * low * low)) ** -0.5
    kept = ops.random_uniform(shape, stream(scope, seed)) >= rate
    return ops.where(kept, x, low) * factor - factor * low * rate
