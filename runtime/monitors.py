"""Callbacks that watch one figure: stop early, or lower the learning rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from kgen.runtime.callback import Callback
from kgen.runtime.messages import listed
from kgen.runtime.progress import say
from kgen.runtime.warning import warn

RISING_FIGURES = ("acc", "auc", "precision", "recall", "f1", "fbeta", "r2", "iou", "positives")
FALLING_FIGURES = ("loss", "error", "entropy", "mse", "mae", "rmse", "mape", "msle", "divergence")


class Monitor(Callback):
    """Base of callbacks that compare a figure with its best so far.

    Args:
        monitor: a name in the logs; validation figures begin with `val_`.
        mode: "min", "max", or "auto" to tell by the name.
        baseline: the first best value.
        min_delta: smallest change that counts.

    Raises:
        ValueError: an unknown mode, or "auto" for a name that does not tell.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0.0,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', not {mode!r}.")
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)

    def rises(self) -> bool:
        """Whether larger is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_").lower()
        if any(word in name for word in FALLING_FIGURES):
            return False
        if any(word in name for word in RISING_FIGURES):
            return True
        raise ValueError(
            f"{type(self).__name__} cannot tell whether '{self.monitor}' should fall or rise; "
            "pass mode='min' or mode='max'."
        )

    def improves(self, value: float, reference: float | None) -> bool:
        """Whether `value` beats `reference` by more than `min_delta`; NaN never does."""
        rises = self.rises()
        if reference is None:
            return not math.isnan(value)
        if rises:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def figure(self, logs: Mapping[str, float] | None) -> float | None:
        """The watched figure; warns and gives None if the logs lack it."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warn(
                f"{type(self).__name__} watches '{self.monitor}', which is not among the "
                f"figures {listed(logs or {})}.",
            )
        if isinstance(value, np.ndarray):
            raise ValueError(
                f"{type(self).__name__} watches '{self.monitor}', which has {value.size} numbers; "
                "give its metric an average, or watch another figure."
            )
        return value


class EarlyStopping(Monitor):
    """Stops training when a figure has not improved for `patience` epochs.

    Args:
        monitor, min_delta, mode: see `Monitor`.
        patience: epochs without improvement to wait for.
        verbose: 1 to tell.
        baseline: patience counts on until the figure beats this value too.
        restore_best_weights: end with the weights of the best epoch.
        start_from_epoch: epochs before this one are not looked at.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0.0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = self.figure(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        improved = self.improves(value, self.best)
        if self.restore_best_weights and (improved or self.best_weights is None):
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if improved:
            self.best = value
            self.best_epoch = epoch
            if self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        if self.verbose and self.stopped_epoch:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                say(f"Restoring the weights of the best epoch, {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(Monitor):
    """Lowers the learning rate when a figure has not improved for `patience` epochs.

    Args:
        monitor, mode, min_delta: see `Monitor`.
        factor: new rate = rate * factor; below 1.
        patience: epochs without improvement to wait for.
        verbose: 1 to tell.
        cooldown: epochs after a reduction during which none are counted.
        min_lr: never below this.

    Raises:
        ValueError: factor of 1 or more; a learning rate that follows a schedule (in training).
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau needs a factor below 1, not {factor!r}.")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        rate = constant_rate(self.model, type(self).__name__)
        if logs is not None:
            logs["learning_rate"] = rate
        value = self.figure(logs)
        if value is None:
            return
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                lower = max(rate * self.factor, self.min_lr)
                self.model.optimizer.learning_rate = lower
                self.cooldown_counter = self.cooldown
                self.wait = 0
                if self.verbose:
                    say(f"Epoch {epoch + 1}: learning rate reduced to {lower:g}")


def constant_rate(model: Any, who: str) -> float:
    """The optimizer's learning rate as a number.

    Raises:
        ValueError: it follows a schedule.
    """
    rate = model.optimizer.learning_rate
    try:
        return float(rate)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{who} needs a constant learning rate, but the optimizer's follows "
            f"{type(rate).__name__}; set net.optimizer.learning_rate to a number first."
        ) from error
