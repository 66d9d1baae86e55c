"""Keras's optimizers and schedules: arguments, state, and the update as a graph.

The update sweeps the whole flat buffer of trainable weights; what changes from
step to step is computed by `kgen.runtime.optimizers` and fed as scalars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias, cast

from kgen import ops
from kgen.graph import Builder, TensorType, Value
from kgen.layers.family import optimizer, schedule
from kgen.layers.kinds import (
    BelowOne,
    Bool,
    Floats,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    OnlyDefault,
    OnlyFalse,
    OnlyNone,
    OptionalNonNegative,
    OptionalString,
    PositiveFloat,
    PositiveInt,
    RateArg,
)
from kgen.layers.registry import Bound
from kgen.model import Described, OptimizerInfo

Slots: TypeAlias = Mapping[str, Value]
Update: TypeAlias = Callable[[Value, Value, Slots, Slots], tuple[Value, dict[str, Value]]]
_EmaMomentum: TypeAlias = Annotated[float, OnlyDefault("0.99", 0.99)]


@dataclass(frozen=True)
class Rule:
    """An optimizer with its arguments.

    `slots` is its state by name with the start value, `scalars` what the runtime
    feeds each step; `update(weights, gradients, slots, scalars)` gives the new
    weights and slots.
    """

    slots: Mapping[str, float]
    scalars: tuple[str, ...]
    update: Update


def optimizer_info(bound: Bound, size: int) -> OptimizerInfo:
    """The optimizer of a model with `size` trainable floats."""
    rule = cast(Rule, bound.definition.function(**_declared(bound)))
    flat = TensorType("float32", (size,))
    with Builder() as builder:
        weights = builder.input("weights", flat)
        gradients = builder.input("gradients", flat)
        slots = {name: builder.input(name, flat) for name in rule.slots}
        scalars = {name: ops.scalar_input(name) for name in rule.scalars}
        new, state = rule.update(weights, gradients, slots, scalars)
        graph = builder.graph("update", {"weights": new, **state})
    return OptimizerInfo(described(bound), rule.slots, rule.scalars, graph)


def _declared(bound: Bound) -> dict[str, Any]:
    return {k: v for k, v in bound.arguments.items() if k not in bound.definition.common}


def described(bound: Bound) -> Described:
    """The runtime's description: the learning rate, and what differs from the defaults."""
    args = {
        param.name: _plain(value)
        for param in bound.definition.params
        if param.name != "name"
        and ((value := bound.arguments[param.name]) != param.default or "rate" in param.name)
    }
    return Described(bound.name, args)


def _plain(value: Any) -> Any:
    if isinstance(value, Bound):
        return described(value)
    return list(value) if isinstance(value, tuple) else value


@optimizer("SGD")
def sgd(
    learning_rate: RateArg = 0.01,
    momentum: Fraction = 0.0,
    nesterov: Bool = False,
    weight_decay: OnlyNone = None,
    clipnorm: OnlyNone = None,
    clipvalue: OnlyNone = None,
    global_clipnorm: OnlyNone = None,
    use_ema: OnlyFalse = False,
    ema_momentum: _EmaMomentum = 0.99,
    ema_overwrite_frequency: OnlyNone = None,
    loss_scale_factor: OnlyNone = None,
    gradient_accumulation_steps: OnlyNone = None,
    name: OptionalString = None,
) -> Rule:
    """w - rate * g; with momentum m' = momentum * m - rate * g and w + m'.

    Nesterov's takes the step after that: w + momentum * m' - rate * g.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots) -> tuple[Value, dict[str, Value]]:
        step = g * scalars["learning_rate"]
        if momentum == 0.0:
            return w - step, {}
        m = slots["momentum"] * momentum - step
        return w + (m * momentum - step if nesterov else m), {"momentum": m}

    return Rule({"momentum": 0.0} if momentum else {}, ("learning_rate",), update)


@optimizer("RMSprop")
def rmsprop(
    learning_rate: RateArg = 0.001,
    rho: Fraction = 0.9,
    momentum: NonNegativeFloat = 0.0,
    epsilon: PositiveFloat = 1e-7,
    centered: Bool = False,
    weight_decay: OnlyNone = None,
    clipnorm: OnlyNone = None,
    clipvalue: OnlyNone = None,
    global_clipnorm: OnlyNone = None,
    use_ema: OnlyFalse = False,
    ema_momentum: _EmaMomentum = 0.99,
    ema_overwrite_frequency: OnlyNone = None,
    loss_scale_factor: OnlyNone = None,
    gradient_accumulation_steps: OnlyNone = None,
    name: OptionalString = None,
) -> Rule:
    """w - rate * g / sqrt(v + epsilon), v being the decaying mean of g^2.

    `centered` takes the square of the mean of g off v; momentum accumulates the steps.
    """
    slots_used = ["velocity"]
    slots_used += ["momentum"] if momentum else []
    slots_used += ["average_gradient"] if centered else []

    def update(w: Value, g: Value, slots: Slots, scalars: Slots) -> tuple[Value, dict[str, Value]]:
        new = {"velocity": rho * slots["velocity"] + (1.0 - rho) * ops.square(g)}
        spread = new["velocity"]
        if centered:
            new["average_gradient"] = rho * slots["average_gradient"] + (1.0 - rho) * g
            spread = spread - ops.square(new["average_gradient"])
        step = scalars["learning_rate"] * g / ops.sqrt(spread + epsilon)
        if momentum:
            step = new["momentum"] = momentum * slots["momentum"] + step
        return w - step, new

    return Rule(dict.fromkeys(slots_used, 0.0), ("learning_rate",), update)


@optimizer("Adam")
def adam(
    learning_rate: RateArg = 0.001,
    beta_1: BelowOne = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-7,
    amsgrad: Bool = False,
    weight_decay: OnlyNone = None,
    clipnorm: OnlyNone = None,
    clipvalue: OnlyNone = None,
    global_clipnorm: OnlyNone = None,
    use_ema: OnlyFalse = False,
    ema_momentum: _EmaMomentum = 0.99,
    ema_overwrite_frequency: OnlyNone = None,
    loss_scale_factor: OnlyNone = None,
    gradient_accumulation_steps: OnlyNone = None,
    name: OptionalString = None,
) -> Rule:
    """w - alpha * m / (sqrt(v) + epsilon), m and v being decaying means of g and g^2.

    alpha is rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) (Kingma and Ba, 2014, section 2);
    `amsgrad` divides by the largest v so far.
    """
    slots_used = ["momentum", "velocity", *(["velocity_hat"] if amsgrad else [])]

    def update(w: Value, g: Value, slots: Slots, scalars: Slots) -> tuple[Value, dict[str, Value]]:
        m, v = slots["momentum"], slots["velocity"]
        m = m + (g - m) * (1.0 - beta_1)
        v = v + (ops.square(g) - v) * (1.0 - beta_2)
        new = {"momentum": m, "velocity": v}
        if amsgrad:
            v = new["velocity_hat"] = ops.maximum(slots["velocity_hat"], v)
        return w - m * scalars["alpha"] / (ops.sqrt(v) + epsilon), new

    return Rule(dict.fromkeys(slots_used, 0.0), ("alpha",), update)


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
