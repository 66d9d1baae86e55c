"""What every model has: an engine, weights by path, files, a summary."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TextIO

import numpy as np
from kgen.runtime.adapting import adapt_layer
from kgen.runtime.checkpoint import (
    apply_state,
    read_state,
    save_model_weights,
    save_state,
    state_of,
)
from kgen.runtime.data import whole_number
from kgen.runtime.device import Device
from kgen.runtime.engine import Engine
from kgen.runtime.errors import DataError, KgenRuntimeError, WeightError
from kgen.runtime.hardware import MAX_THREADS
from kgen.runtime.history import History
from kgen.runtime.initializers import initial_weights
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.messages import listed
from kgen.runtime.partfiles import load_parts
from kgen.runtime.progress import CompileBar
from kgen.runtime.quick import Quick, is_plain
from kgen.runtime.settled import check_attribute, refuse_attribute
from kgen.runtime.spec import Spec
from kgen.runtime.summary import print_summary
from kgen.runtime.turns import new_turn
from kgen.runtime.views import ModelView
from kgen.runtime.weightfiles import LoadReport, load_model_weights
from kgen.runtime.weights import Weights, copy_weights, weight_array


class ModelBase:
    """The state of a model, without training and prediction; see `Model`."""

    spec: ClassVar[Spec]
    programs: ClassVar[Any]
    device_class: ClassVar[type[Device]] = Device

    def __init__(self, seed: int | None = None, *, threads: int | None = None) -> None:
        if seed is None:
            seed = int.from_bytes(os.urandom(7), "little")
        self._set_up(whole_number(seed, "seed", 0), threads)
        initial_weights(self.spec, seed, self.engine.weights)
        load_parts(self)

    def _set_up(self, seed: int, threads: int | None) -> None:
        if seed >= 2**63:
            raise DataError(f"seed must be below 2**63, not {seed}.")
        if threads is not None:
            threads = whole_number(threads, "threads", 1)
            if threads > MAX_THREADS:
                raise DataError(f"threads must be at most {MAX_THREADS}, not {threads}.")
        self.engine = Engine(self.spec, self.programs, seed, threads, self.device_class())
        self.weights = Weights(self.spec, self.engine.weights)
        self.states = self.engine.carried
        self.optimizer = copy.deepcopy(self.spec.optimizer)
        self.history = History()
        self.epoch = 0
        self.class_names: tuple[str, ...] | None = None
        self.stop_training = False
        self._threads = threads
        self._fitting = new_turn()
        self._in_fit = False
        self._compiled: set[str] = set()
        for view in self.spec.views:
            setattr(self, view.name, ModelView.named(self, view))
        # The quick paths of a call, once their programs are compiled.
        self._quick = Quick(self.spec.inputs)
        self._is_plain = is_plain(self.spec) and not self.states
        # Steps that the last calls of the engine took together, by batch size.
        self.paces: dict[int | None, int] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        check_attribute(self, name, value)
        super().__setattr__(name, value)

    if not TYPE_CHECKING:  # which would take it that there is every attribute

        def __getattr__(self, name: str) -> NoReturn:
            refuse_attribute(self, name)

    @property
    def name(self) -> str:
        """The model's name in its `.k` file."""
        return self.spec.name

    @property
    def seed(self) -> int:
        """What initial weights, shuffling and dropout derive from."""
        return int(self.engine.seed)

    @property
    def metrics_names(self) -> list[str]:
        """Names of the reported figures, `loss` first."""
        return [metric.name for metric in self.spec.metrics]

    def _require(self, program: str) -> None:
        if program == "predict" and not self.programs.predict:
            raise KgenRuntimeError(
                f"{self.name} has no outputs to predict; it has views: "
                f"{listed(view.name for view in self.spec.views)}."
            )
        if not getattr(self.programs, program):
            raise KgenRuntimeError(
                f"{self.name} has no program '{program}': {self.spec.source} gives it no train: "
                "block, so it can only predict."
            )

    def compile_program(self, program: str, verbose: int = 0) -> None:
        """Compiles "train", "evaluate", "predict" or "gradient" now instead of when first needed.

        `"few"` is `predict` for one row or a few, where that has a program of its own.

        Raises:
            KgenRuntimeError: the model has no such program, for want of `train:`.
        """
        if program in self._compiled:
            return
        self._require(program)
        bar = CompileBar(verbose)
        try:
            self.engine.compile(program, bar.update if verbose else None)
        finally:
            bar.close()
        self._compiled.add(program)
        if program in ("predict", "few") and self._is_plain and not self.spec.dims:
            quick = self.engine.quick(program)
            if quick is not None:
                self._quick |= dict.fromkeys(quick.keys(), quick)

    def warm(self, verbose: int = 0) -> int:
        """Compiles all that this model, and its views, could need; gives the number of kernels."""
        engines = [self.engine, *(getattr(self, view.name).engine for view in self.spec.views)]
        kernels = list(dict.fromkeys(k for engine in engines for k in engine.missing()))
        bar = CompileBar(verbose)
        try:
            self.engine.device.compile(kernels, bar.update)
        finally:
            bar.close()
        return len(kernels)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of all weights, in order."""
        with self.engine.turn:
            return [view.copy() for view in self.weights.values()]

    def set_weights(self, weights: Sequence[Any] | Mapping[str, Any]) -> None:
        """Sets all weights from a list in order, or those named from a mapping of paths.

        Values may be weights of this model, as when two are exchanged.

        Raises:
            WeightError: wrong number, path, dtype or shape; nothing is changed then.
        """
        if not isinstance(weights, Mapping):
            if not hasattr(weights, "__len__"):
                raise WeightError(
                    "weights must be a list of arrays, as get_weights gives it, or a mapping of "
                    f"paths, not {type(weights).__name__}."
                )
            if len(weights) != len(self.weights):
                raise WeightError(
                    f"{self.name} has {len(self.weights)} weights, but {len(weights)} were given."
                )
            weights = dict(zip(self.weights, weights, strict=True))
        values = {
            path: weight_array(path, value, self.weights[path].shape)
            for path, value in weights.items()
        }
        with self.engine.turn, DeferredInterrupt():
            flat = self.engine.weights
            apart = {
                path: array.copy() if np.may_share_memory(array, flat) else array
                for path, array in values.items()
            }
            copy_weights(self.weights, apart)

    def count_params(self) -> int:
        """Number of weight entries, trainable and not."""
        return sum(view.size for view in self.weights.values())

    def reset_states(self, layer: str | None = None) -> None:
        """Forgets the state that layers carry from batch to batch: all, or that of one layer.

        Raises:
            KgenRuntimeError: no layer of this model, or not this one, carries any.
        """
        self.states.reset(layer)

    def with_batch(self, rows: int) -> ModelView:
        """The model with stateful layers, predicting in batches of so many rows.

        It follows the weights of this one, and keeps states of its own, at first zero, for as
        long as it is used: keep it to go on with the same sequences.

        Raises:
            KgenRuntimeError: no layer carries state, so `predict` takes any number of rows.
            DataError: `rows` is no positive int.
        """
        if not self.states:
            raise KgenRuntimeError(
                f"{self.name} has no layer that carries state between batches: predict takes any "
                "number of rows."
            )
        return ModelView.rebatched(self, whole_number(rows, "rows", 1))

    def save(self, path: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes weights, optimizer state, step, seed and epoch to one safetensors file.

        Raises:
            CheckpointWriteError: it cannot be written; an older file is then unchanged.
            FileExistsError: it exists and `overwrite` is False.
            WeightError: the name is one of Keras's files, as `.keras` or `.h5`.
        """
        with self.engine.turn:
            save_state(self, path, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, threads: int | None = None) -> Self:
        """The model as `save` left it, for training to go on.

        Raises:
            WeightError: corrupt, foreign, of another architecture or optimizer, or of a model that
                computes its outputs, loss or optimizer's steps otherwise.
            FileNotFoundError: there is no such file.
        """
        state = read_state(cls.spec, cls.spec.optimizer, path)
        model = cls.__new__(cls)
        model._set_up(state.seed, threads)
        apply_state(model, state)
        return model

    def save_weights(
        self,
        path: str | os.PathLike[str],
        overwrite: bool = True,
        like: str | os.PathLike[str] | None = None,
    ) -> None:
        """Writes the weights alone to a safetensors file, or to one for Keras.

        A `.weights.h5` file is one that `load_weights` of the same model in Keras takes, and
        needs h5py. Keras pairs layers of one class by their order.

        Args:
            like: a `.weights.h5` file that the Keras model saved, whose layout is taken over.

        Raises:
            CheckpointWriteError: it cannot be written; an older file is then unchanged.
            FileExistsError: it exists and `overwrite` is False.
            WeightError: a file for Keras of a model with layers side by side, whose order Keras
                may see otherwise, without `like`; `like` is of another model; or the name is one
                of Keras's files that are not written, as `.keras`.
            ImportError: it is a file for Keras, and h5py is not installed.
        """
        with self.engine.turn:
            save_model_weights(self, path, overwrite, like)

    def load_weights(
        self,
        path: str | os.PathLike[str],
        by_name: bool = False,
        skip_mismatch: bool = False,
    ) -> LoadReport:
        """Reads weights from a file of `save_weights` or `save`, or of Keras.

        Keras's `.weights.h5`, `.keras` and `.h5` files need h5py. Their layers are paired by name
        where all names agree, otherwise by their order among the layers of their class.

        Args:
            by_name: load those whose names agree; the report names the others.
            skip_mismatch: leave out those whose shapes differ; the report names them.

        Raises:
            WeightError: the file is corrupt or foreign, names differ (unless `by_name`), or a
                shape differs (unless `skip_mismatch`); nothing is changed then.
            ImportError: it is a file of Keras's, and h5py is not installed.
        """
        return load_model_weights(self, path, by_name, skip_mismatch)

    def adapt(self, layer: str, data: Any, axis: int | Sequence[int] | None = -1) -> None:
        """Sets the mean and variance of a Normalization layer from data that it is applied to.

        Args:
            data: an array, a file's data set, or an iterable of batches.
            axis: the layer's own: axes that have statistics for each of their places.

        Raises:
            WeightError: there is no such layer, or its statistics are given in the file.
            DataError: the data do not fit it, are empty or not finite; nothing is changed then.
        """
        adapt_layer(self, layer, data, axis)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A model of its own in the same state; callbacks and `history` are not copied."""
        model = type(self).__new__(type(self))
        model._set_up(self.seed, self._threads)
        with self.engine.turn:
            apply_state(model, state_of(self))
        return model

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"a {name} cannot be pickled: save(path) writes it to a file, {name}.load(path) reads "
            "that; copy.deepcopy(net) makes a second one."
        )

    def summary(
        self, print_fn: Callable[[str], Any] | None = None, file: TextIO | None = None
    ) -> None:
        """Prints the layers with shapes, parameters, FLOPs and `.k` lines, and the totals."""
        print_summary(self.spec, print_fn, file)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.count_params():,} weights, step {self.engine.step}>"
