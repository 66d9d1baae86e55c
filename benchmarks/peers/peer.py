"""What each peer offers the worker, and how one is made by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.tasks import Task

OTHERS = ("torch", "torch-compile", "jax", "keras-jax", "keras-tensorflow")
ON_GPU = ("torch", "torch-compile", "jax")
OURS = ("kgen", "kgen-source")
MORE = "peers install with: pip install 'kgen-compiler[bench,bench-tensorflow]'"


class Peer(ABC):
    """A model made and trained with one library.

    Making one compiles as much as its library needs before the first step, no more.
    """

    def __init__(self, task: Task, rows: int) -> None:
        self.task = task
        self.x, self.y = task.data(rows)

    def rows(self, step: int) -> slice:
        """The rows of a training step."""
        return slice(step * self.task.batch, (step + 1) * self.task.batch)

    @abstractmethod
    def train(self, steps: int) -> float:
        """Train on the first `steps` batches in order, and wait for it; gives a loss.

        That of the last step, or the mean over all: what the library tells without being asked.
        """

    @abstractmethod
    def predictors(self, rows: int) -> dict[str, Callable[[], Any]]:
        """The documented ways to predict `rows` rows at once, each returning finished results.

        Features are already where the library wants them.
        """

    @abstractmethod
    def count_params(self) -> int:
        """Numbers in all weights, moving statistics too."""

    @abstractmethod
    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take weights in Keras's order and layout; the optimizer starts anew."""


def make_peer(name: str, task: Task, rows: int, module: Path, *, dropout: bool = True) -> Peer:
    """The peer called `name`; `module` is kgen's emitted module, made by `kgen-source` itself.

    Raises:
        ImportError: its library is not installed.
        ValueError: there is no such peer.
    """
    if name in OURS:
        from benchmarks.peers.with_kgen import KgenPeer

        return KgenPeer(task, rows, module, transpile=name == "kgen-source", dropout=dropout)
    if name in ("torch", "torch-compile"):
        from benchmarks.peers.with_torch import TorchPeer

        return TorchPeer(task, rows, compiled=name == "torch-compile", dropout=dropout)
    if name == "jax":
        from benchmarks.peers.with_jax import JaxPeer

        return JaxPeer(task, rows, dropout=dropout)
    if name in BACKENDS:
        from benchmarks.peers.with_keras import KerasPeer

        return KerasPeer(task, rows, dropout=dropout)
    raise ValueError(f"no peer is called {name!r}; there are {', '.join(OTHERS)}")


BACKENDS = {"keras-jax": "jax", "keras-tensorflow": "tensorflow"}
