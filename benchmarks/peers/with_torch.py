"""PyTorch, eager or through `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from kgen.runtime.hardware import usable_cores
from torch import nn

from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task
from benchmarks.peers.torch_weights import load_weights

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "categorical_crossentropy": nn.functional.cross_entropy,
    "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
    "mse": lambda z, y: nn.functional.mse_loss(torch.sigmoid(z), y),
}


class TorchPeer(Peer):
    """The usual training loop, with fused optimizers; predictions under `inference_mode`."""

    def __init__(self, task: Task, rows: int, *, compiled: bool, dropout: bool) -> None:
        super().__init__(task, rows)
        torch.set_num_threads(usable_cores())
        self.compiled = compiled
        self.net: nn.Module = task.written().torch_net(task)
        if any(isinstance(one, nn.Conv2d) for one in self.net.modules()):
            self.net.to(memory_format=torch.channels_last)
        for one in self.net.modules():
            if isinstance(one, nn.Dropout) and not dropout:
                one.p = 0.0
        self.optimizer = self._optimizer()
        self.forward: Any = torch.compile(self.net, dynamic=False) if compiled else self.net
        self.tx = [torch.from_numpy(one) for one in self.x]
        self.ty = torch.from_numpy(self.y)

    def _optimizer(self) -> torch.optim.Optimizer:
        """Keras's figures; the fused ones where PyTorch has them."""
        weights = [one for one in self.net.parameters() if one.requires_grad]
        if self.task.optimizer == "nesterov":
            return torch.optim.SGD(weights, 0.01, momentum=0.9, nesterov=True, fused=True)
        if self.task.optimizer == "rmsprop":
            return torch.optim.RMSprop(weights, 1e-3, alpha=0.9, eps=1e-7)
        return torch.optim.Adam(weights, 1e-3, eps=1e-7, fused=True)

    def train(self, steps: int) -> float:
        """As the base says."""
        self.net.train()
        loss_of = LOSSES[self.task.loss]
        loss: Any = 0.0
        for step in range(steps):
            rows = self.rows(step)
            self.optimizer.zero_grad(set_to_none=True)
            loss = loss_of(self.forward(*[one[rows] for one in self.tx]), self.ty[rows])
            loss.backward()
            self.optimizer.step()
        return float(loss)

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        self.net.eval()
        inputs = [one[:rows].clone() for one in self.tx]
        last = nn.Softmax(-1) if self.task.loss == "categorical_crossentropy" else nn.Sigmoid()
        whole = Finished(self.net, last).eval()
        run: Any = torch.compile(whole, dynamic=False) if self.compiled else whole

        def predict() -> Any:
            with torch.inference_mode():
                return run(*inputs)

        return {"inference_mode, compiled" if self.compiled else "inference_mode": predict}

    def count_params(self) -> int:
        """As the base says; Keras's LSTM has no second bias."""
        trained = sum(one.numel() for one in self.net.parameters() if one.requires_grad)
        return trained + sum(one.numel() for one in self.net.buffers() if one.is_floating_point())

    def set_weights(self, weights: Sequence[Any]) -> None:
        """As the base says; pictures are mirrored where the network needs it."""
        mirrored = bool(getattr(self.task.written(), "MIRRORED", False))
        load_weights(self.net, weights, mirrored=mirrored)
        self.optimizer = self._optimizer()
        if mirrored:
            self.tx = [one.flip(1, 2) for one in self.tx]
            self.ty = self.ty.flip(1, 2) if self.ty.ndim == 4 else self.ty


class Finished(nn.Module):
    """A network and its last activation."""

    def __init__(self, net: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.net, self.last = net, last

    def forward(self, *inputs: Any) -> Any:
        """Finished results."""
        return self.last(self.net(*inputs))
