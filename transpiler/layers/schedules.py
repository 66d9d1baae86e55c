"""Keras's learning rate schedules: arguments; `kgen.runtime.schedules` computes them."""

from __future__ import annotations

from kgen.layers.family import schedule
from kgen.layers.kinds import (
    Bool,
    Floats,
    NonNegativeFloat,
    NonNegativeInt,
    OptionalNonNegative,
    OptionalString,
    PositiveFloat,
    PositiveInt,
)


@schedule("ExponentialDecay")
def exponential_decay(
    initial_learning_rate: NonNegativeFloat,
    decay_steps: PositiveInt,
    decay_rate: NonNegativeFloat,
    staircase: Bool = False,
    name: OptionalString = None,
) -> None:
    """initial * rate ** (step / steps)."""


@schedule("InverseTimeDecay")
def inverse_time_decay(
    initial_learning_rate: NonNegativeFloat,
    decay_steps: PositiveInt,
    decay_rate: NonNegativeFloat,
    staircase: Bool = False,
    name: OptionalString = None,
) -> None:
    """initial / (1 + rate * step / steps)."""


@schedule("PiecewiseConstantDecay")
def piecewise_constant_decay(
    boundaries: Floats, values: Floats, name: OptionalString = None
) -> None:
    """values[i] up to boundaries[i], the last value beyond them."""


@schedule("PolynomialDecay")
def polynomial_decay(
    initial_learning_rate: NonNegativeFloat,
    decay_steps: PositiveInt,
    end_learning_rate: NonNegativeFloat = 0.0001,
    power: PositiveFloat = 1.0,
    cycle: Bool = False,
    name: OptionalString = None,
) -> None:
    """From the initial to the end rate along (1 - step / steps) ** power."""


@schedule("CosineDecay")
def cosine_decay(
    initial_learning_rate: NonNegativeFloat,
    decay_steps: PositiveInt,
    alpha: NonNegativeFloat = 0.0,
    name: OptionalString = None,
    warmup_target: OptionalNonNegative = None,
    warmup_steps: NonNegativeInt = 0,
) -> None:
    """Half a cosine down to alpha times the start, after an optional linear warmup."""


@schedule("CosineDecayRestarts")
def cosine_decay_restarts(
    initial_learning_rate: NonNegativeFloat,
    first_decay_steps: PositiveInt,
    t_mul: PositiveFloat = 2.0,
    m_mul: PositiveFloat = 1.0,
    alpha: NonNegativeFloat = 0.0,
    name: OptionalString = None,
) -> None:
    """Cosine decay that starts again, each period longer by t_mul and higher by m_mul."""
