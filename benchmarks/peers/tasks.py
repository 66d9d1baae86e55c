"""The models that are compared, as plain data that each peer builds its own way."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Task:
    """A multilayer perceptron with dropout after each hidden layer and softmax at the end.

    `nesterov` trains with SGD (rate 0.01, momentum 0.9, Nesterov), else with RMSprop (rate 1e-3).
    `steps` is the number of training steps in a timed block.
    """

    example: str
    features: int
    hidden: tuple[int, ...]
    dropout: float
    classes: int
    nesterov: bool
    batch: int
    steps: int

    def sizes(self) -> list[tuple[int, int]]:
        """Inputs and outputs of each dense layer."""
        widths = (self.features, *self.hidden, self.classes)
        return list(pairwise(widths))

    def data(self, steps: int) -> tuple[Any, Any]:
        """Rows for `steps` batches: standard normal features, one-hot classes."""
        rng = np.random.default_rng(0)
        rows = self.batch * steps
        x = rng.standard_normal((rows, self.features), dtype=np.float32)
        labels = rng.integers(0, self.classes, rows)
        return x, np.eye(self.classes, dtype=np.float32)[labels]


TASKS = {
    "02": Task("02_mlp.k", 20, (64, 64), 0.5, 10, nesterov=True, batch=128, steps=400),
    "32": Task("32_mnist_mlp.k", 784, (512, 512), 0.2, 10, nesterov=False, batch=128, steps=40),
}
