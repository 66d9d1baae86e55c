"""Evaluation and prediction loops, and figures from totals."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from kgen.runtime.callback import CallbackList
from kgen.runtime.data import Dataset
from kgen.runtime.dims import filled, open_sizes
from kgen.runtime.figures import figures
from kgen.runtime.fixedbatch import check_stateful_batch
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.progress import ProgressBar
from kgen.runtime.spec import Spec

CALL_SECONDS = 0.08


class CallPacer:
    """How many steps the next engine call should take to last about `seconds`.

    It starts with `steps`, one where nothing is known, and grows at most eightfold a call.
    """

    def __init__(self, seconds: float = CALL_SECONDS, fixed: bool = False, steps: int = 1) -> None:
        self.seconds = seconds
        self.fixed = fixed
        self.steps = 1 if fixed else steps

    def note(self, steps: int, seconds: float) -> None:
        """Learns from a call of `steps` steps."""
        if not self.fixed:
            ideal = int(steps * self.seconds / max(seconds, 1e-9))
            self.steps = max(1, min(ideal, self.steps * 8))


class OwnTotals:
    """Sums apart from those of the training that may be going on: `with` puts them in place.

    What is done inside is not mixed with what other threads do with the model.

    Attributes:
        totals: the sums so far.
    """

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.totals = np.zeros_like(engine.totals)
        self.saved = self.totals

    def __enter__(self) -> None:
        self.engine.turn.acquire()
        self.saved = self.engine.totals.copy()
        self.engine.totals[...] = self.totals

    def __exit__(self, *_: object) -> None:
        self.totals = self.engine.totals.copy()
        self.engine.totals[...] = self.saved
        self.engine.turn.release()


def evaluate_parts(
    engine: Any,
    spec: Spec,
    parts: Iterable[Dataset],
    batch_size: int | None,
    steps: int | None,
    bar: ProgressBar,
    callbacks: CallbackList,
) -> dict[str, float]:
    """Figures over data sets cut into batches; a `batch_size` of None takes each part whole."""
    watched = callbacks.watches_batches("test")
    pacer = CallPacer(fixed=watched)
    done = 0
    own = OwnTotals(engine)
    callbacks.call("on_test_begin", {})
    for data in parts:
        size = min(batch_size or data.rows, data.rows)
        batches = data.batches(size)
        if steps is not None:
            batches = min(batches, steps - done)
        first = 0
        while first < batches:
            last = min(first + (1 if data.lazy else pacer.steps), batches)
            if watched:
                callbacks.call("on_test_batch_begin", done, {})
            begun = time.perf_counter()
            start, end = first * size, min(last * size, data.rows)
            if data.lazy:
                arrays = data.gather(None, start, end, size).arrays
                start, end = 0, end - start
            else:
                arrays = data.arrays
            with own, DeferredInterrupt():
                engine.evaluate(arrays, start, end, size)
            pacer.note(last - first, time.perf_counter() - begun)
            done += last - first
            logs = figures(spec.metrics, own.totals)
            if watched:
                callbacks.call("on_test_batch_end", done - 1, dict(logs))
            bar.update(done, logs)
            first = last
        if steps is not None and done >= steps:
            break
    logs = figures(spec.metrics, own.totals)
    callbacks.call("on_test_end", dict(logs))
    bar.finish(done, logs)
    return logs


def output_arrays(spec: Spec, inputs: Sequence[np.ndarray], rows: int) -> list[np.ndarray]:
    """Empty arrays for the outputs, whose open dimensions follow from the inputs'."""
    sizes = open_sizes(spec, inputs)
    return [
        np.empty((rows, *filled(output.shape, output.dims, sizes)), output.dtype)
        for output in spec.outputs
    ]


def predict_rows(
    engine: Any,
    spec: Spec,
    inputs: Sequence[np.ndarray],
    batch_size: int,
    steps: int | None,
    bar: ProgressBar,
    callbacks: CallbackList,
) -> list[np.ndarray]:
    """One array an output, for all rows or the first `steps` batches."""
    rows = len(inputs[0])
    if steps is not None:
        rows = min(rows, steps * batch_size)
    outputs = output_arrays(spec, inputs, rows)
    read = Dataset(tuple(inputs), rows)
    callbacks.call("on_predict_begin", {})
    for batch, first in enumerate(range(0, rows, batch_size)):
        last = min(first + batch_size, rows)
        parts = [array[first:last] for array in outputs]
        with predicting(spec, callbacks, batch, parts):
            if read.lazy:
                engine.predict(read.gather(None, first, last).arrays, 0, last - first, parts)
            else:
                engine.predict(inputs, first, last, outputs)
        bar.update(batch + 1, {})
    callbacks.call("on_predict_end", {})
    bar.finish(-(-rows // batch_size), {})
    return outputs


def predict_batches(
    engine: Any,
    spec: Spec,
    batches: Iterable[Sequence[np.ndarray]],
    bar: ProgressBar,
    callbacks: CallbackList,
) -> list[list[np.ndarray]]:
    """The outputs of each batch, an array each."""
    found: list[list[np.ndarray]] = []
    callbacks.call("on_predict_begin", {})
    for batch, inputs in enumerate(batches):
        rows = len(inputs[0])
        check_stateful_batch(spec, rows)
        found.append(output_arrays(spec, inputs, rows))
        with predicting(spec, callbacks, batch, found[-1]):
            if rows:
                engine.predict(inputs, 0, rows, found[-1])
        bar.update(batch + 1, {})
    callbacks.call("on_predict_end", {})
    bar.finish(len(found), {})
    return found


@contextmanager
def predicting(
    spec: Spec, callbacks: CallbackList, batch: int, outputs: Sequence[np.ndarray]
) -> Iterator[None]:
    """What is called before and after a batch of a prediction, which fills `outputs`."""
    callbacks.call("on_predict_batch_begin", batch, {})
    with DeferredInterrupt():
        yield
    callbacks.call("on_predict_batch_end", batch, {"outputs": by_output(spec, outputs)})


def by_output(spec: Spec, arrays: Sequence[np.ndarray]) -> Any:
    """The lone output's array, or a dict of all by name."""
    if len(arrays) == 1:
        return arrays[0]
    return {output.name: array for output, array in zip(spec.outputs, arrays, strict=True)}


def in_keras_form(logs: Mapping[str, float], return_dict: bool) -> Any:
    """Figures as a dict; or as a list, loss first; or the loss alone where there is no other."""
    if return_dict:
        return dict(logs)
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
