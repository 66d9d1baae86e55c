"""`Model`: the base of the emitted classes, with Keras's names and meanings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from kgen.runtime.chunks import Chunk, train_chunk
from kgen.runtime.classweights import weight_classes
from kgen.runtime.data import Dataset, bind_data, bind_inputs
from kgen.runtime.errors import DataError
from kgen.runtime.evaluation import (
    OwnTotals,
    by_output,
    in_keras_form,
    output_arrays,
)
from kgen.runtime.few import SINGLE, key
from kgen.runtime.figures import figures
from kgen.runtime.fitting import evaluate_model, fit_model, predict_model
from kgen.runtime.fixedbatch import check_one_batch, check_stateful_batch
from kgen.runtime.history import History
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.modelbase import ModelBase
from kgen.runtime.settled import refuse_training
from kgen.runtime.training import only_fit
from kgen.runtime.weights import weight_views


class Model(ModelBase):
    """A compiled model: weights, optimizer state, and what can be done with them.

    Emitted classes set `spec` and `programs`. Arrays are converted to float32 or int32 and checked
    before anything is changed; several inputs or outputs go by list or by dict of their names, and
    results for several outputs are dicts. Threads may share a model: their calls take turns.

    Args:
        seed: fixes initial weights, shuffling and dropout; None draws one (see `seed`).
        threads: threads to compute with; None for all cores.

    Attributes:
        optimizer: its `learning_rate` may be set; None in a model without `train:`.
        history: the `History` of the latest `fit`.
        epoch: epochs of training behind the weights, as checkpoints record them.
        class_names: names of the target's classes by their numbers, kept in the files of `save`
            and `save_weights`; None if they are not known.
        stop_training: set to True by a callback to end `fit`.
        weights: live float32 views by path; assigning copies and checks.
        states: what stateful layers keep from batch to batch: live float32 views by path.
    """

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, Any] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Trains up to epoch `epochs`, as Keras's `fit` does.

        Args:
            x, y, sample_weight: rows as arrays (a list or dict for several inputs or outputs), or
                `x` alone as batches `(x, y)` or `(x, y, sample_weight)`: an iterable, a generator,
                or an object with `len()` and `[]`.
            batch_size: rows a step; 32 if None.
            verbose: "auto" or 1: progress bar, 2: a line an epoch, 0: nothing.
            callbacks: see `callbacks.Callback`; Keras's own work too.
            validation_split: the last part of the rows, taken before shuffling, is for validation.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or batches.
            class_weight: weight by class, for a model with one output.
            initial_epoch: epochs already done; `fit(..., initial_epoch=net.epoch)` resumes a
                loaded checkpoint, bit for bit as if it had never stopped.
            steps_per_epoch: with arrays, at most the number of batches; the next epoch goes on
                where this one ended.
            validation_freq: every so many epochs, or a list of epochs counted from 1.

        Raises:
            DataError: unusable arguments or data; nothing is changed then.
            KgenRuntimeError: another thread is training this model.
            KeyboardInterrupt: the model is left at the end of a step, `history` as far as it got.
        """
        with only_fit(self):
            return fit_model(
                self,
                x=x,
                y=y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=validation_data,
                shuffle=shuffle,
                class_weight=class_weight,
                sample_weight=sample_weight,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
            )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over the data: a float, a list with the loss first, or a dict.

        Raises:
            DataError: unusable arguments or data.
        """
        logs = evaluate_model(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return in_keras_form(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = 0,
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for all rows of `x` (or batches of it): float32, a dict for several outputs.

        Raises:
            DataError: unusable arguments or data.
        """
        return predict_model(self, x, batch_size, verbose, steps, callbacks)

    def __call__(self, x: Any, training: bool | None = False) -> Any:
        """Outputs for the rows of `x` as one batch, values unchecked: quick for few rows.

        Raises:
            DataError: `x` does not fit the inputs.
            KgenRuntimeError: `training` is true.
        """
        if training:
            refuse_training(self)
        found = None
        if type(x) is np.ndarray:
            few = self._quick.get(x.shape)
            if few is not None:
                found = few.one(x)
        elif arrays := self._quick.listed(x):
            few = self._quick.get(key([one.shape for one in arrays]))
            if few is not None:
                found = few.several(arrays)
        return self._forward(x) if found is None else found

    def forward(self, x: Any) -> Any:
        """The same as calling the model."""
        return self(x)

    def _forward(self, x: Any) -> Any:
        inputs = bind_inputs(self.spec, x, finite=False)
        rows = len(inputs[0])
        check_stateful_batch(self.spec, rows)
        outputs = output_arrays(self.spec, inputs, rows)
        program = self.engine.predictor(rows)
        self.compile_program(program)
        if rows:
            self.engine.predict(inputs, 0, rows, outputs, program)
        if self.spec.dims and self._is_plain and 0 < rows <= SINGLE:
            self._expect_more(program, x, inputs, outputs)
        return by_output(self.spec, outputs)

    def _expect_more(
        self, program: str, x: Any, bound: Sequence[np.ndarray], outputs: Sequence[np.ndarray]
    ) -> None:
        """Make a quick call for a few rows of open sizes that come again and again."""
        given = (x,) if type(x) is np.ndarray else self._quick.listed(x)
        shapes = [one.shape for one in given]
        if not given or shapes != [one.shape for one in bound]:
            return
        if [one.dtype for one in given] == [one.dtype for one in bound]:
            wanted = key(shapes)
            few = self._quick.is_due(wanted) and self.engine.quick_for(program, bound, outputs)
            if few:
                self._quick.keep(wanted, few)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for the rows of `x` as one batch."""
        return self(x)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[Any, Any] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on these rows; gives this batch's own figures, as `evaluate` does.

        Raises:
            DataError: unusable data; nothing is changed then.
        """
        if class_weight is not None and sample_weight is not None:
            raise DataError("class_weight and sample_weight cannot be given together.")
        data = self._batch(x, y, sample_weight)
        data = weight_classes(self.spec, data, class_weight)
        self.compile_program("train")
        own = OwnTotals(self.engine)
        with own:
            chunk = Chunk(data, None, 0, data.rows, data.rows, 1)
            train_chunk(self.engine, self.optimizer, chunk)
        return in_keras_form(figures(self.spec.metrics, own.totals), return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Figures of these rows as one batch, without training.

        Raises:
            DataError: unusable data.
        """
        data = self._batch(x, y, sample_weight)
        return in_keras_form(self._figures(data), return_dict)

    def loss(self, x: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The loss of these rows as one batch, in inference mode; no state is changed by asking.

        Raises:
            DataError: unusable data.
        """
        data = self._batch(x, y, sample_weight)
        with self.engine.turn, DeferredInterrupt():
            kept = self.states.copies()
            loss = self._figures(data)["loss"]
            self.states.put(kept)
        return loss

    def _batch(self, x: Any, y: Any, sample_weight: Any) -> Dataset:
        self._require("train")
        data = bind_data(self.spec, x, y, sample_weight)
        check_one_batch(self.spec, data.rows)
        return data

    def _figures(self, data: Dataset) -> dict[str, float]:
        self.compile_program("evaluate")
        own = OwnTotals(self.engine)
        with own:
            self.engine.evaluate(data.arrays, 0, data.rows, data.rows)
        return figures(self.spec.metrics, own.totals)

    def gradients(self, x: Any, y: Any = None, sample_weight: Any = None) -> dict[str, np.ndarray]:
        """The loss's gradient for these rows as one batch, by trainable weight path.

        It is that of the next training step, with its dropout; no weight or state is changed by
        asking.

        Raises:
            DataError: unusable data.
        """
        data = self._batch(x, y, sample_weight)
        self.compile_program("gradient")
        # Moving statistics of normalization follow every pass in training mode.
        others = self.engine.weights[self.spec.trainable :]
        with OwnTotals(self.engine), DeferredInterrupt():
            kept, states = others.copy(), self.states.copies()
            self.engine.gradient(data.arrays, 0, data.rows)
            others[...] = kept
            self.states.put(states)
            views = weight_views(self.spec, self.engine.gradients)
            return {path: view.copy() for path, view in views.items()}
