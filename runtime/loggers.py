"""Callbacks that write figures down: CSV, JSON lines, TensorBoard."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from kgen.runtime.callback import Callback
from kgen.runtime.errors import MissingPackageError


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

        figures = {name: _cell(value) for name, value in (logs or {}).items()}
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


def _cell(value: Any) -> Any:
    """A figure of several numbers as a list in brackets."""
    return f"[{', '.join(map(str, value.tolist()))}]" if isinstance(value, np.ndarray) else value


class JSONLogger(Callback):
    """Writes one JSON object an epoch, on a line of its own: `{"epoch": 0, "loss": 0.5}`.

    Args:
        filename: the file.
        append: keep what the file holds instead of starting anew.
    """

    def __init__(self, filename: str | os.PathLike[str], append: bool = False) -> None:
        super().__init__()
        self.filename = Path(filename)
        self.append = append

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        with self.filename.open("a" if self.append else "w", encoding="utf-8"):
            pass

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        figures = {name: np.asarray(value).tolist() for name, value in (logs or {}).items()}
        with self.filename.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"epoch": epoch, **figures}) + "\n")


class TensorBoard(Callback):
    """Writes figures for TensorBoard, in folders `train` and `validation` as Keras does.

    Needs the package tensorboardX. There is no TensorFlow graph to write, no images of
    weights, no profile and no embeddings: those arguments must be left as they are.

    Args:
        log_dir: the folder.
        histogram_freq: write histograms of the weights every so many epochs; 0 for none.
        write_steps_per_second: write the pace of each epoch.
        update_freq: "epoch", "batch", or a number of batches after which to write too.

    Raises:
        MissingPackageError: tensorboardX is not installed.
        ValueError: an argument that asks for what there is not.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = False,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("write_graph", write_graph),
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(f"TensorBoard writes no such thing here: leave out {name}.")
        try:
            from tensorboardX import SummaryWriter
        except ImportError as error:
            raise MissingPackageError(
                "TensorBoard needs tensorboardX: pip install 'kgen-compiler[tensorboard]'."
            ) from error
        self._make_writer = SummaryWriter
        self.log_dir = Path(log_dir)
        self.histogram_freq = histogram_freq
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._writers: dict[str, Any] = {}
        self._begun = 0.0
        self._step = 0
        if self.update_freq != "epoch":
            # Set here only, so that writing by epochs does not make every batch a call.
            self.on_train_batch_end = self._write_batch  # type: ignore[method-assign]

    def _writer(self, folder: str) -> Any:
        if folder not in self._writers:
            self._writers[folder] = self._make_writer(str(self.log_dir / folder))
        return self._writers[folder]

    def _write(self, folder: str, name: str, value: Any, step: int) -> None:
        numbers = np.asarray(value)
        if numbers.ndim == 0:
            self._writer(folder).add_scalar(name, float(numbers), step)
            return
        for place, one in enumerate(numbers.reshape(-1)):
            self._writer(folder).add_scalar(f"{name}/{place}", float(one), step)

    def _write_batch(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        step = self.model.engine.step
        if step % int(self.update_freq) == 0:
            for name, value in (logs or {}).items():
                self._write("train", f"batch_{name}", value, step)

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._begun, self._step = time.perf_counter(), self.model.engine.step

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            folder = "validation" if name.startswith("val_") else "train"
            self._write(folder, f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._begun, 1e-9)
            pace = (self.model.engine.step - self._step) / seconds
            self._write("train", "epoch_steps_per_second", pace, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for path, weight in self.model.weights.items():
                self._writer("train").add_histogram(path, np.array(weight), epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}
