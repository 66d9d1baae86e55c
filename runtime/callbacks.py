"""The callbacks for `fit`, under Keras's names."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from kgen.runtime.backups import BackupAndRestore
from kgen.runtime.callback import Callback, CallbackList
from kgen.runtime.history import History
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.loggers import CSVLogger, JSONLogger, TensorBoard
from kgen.runtime.modelcheckpoint import ModelCheckpoint
from kgen.runtime.monitors import EarlyStopping, ReduceLROnPlateau, constant_rate
from kgen.runtime.progress import say

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "JSONLogger",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

LAMBDA_HOOKS = (
    "on_epoch_begin",
    "on_epoch_end",
    "on_train_begin",
    "on_train_end",
    "on_train_batch_begin",
    "on_train_batch_end",
)


class LambdaCallback(Callback):
    """Calls the functions given: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`.

    Any hook of `Callback` may be given by name.

    Raises:
        TypeError: an unknown hook.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **others: Callable[..., Any],
    ) -> None:
        super().__init__()
        functions = (
            on_epoch_begin,
            on_epoch_end,
            on_train_begin,
            on_train_end,
            on_train_batch_begin,
            on_train_batch_end,
        )
        for name in others:
            if not (name.startswith("on_") and hasattr(Callback, name)):
                raise TypeError(f"LambdaCallback has no hook '{name}'.")
        for name, function in [*zip(LAMBDA_HOOKS, functions, strict=True), *others.items()]:
            if function is not None:
                setattr(self, name, function)


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    Args:
        raise_error: raise instead of ending training in good order.

    Raises:
        RuntimeError: if `raise_error`, in training.
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        text = f"the loss is {loss} at batch {batch}"
        if self.raise_error:
            raise RuntimeError(f"Training ended: {text}.")
        say(f"Training stops: {text}")
        self.model.stop_training = True


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch to `schedule(epoch, rate)` (or `schedule(epoch)`).

    Args:
        schedule: a function to a number; epochs count from 0.
        verbose: 1 to tell.

    Raises:
        ValueError: the schedule's value is not a finite number, in training.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        current = constant_rate(self.model, "LearningRateScheduler")
        rate = self.schedule(epoch, current) if self._takes_rate() else self.schedule(epoch)
        try:
            number = float(rate)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(f"the schedule must give a finite number, not {rate!r}.")
        self.model.optimizer.learning_rate = number
        if self.verbose:
            say(f"Epoch {epoch + 1}: learning rate set to {number:g}")

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs is not None:
            logs["learning_rate"] = constant_rate(self.model, "LearningRateScheduler")

    def _takes_rate(self) -> bool:
        import inspect

        try:
            inspect.signature(self.schedule).bind(0, 0.0)
        except TypeError:
            return False
        except ValueError:
            # A built-in without a signature: call it as Keras documents.
            return True
        return True


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the weights' moving average, which `use_ema=True` keeps.

    Args:
        swap_on_epoch: put the average in the model when an epoch ends, for callbacks behind
            this one, and the weights back when the next begins.

    Raises:
        ValueError: the optimizer keeps no average (in training or evaluation).
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _swap(self, swapped: bool) -> None:
        if self._swapped == swapped:
            return
        optimizer = self.model.optimizer
        if optimizer is None or not optimizer.use_ema:
            raise ValueError("SwapEMAWeights needs an optimizer with use_ema=True.")
        weights = self.model.engine.weights[: self.model.spec.trainable]
        average = self.model.engine.slots["average"]
        with self.model.engine.turn, DeferredInterrupt():
            kept = weights.copy()
            weights[:] = average
            average[:] = kept
            self._swapped = swapped

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.swap_on_epoch:
            self._swap(True)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        # Training ends with the average in the model, whether swapped or not.
        self._swapped = False

    def on_test_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._swap(True)

    def on_test_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._swap(False)

    def on_predict_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._swap(True)

    def on_predict_end(self, logs: Mapping[str, float] | None = None) -> None:
        self._swap(False)


class _Refused(Callback):
    """A callback of Keras's that has no place here; `WHY` says what to do instead."""

    WHY = ""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__}: {self.WHY}")


class RemoteMonitor(_Refused):
    """Refused: it sends figures over the network."""

    WHY = "models send nothing over the network by themselves; a LambdaCallback may."


class ProgbarLogger(_Refused):
    """Refused: the bar is a part of `fit`."""

    WHY = "fit draws its own bar; verbose=1 switches it on."


class OrbaxCheckpoint(_Refused):
    """Refused: Orbax keeps JAX's arrays."""

    WHY = "use ModelCheckpoint, or BackupAndRestore to go on after a crash."
