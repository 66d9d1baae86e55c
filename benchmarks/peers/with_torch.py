"""PyTorch, eager or through `torch.compile`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from kgen.runtime.hardware import usable_cores
from torch import nn

from benchmarks.gpu.device import device, precision
from benchmarks.peers.peer import Peer
from benchmarks.peers.tasks import Task
from benchmarks.peers.torch_weights import load_weights

mark_step: Any = torch.compiler.cudagraph_mark_step_begin
LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "categorical_crossentropy": nn.functional.cross_entropy,
    "binary_crossentropy": nn.functional.binary_cross_entropy_with_logits,
    "mse": lambda z, y: nn.functional.mse_loss(torch.sigmoid(z), y),
}


class TorchPeer(Peer):
    """The usual training loop, with fused optimizers; predictions under `inference_mode`.

    On a GPU the data for training lie there from the start, what is compiled is recorded in CUDA
    graphs, and predictions go from the processor's memory to it.
    """

    def __init__(self, task: Task, rows: int, *, compiled: bool, dropout: bool) -> None:
        super().__init__(task, rows)
        torch.set_num_threads(usable_cores())
        self.compiled = compiled
        self.place = torch.device(device())
        self.on_gpu = self.place.type == "cuda"
        if self.on_gpu:
            use_precision(precision())
        self.net: nn.Module = task.written().torch_net(task).to(self.place)
        if any(isinstance(one, nn.Conv2d) for one in self.net.modules()):
            self.net.to(memory_format=torch.channels_last)
        for one in self.net.modules():
            if isinstance(one, nn.Dropout) and not dropout:
                one.p = 0.0
        self.optimizer = self._optimizer()
        self.forward: Any = self._run(self.net)
        self.tx = [torch.from_numpy(one).to(self.place) for one in self.x]
        self.ty = torch.from_numpy(self.y).to(self.place)

    def _run(self, net: nn.Module) -> Any:
        """The network as it is called: itself, or compiled."""
        if not self.compiled:
            return net
        mode = "reduce-overhead" if self.on_gpu else "default"
        return torch.compile(net, dynamic=False, mode=mode)

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
            if self.compiled and self.on_gpu:
                mark_step()
            self.optimizer.zero_grad(set_to_none=True)
            loss = loss_of(self.forward(*[one[rows] for one in self.tx]), self.ty[rows])
            loss.backward()
            self.optimizer.step()
        if self.on_gpu:
            torch.cuda.synchronize()
        return float(loss)

    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """As the base says."""
        self.net.eval()
        inputs = [one[:rows].clone().cpu() for one in self.tx]
        last = nn.Softmax(-1) if self.task.loss == "categorical_crossentropy" else nn.Sigmoid()
        run = self._run(Finished(self.net, last).eval())

        def predict() -> Any:
            with torch.inference_mode():
                return run(*[one.to(self.place) for one in inputs]).cpu()

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


def use_precision(precision: str) -> None:
    """Let the GPU's libraries round to TF32 or not; they may try which algorithm is quickest.

    Raises:
        RuntimeError: PyTorch sees no GPU.
    """
    if not torch.cuda.is_available():
        raise RuntimeError(f"PyTorch {torch.__version__} sees no GPU")
    rounds = precision == "tf32"
    torch.set_float32_matmul_precision("high" if rounds else "highest")
    torch.backends.cudnn.allow_tf32 = rounds
    torch.backends.cudnn.benchmark = True


class Finished(nn.Module):
    """A network and its last activation."""

    def __init__(self, net: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.net, self.last = net, last

    def forward(self, *inputs: Any) -> Any:
        """Finished results."""
        return self.last(self.net(*inputs))
