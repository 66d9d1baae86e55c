"""Some steps of an epoch at once: what the training loop hands the engine."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from kgen.runtime.data import Dataset
from kgen.runtime.interrupts import DeferredInterrupt


class Chunk(NamedTuple):
    """Some steps of one engine call: batches of `size` rows among `order[first:last]`."""

    data: Dataset
    order: np.ndarray | None
    first: int
    last: int
    size: int
    steps: int


def train_chunk(engine: Any, optimizer: Any, chunk: Chunk) -> None:
    """Runs the chunk's steps with the optimizer's figures for each of them."""
    with engine.turn, DeferredInterrupt():
        scalars = optimizer.scalars(engine.step, chunk.steps)
        engine.train(chunk.data.arrays, chunk.order, chunk.first, chunk.last, chunk.size, scalars)
