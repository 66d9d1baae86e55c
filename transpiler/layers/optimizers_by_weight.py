"""Keras's optimizers whose rule looks at each weight as a whole: its norm, rows or matrix."""

from __future__ import annotations

import re
from math import sqrt

from kgen import ops
from kgen.graph import Value
from kgen.layers.family import optimizer
from kgen.layers.kinds import (
    AccumulationSteps,
    BelowOne,
    Bool,
    Float,
    Fraction,
    LossScale,
    NonNegativeFloat,
    OptionalCount,
    OptionalNonNegative,
    OptionalPatterns,
    OptionalString,
    PositiveFloat,
    PositiveInt,
    RateArg,
)
from kgen.layers.optimizers import State, follow
from kgen.layers.optimizing import Part, Rule, Shape, Slots


def _norm(x: Value) -> Value:
    return ops.sqrt(ops.sum(ops.square(x)))


def _rms(x: Value) -> Value:
    return ops.sqrt(ops.mean(ops.square(x)))


@optimizer("Lamb")
def lamb(
    learning_rate: RateArg = 0.001,
    beta_1: BelowOne = 0.9,
    beta_2: BelowOne = 0.999,
    epsilon: PositiveFloat = 1e-7,
) -> Rule:
    """w - rate * (|w| / |u|) * u, u being Adam's step of one weight (You et al., 2019).

    The ratio of the norms is 1 where one of them is 0.
    """

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        m = follow(slots["momentum"], g, beta_1)
        v = follow(slots["velocity"], ops.square(g), beta_2)
        spread = ops.sqrt(v * scalars["velocity_correction"]) + epsilon
        step = m * scalars["momentum_correction"] / spread
        above, below = _norm(w), _norm(step)
        known = ops.where(below > 0.0, above / ops.where(below > 0.0, below, 1.0), 1.0)
        ratio = ops.where(above > 0.0, known, 1.0)
        return w - ratio * scalars["learning_rate"] * step, {"momentum": m, "velocity": v}

    names = ("learning_rate", "momentum_correction", "velocity_correction")
    return Rule({"momentum": 0.0, "velocity": 0.0}, names, update, elementwise=False)


@optimizer("Adafactor")
def adafactor(
    learning_rate: RateArg = 0.001,
    beta_2_decay: Float = -0.8,
    epsilon_1: NonNegativeFloat = 1e-30,
    epsilon_2: NonNegativeFloat = 1e-3,
    clip_threshold: PositiveFloat = 1.0,
    relative_step: Bool = True,
) -> Rule:
    """Adam's denominator from the means of g^2 along rows and columns (Shazeer, Stern, 2018).

    v = r * c / mean(r), r and c being decaying means of g^2 + epsilon_1 over the last axis
    and over the one before; v is kept whole for weights of less than two axes. The step
    g / sqrt(v) is held to an rms of `clip_threshold`, and scaled by the weight's own rms,
    at least `epsilon_2`, and by the rate, at most 1 / sqrt(t).
    """

    def shapes(part: Part, slot: str) -> Shape | None:
        if len(part.shape) < 2:
            return part.shape if slot == "velocity" else None
        if slot == "velocity":
            return None
        return part.shape[:-1] if slot == "rows" else (*part.shape[:-2], part.shape[-1])

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        kept = scalars["kept"]
        square = ops.square(g) + epsilon_1

        def mean(slot: str, new: Value) -> Value:
            return kept * slots[slot] + (1.0 - kept) * new

        if len(part.shape) < 2:
            state = {"velocity": mean("velocity", square)}
            step = g / ops.sqrt(state["velocity"])
        else:
            r, c = mean("rows", ops.mean(square, -1)), mean("columns", ops.mean(square, -2))
            state = {"rows": r, "columns": c}
            shared = ops.expand_dims(r / ops.mean(r, -1, keepdims=True), -1)
            step = g / ops.sqrt(shared * ops.expand_dims(c, -2))
        held = step / ops.maximum(_rms(step) / clip_threshold, 1.0)
        return w - scalars["relative_rate"] * ops.maximum(_rms(w), epsilon_2) * held, state

    slots_used = {"rows": 0.0, "columns": 0.0, "velocity": 0.0}
    names = ("relative_rate", "kept")
    return Rule(slots_used, names, update, elementwise=False, shapes=shapes)


@optimizer("Muon")
def muon(
    learning_rate: RateArg = 0.001,
    adam_beta_1: BelowOne = 0.9,
    adam_beta_2: BelowOne = 0.999,
    adam_weight_decay: OptionalNonNegative = 0.004,
    epsilon: PositiveFloat = 1e-7,
    weight_decay: OptionalNonNegative = 0.004,
    clipnorm: OptionalNonNegative = None,
    clipvalue: OptionalNonNegative = None,
    global_clipnorm: OptionalNonNegative = None,
    use_ema: Bool = False,
    ema_momentum: Fraction = 0.99,
    ema_overwrite_frequency: OptionalCount = None,
    loss_scale_factor: LossScale = None,
    gradient_accumulation_steps: AccumulationSteps = None,
    name: OptionalString = None,
    exclude_layers: OptionalPatterns = None,
    exclude_embeddings: Bool = True,
    muon_a: Float = 3.4445,
    muon_b: Float = -4.7750,
    muon_c: Float = 2.0315,
    adam_lr_ratio: NonNegativeFloat = 1.0,
    momentum: NonNegativeFloat = 0.95,
    ns_steps: PositiveInt = 5,
    nesterov: Bool = True,
    rms_rate: OptionalNonNegative = 0.2,
) -> Rule:
    """w - rate * size * U, U being the momentum made nearly orthogonal (Jordan et al., 2024).

    Five times x' = a * x + (b * y + c * y^2) x, y being x x^T, starting from the momentum
    over its norm; size is rms_rate * sqrt(the larger side). This is for matrices; other
    weights, and those that `exclude_layers` or `exclude_embeddings` name, follow Adam.
    The arguments between `weight_decay` and `exclude_layers` are every optimizer's; they
    stand here for their place.
    """

    def by_adam(part: Part) -> bool:
        if len(part.shape) != 2 or (exclude_embeddings and "embedding" in part.path.lower()):
            return True
        return any(re.search(pattern, part.path) for pattern in exclude_layers or ())

    def shapes(part: Part, slot: str) -> Shape | None:
        return part.shape if slot == "momentum" or by_adam(part) else None

    def orthogonal(x: Value) -> Value:
        rows, columns = x.shape
        assert isinstance(rows, int) and isinstance(columns, int)
        tall = rows > columns
        x = ops.transpose(x, (1, 0)) if tall else x
        x = x / (_norm(x) + 1e-7)
        for _ in range(ns_steps):
            square = ops.dot(x, x, contract=((1,), (1,)))
            mixed = muon_b * square + muon_c * ops.dot(square, square, contract=((1,), (0,)))
            x = muon_a * x + ops.dot(mixed, x, contract=((1,), (0,)))
        x = ops.transpose(x, (1, 0)) if tall else x
        return x if rms_rate is None else x * (rms_rate * sqrt(max(rows, columns)))

    def update(w: Value, g: Value, slots: Slots, scalars: Slots, part: Part) -> State:
        if by_adam(part):
            w = w - w * scalars["adam_decay"] if adam_weight_decay is not None else w
            m = follow(slots["momentum"], g, adam_beta_1)
            v = follow(slots["velocity"], ops.square(g), adam_beta_2)
            state = {"momentum": m, "velocity": v}
            return w - m * scalars["alpha"] / (ops.sqrt(v) + epsilon), state
        w = w - w * scalars["decay"] if weight_decay is not None else w
        m = slots["momentum"] * momentum + g
        step = orthogonal(g + momentum * m if nesterov else m)
        return w - scalars["learning_rate"] * step, {"momentum": m}

    names = ("learning_rate", "alpha", "decay", "adam_decay")
    slots_used = {"momentum": 0.0, "velocity": 0.0}
    return Rule(slots_used, names, update, elementwise=False, decays=True, shapes=shapes)
