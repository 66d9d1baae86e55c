"""Keras's optimizers whose rule takes each number by itself.

Their update sweeps the flat buffer of all trainable weights; see `optimizing`.
"""

from __future__ import annotations

from typing import TypeAlias

from kgen import ops
from kgen.graph import Value
from kgen.layers.activations import clip
from kgen.layers.family import optimizer
from kgen.layers.kinds import (
    BelowOne,
    Bool,
    Fraction,
    NonNegativeFloat,
    NonNegativeInt,
    NonPositiveFloat,
    PositiveFloat,
    PositiveFraction,
    RateArg,
)
from kgen.layers.optimizing import Part, Rule, Slots

State: TypeAlias = tuple[Value, dict[str, Value]]


def follow(old: Value, new: Value, momentum: float) -> Value:
    """The decaying mean: `old` moved the part 1 - momentum of the way to `new`."""
    return old + (new - old) * (1.0 - momentum)


@optimizer("SGD")
def sgd(learning_rate: RateArg = 0.01, momentum: Fraction = 0.0, nesterov: Bool = False) -> Rule:
    """w - rate * g; with momentum m' = momentum * m - rate * g and w + m'.

    Nesterov's takes the step after that: w + momentum * m' - rate * g.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
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
) -> Rule:
    """w - rate * g / sqrt(v + epsilon), v being the decaying mean of g^2.

    `centered` takes the square of the mean of g off v; momentum accumulates the steps.
    """
    slots_used = ["velocity"]
    slots_used += ["momentum"] if momentum else []
    slots_used += ["average_gradient"] if centered else []

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
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
) -> Rule:
    """w - alpha * m / (sqrt(v) + epsilon), m and v being decaying means of g and g^2.

    alpha is rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) (Kingma and Ba, 2014, section 2);
    `amsgrad` divides by the largest v so far.
    """
    slots_used = ["momentum", "velocity", *(["velocity_hat"] if amsgrad else [])]

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        m = follow(slots["momentum"], g, beta_1)
        v = follow(slots["velocity"], ops.square(g), beta_2)
        new = {"momentum": m, "velocity": v}
        if amsgrad:
            v = new["velocity_hat"] = ops.maximum(slots["velocity_hat"], v)
        return w - m * scalars["alpha"] / (ops.sqrt(v) + epsilon), new

    return Rule(dict.fromkeys(slots_used, 0.0), ("alpha",), update)


@optimizer("AdamW")
def adamw(
    learning_rate: RateArg = 0.001,
    weight_decay: NonNegativeFloat = 0.004,
    beta_1: BelowOne = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-7,
    amsgrad: Bool = False,
) -> Rule:
    """Adam after w - rate * weight_decay * w (Loshchilov and Hutter, 2017)."""
    return adam(learning_rate, beta_1, beta_2, epsilon, amsgrad)


@optimizer("Adamax")
def adamax(
    learning_rate: RateArg = 0.001,
    beta_1: BelowOne = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-7,
) -> Rule:
    """w - alpha * m / (u + epsilon), u being the decaying largest |g|.

    alpha is rate / (1 - beta_1^t) (Kingma and Ba, 2014, section 7.1).
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        m = follow(slots["momentum"], g, beta_1)
        u = ops.maximum(slots["norm"] * beta_2, ops.absolute(g))
        return w - m * scalars["alpha"] / (u + epsilon), {"momentum": m, "norm": u}

    return Rule({"momentum": 0.0, "norm": 0.0}, ("alpha",), update)


@optimizer("Nadam")
def nadam(
    learning_rate: RateArg = 0.001,
    beta_1: BelowOne = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-7,
) -> Rule:
    """Adam with Nesterov's momentum (Dozat, 2016).

    w - (a * m + b * g) / (sqrt(v * c) + epsilon), where a, b and c hold the rate and the
    corrections of the step.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        m = follow(slots["momentum"], g, beta_1)
        v = follow(slots["velocity"], ops.square(g), beta_2)
        step = m * scalars["alpha"] + g * scalars["alpha_gradient"]
        spread = ops.sqrt(v * scalars["velocity_correction"]) + epsilon
        return w - step / spread, {"momentum": m, "velocity": v}

    names = ("alpha", "alpha_gradient", "velocity_correction")
    return Rule({"momentum": 0.0, "velocity": 0.0}, names, update)


@optimizer("Adagrad")
def adagrad(
    learning_rate: RateArg = 0.001,
    initial_accumulator_value: NonNegativeFloat = 0.1,
    epsilon: PositiveFloat = 1e-7,
) -> Rule:
    """w - rate * g / sqrt(a + epsilon), a being the sum of g^2 (Duchi et al., 2011)."""

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        a = slots["accumulator"] + ops.square(g)
        return w - scalars["learning_rate"] * g / ops.sqrt(a + epsilon), {"accumulator": a}

    return Rule({"accumulator": initial_accumulator_value}, ("learning_rate",), update)


@optimizer("Adadelta")
def adadelta(
    learning_rate: RateArg = 0.001, rho: Fraction = 0.95, epsilon: PositiveFloat = 1e-7
) -> Rule:
    """w + rate * d, d being -g * rms(earlier d) / rms(g) (Zeiler, 2012).

    rms(x) is sqrt(the decaying mean of x^2 + epsilon).
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        squares = rho * slots["accumulated_grad"] + (1.0 - rho) * ops.square(g)
        earlier = slots["accumulated_delta_var"]
        step = ops.sqrt(earlier + epsilon) * g / ops.sqrt(squares + epsilon)
        steps = rho * earlier + (1.0 - rho) * ops.square(step)
        new = {"accumulated_grad": squares, "accumulated_delta_var": steps}
        return w - scalars["learning_rate"] * step, new

    slots_used = ("accumulated_grad", "accumulated_delta_var")
    return Rule(dict.fromkeys(slots_used, 0.0), ("learning_rate",), update)


@optimizer("Ftrl")
def ftrl(
    learning_rate: RateArg = 0.001,
    learning_rate_power: NonPositiveFloat = -0.5,
    initial_accumulator_value: NonNegativeFloat = 0.1,
    l1_regularization_strength: NonNegativeFloat = 0.0,
    l2_regularization_strength: NonNegativeFloat = 0.0,
    l2_shrinkage_regularization_strength: NonNegativeFloat = 0.0,
    beta: NonNegativeFloat = 0.0,
) -> Rule:
    """Follow the regularized leader (McMahan et al., 2013).

    n' = n + g^2, s = (n'^-p - n^-p) / rate, z' = z + g + 2 * shrinkage * w - s * w, and
    w' = (clip(z', -l1, l1) - z') / (n'^-p / rate + 2 * l2 + beta / rate).
    """

    def root(n: Value) -> Value:
        return ops.sqrt(n) if learning_rate_power == -0.5 else ops.power(n, -learning_rate_power)

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        rate, n = scalars["learning_rate"], slots["accumulator"]
        shrunk = g
        if l2_shrinkage_regularization_strength:
            shrunk = g + 2.0 * l2_shrinkage_regularization_strength * w
        more = n + ops.square(g)
        z = slots["linear"] + (shrunk - (root(more) - root(n)) / rate * w)
        curvature = (root(more) + beta) / rate + 2.0 * l2_regularization_strength
        l1 = l1_regularization_strength
        held = clip(z, -l1, l1) - z if l1 else -z
        return held / curvature, {"accumulator": more, "linear": z}

    slots_used = {"accumulator": initial_accumulator_value, "linear": 0.0}
    return Rule(slots_used, ("learning_rate",), update)


@optimizer("Lion")
def lion(
    learning_rate: RateArg = 0.001, beta_1: PositiveFraction = 0.9, beta_2: Fraction = 0.99
) -> Rule:
    """w - rate * sign(beta_1 * m + (1 - beta_1) * g) (Chen et al., 2023).

    m' = beta_2 * m + (1 - beta_2) * g.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        m = slots["momentum"]
        step = ops.sign(m * beta_1 + g * (1.0 - beta_1))
        return w - scalars["learning_rate"] * step, {"momentum": m * beta_2 + g * (1.0 - beta_2)}

    return Rule({"momentum": 0.0}, ("learning_rate",), update)


@optimizer("ScheduleFreeAdamW")
def schedule_free_adamw(
    learning_rate: RateArg = 0.0025,
    beta_1: PositiveFraction = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-8,
    warmup_steps: NonNegativeInt = 0,
) -> Rule:
    """Adam's denominator with averaging in the place of momentum (Defazio et al., 2024).

    z' = z - rate * g / (sqrt(v * c) + epsilon); x' = (1 - 1/t) * x + z' / t, where x is
    (w - (1 - beta_1) * z) / beta_1; w' = (1 - beta_1) * z' + beta_1 * x'. z starts as w.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        z = slots["momentum"]
        v = follow(slots["velocity"], ops.square(g), beta_2)
        spread = ops.sqrt(v * scalars["velocity_correction"]) + epsilon
        new = z - scalars["warmed_rate"] * g / spread
        x = (w - (1.0 - beta_1) * z) / beta_1
        share = scalars["share"]
        x = (1.0 - share) * x + share * new
        return (1.0 - beta_1) * new + beta_1 * x, {"momentum": new, "velocity": v}

    names = ("warmed_rate", "velocity_correction", "share", "first")
    return Rule({"momentum": 0.0, "velocity": 0.0}, names, update, copies=("momentum",))
