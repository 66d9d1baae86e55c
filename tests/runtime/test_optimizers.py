"""What the runtime computes for each step: learning rates, schedules, Adam's correction."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from kgen.runtime import optimizers, schedules
from kgen.runtime.errors import DataError

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"decay_steps": 1, "decay_rate": 1e-6}),
    ("InverseTimeDecay", {"decay_steps": 3, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5, 9], "values": [1.0, 0.5, 0.1]}),
    ("PiecewiseConstantDecay", {"boundaries": [4], "values": [1.0, 0.5]}),
    ("PolynomialDecay", {"decay_steps": 10, "power": 2.0}),
    ("PolynomialDecay", {"decay_steps": 10, "end_learning_rate": 0.01, "cycle": True}),
    ("CosineDecay", {"decay_steps": 10, "alpha": 0.1}),
    ("CosineDecay", {"decay_steps": 10, "warmup_target": 0.2, "warmup_steps": 5}),
    ("CosineDecayRestarts", {"first_decay_steps": 5}),
    ("CosineDecayRestarts", {"first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.5}),
    ("CosineDecayRestarts", {"first_decay_steps": 4, "t_mul": 1.5, "m_mul": 0.9, "alpha": 0.2}),
]


@pytest.mark.parametrize(("name", "kwargs"), SCHEDULES)
def test_schedule_like_keras(name: str, kwargs: dict[str, Any]) -> None:
    """Keras computes in float32: a few roundings, the exponent's as large as itself."""
    if name != "PiecewiseConstantDecay":
        kwargs = {"initial_learning_rate": 0.1, **kwargs}
    theirs = getattr(keras.optimizers.schedules, name)(**kwargs)
    ours = getattr(schedules, name)(**kwargs)
    steps = np.array([0, 1, 3, 4, 6, 9, 11, 17, 29])
    if name == "CosineDecayRestarts":
        # At the step of a restart Keras's logarithm may round to either side of it.
        steps = steps[[not restarts(ours, step) for step in steps]]
    expected = np.array([float(theirs(int(step))) for step in steps])
    np.testing.assert_allclose(ours(steps), expected, rtol=1e-5, atol=1e-7)
    assert ours.get_config() == {k: v for k, v in theirs.get_config().items() if k != "name"}
    assert repr(ours).startswith(f"{name}(")


def restarts(schedule: schedules.CosineDecayRestarts, step: int) -> bool:
    length, start = float(schedule.first_decay_steps), 0.0
    while start < step:
        start, length = start + length, length * schedule.t_mul
    return step > 0 and start == step


def test_restart_begins_anew() -> None:
    """Periods of 5, 10 and 20 steps begin at 0, 5, 15 and 35, at the full rate."""
    schedule = schedules.CosineDecayRestarts(0.1, 5)
    np.testing.assert_allclose(schedule([0, 5, 15, 35]), 0.1, rtol=1e-9)


def test_adam_corrects_its_bias() -> None:
    rows = optimizers.Adam(0.01, beta_1=0.9, beta_2=0.99).scalars(3, 4)[:, 0]
    t = np.arange(4, 8)
    expected = 0.01 * np.sqrt(1 - 0.99**t) / (1 - 0.9**t)
    np.testing.assert_allclose(rows, expected, rtol=float(np.finfo(np.float32).eps))


def test_steps_continue_where_they_stopped() -> None:
    for optimizer in (
        optimizers.Adam(schedules.ExponentialDecay(0.1, 3, 0.5)),
        optimizers.SGD(schedules.CosineDecay(0.1, 20)),
        optimizers.RMSprop(),
    ):
        whole = optimizer.scalars(0, 12)
        parts = [optimizer.scalars(0, 5), optimizer.scalars(5, 7)]
        assert np.array_equal(whole, np.concatenate(parts))
        assert optimizer.scalars(4, 0).shape == (0, 1)


def test_learning_rate_can_be_set() -> None:
    optimizer = optimizers.SGD()
    assert optimizer.learning_rate == 0.01
    optimizer.learning_rate = np.float32(0.5)  # type: ignore[assignment]
    assert optimizer.scalars(0, 2).tolist() == [[0.5], [0.5]]
    optimizer.learning_rate = schedules.InverseTimeDecay(1.0, 1, 1.0)
    assert optimizer.scalars(0, 2).tolist() == [[1.0], [0.5]]
    assert optimizer.get_config()["momentum"] == 0.0


@pytest.mark.parametrize("value", ["fast", None, float("nan"), float("inf"), -0.1])
def test_learning_rate_must_be_a_number(value: Any) -> None:
    with pytest.raises(DataError, match="learning_rate must be"):
        optimizers.Adam(value)
