"""kgen: the emitted module of the shipped example, metrics and all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.modules import EXAMPLES, build_file, import_path, model_class
from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task


class KgenPeer(Peer):
    """One `fit` call for a block of steps; predictions by calling the model."""

    def __init__(self, task: Task, steps: int, module: Path, *, transpile: bool) -> None:
        super().__init__(task, steps)
        if transpile:
            module = build_file(EXAMPLES / task.example, module.parent)
        self.net = model_class(import_path(module))(seed=0)

    def train(self, steps: int) -> float:
        """As the base says."""
        rows = steps * self.task.batch
        history = self.net.fit(
            self.x[:rows],
            self.y[:rows],
            batch_size=self.task.batch,
            epochs=1,
            verbose=0,
            shuffle=False,
        )
        return float(history.history["loss"][-1])

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        x = np.ascontiguousarray(self.x[:rows])
        return {"net(x)": lambda: self.net(x)}
