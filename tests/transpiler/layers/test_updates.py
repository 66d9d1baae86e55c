"""Ten steps of each optimizer's update graph, fed by the runtime, against Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from harness import EPS, make
from kgen.interpret import interpret
from kgen.layers.optimizers import described, optimizer_info
from kgen.layers.registry import Bound
from kgen.model import Described
from kgen.runtime import optimizers, schedules

DECAY = ("InverseTimeDecay", {"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 1e-6})
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": DECAY, "momentum": 0.9, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "learning_rate": 0.01}),
    ("RMSprop", {"centered": True, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True, "momentum": 0.9, "epsilon": 1e-3}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4}),
    ("Adam", {"amsgrad": True, "learning_rate": 0.01}),
    ("Adam", {"learning_rate": ("ExponentialDecay", {
        "initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5, "staircase": True})}),
]  # fmt: skip


def instantiate(record: Described) -> Any:
    """What the emitted module does with an optimizer's description."""
    module = schedules if hasattr(schedules, record.kind) else optimizers
    arguments = {
        key: instantiate(value) if isinstance(value, Described) else value
        for key, value in record.args.items()
    }
    return getattr(module, record.kind)(**arguments)


def both(name: str, kwargs: dict[str, Any]) -> tuple[Bound, Any]:
    ours, theirs = dict(kwargs), dict(kwargs)
    rate = kwargs.get("learning_rate")
    if isinstance(rate, tuple):
        ours["learning_rate"] = make("schedule", rate[0], **rate[1])
        theirs["learning_rate"] = getattr(keras.optimizers.schedules, rate[0])(**rate[1])
    return make("optimizer", name, **ours), getattr(keras.optimizers, name)(**theirs)


@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_ten_steps(name: str, kwargs: dict[str, Any]) -> None:
    """Both round in float32: some ten roundings a step of the weights, and of the steps.

    Keras takes Adam's 1 - beta_2^t in float32, which loses eps / (1 - beta_2^t) of it, and
    its root half of that; the runtime takes it in float64. Keras also has powers from an
    approximation good to a few eps.
    """
    bound, theirs = both(name, kwargs)
    size, steps = 33, 10
    rng = np.random.default_rng(5)
    weights = rng.uniform(-1, 1, size).astype(np.float32)
    start = weights
    gradients = rng.uniform(-1, 1, (steps, size)).astype(np.float32)
    variable = keras.Variable(weights)
    theirs.build([variable])
    info = optimizer_info(bound, size)
    slots = {key: np.full(size, value, np.float32) for key, value in info.slots.items()}
    runtime = instantiate(info.described)
    assert info.scalars == type(runtime).SCALARS
    rows = runtime.scalars(0, steps)
    assert rows.shape == (steps, len(info.scalars))
    assert rows.dtype == np.float32
    for step in range(steps):
        feeds = {
            "weights": weights,
            "gradients": gradients[step],
            **slots,
            **dict(zip(info.scalars, rows[step], strict=True)),
        }
        done = interpret(info.update, feeds)
        weights = done[info.update.outputs["weights"]]
        slots = {key: done[info.update.outputs[key]] for key in slots}
        theirs.apply([gradients[step]])
        lost = EPS / (1 - kwargs.get("beta_2", 0.999)) if name == "Adam" else 0.0
        moved = np.max(np.abs(weights - start))
        tolerance = 10 * (step + 1) * EPS * (1 + moved) + 4 * lost * moved
        assert np.max(np.abs(weights - np.asarray(variable))) <= tolerance
    assert moved > 1e-4


def test_description_is_short() -> None:
    bound, _ = both(*CASES[2])
    record = described(bound)
    assert set(record.args) == {"learning_rate", "momentum", "nesterov"}
    assert record.args["learning_rate"] == Described("InverseTimeDecay", DECAY[1])
    assert described(make("optimizer", "sgd")).args == {"learning_rate": 0.01}


def test_slots_have_keras_names() -> None:
    for name, kwargs, slots in (
        ("SGD", {}, []),
        ("SGD", {"momentum": 0.9}, ["momentum"]),
        ("RMSprop", {"momentum": 0.9, "centered": True},
         ["velocity", "momentum", "average_gradient"]),
        ("Adam", {"amsgrad": True}, ["momentum", "velocity", "velocity_hat"]),
    ):  # fmt: skip
        assert list(optimizer_info(make("optimizer", name, **kwargs), 3).slots) == slots
