"""One `.k` text as native code and as interpreted GPU code, which must agree.

Both evaluate the same expressions in float32, but add up in different orders. What that may move
is measured: a float32 result is the exact one of operands changed by some roundings, so native code
is run again from weights and inputs that are changed by as much, and the spread of its results,
several times over, is allowed. Random numbers are the same, and so must be whole ones.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from interpreted import Interpreted, interpreted
from kgen.building import build
from native import load

Arrays = Mapping[str, npt.NDArray[Any]]
U = 2.0**-24
# Roundings of a result here: products of at most some hundred terms, a few in a row.
ROUNDINGS = 64.0
# Those of products on tensor cores: of their two operands, to numbers with so many bits less.
COARSE = {"float32": ROUNDINGS, "tf32": 2.0 * 2**13, "bfloat16": 2.0 * 2**16}
# What is allowed must say something.
CLEAR = {"float32": 1e-2, "tf32": 1e-2, "bfloat16": 1e-1}
RUNS = 3
FACTOR = 8.0


def module(text: str, target: str, precision: str = "float32") -> ModuleType:
    """The module that is built for a target."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.k"
        path.write_text(text)
        return load(build(path, target=target, precision=precision).text, f"net_{target}")


@dataclass
class Pair:
    """A model `Net` in both forms.

    Attributes:
        x, y: inputs and targets, all rows.
        spread: of the weights that are drawn.
        device: what plays the GPU.
        precision: what its large products round their operands to.
    """

    text: str
    x: Any
    y: Any = None
    spread: float = 0.5
    options: dict[str, Any] = field(default_factory=dict)
    device: type[Interpreted] = Interpreted
    precision: str = "float32"

    def __post_init__(self) -> None:
        self.native = module(self.text, "cpu").Net(seed=3, threads=1)
        self.twin = module(self.text, "cuda", self.precision).Net
        rng = np.random.default_rng(5)
        self.start: dict[str, npt.NDArray[np.float32]] = {}
        for path, view in self.native.weights.items():
            drawn = rng.uniform(-self.spread, self.spread, view.shape)
            lifted = np.abs(drawn) + 0.5 if path.endswith(("variance", "gamma")) else drawn
            self.start[path] = lifted.astype(np.float32)
        with interpreted(self.device):
            self.gpu = self.twin(seed=3)

    def _assign(self, net: Any, weights: Arrays) -> None:
        for path, value in weights.items():
            net.weights[path] = value

    def _moved(self, value: Any, rng: np.random.Generator) -> Any:
        if isinstance(value, dict):
            return {name: self._moved(each, rng) for name, each in value.items()}
        if value is None or value.dtype != np.float32:
            return value
        moves = COARSE[self.precision] * U * rng.uniform(-1.0, 1.0, value.shape)
        return (value * (1.0 + moves)).astype("f4")

    def compare(self, work: Any) -> None:
        """`work(net, x, y)` gives arrays by name, which must agree."""
        self._assign(self.native, self.start)
        expected = work(self.native, self.x, self.y)
        rads = {name: np.zeros(np.shape(value)) for name, value in expected.items()}
        for run in range(RUNS):
            rng = np.random.default_rng(run)
            self._assign(self.native, self._moved(self.start, rng))
            for name, value in work(self.native, self._moved(self.x, rng), self.y).items():
                rads[name] = np.maximum(rads[name], np.abs(value - expected[name]))
        self._assign(self.gpu, self.start)
        found = work(self.gpu, self.x, self.y)
        assert set(found) == set(expected)
        for name, value in expected.items():
            # Elements that a sample of the spread does not move may move as others do.
            rad = FACTOR * np.maximum(rads[name], np.mean(rads[name]))
            rad = rad + 8 * U * np.max(np.abs(value), initial=1e-3)
            error = np.abs(np.asarray(found[name], np.float64) - value)
            wrong = ~(error <= rad)
            assert not wrong.any(), (
                f"{name} at {np.argwhere(wrong)[:5].tolist()}: {found[name][wrong][:5]} for "
                f"{value[wrong][:5]} within {np.broadcast_to(rad, wrong.shape)[wrong][:5]}"
            )
            scale = max(float(np.max(np.abs(value), initial=0.0)), 1e-2)
            much = CLEAR[self.precision] * scale
            assert np.median(rad) < much, f"{name}: {np.median(rad)} allows too much"


def predictions(net: Any, x: Any, y: Any) -> dict[str, Any]:
    """Outputs of all rows in one batch."""
    found = net.predict(x, batch_size=64)
    return dict(found) if isinstance(found, dict) else {"output": found}


def slopes(net: Any, x: Any, y: Any) -> dict[str, Any]:
    """Loss and gradients of all rows, at a fixed step: the same dropout."""
    net.engine.step = 11
    return {**net.gradients(x, y), "loss": np.array(net.loss(x, y))}


def training(net: Any, x: Any, y: Any) -> dict[str, Any]:
    """Weights after three steps, the last of which is short; states of optimizers start anew."""
    net.engine.step = 0
    for slot, start in net.spec.slots.items():
        net.engine.slots[slot][:] = start
    net.fit(x, y, batch_size=3, epochs=1, shuffle=True, verbose=0)
    return {path: np.array(view) for path, view in net.weights.items()}


def check(pair: Pair, *, trained: bool = True) -> None:
    """Predictions, gradients and training."""
    pair.compare(predictions)
    if trained:
        pair.compare(slopes)
        pair.compare(training)
