"""PyTorch, eager or through `torch.compile`."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task


class TorchPeer(Peer):
    """The usual training loop; predictions under `inference_mode`."""

    def __init__(self, task: Task, steps: int, *, compiled: bool) -> None:
        super().__init__(task, steps)
        torch.set_num_threads(os.cpu_count() or 1)
        layers: list[nn.Module] = []
        for inputs, outputs in task.sizes()[:-1]:
            layers += [nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(task.dropout)]
        self.net = nn.Sequential(*layers, nn.Linear(*task.sizes()[-1]))
        self.optimizer: torch.optim.Optimizer
        if task.nesterov:
            self.optimizer = torch.optim.SGD(
                self.net.parameters(), 0.01, momentum=0.9, nesterov=True
            )
        else:
            self.optimizer = torch.optim.RMSprop(self.net.parameters(), 1e-3, alpha=0.9, eps=1e-7)
        self.compiled = compiled
        self.forward: Any = torch.compile(self.net) if compiled else self.net
        self.tx, self.ty = torch.from_numpy(self.x), torch.from_numpy(self.y)

    def train(self, steps: int) -> float:
        """As the base says."""
        self.net.train()
        loss: Any = 0.0
        for step in range(steps):
            rows = self.rows(step)
            self.optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.cross_entropy(self.forward(self.tx[rows]), self.ty[rows])
            loss.backward()
            self.optimizer.step()
        return float(loss)

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        self.net.eval()
        x = self.tx[:rows].clone()
        whole = nn.Sequential(self.net, nn.Softmax(-1)).eval()
        run: Any = torch.compile(whole) if self.compiled else whole

        def predict() -> Any:
            with torch.inference_mode():
                return run(x)

        return {"inference_mode, compiled" if self.compiled else "inference_mode": predict}
