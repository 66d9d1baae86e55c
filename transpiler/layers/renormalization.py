"""Batch renormalization (Ioffe, 2017), as Keras's BatchNormalization(renorm=True) has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeAlias

from kgen import ops
from kgen.graph import Value
from kgen.layers.kinds import Maybe, Number
from kgen.layers.registry import Bound, Kind, Scope, member, suggest

_BOUNDS = ("rmax", "rmin", "dmax")
_BOUND = Number("a number not below 0", low=0.0)


@dataclass(frozen=True)
class _Clipping(Kind):
    """Bounds of the corrections: a dict."""

    def check(self, value: Any) -> dict[str, float]:
        if not isinstance(value, dict):
            self.refuse(value)
        for name in value:
            if name not in _BOUNDS:
                self.refuse(value, suggest(str(name), _BOUNDS) or f"it has {', '.join(_BOUNDS)}")
        found = {name: _BOUND.check(number) for name, number in value.items() if number is not None}
        if found.get("rmin", 0.0) > found.get("rmax", float("inf")):
            self.refuse(value, "rmin must not exceed rmax")
        return found


Clipping: TypeAlias = Annotated[
    Mapping[str, float] | None,
    Maybe(
        'a dict such as {"rmax": 3.0, "rmin": 0.3, "dmax": 5.0}, or None',
        _Clipping('a dict such as {"rmax": 3.0, "rmin": 0.3, "dmax": 5.0}'),
    ),
]


class _Weights(Protocol):
    """Makes the layer's weights."""

    scope: Scope

    def weight(self, name: str, initializer: Bound, *, trainable: bool) -> Value: ...


class Renormalization:
    """The weights of a layer that renormalizes; those of the moving mean and variance are given.

    r = s / s' and d = (m - m') / s' correct the batch's mean m and deviation s to what they have
    been, on average: m' and s'.
    """

    def __init__(
        self,
        weights: _Weights,
        mean_initializer: Bound,
        variance_initializer: Bound,
        clipping: Mapping[str, float] | None,
        momentum: float,
        epsilon: float,
    ) -> None:
        self.scope, self.momentum, self.epsilon = weights.scope, momentum, epsilon
        self.clipping = clipping or {}
        start = _root(weights.scope, variance_initializer)
        self.moving = weights.weight("moving_stddev", start, trainable=False)
        self.mean = weights.weight("renorm_mean", mean_initializer, trainable=False)
        self.deviation = weights.weight("renorm_stddev", start, trainable=False)

    def corrections(self, mean: Value, variance: Value) -> tuple[Value, Value]:
        """r and d, which are constants to differentiation."""
        deviation = ops.sqrt(variance + self.epsilon)
        usual = ops.maximum(self.deviation, self.epsilon**0.5)
        r, d = deviation / usual, (mean - self.mean) / usual
        bound = self.clipping.get
        if (low := bound("rmin")) is not None:
            r = ops.maximum(r, low)
        if (high := bound("rmax")) is not None:
            r = ops.minimum(r, high)
        if (far := bound("dmax")) is not None:
            d = ops.minimum(ops.maximum(d, -far), far)
        return ops.stop_gradient(r), ops.stop_gradient(d)

    def follow(self, mean: Value, variance: Value, momentum: float) -> Value:
        """Move on all averages but the layer's own; gives what its moving variance becomes."""
        deviation = ops.sqrt(variance + self.epsilon)
        moved = self.moving * momentum + deviation * (1.0 - momentum)
        self.scope.assign(self.moving, moved)
        own = self.momentum
        self.scope.assign(self.mean, self.mean * own + mean * (1.0 - own))
        self.scope.assign(self.deviation, self.deviation * own + deviation * (1.0 - own))
        return ops.relu(ops.square(moved) - self.epsilon)


def _root(scope: Scope, variance: Bound) -> Bound:
    """The initializer of a deviation: the root of the variance's."""
    if variance.name in ("Zeros", "Ones"):
        return variance
    value = variance.arguments.get("value")
    if not isinstance(value, int | float) or value < 0:
        scope.fail(
            f"with renorm=True the root of moving_variance_initializer is taken, found {variance}",
            help='take "ones", "zeros" or Constant(...) of one number not below 0',
        )
    return member("initializer", "Constant", value=float(value) ** 0.5)
