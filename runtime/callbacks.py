"""The callbacks for `fit`, under Keras's names."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kgen.runtime.callback import Callback, CallbackList
from kgen.runtime.history import History
from kgen.runtime.monitors import (
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
    constant_rate,
)
from kgen.runtime.progress import say

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
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


class CSVLogger(Callback):
    """Writes one row of figures an epoch.

    Args:
        filename: the CSV file.
        separator: between columns.
        append: keep what the file holds (its header too) instead of starting anew.
    """

    def __init__(
        self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False
    ) -> None:
        super().__init__()
        self.filename = Path(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] | None = None
        self._header = True

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._columns = None
        filled = self.filename.exists() and self.filename.stat().st_size > 0
        self._header = not (self.append and filled)
        # Opened a row at a time, so that an interrupted run leaves no open file.
        with self.filename.open("a" if self.append else "w", encoding="utf-8"):
            pass

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        import csv

        figures = dict(logs or {})
        with self.filename.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=self.separator)
            if self._columns is None:
                self._columns = sorted(figures)
                if not any(name.startswith("val_") for name in figures):
                    # Validation may only come in later epochs.
                    self._columns += [f"val_{name}" for name in self._columns]
                if self._header:
                    writer.writerow(["epoch", *self._columns])
            writer.writerow([epoch, *(figures.get(name, "NA") for name in self._columns)])
