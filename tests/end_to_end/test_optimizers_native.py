"""Ten steps under every optimizer and schedule against Keras."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import pytest
from keras import constraints, layers, regularizers
from keras.optimizers import (
    SGD,
    Adafactor,
    Adam,
    AdamW,
    Ftrl,
    Lamb,
    Muon,
    Nadam,
    RMSprop,
    schedules,
)
from twins import Case, check_gradients, check_training, dense, numbers

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Sgd": lambda: SGD(schedules.ExponentialDecay(0.1, 3, 0.7, staircase=True)),
    "Momentum": lambda: SGD(schedules.InverseTimeDecay(0.05, 2, 0.5), momentum=0.9),
    "Nesterov": lambda: SGD(schedules.PolynomialDecay(0.05, 8), momentum=0.8, nesterov=True),
    "Rmsprop": lambda: RMSprop(schedules.CosineDecay(0.01, 20, warmup_target=0.02, warmup_steps=4)),
    "RmspropMomentum": lambda: RMSprop(0.005, rho=0.8, momentum=0.6, epsilon=1e-5),
    "RmspropCentered": lambda: RMSprop(0.005, rho=0.85, centered=True, epsilon=1e-3),
    "Adaptive": lambda: Adam(schedules.PiecewiseConstantDecay([2, 6], [0.02, 0.01, 0.005])),
    "Amsgrad": lambda: Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-5, amsgrad=True),
    "Layerwise": lambda: Lamb(0.02, weight_decay=0.1),
    "Factored": lambda: Adafactor(0.02),
    "Orthogonal": lambda: Muon(0.02),
    "Averaged": lambda: Nadam(
        0.02,
        use_ema=True,
        ema_momentum=0.8,
        ema_overwrite_frequency=3,
        gradient_accumulation_steps=2,
        clipnorm=0.5,
    ),
    "Leader": lambda: Ftrl(0.05, l1_regularization_strength=0.01, beta=0.1, global_clipnorm=1.0),
    "Restarts": lambda: SGD(schedules.CosineDecayRestarts(0.05, 3, t_mul=1.5, m_mul=0.9)),
}


def twin(name: str) -> Any:
    x = keras.Input((5,), name="x")
    model = keras.Model(x, dense(3, name="y")(x))
    model.compile(OPTIMIZERS[name](), "mse")
    return model


SLOW = ("Restarts", "Amsgrad", "RmspropMomentum", "Leader", "Factored")


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in OPTIMIZERS]
)
def test_optimizer(name: str) -> None:
    arrays = {"x": numbers((5,), 13, 1)}, {"y": numbers((3,), 13, 2)}
    make = partial(twin, name)
    check_training(Case("e2e_optimizers.k", name, make, *arrays, batch_size=3))


def constrained() -> Any:
    x = keras.Input((5,), name="x")
    held = {"kernel_constraint": constraints.MaxNorm(0.9), "bias_constraint": "non_neg"}
    h = dense(17, activation="tanh", name="h", **held)(x)
    between = constraints.MinMaxNorm(0.5, 3.0, rate=0.5)
    n = layers.LayerNormalization(gamma_constraint=between, name="n")(h)
    y = dense(
        3,
        name="y",
        use_bias=False,
        kernel_constraint=constraints.UnitNorm(axis=1),
        kernel_regularizer=regularizers.OrthogonalRegularizer(0.05),
        activity_regularizer=regularizers.L1L2(0.01, 0.02),
    )(n)
    model = keras.Model(x, y)
    model.compile(AdamW(0.02, clipvalue=0.5), "mse")
    return model


def test_constraints_and_regularizers() -> None:
    arrays = {"x": numbers((5,), 13, 1)}, {"y": numbers((3,), 13, 2)}
    case = Case("e2e_optimizers.k", "Constrained", constrained, *arrays, batch_size=3)
    check_gradients(case)
    check_training(case)
