"""The callback that saves the model as it trains."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kgen.runtime.finite import may_write
from kgen.runtime.keraswriting import check_checkpoint_path, check_weights_path
from kgen.runtime.messages import listed
from kgen.runtime.monitors import Monitor
from kgen.runtime.progress import say


class ModelCheckpoint(Monitor):
    """Saves the model every epoch, every so many batches, or when a figure improves.

    While weights are NaN or infinite it writes nothing, and warns: the file stays as it was.

    Args:
        filepath: may hold `{epoch:02d}` (from 1), `{batch}` and figures as `{val_loss:.4f}`;
            missing folders are made.
        monitor, mode: see `Monitor`.
        verbose: 1 to tell.
        save_best_only: only when the figure beats its best.
        save_weights_only: without optimizer state: no resuming from it.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: the first best value.

    Raises:
        ValueError: an unusable save_freq; a figure in filepath that the logs lack (in training).
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        if save_freq != "epoch" and not (isinstance(save_freq, int) and save_freq >= 1):
            raise ValueError(f"save_freq must be 'epoch' or a positive int, not {save_freq!r}.")
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._unsaved_batches = 0
        if save_freq != "epoch":
            # Set here only, so that saving by epochs does not make every batch a call.
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        super().on_train_begin(logs)
        if self.save_weights_only:
            check_weights_path(self.model.spec, self.filepath)
        else:
            check_checkpoint_path(self.filepath)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, {}, logs or {})

    def _count_batch(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._unsaved_batches += 1
        if self._unsaved_batches == self.save_freq:
            self._unsaved_batches = 0
            self._save(self._epoch, {"batch": batch + 1}, logs or {})

    def _save(self, epoch: int, batch: dict[str, int], logs: Mapping[str, float]) -> None:
        value = self.figure(logs) if self.save_best_only else None
        if value is not None and not self.improves(value, self.best):
            return
        try:
            path = self.filepath.format(epoch=epoch + 1, **{**batch, **logs})
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(
                f"ModelCheckpoint cannot fill in filepath '{self.filepath}': {error}; "
                f"it may use {listed(['epoch', *batch, *logs])}."
            ) from error
        if not may_write(self.model, path):
            return
        self.best = self.best if value is None else value
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if self.verbose:
            say(f"Epoch {epoch + 1}: saved {path}")
