"""What each peer offers the worker, and how one is made by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.tasks import Task

OTHERS = ("torch", "torch-compile", "jax", "keras-jax")
OURS = ("kgen", "kgen-source")


class Peer(ABC):
    """A model made and trained with one library.

    Making one compiles as much as its library needs before the first step, no more.
    """

    def __init__(self, task: Task, steps: int) -> None:
        self.task = task
        self.x, self.y = task.data(steps)

    def rows(self, step: int) -> slice:
        """The rows of a training step."""
        return slice(step * self.task.batch, (step + 1) * self.task.batch)

    @abstractmethod
    def train(self, steps: int) -> float:
        """Train on the first `steps` batches in order, and wait for it; gives the last loss."""

    @abstractmethod
    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """The documented ways to predict `rows` rows at once, each returning finished results.

        Features are already where the library wants them.
        """


def make_peer(name: str, task: Task, steps: int, module: Path) -> Peer:
    """The peer called `name`; `module` is kgen's emitted module, made by `kgen-source` itself.

    Raises:
        ImportError: its library is not installed.
        ValueError: there is no such peer.
    """
    if name in OURS:
        from benchmarks.peers.with_kgen import KgenPeer

        return KgenPeer(task, steps, module, transpile=name == "kgen-source")
    if name in ("torch", "torch-compile"):
        from benchmarks.peers.with_torch import TorchPeer

        return TorchPeer(task, steps, compiled=name == "torch-compile")
    if name == "jax":
        from benchmarks.peers.with_jax import JaxPeer

        return JaxPeer(task, steps)
    if name == "keras-jax":
        from benchmarks.peers.with_keras import KerasPeer

        return KerasPeer(task, steps)
    raise ValueError(f"no peer is called {name!r}; there are {', '.join(OTHERS)}")
