"""An example beside its twin in Keras, shrunk by its `param`s, and the comparison of both.

Keras computes in float64. What float32 may differ by is what runs with errors drawn from the bounds
of `rounding` show: the bounds themselves are too wide for models of many layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import rounding_gathers  # noqa: F401  (adds rules)
import rounding_windows  # noqa: F401  (adds rules)
from kgen.graph import Graph, Value
from native import Defines, build, elaborated
from rounding import sampled
from twins import RUNS, Array, Arrays, Case, assert_near, double, simulate, spread

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Example:
    """A row of the catalogue.

    `twin` makes the compiled Keras model; a layer named `part.dense` is `part/dense` in the
    example. Weights are the size that keeps signals near 1, times `spread`; `given` replaces
    some of them.
    """

    file: str
    model: str
    twin: Callable[[], Any]
    x: Callable[[], Arrays]
    y: Callable[[], Arrays] = dict
    defines: dict[str, str] = field(default_factory=dict)
    batch_size: int = 4
    spread: float = 1.0
    trains: bool = True

    @property
    def id(self) -> str:
        return f"{self.file.split('_')[0]}-{self.model}"


@dataclass
class ExampleCase(Case):
    """A `Case` whose weights are paired by their whole paths."""

    def __post_init__(self) -> None:
        self.model = elaborated(self.file, self.defines)[self.name]
        native = getattr(build(self.file, self.defines), self.name)
        self.net = native(seed=self.seed, threads=self.threads)
        rng = np.random.default_rng(self.seed + 17)
        self.start = {
            path: _draw(path, view.shape, rng, self.spread)
            for path, view in self.net.weights.items()
        }
        with double():
            keras.utils.clear_session()
            self.keras = self.twin()
        self.pairs = paired(self.keras, list(self.start))
        shapes = {path: (tuple(v.shape), self.start[path].shape) for path, v in self.pairs.items()}
        unequal = {path: pair for path, pair in shapes.items() if pair[0] != pair[1]}
        assert not unequal, f"{self.name}: shapes in Keras and here: {unequal}"

    def one_or_all(self, arrays: Any) -> Any:
        return super().one_or_all(arrays) if arrays else None


def paired(model: Any, paths: list[str]) -> Arrays:
    """Keras's variables by the native paths, every one of either.

    `part.dense/kernel` is `part/dense/kernel`; what a nested model of Keras calls `dense/kernel`
    has the name of the nested model in front.
    """
    rest = {v.path.replace(".", "/"): v for v in model.weights}
    assert len(rest) == len(model.weights), "two variables of the twin share a path"
    found = {}
    for path in sorted(paths, key=len):
        same = [other for other in rest if path == other or path.endswith("/" + other)]
        assert same, f"{path} is not among {sorted(rest)}"
        found[path] = rest.pop(max(same, key=len))
    assert not rest, f"only the twin has {sorted(rest)}"
    return found


def _draw(path: str, shape: tuple[int, ...], rng: np.random.Generator, spread: float) -> Array:
    """Values that keep signals near 1."""
    if path.endswith(("variance", "gamma", "scale")):
        drawn = rng.uniform(0.5, 1.5, shape)
    elif path.endswith("embeddings") or len(shape) < 2:
        drawn = rng.uniform(-0.5, 0.5, shape)
    else:
        width = spread * (3.0 / prod(shape[:-1])) ** 0.5
        drawn = rng.uniform(-width, width, shape)
    return np.asarray(drawn, np.float32)


def case(example: Example) -> ExampleCase:
    """Both models, and the data."""
    file = EXAMPLES / example.file
    defines: Defines = tuple(example.defines.items())
    return ExampleCase(
        str(file),
        example.model,
        example.twin,
        example.x(),
        example.y(),
        batch_size=example.batch_size,
        spread=example.spread,
        defines=defines,
    )


def check_outputs(case: ExampleCase) -> None:
    """What `predict` gives, every output."""
    case.assign()
    with double():
        exact = case.keras.predict_on_batch(case.one_or_all(case.x))
    values = case.model.predict.outputs
    if not isinstance(exact, dict):
        exact = dict(zip(values, exact if isinstance(exact, list) else [exact], strict=True))
    runs = _runs(case, case.model.predict, dict(case.x))
    found = case.net.predict(case.one_or_all(case.x), batch_size=case.batch_size)
    for name, value in values.items():
        one = found[name] if isinstance(found, dict) else found
        rad = spread([run[value] for run in runs], exact[name])
        assert_near(one, exact[name], rad, f"{case.name}: output {name}")


def check_gradients(case: ExampleCase) -> None:
    """The gradient of every trainable weight for one batch."""
    case.assign()
    rows = case.batch_size
    x, y = ({name: a[:rows] for name, a in part.items()} for part in (case.x, case.y))
    given = (case.one_or_all(x), case.one_or_all(y))
    found = case.net.gradients(*given)
    with double():
        exact = exact_gradients(case.keras, *given)
    feeds = {name: near.mid for name, near in case.feeds(0, rows).items()}
    runs = _runs(case, case.train, feeds)
    assert set(found) == set(case.train.gradients)
    assert len(found) == len(exact)
    for path, value in case.train.gradients.items():
        wanted = exact[case.pairs[path].path]
        rad = spread([run[value] for run in runs], wanted)
        assert_near(found[path], wanted, rad, f"{case.name}: gradient of {path}")


def _runs(case: ExampleCase, graph: Graph, feeds: Arrays) -> list[Mapping[Value, Array]]:
    """The graph's values, with float32's errors drawn at random, some times over."""
    weights = {path: value.astype(np.float64) for path, value in case.start.items()}
    return [sampled(graph, feeds | weights, np.random.default_rng(seed)) for seed in range(RUNS)]


def exact_gradients(model: Any, x: Any, y: Any) -> Arrays:
    """Keras's gradients by the variables' paths."""
    fixed = [v.value for v in model.non_trainable_variables]
    metrics = [v.value for v in model.metrics_variables]
    optimizer = [v.value for v in model.optimizer.variables]

    def loss(values: Any) -> Any:
        result, _ = model.compute_loss_and_updates(
            values, fixed, metrics, x, y, None, training=True, optimizer_variables=optimizer
        )
        return result

    gradients = jax.jit(jax.grad(loss))([v.value for v in model.trainable_variables])
    pairs = zip(model.trainable_variables, gradients, strict=True)
    return {v.path: np.asarray(gradient) for v, gradient in pairs}


def check_steps(case: ExampleCase) -> None:
    """Loss and weights after an epoch, rows in their order.

    An optimizer that divides by the size of gradients makes whole steps of gradients that are
    nothing but rounding: a few weights may be as far off as any of the runs, anywhere; 99 of 100
    are near where they should be.
    """
    case.assign()
    x, y = case.one_or_all(case.x), case.one_or_all(case.y)
    options: dict[str, Any] = {"batch_size": case.batch_size, "shuffle": False, "verbose": 0}
    history = case.net.fit(x, y, **options).history
    with double():
        exact = case.keras.fit(x, y, **options).history
    runs = [simulate(case, 1, np.random.default_rng(seed)) for seed in range(RUNS)]
    assert set(history) == set(exact)
    for name, values in exact.items():
        rad = spread([logs[name] for _, logs in runs], values)
        assert_near(history[name], values, rad, f"{case.name}: {name}")
    moved = False
    for path, start in case.start.items():
        final = np.asarray(case.pairs[path].value)
        error = np.abs(case.net.weights[path] - final)
        stray = np.max([np.abs(weights[path] - final) for weights, _ in runs], axis=0)
        near = 4.0 * (stray + np.median(stray))
        assert np.all(error <= 4.0 * stray.max()), f"{case.name}: {path} after training"
        assert np.mean(error > near) <= 0.01, f"{case.name}: {path} after training"
        scale = max(1e-3, float(np.abs(final).max(initial=0.0)))
        assert np.median(near) <= 1e-2 * scale, f"{case.name}: {path}: the bound is too wide"
        moved |= bool(np.any(np.abs(final - start) > 100 * np.median(stray)))
    assert moved, f"{case.name}: nothing moved by more than rounding"


def check_example(example: Example) -> None:
    """Number of parameters, outputs, gradients, losses and weights of an epoch."""
    both = case(example)
    assert both.net.count_params() == both.keras.count_params()
    check_outputs(both)
    if example.trains:
        check_gradients(both)
        check_steps(both)
