"""kgen: the emitted module of the shipped example, metrics and all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.device import device, precision
from benchmarks.modules import build_text, import_path, model_class
from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task


def build_task(task: Task, folder: Path, *, dropout: bool = True) -> Path:
    """Transpile a task's `.k` file for the device at hand; gives the module's path in `folder`.

    Raises:
        KgenError: the file has mistakes.
    """
    text = task.text(dropout=dropout)
    return build_text(text, task.source.name, folder, task.defines, device(), precision())


class KgenPeer(Peer):
    """One `fit` call for a block of steps; predictions by calling the model."""

    def __init__(
        self, task: Task, rows: int, module: Path, *, transpile: bool, dropout: bool
    ) -> None:
        super().__init__(task, rows)
        if transpile:
            module = build_task(task, module.parent, dropout=dropout)
        self.net = model_class(import_path(module))(seed=0)

    def train(self, steps: int) -> float:
        """As the base says."""
        rows = slice(0, steps * self.task.batch)
        history = self.net.fit(
            one_or_all([one[rows] for one in self.x]),
            self.y[rows],
            batch_size=self.task.batch,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        return float(history.history["loss"][-1])

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        x = one_or_all([np.ascontiguousarray(one[:rows]) for one in self.x])
        return {"net(x)": lambda: self.net(x)}

    def count_params(self) -> int:
        """As the base says."""
        return int(self.net.count_params())

    def set_weights(self, weights: Sequence[Any]) -> None:
        """As the base says."""
        self.net.set_weights(weights)

    def get_weights(self) -> list[Any]:
        """The weights, in Keras's order and layout."""
        return list(self.net.get_weights())


def one_or_all(inputs: list[Any]) -> Any:
    """The input alone where there is one, else the list."""
    return inputs[0] if len(inputs) == 1 else inputs
