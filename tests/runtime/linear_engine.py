"""A stand-in for the compiled engine: linear outputs and SGD with momentum, in NumPy.

Inputs are flattened and joined; each output is one matrix product and a bias. Float targets train
with mean squared error, integer ones with sparse categorical crossentropy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from kgen.runtime import modelbase
from kgen.runtime.device import Device
from kgen.runtime.model import Model
from kgen.runtime.optimizers import SGD
from kgen.runtime.spec import Input, Layer, Metric, Output, Spec, Target, Weight
from kgen.runtime.states import States
from kgen.runtime.turns import new_turn


def linear_spec(
    inputs: Sequence[Input] = (Input("x", "float32", (3,)),),
    outputs: Sequence[tuple[str, int, int | None]] = (("y", 2, None),),
    slots: dict[str, float] | None = None,
) -> Spec:
    """A spec; outputs are (name, units, classes), with classes None for regression."""
    features = sum(int(np.prod(item.shape)) for item in inputs)
    weights: list[Weight] = []
    offset = 0
    for name, units, _ in outputs:
        for part, shape, start in (
            ("kernel", (features, units), "GlorotUniform"),
            ("bias", (units,), "Zeros"),
        ):
            weights.append(Weight(f"{name}_dense/{part}", shape, offset, start))
            offset += int(np.prod(shape))
    weights.append(Weight("counter/steps", (1,), offset, "Zeros", trainable=False))
    metrics = [Metric("loss", (0, 1))]
    if len(outputs) == 1:
        metrics.append(
            Metric("root", (0, 1), "root") if outputs[0][2] is None else Metric("accuracy", (2, 3))
        )
    return Spec(
        name="Linear",
        source="linear.k",
        version="0",
        inputs=tuple(inputs),
        outputs=tuple(Output(name, (units,)) for name, units, _ in outputs),
        targets=tuple(
            Target(name, "float32", (units,))
            if classes is None
            else Target(name, "int32", (), classes)
            for name, units, classes in outputs
        ),
        weights=tuple(weights),
        metrics=tuple(metrics),
        layers=tuple(
            Layer(
                f"{name}_dense",
                "Dense",
                (units,),
                features * units + units,
                2 * features * units,
                7,
            )
            for name, units, _ in outputs
        ),
        trainable=offset,
        size=offset + 1,
        slots={"velocity": 0.0} if slots is None else slots,
        optimizer=SGD(learning_rate=0.05),
        totals=4,
    )


class LinearEngine:
    """The engine's interface over the arithmetic above; `calls` records each call of train."""

    step_seconds: ClassVar[float] = 0.0

    def __init__(
        self, spec: Spec, programs: Any, seed: int, threads: int | None, device: Device
    ) -> None:
        self.spec = spec
        self.turn = new_turn()
        self.seed = seed
        self.step = 0
        self.threads = threads
        self.weights = np.zeros(spec.size, np.float32)
        self.gradients = np.zeros(spec.trainable, np.float32)
        self.slots = {n: np.full(spec.trainable, v, np.float32) for n, v in spec.slots.items()}
        self.totals = np.zeros(spec.totals)
        self.carried = States(spec, device.allocate)
        self.compiled: list[str] = []
        self.calls: list[int] = []
        self.on_step: Callable[[], None] | None = None

    def uncompiled(self, program: str) -> int:
        return 2

    def compile(self, program: str, progress: Callable[[int, int, str], None] | None) -> None:
        self.compiled.append(program)
        if progress is not None:
            progress(0, 2, "forward")
            progress(2, 2, "")

    def reset_totals(self, start: Any = 0.0) -> None:
        self.totals[:] = start

    def totals_so_far(self) -> np.ndarray:
        return self.totals.copy()

    def train(
        self,
        arrays: Sequence[np.ndarray],
        order: np.ndarray | None,
        first: int,
        last: int,
        batch_size: int,
        scalars: np.ndarray,
    ) -> int:
        steps = -(-(last - first) // batch_size)
        assert scalars.shape[0] == steps and scalars.dtype == np.float32
        for step in range(steps):
            start = first + step * batch_size
            rows: Any = slice(start, min(start + batch_size, last))
            if order is not None:
                assert order.dtype == np.int64
                rows = order[rows]
            self._batch([array[rows] for array in arrays])
            # Dropout of a kind: noise that depends on seed and step alone.
            noise = np.random.default_rng([self.seed, self.step]).normal()
            self.gradients *= np.float32(1.0 + 0.1 * noise)
            if "velocity" in self.slots:
                velocity = self.slots["velocity"]
                velocity *= np.float32(0.9)
                velocity -= scalars[step, 0] * self.gradients
                self.weights[: self.spec.trainable] += velocity
            self.weights[-1] += 1.0
            self.step += 1
            if self.step_seconds:
                time.sleep(self.step_seconds)
            if self.on_step is not None:
                self.on_step()
        self.calls.append(steps)
        return steps

    def evaluate(
        self, arrays: Sequence[np.ndarray], first: int, last: int, batch_size: int
    ) -> None:
        for start in range(first, last, batch_size):
            rows = slice(start, min(start + batch_size, last))
            self._batch([array[rows] for array in arrays])

    def gradient(self, arrays: Sequence[np.ndarray], first: int, last: int) -> None:
        self._batch([array[first:last] for array in arrays])
        self.weights[-1] += 1.0

    def quick(self, program: str) -> None:
        return None

    def predictor(self, rows: int) -> str:
        return "predict"

    def predict(
        self,
        arrays: Sequence[np.ndarray],
        first: int,
        last: int,
        outputs: Sequence[np.ndarray],
        program: str = "predict",
    ) -> None:
        joined = self._join([array[first:last] for array in arrays])
        for number, output in enumerate(outputs):
            kernel, bias, _ = self._parameters(number)
            output[first:last] = joined @ kernel + bias

    def _parameters(self, number: int) -> tuple[np.ndarray, np.ndarray, int]:
        kernel, bias = self.spec.weights[2 * number : 2 * number + 2]
        views = []
        for weight in (kernel, bias):
            part = self.weights[weight.offset : weight.offset + int(np.prod(weight.shape))]
            views.append(part.reshape(weight.shape))
        return views[0], views[1], kernel.offset

    @staticmethod
    def _join(inputs: Sequence[np.ndarray]) -> np.ndarray:
        flat = [array.reshape(len(array), -1).astype(np.float32) for array in inputs]
        return np.concatenate(flat, axis=1)

    def _batch(self, arrays: Sequence[np.ndarray]) -> None:
        spec = self.spec
        for array, item in zip(arrays, [*spec.inputs, *spec.targets], strict=False):
            assert array.dtype == np.dtype(item.dtype) and array.shape[1:] == item.shape
        inputs = len(spec.inputs)
        joined = self._join(arrays[:inputs])
        rows = len(joined)
        self.gradients[:] = 0.0
        for number, target in enumerate(spec.targets):
            y, weight = arrays[inputs + number], arrays[inputs + len(spec.targets) + number]
            kernel, bias, offset = self._parameters(number)
            found = joined @ kernel + bias
            if target.classes is None:
                losses = ((found - y) ** 2).mean(1)
                slope = 2.0 * (found - y) / found.shape[1]
            else:
                found = np.exp(found - found.max(1, keepdims=True))
                found /= found.sum(1, keepdims=True)
                losses = -np.log(found[np.arange(rows), y])
                self.totals[2] += float((found.argmax(1) == y).sum())
                self.totals[3] += rows
                slope = found
                slope[np.arange(rows), y] -= 1.0
            slope = (slope * weight[:, None] / rows).astype(np.float32)
            self.totals[0] += float((losses * weight).sum())
            size = kernel.size
            self.gradients[offset : offset + size] = (joined.T @ slope).reshape(-1)
            self.gradients[offset + size : offset + size + bias.size] = slope.sum(0)
        self.totals[1] += rows


def linear_model(spec: Spec | None = None) -> type[Model]:
    """A model class over `LinearEngine`."""

    class Linear(Model):
        pass

    Linear.spec = spec or linear_spec()
    Linear.programs = SimpleNamespace(train=True, evaluate=True, predict=True, gradient=True)
    return Linear


def install() -> None:
    """Lets models made from now on use the stand-in; for scripts without pytest."""
    modelbase.Engine = LinearEngine  # type: ignore[misc,assignment]
