"""Ten steps of each optimizer's update graphs, fed by the runtime, against Keras."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import numpy as np
import pytest
from harness import EPS, PlainScope, make
from kgen.graph import Builder
from kgen.interpret import interpret
from kgen.layers.constraints import constrain
from kgen.layers.optimizing import described, optimizer_info
from kgen.layers.registry import ArgumentProblem, Bound
from kgen.model import Described, OptimizerInfo, padded
from kgen.runtime import optimizers, schedules

DECAY = ("InverseTimeDecay", {"initial_learning_rate": 0.01, "decay_steps": 1, "decay_rate": 1e-6})
STAIRS = ("ExponentialDecay", {
    "initial_learning_rate": 0.1, "decay_steps": 2, "decay_rate": 0.5, "staircase": True,
})  # fmt: skip
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": DECAY, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 1.0, "weight_decay": 0.1}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 1.0}),
    ("SGD", {"learning_rate": 0.1, "global_clipnorm": 100.0}),
    ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5}),
    ("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_overwrite_frequency": 3}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.5, "gradient_accumulation_steps": 3}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "learning_rate": 0.01}),
    ("RMSprop", {"centered": True, "epsilon": 1e-3}),
    ("RMSprop", {"centered": True, "momentum": 0.9, "epsilon": 1e-3}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4}),
    ("Adam", {"amsgrad": True, "learning_rate": 0.01, "weight_decay": 0.5}),
    ("Adam", {"learning_rate": STAIRS}),
    ("Adam", {"learning_rate": STAIRS, "gradient_accumulation_steps": 2, "clipnorm": 0.5,
              "use_ema": True, "ema_overwrite_frequency": 2}),
    ("AdamW", {"learning_rate": 0.01}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.3, "amsgrad": True}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 1e-3}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Ftrl", {"learning_rate": 0.1}),
    ("Ftrl", {"learning_rate": 0.1, "l1_regularization_strength": 0.1, "beta": 0.2,
              "l2_regularization_strength": 0.2, "l2_shrinkage_regularization_strength": 0.3}),
    ("Ftrl", {"learning_rate": 0.1, "learning_rate_power": -0.7}),
    ("Lion", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.01, "warmup_steps": 4, "beta_1": 0.6}),
    ("ScheduleFreeAdamW", {"learning_rate": 0.1, "weight_decay": 0.3, "beta_1": 0.6,
                           "gradient_accumulation_steps": 3}),
    ("Lamb", {"learning_rate": 0.01}),
    ("Lamb", {"learning_rate": 0.01, "weight_decay": 0.1, "gradient_accumulation_steps": 2}),
    ("Adafactor", {"learning_rate": 0.01}),
    ("Adafactor", {"learning_rate": 0.1, "clip_threshold": 0.5, "beta_2_decay": -0.5}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01, "nesterov": False, "rms_rate": None, "ns_steps": 3,
              "adam_weight_decay": None, "exclude_layers": ["tall"]}),
]  # fmt: skip
SHAPES = {"a/bias": (5,), "a/kernel": (5, 3), "tall/kernel": (7, 2), "deep/kernel": (2, 3, 4)}


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


class Twin:
    """Weights under an update's graphs: flat buffers and their shares, as in the runtime."""

    def __init__(self, info: OptimizerInfo, weights: Mapping[str, np.ndarray]) -> None:
        self.info = info
        self.places: dict[str, int] = {}
        size = 0
        for path, weight in weights.items():
            self.places[path] = size
            size += padded(weight.size)
        self.updates = info.updates(size)
        self.buffers = {
            name: np.full(size, start, np.float32)
            for name, start in {"weights": 0.0, "gradients": 0.0, **info.slots}.items()
        }
        for path, weight in weights.items():
            self.share(f"weights:{path}", weight.shape)[...] = weight

    def share(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        buffer, _, path = name.partition(":")
        if not path:
            return self.buffers[buffer]
        start = self.places[path]
        return self.buffers[buffer][start : start + int(np.prod(shape))].reshape(shape)

    def step(self, gradients: Mapping[str, np.ndarray], scalars: np.ndarray) -> None:
        for path, gradient in gradients.items():
            self.share(f"gradients:{path}", gradient.shape)[...] = gradient
        for graph in self.updates:
            feeds = {n: self.share(n, v.shape).copy() for n, v in graph.inputs.items()}  # type: ignore[arg-type]
            done = interpret(graph, feeds | dict(zip(self.info.scalars, scalars, strict=True)))
            for name, value in graph.outputs.items():
                self.share(name, value.shape)[...] = done[value]  # type: ignore[arg-type]


def draw(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {path: rng.uniform(-1, 1, shape).astype(np.float32) for path, shape in SHAPES.items()}


FIRST = {name: index for index, (name, _) in reversed(list(enumerate(CASES)))}
# Clipping, accumulation and averages, and the rules that look at whole weights.
USUAL = {3, 19, *(FIRST[name] for name in ("Nadam", "Lamb", "Muon"))}


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        pytest.param(*case, marks=() if index in USUAL else pytest.mark.slow)
        for index, case in enumerate(CASES)
    ],
)
def test_ten_steps(name: str, kwargs: dict[str, Any]) -> None:
    """Both round in float32: some ten roundings a step of the weights, and of the steps.

    Keras takes Adam's 1 - beta_2^t in float32, which loses eps / (1 - beta_2^t) of it, and
    its root half of that; the runtime takes it in float64. Keras also has powers from an
    approximation good to a few eps. Newton and Schulz's five products of small matrices
    carry their roundings on, tripling them each time.
    """
    bound, theirs = both(name, kwargs)
    rng = np.random.default_rng(5)
    steps = 10
    start = draw(rng)
    variables = {}
    for path, weight in start.items():
        variables[path] = keras.Variable(weight, name=path.replace("/", "_"))
        variables[path]._path = path
    theirs.build(list(variables.values()))
    info = optimizer_info(bound, SHAPES)
    twin = Twin(info, start)
    runtime = instantiate(info.described)
    assert info.scalars == runtime.scalar_names
    rows = runtime.scalars(0, steps)
    assert rows.shape == (steps, len(info.scalars))
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[7:], runtime.scalars(7, steps - 7))
    moved = 0.0
    for step in range(steps):
        gradients = draw(rng)
        twin.step(gradients, rows[step])
        theirs.apply([gradients[path] for path in SHAPES])
        slack = kwargs.get("beta_2", 0.999) if "beta_2" in theirs.get_config() else 0.0
        slack = 0.999 if name == "Muon" else slack
        lost = EPS / (1 - slack) if slack and name != "Lion" else 0.0
        lost += 3.0**5 * EPS if name == "Muon" else 0.0
        for path, shape in SHAPES.items():
            weight = twin.share(f"weights:{path}", shape)
            moved = max(moved, float(np.max(np.abs(weight - start[path]))))
            tolerance = 10 * (step + 1) * EPS * (1 + moved) + 4 * lost * moved
            error = np.max(np.abs(weight - np.asarray(variables[path])))
            assert error <= tolerance, (path, step, error, tolerance)
    assert moved > 1e-4


@pytest.mark.parametrize(
    ("name", "kwargs"),
    [
        ("MaxNorm", {"max_value": 0.8}),
        ("MaxNorm", {"axis": [0, 1]}),
        ("NonNeg", {}),
        ("UnitNorm", {"axis": -1}),
        ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.7, "rate": 0.6}),
    ],
)
def test_constraint_like_keras(name: str, kwargs: dict[str, Any]) -> None:
    w = np.random.default_rng(2).uniform(-1, 1, (7, 5)).astype(np.float32)
    with Builder() as builder:
        rule = partial(constrain, PlainScope(builder), make("constraint", name, **kwargs))
        info = optimizer_info(make("optimizer", "SGD"), {"k": w.shape, "b": (3,)}, {"k": rule})
    twin = Twin(info, {"k": w, "b": np.zeros(3, np.float32)})
    twin.step({"k": np.zeros_like(w)}, np.float32([0.0]))
    expected = np.asarray(getattr(keras.constraints, name)(**kwargs)(w))
    np.testing.assert_allclose(twin.share("weights:k", w.shape), expected, rtol=0, atol=8 * EPS)


def test_description_is_short() -> None:
    bound, _ = both(*CASES[2])
    record = described(bound)
    assert set(record.args) == {"learning_rate", "momentum", "nesterov"}
    assert record.args["learning_rate"] == Described("InverseTimeDecay", DECAY[1])
    assert described(make("optimizer", "sgd")).args == {"learning_rate": 0.01}


def test_one_way_to_clip() -> None:
    with pytest.raises(ArgumentProblem, match="both clipnorm and clipvalue"):
        optimizer_info(make("optimizer", "SGD", clipnorm=1.0, clipvalue=1.0), SHAPES)


@pytest.mark.parametrize("name", ["SGD", "Muon"])
def test_a_scaled_loss_is_refused(name: str) -> None:
    """It would change nothing: float32 does not underflow where half precision does."""
    with pytest.raises(ArgumentProblem, match="loss_scale_factor: expected None"):
        make("optimizer", name, loss_scale_factor=2.0)


def test_slots_have_keras_names() -> None:
    for name, kwargs, slots in (
        ("SGD", {}, []),
        ("SGD", {"momentum": 0.9}, ["momentum"]),
        ("RMSprop", {"momentum": 0.9, "centered": True},
         ["velocity", "momentum", "average_gradient"]),
        ("Adam", {"amsgrad": True}, ["momentum", "velocity", "velocity_hat"]),
        ("Adam", {"use_ema": True}, ["momentum", "velocity", "average"]),
    ):  # fmt: skip
        assert list(optimizer_info(make("optimizer", name, **kwargs), SHAPES).slots) == slots
