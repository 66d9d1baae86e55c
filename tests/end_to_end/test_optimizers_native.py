"""Ten steps under every optimizer and schedule against Keras."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import pytest
from keras.optimizers import SGD, Adam, RMSprop, schedules
from twins import Case, check_training, dense, numbers

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "Sgd": lambda: SGD(schedules.ExponentialDecay(0.1, 3, 0.7, staircase=True)),
    "Momentum": lambda: SGD(schedules.InverseTimeDecay(0.05, 2, 0.5), momentum=0.9),
    "Nesterov": lambda: SGD(schedules.PolynomialDecay(0.05, 8), momentum=0.8, nesterov=True),
    "Rmsprop": lambda: RMSprop(schedules.CosineDecay(0.01, 20, warmup_target=0.02, warmup_steps=4)),
    "RmspropMomentum": lambda: RMSprop(0.005, rho=0.8, momentum=0.6, epsilon=1e-5),
    "RmspropCentered": lambda: RMSprop(0.005, rho=0.85, centered=True, epsilon=1e-3),
    "Adaptive": lambda: Adam(schedules.PiecewiseConstantDecay([2, 6], [0.02, 0.01, 0.005])),
    "Amsgrad": lambda: Adam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-5, amsgrad=True),
    "Restarts": lambda: SGD(schedules.CosineDecayRestarts(0.05, 3, t_mul=1.5, m_mul=0.9)),
}


def twin(name: str) -> Any:
    x = keras.Input((5,), name="x")
    model = keras.Model(x, dense(3, name="y")(x))
    model.compile(OPTIMIZERS[name](), "mse")
    return model


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name: str) -> None:
    arrays = {"x": numbers((5,), 13, 1)}, {"y": numbers((3,), 13, 2)}
    make = partial(twin, name)
    check_training(Case("e2e_optimizers.k", name, make, *arrays, batch_size=3))
