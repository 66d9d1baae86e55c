"""The record of a training run."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from kgen.runtime.callback import Callback
from kgen.runtime.errors import MissingPackageError
from kgen.runtime.progress import figure_text


class History(Callback):
    """What `fit` returns: `history` lists each figure by name, `epoch` the epochs.

    `nonfinite` is what `fit` warned of where a loss was NaN or infinite, else None.
    """

    def __init__(self) -> None:
        # The model keeps its history: this way back lets both go when nobody else has them.
        self._model: Callable[[], Any] = _no_model
        super().__init__()
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self.nonfinite: str | None = None

    @property
    def model(self) -> Any:
        """The model in training, as long as it exists."""
        return self._model()

    @model.setter
    def model(self, model: Any) -> None:
        self._model = _no_model if model is None else weakref.ref(model)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_model": _no_model}

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def plot(self, path: str | os.PathLike[str]) -> None:
        """Writes a picture of all figures over the epochs, validation beside training.

        The suffix of `path` chooses the format (png, svg, pdf).

        Raises:
            MissingPackageError: matplotlib is not installed, or cannot be imported.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError as error:
            raise MissingPackageError(
                f"History.plot needs matplotlib: pip install 'kgen-compiler[plot]' ({error})."
            ) from error
        names = list(dict.fromkeys(name.removeprefix("val_") for name in self.history))
        figure = Figure(figsize=(5.0, 3.0 * max(1, len(names))), layout="constrained")
        grid = figure.subplots(max(1, len(names)), squeeze=False)
        for axes, name in zip(grid[:, 0], names, strict=False):
            for key, style in ((name, "-"), (f"val_{name}", "--")):
                values = self.history.get(key)
                if values:
                    # Validation may run on fewer epochs than training.
                    epochs = self._epochs_of(key)
                    axes.plot(epochs, values, style, marker="." if len(values) < 40 else "")
            axes.set_ylabel(name)
            axes.set_xlabel("epoch")
            axes.legend([key for key in (name, f"val_{name}") if self.history.get(key)])
        figure.savefig(path)

    def _epochs_of(self, key: str) -> list[int]:
        count = len(self.history[key])
        if count == len(self.epoch):
            return [epoch + 1 for epoch in self.epoch]
        stride = max(1, len(self.epoch) // count)
        return [epoch + 1 for epoch in self.epoch[stride - 1 :: stride][:count]]

    def __repr__(self) -> str:
        last = ", ".join(f"{name}={figure_text(v[-1])}" for name, v in self.history.items())
        return f"<History of {len(self.epoch)} epochs: {last}>"


def _no_model() -> None:
    """What a history knows of its model before training."""
