"""Keras's learning rate schedules: functions of the step, computed in float64 on the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rates = NDArray[np.float64]


class Schedule:
    """A learning rate as a function of the number of updates made before.

    Subclasses set `_config`, the constructor's arguments, and define `__call__`.
    """

    _config: dict[str, Any]

    def __call__(self, step: ArrayLike) -> Rates:
        """The rate at a step, or at each of an array of steps."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return dict(self._config)

    def __repr__(self) -> str:
        listed = ", ".join(f"{key}={value!r}" for key, value in self._config.items())
        return f"{type(self).__name__}({listed})"


def _arguments(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != "self" and not k.startswith("_")}


class ExponentialDecay(Schedule):
    """initial * rate ** (step / steps); `staircase` rounds the exponent down."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
    ) -> None:
        self._config = _arguments(locals())
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase

    def __call__(self, step: ArrayLike) -> Rates:
        p = np.asarray(step, np.float64) / self.decay_steps
        p = np.floor(p) if self.staircase else p
        return np.asarray(self.initial_learning_rate * self.decay_rate**p)


class InverseTimeDecay(Schedule):
    """initial / (1 + rate * step / steps); `staircase` rounds the quotient down."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
    ) -> None:
        self._config = _arguments(locals())
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase

    def __call__(self, step: ArrayLike) -> Rates:
        p = np.asarray(step, np.float64) / self.decay_steps
        p = np.floor(p) if self.staircase else p
        return np.asarray(self.initial_learning_rate / (1.0 + self.decay_rate * p))


class PiecewiseConstantDecay(Schedule):
    """values[i] up to and including boundaries[i], and the last value beyond them."""

    def __init__(self, boundaries: Sequence[float], values: Sequence[float]) -> None:
        self._config = _arguments(locals())
        self.boundaries = list(boundaries)
        self.values = list(values)

    def __call__(self, step: ArrayLike) -> Rates:
        places = np.searchsorted(self.boundaries, np.asarray(step, np.float64), side="left")
        return np.asarray(self.values, np.float64)[places]


class PolynomialDecay(Schedule):
    """From the initial to the end rate along (1 - step / steps) ** power.

    `cycle` starts again, with the steps multiplied, instead of staying at the end.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
    ) -> None:
        self._config = _arguments(locals())
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle

    def __call__(self, step: ArrayLike) -> Rates:
        at = np.asarray(step, np.float64)
        steps: Any = float(self.decay_steps)
        if self.cycle:
            steps = steps * np.maximum(np.ceil(at / steps), 1.0)
        else:
            at = np.minimum(at, steps)
        span = self.initial_learning_rate - self.end_learning_rate
        return np.asarray(span * (1.0 - at / steps) ** self.power + self.end_learning_rate)


class CosineDecay(Schedule):
    """Half a cosine down to `alpha` times the start, after an optional linear warmup."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self._config = _arguments(locals())
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: ArrayLike) -> Rates:
        at = np.asarray(step, np.float64)
        if self.warmup_target is None:
            return self._decay(at, self.initial_learning_rate)
        decayed = self._decay(np.maximum(at - self.warmup_steps, 0.0), self.warmup_target)
        rise = self.warmup_target - self.initial_learning_rate
        warming = self.initial_learning_rate + rise * at / max(self.warmup_steps, 1)
        return np.where(at < self.warmup_steps, warming, decayed)

    def _decay(self, at: Rates, start: float) -> Rates:
        fraction = np.minimum(at, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1.0 + np.cos(np.pi * fraction))
        return np.asarray(start * ((1.0 - self.alpha) * cosine + self.alpha))


class CosineDecayRestarts(Schedule):
    """Cosine decay that starts again, each period `t_mul` times longer and `m_mul` as high."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
    ) -> None:
        self._config = _arguments(locals())
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha

    def __call__(self, step: ArrayLike) -> Rates:
        done = np.asarray(step, np.float64) / self.first_decay_steps
        if self.t_mul == 1.0:
            restart = np.floor(done)
            fraction = done - restart
        else:
            # Rounding must not put a step that ends a period into the one before.
            exact = np.log(1.0 - done * (1.0 - self.t_mul)) / np.log(self.t_mul)
            restart = np.floor(exact + 1e-12)
            before = (1.0 - self.t_mul**restart) / (1.0 - self.t_mul)
            fraction = (done - before) / self.t_mul**restart
        cosine = 0.5 * self.m_mul**restart * (1.0 + np.cos(np.pi * fraction))
        return np.asarray(self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha))
