"""The training loop: epochs in chunks of steps, between which the world may look in.

Chunking never changes a result: a chunk is some steps of the epoch's one row order.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kgen.runtime.backups import Resumed
from kgen.runtime.batches import BatchStream, row_order
from kgen.runtime.callback import CallbackList
from kgen.runtime.chunks import Chunk, train_chunk
from kgen.runtime.data import Dataset
from kgen.runtime.errors import DataError, KgenRuntimeError
from kgen.runtime.evaluation import CallPacer, evaluate_parts
from kgen.runtime.figures import figures
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.nonfinite import Watch
from kgen.runtime.progress import ProgressBar

# Rows of files are read this many bytes at a time, or a batch.
CHUNK_BYTES = 32 << 20


@dataclass(eq=False, repr=False)
class ArrayFeed:
    """Steps over rows in memory or files, in a fresh order each pass.

    With fewer `steps` than batches, an epoch goes on where the one before it ended. The order of
    a pass depends on the seed and the step at which the pass began, nothing else.
    """

    data: Dataset
    batch_size: int
    steps: int
    shuffle: bool
    base: int
    seed: int
    exhausted: bool = False
    _pass: int | None = None
    _order: np.ndarray | None = None

    def chunks(self, epoch: int, pacer: CallPacer, skip: int = 0) -> Iterator[Chunk]:
        """The chunks of epoch `epoch` but for `skip` steps, each as long as the pacer says then."""
        batches = self.data.batches(self.batch_size)
        place, end = epoch * self.steps + skip, (epoch + 1) * self.steps
        while place < end:
            number, batch = divmod(place, batches)
            steps = min(pacer.steps, batches - batch, end - place)
            if self.data.lazy:
                steps = min(steps, max(1, CHUNK_BYTES // (self.batch_size * self.data.row_bytes())))
            first = batch * self.batch_size
            last = min((batch + steps) * self.batch_size, self.data.rows)
            order = self._order_of(number, batches)
            if self.data.lazy:
                read = self.data.gather(order, first, last, self.batch_size)
                yield Chunk(read, None, 0, last - first, self.batch_size, steps)
            else:
                yield Chunk(self.data, order, first, last, self.batch_size, steps)
            place += steps

    def _order_of(self, number: int, batches: int) -> np.ndarray | None:
        if self.shuffle and number != self._pass:
            self._pass = number
            self._order = row_order(self.seed, self.base + number * batches, self.data.rows)
        return self._order


@dataclass(eq=False, repr=False)
class StreamFeed:
    """Steps over batches that come one by one; their size is not known beforehand."""

    stream: BatchStream
    shuffle: bool
    engine: Any
    batch_size: None = None
    size: int = 0

    @property
    def steps(self) -> int | None:
        """Steps an epoch, None if not known."""
        return self.stream.steps

    @property
    def exhausted(self) -> bool:
        """Whether no further epoch can be made."""
        return self.stream.exhausted

    def chunks(self, epoch: int, pacer: CallPacer, skip: int = 0) -> Iterator[Chunk]:
        """One chunk a batch, but for the first `skip`."""
        engine = self.engine
        begun, before = engine.step - skip, epoch * (self.stream.limit or 0)
        parts = self.stream.epoch(engine.seed, begun, shuffle=self.shuffle, place=before)
        for data in itertools.islice(parts, skip, None):
            # A short last batch is computed as it would be among rows in memory.
            self.size = max(self.size, data.rows)
            yield Chunk(data, None, 0, data.rows, self.size, 1)


@dataclass(eq=False, repr=False)
class ValidationPlan:
    """What to evaluate after an epoch, and after which ones (`frequency`: every n, or a list)."""

    data: Dataset | BatchStream
    batch_size: int
    steps: int | None
    frequency: Any = 1

    def due(self, epoch: int) -> bool:
        """Whether epoch `epoch`, counted from 0, ends with a validation."""
        return bool(validations(self.frequency, epoch, epoch + 1))

    def run(self, model: Any, callbacks: CallbackList) -> dict[str, float]:
        """The validation's figures, their names beginning with `val_`."""
        streams = isinstance(self.data, BatchStream)
        parts = (
            self.data.epoch(0, 0, shuffle=False)
            if isinstance(self.data, BatchStream)
            else [self.data]
        )
        logs = evaluate_parts(
            model.engine,
            model.spec,
            parts,
            None if streams else self.batch_size,
            self.steps,
            ProgressBar(None, 0),
            callbacks,
        )
        return {f"val_{name}": value for name, value in logs.items()}


def validations(frequency: Any, first: int, last: int) -> int:
    """How many of the epochs from `first` up to before `last`, counted from 0, end with one."""
    if isinstance(frequency, list | tuple | set):
        return sum(first < epoch <= last for epoch in set(frequency))
    return int(last // frequency - first // frequency)


@dataclass(eq=False, repr=False)
class Training:
    """One call of `fit`, all arguments checked."""

    model: Any
    feed: ArrayFeed | StreamFeed
    callbacks: CallbackList
    validation: ValidationPlan | None
    epochs: int
    initial_epoch: int
    verbose: int
    resumed: Resumed | None = None
    _bar: ProgressBar | None = field(default=None)

    def run(self) -> None:
        """Trains epoch after epoch; an exception leaves the model at a step's end."""
        model, callbacks = self.model, self.callbacks
        model.stop_training = False
        callbacks.call("on_train_begin", {})
        logs: dict[str, float] = {}
        watch = Watch(model, self.feed if isinstance(self.feed, ArrayFeed) else None)
        try:
            for epoch in range(self.initial_epoch, self.epochs):
                callbacks.call("on_epoch_begin", epoch, {})
                watch.begin(self.resumed.batch if self.resumed is not None else 0)
                logs = self._epoch(epoch)
                watch.end(epoch, logs)
                callbacks.call("on_epoch_end", epoch, logs)
                if model.stop_training:
                    break
        finally:
            if self._bar is not None:
                self._bar.close()
        if self.epochs:
            take_average(model)
        callbacks.call("on_train_end", logs)

    def _epoch(self, epoch: int) -> dict[str, float]:
        model, engine = self.model, self.model.engine
        label = f"Epoch {epoch + 1}/{self.epochs}"
        self._bar = bar = ProgressBar(self.feed.steps, self.verbose, label)
        watched = self.callbacks.watches_batches("train")
        pacer = CallPacer(fixed=watched, steps=model.paces.get(self.feed.batch_size, 1))
        done = 0
        start: Sequence[float] | float = 0.0
        if self.resumed is not None and self.resumed.batch:
            done, start = self.resumed.batch, self.resumed.totals
        engine.reset_totals(start)
        self.resumed = None
        for chunk in self.feed.chunks(epoch, pacer, done):
            if watched:
                self.callbacks.call("on_train_batch_begin", done, {})
            begun = time.perf_counter()
            train_chunk(engine, model.optimizer, chunk)
            pacer.note(chunk.steps, time.perf_counter() - begun)
            done += chunk.steps
            if watched:
                logs = figures(model.spec.metrics, engine.totals_so_far())
                self.callbacks.call("on_train_batch_end", done - 1, logs)
            if bar.animated:
                bar.update(done, figures(model.spec.metrics, engine.totals_so_far()))
            if model.stop_training:
                break
        if not watched:
            model.paces = {self.feed.batch_size: pacer.steps}
        if not done:
            raise DataError(f"x yields no batches in epoch {epoch + 1}.")
        if self.feed.exhausted:
            model.stop_training = True
        logs = figures(model.spec.metrics, engine.totals_so_far())
        model.epoch = epoch + 1
        if self.validation is not None and self.validation.due(epoch):
            logs |= self.validation.run(model, self.callbacks)
        bar.finish(done, logs)
        return logs


@contextmanager
def only_fit(model: Any) -> Iterator[None]:
    """One thread trains a model at a time; a `fit` from a callback leaves the outer one's sums.

    Raises:
        KgenRuntimeError: another thread is in `fit`.
    """
    if not model._fitting.acquire(blocking=False):
        raise KgenRuntimeError(
            f"fit of this {model.name} is running in another thread; wait for it, or train a "
            "copy: copy.deepcopy(net)."
        )
    outer, stopped = model._in_fit, model.stop_training
    totals = model.engine.totals_so_far()
    model._in_fit = True
    try:
        yield
    finally:
        model._in_fit = outer
        if outer:
            model.stop_training = stopped
            model.engine.reset_totals(totals)
        model._fitting.release()


def take_average(model: Any) -> None:
    """Gives the model its weights' moving average, if its optimizer keeps one, as Keras does."""
    engine = model.engine
    if model.optimizer.use_ema and engine.step:
        with engine.turn, DeferredInterrupt():
            engine.weights[: model.spec.trainable] = engine.slots["average"]
