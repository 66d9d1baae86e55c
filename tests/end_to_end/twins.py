"""A `.k` model beside the same model in Keras, and the comparison of all they compute.

Keras on JAX runs in float64, so its figures are exact next to float32; the native code must be
within the bounds that `rounding` derives from the model's own graphs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import jax
import keras
import numpy as np
import numpy.typing as npt
from kgen.compiler import run_passes
from kgen.graph import Graph, Value
from kgen.model import Model
from kgen.runtime.figures import FINISHES
from native import Defines, build, elaborated
from rounding import Near, U, bounds, sampled

Array = npt.NDArray[Any]
Arrays = dict[str, Array]
RUNS = 4
# Weights are assigned, so nothing need be drawn for them.
dense = partial(keras.layers.Dense, kernel_initializer="zeros")


def numbers(shape: tuple[int, ...], rows: int, seed: int) -> Array:
    """Rows of numbers between -1 and 1."""
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (rows, *shape)).astype(np.float32)


def labels(classes: int, rows: int, seed: int) -> Array:
    """A class for each row."""
    return np.random.default_rng(seed).integers(0, classes, rows).astype(np.int32)


def one_hot(classes: int, rows: int, seed: int) -> Array:
    """A class for each row, as a row of zeros and a one."""
    return np.eye(classes, dtype=np.float32)[labels(classes, rows, seed)]


@contextmanager
def double() -> Iterator[None]:
    """Keras and JAX in float64, for as long as the block lasts."""
    before = keras.config.floatx()
    policy = keras.config.dtype_policy()
    with jax.enable_x64(True):
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        try:
            yield
        finally:
            keras.config.set_floatx(before)
            keras.config.set_dtype_policy(policy)


@dataclass
class Case:
    """A model of a file, its twin, and data.

    `twin` makes the compiled Keras model, its layers named as in the file. `x` and `y` hold
    arrays by input and output; rows are such that two epochs are ten steps, the last of each short.
    `deep` models compute so long that bounds on their gradients say little: what some runs with
    errors drawn at random show is allowed instead.
    """

    file: str
    name: str
    twin: Callable[[], Any]
    x: Arrays
    y: Arrays
    batch_size: int = 8
    sample_weight: Arrays | None = None
    class_weight: dict[int, float] | None = None
    seed: int = 0
    spread: float = 1.0
    threads: int | None = None
    defines: Defines = ()
    deep: bool = False
    start: Arrays = field(init=False)

    def __post_init__(self) -> None:
        self.model: Model = elaborated(self.file, self.defines)[self.name]
        native = getattr(build(self.file, self.defines), self.name)
        self.net: Any = native(seed=self.seed, threads=self.threads)
        rng = np.random.default_rng(self.seed + 17)
        for path, view in self.net.weights.items():
            view[...] = draw_weight(path, view.shape, rng, self.spread)
        self.start = {path: np.array(view) for path, view in self.net.weights.items()}
        with double():
            self.keras = self.twin()
            self.pairs = pair_weights(self.keras, list(self.start))

    def assign(self) -> None:
        """The starting weights, in both."""
        with double():
            for path, value in self.start.items():
                self.net.weights[path] = value
                self.pairs[path].assign(value.astype(np.float64))

    @property
    def rows(self) -> int:
        return len(next(iter(self.x.values())))

    @cached_property
    def train(self) -> Graph:
        assert self.model.train is not None
        return run_passes(self.model.train)

    @cached_property
    def evaluation(self) -> Graph:
        assert self.model.evaluate is not None
        return run_passes(self.model.evaluate)

    def one_or_all(self, arrays: Mapping[str, Any]) -> Any:
        """As Keras takes them: an array where there is one, else a dict."""
        return next(iter(arrays.values())) if len(arrays) == 1 else dict(arrays)

    def weights_of_rows(self) -> Arrays:
        """The sample weight of each row, by output."""
        if self.sample_weight is not None:
            return self.sample_weight
        ones = {name: np.ones(self.rows, np.float32) for name in self.y}
        if self.class_weight is not None:
            (name, labels), *_ = self.y.items()
            if labels.ndim == 2 and labels.shape[1] > 1:
                labels = labels.argmax(1)
            classes = labels.reshape(-1).astype(int)
            ones[name] = np.array([self.class_weight[c] for c in classes], np.float32)
        return ones

    def feeds(self, first: int, last: int, *, weighted: bool = True) -> dict[str, Near]:
        """Rows first:last as the graphs know them."""
        found = {name: Near.exact(array[first:last]) for name, array in self.x.items()}
        rows = self.weights_of_rows()
        for target in self.model.targets:
            part = self.y[target.output][first:last]
            if all(isinstance(size, int) for size in target.shape):
                part = part.reshape(-1, *target.shape)
            found[target.input] = Near.exact(part)
            weight = rows[target.output][first:last]
            weight = weight if weighted else np.ones_like(weight)
            missing = 1 + len(target.weights) - weight.ndim
            column = weight.reshape(*weight.shape, *[1] * missing)
            each = np.broadcast_to(column, (len(weight), *target.weights))
            found[target.sample_weight] = Near.exact(each)
        return found

    def exact_weights(self) -> dict[str, Near]:
        return {path: Near.exact(value) for path, value in self.start.items()}


def draw_weight(
    path: str, shape: tuple[int, ...], rng: np.random.Generator, spread: float
) -> Array:
    """Values that keep signals near 1, none of them at the special points 0 and 1."""
    if path.endswith("moving_variance"):
        drawn = rng.uniform(0.5, 1.5, shape)
    elif path.endswith(("gamma", "scale")):
        drawn = rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)
    else:
        scale = spread * (3.0 / shape[0]) ** 0.5 if len(shape) > 1 else 0.5
        drawn = rng.uniform(-scale, scale, shape)
    return drawn.astype(np.float32)


def pair_weights(model: Any, paths: list[str]) -> dict[str, Any]:
    """Keras's variables by the native paths, which have the nested models' names in front."""
    found = {}
    for path in paths:
        same = [v for v in model.weights if path == v.path or path.endswith("/" + v.path)]
        longest = sorted(same, key=lambda v: len(v.path))
        assert longest, f"{path} is not among {[v.path for v in model.weights]}"
        found[path] = longest[-1]
    assert len({id(v) for v in found.values()}) == len(paths)
    return found


def assert_near(found: Any, exact: Any, rad: Any, what: str) -> None:
    """Within the bound everywhere, and the bound narrow enough to mean something."""
    found, exact = np.asarray(found, np.float64), np.asarray(exact, np.float64)
    assert found.shape == exact.shape, f"{what}: shape {found.shape}, Keras has {exact.shape}"
    error = np.abs(found - exact)
    wrong = ~(error <= rad)
    assert not wrong.any(), (
        f"{what}: {wrong.sum()} of {wrong.size} off by up to {np.nanmax(error):.3g} where "
        f"{np.max(np.where(wrong, rad, 0)):.3g} is allowed, at {np.argwhere(wrong)[:5].tolist()}: "
        f"{found[wrong][:3]} for {exact[wrong][:3]}"
    )
    scale = max(1e-3, float(np.abs(exact).max(initial=0.0)))
    assert np.median(rad) <= 1e-2 * scale, f"{what}: the bound {np.median(rad):.3g} is too wide"


def check_predictions(case: Case) -> None:
    """Outputs of all rows, in batches and in one."""
    case.assign()
    with double():
        exact = case.keras.predict_on_batch(case.one_or_all(case.x))
    exact = exact if isinstance(exact, dict) else {next(iter(case.model.predict.outputs)): exact}
    feeds = {name: Near.exact(array) for name, array in case.x.items()}
    near = bounds(case.model.predict, feeds | case.exact_weights())
    whole = case.net(case.one_or_all(case.x))
    parts = case.net.predict(case.one_or_all(case.x), batch_size=case.batch_size)
    for name, value in case.model.predict.outputs.items():
        for found in (whole, parts):
            found = found[name] if isinstance(found, dict) else found
            assert_near(found, exact[name], near[value].rad, f"{case.name}: output {name}")


def batches(case: Case) -> list[tuple[int, int]]:
    steps = range(0, case.rows, case.batch_size)
    return [(first, min(first + case.batch_size, case.rows)) for first in steps]


class Totals:
    """The bounds of metrics over an epoch."""

    def __init__(self) -> None:
        self.sums: dict[str, list[tuple[Array, Array]]] = {}

    def add(self, graph: Graph, near: Mapping[Any, Near]) -> None:
        for metric in graph.metrics:
            zero = (np.zeros(()), np.zeros(()))
            before = self.sums.get(metric.name, [zero] * len(metric.totals))
            self.sums[metric.name] = [
                (mid + near[value].mid, rad + near[value].rad)
                for (mid, rad), value in zip(before, metric.totals, strict=True)
            ]

    def rad(self, graph: Graph, name: str) -> Any:
        """How far the figure may be off: that of a mean, or four times the worst of some draws."""
        metric = next(m for m in graph.metrics if m.name == name)
        finish, arguments = FINISHES[metric.finish], metric.arguments
        if metric.finish in ("mean", "root"):
            (top, rad), (below, _) = self.sums[name]
            top = np.abs(top)
            quotient, wide = top / below, rad / below + 4 * U * top / below
            if metric.finish == "mean":
                return wide
            return np.sqrt(quotient + wide) - np.sqrt(np.maximum(quotient - wide, 0.0))
        rng = np.random.default_rng(0)
        exact = finish(*(mid for mid, _ in self.sums[name]), **arguments)
        drawn = [
            finish(*(m + r * rng.uniform(-1, 1, m.shape) for m, r in self.sums[name]), **arguments)
            for _ in range(RUNS)
        ]
        worst = max(float(np.max(np.abs(one - exact))) for one in drawn)
        return np.full(np.shape(exact), 4.0 * worst + 8.0 * U * np.max(np.abs(exact)))


def check_figures(case: Case) -> None:
    """Loss and metrics over batches of which the last is short."""
    case.assign()
    weights = case.sample_weight
    given = None if weights is None else case.one_or_all(weights)
    x, y = case.one_or_all(case.x), case.one_or_all(case.y)
    found = case.net.evaluate(
        x, y, batch_size=case.batch_size, sample_weight=given, verbose=0, return_dict=True
    )
    with double():
        exact = case.keras.evaluate(
            x, y, batch_size=case.batch_size, sample_weight=given, verbose=0, return_dict=True
        )
    totals = Totals()
    for first, last in batches(case):
        feeds = case.feeds(first, last, weighted=weights is not None)
        totals.add(case.evaluation, bounds(case.evaluation, feeds | case.exact_weights()))
    assert set(found) == set(exact)
    for name, value in exact.items():
        rad = totals.rad(case.evaluation, name)
        assert_near(found[name], value, rad, f"{case.name}: {name}")


def check_gradients(case: Case, rows: int | None = None) -> None:
    """The gradient of every trainable weight for one batch."""
    case.assign()
    rows = rows or case.batch_size

    def part(arrays: Arrays) -> Any:
        return case.one_or_all({name: array[:rows] for name, array in arrays.items()})

    x, y, weight = part(case.x), part(case.y), part(case.weights_of_rows())
    found = case.net.gradients(x, y, sample_weight=weight)
    near = bounds(case.train, case.feeds(0, rows) | case.exact_weights())
    runs = gradient_runs(case, rows) if case.deep else []
    with double():
        twin = case.keras
        model_variables = [v.value for v in twin.non_trainable_variables]
        metric_variables = [v.value for v in twin.metrics_variables]

        def loss(values: Any) -> Any:
            result, _ = twin.compute_loss_and_updates(
                values,
                model_variables,
                metric_variables,
                x,
                y,
                weight,
                training=True,
                optimizer_variables=[v.value for v in twin.optimizer.variables],
            )
            return result

        gradients = jax.jit(jax.grad(loss))([v.value for v in twin.trainable_variables])
        exact = {
            v.path: np.asarray(g) for v, g in zip(twin.trainable_variables, gradients, strict=True)
        }
    assert set(found) == set(case.train.gradients)
    assert len(found) == len(exact)
    for path, value in case.train.gradients.items():
        rad = near[value].rad
        if runs:
            rad = np.minimum(
                rad, spread([run[value] for run in runs], exact[case.pairs[path].path])
            )
        assert_near(
            found[path], exact[case.pairs[path].path], rad, f"{case.name}: gradient of {path}"
        )


def gradient_runs(case: Case, rows: int) -> list[Mapping[Value, Array]]:
    """The training graph of one batch, with errors drawn at every operation."""
    feeds = {name: near.mid for name, near in case.feeds(0, rows).items()} | case.start
    return [sampled(case.train, feeds, np.random.default_rng(seed)) for seed in range(RUNS)]


def check_training(case: Case, epochs: int = 2) -> None:
    """Weights, moving statistics and logs after all steps of some epochs."""
    case.assign()
    x, y = case.one_or_all(case.x), case.one_or_all(case.y)
    options: dict[str, Any] = {
        "batch_size": case.batch_size,
        "epochs": epochs,
        "shuffle": False,
        "verbose": 0,
    }
    if case.sample_weight is not None:
        options["sample_weight"] = case.one_or_all(case.sample_weight)
    if case.class_weight is not None:
        options["class_weight"] = case.class_weight
    history = case.net.fit(x, y, **options).history
    with double():
        exact = case.keras.fit(x, y, **options).history
    runs = [simulate(case, epochs, np.random.default_rng(seed)) for seed in range(RUNS)]
    assert set(history) == set(exact)
    for name, values in exact.items():
        rad = spread([logs[name] for _, logs in runs], values)
        assert_near(history[name], values, rad, f"{case.name}: {name} by epoch")
    moved = 0
    for path, start in case.start.items():
        final = np.asarray(case.pairs[path].value)
        rad = spread([weights[path] for weights, _ in runs], final)
        assert_near(case.net.weights[path], final, rad, f"{case.name}: {path} after training")
        moved += int(np.any(np.abs(final - start) > 100 * np.median(rad)))
    assert moved, f"{case.name}: nothing moved by more than rounding"


def spread(runs: Sequence[Any], exact: Any) -> Array:
    """What to allow: 4 times as far as the worst run strayed, anywhere in the tensor.

    The runs draw each error from its bound; the native code's errors are within the same bounds,
    but of its own choice, so that a few times the largest of some random ones covers them.
    """
    worst = max(float(np.max(np.abs(np.asarray(run) - exact))) for run in runs)
    return np.full(np.shape(exact), 4.0 * worst)


def simulate(case: Case, epochs: int, rng: np.random.Generator) -> tuple[Arrays, dict[str, Any]]:
    """Weights and logs of training as the graphs have it, with float32's errors drawn at random."""
    optimizer = case.model.optimizer
    assert optimizer is not None
    paths = list(case.train.gradients)
    weights = {path: value.astype(np.float64) for path, value in case.start.items()}
    slots = {
        name: {path: np.full(weights[path].shape, float(value)) for path in paths}
        for name, value in optimizer.slots.items()
    }
    updates = optimizer.updates(sum(weights[path].size for path in paths))
    steps = epochs * len(batches(case))
    scalars = iter(case.net.optimizer.scalars(0, steps).astype(np.float64))
    logs: dict[str, Any] = {metric.name: [] for metric in case.train.metrics}
    for _ in range(epochs):
        sums = {m.name: [np.zeros(v.shape) for v in m.totals] for m in case.train.metrics}
        for first, last in batches(case):
            feeds = {name: near.mid for name, near in case.feeds(first, last).items()}
            found = sampled(case.train, feeds | weights, rng)
            for metric in case.train.metrics:
                for total, value in zip(sums[metric.name], metric.totals, strict=True):
                    total += found[value]
            rates = next(scalars) * (1.0 + U * rng.uniform(-1.0, 1.0))
            figures = dict(zip(optimizer.scalars, rates, strict=True))
            state: dict[str, dict[str, Array]] = {
                "weights": {path: weights[path] for path in paths},
                "gradients": {path: found[case.train.gradients[path]] for path in paths},
                **slots,
            }
            for graph in updates:
                feeds = {name: share(state, name, v.shape) for name, v in graph.inputs.items()}
                new = sampled(graph, feeds | figures, rng)
                for name, value in graph.outputs.items():
                    put(state, name, new[value])
            slots = {name: state[name] for name in slots}
            weights |= {path: found[value] for path, value in case.train.updates.items()}
            weights |= state["weights"]
        for metric in case.train.metrics:
            finish = FINISHES[metric.finish]
            logs[metric.name].append(finish(*sums[metric.name], **metric.arguments))
    # Training ends with the moving average, if there is one.
    return weights | slots.get("average", {}), logs


def share(state: Mapping[str, Arrays], name: str, shape: Any) -> Array:
    """A buffer of the optimizer's, flat for all weights, or `<name>:<path>` for one of them."""
    buffer, _, path = name.partition(":")
    if not path:
        return np.concatenate([part.reshape(-1) for part in state[buffer].values()])
    return state[buffer][path].reshape(-1)[: int(np.prod(shape))].reshape(shape)


def put(state: Mapping[str, Arrays], name: str, values: Array) -> None:
    """The inverse of `share`."""
    buffer, _, path = name.partition(":")
    start = 0
    for each, part in state[buffer].items():
        if path in ("", each):
            taken = values.reshape(-1)[start : start + part.size]
            start += 0 if path else part.size
            rest = part.reshape(-1)[taken.size :]
            state[buffer][each] = np.concatenate([taken, rest]).reshape(part.shape)


def check_all(case: Case) -> None:
    """Everything a model computes, against its twin."""
    check_predictions(case)
    check_figures(case)
    check_gradients(case)
    check_training(case)
