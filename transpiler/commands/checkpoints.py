"""A folder with the latest epoch of a run, from which it can go on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kgen.building import write_if_changed
from kgen.commands.options import say
from kgen.runtime.callback import Callback
from kgen.runtime.errors import KgenRuntimeError, WeightError
from kgen.runtime.finite import has_finite_weights


class StopWhenLost(Callback):
    """Ends training after an epoch that leaves weights which are NaN or infinite."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if not has_finite_weights(self.model):
            self.model.stop_training = True


class Checkpoints(Callback):
    """Saves the model and the history so far after every epoch that leaves finite weights.

    Args:
        folder: gets `last.safetensors` and `run.json`.
        settings: what must be the same when the run is resumed, for the same weights to come out.
            `data` is a checksum of the rows.

    Attributes:
        history: the figures of each epoch so far.
        saved: the epoch that the checkpoint is of, if it is this run's.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        super().__init__()
        self.weights = folder / "last.safetensors"
        self.record = folder / "run.json"
        self.settings = settings
        self.history: dict[str, list[float]] = {}
        self.saved: int | None = None

    def resumed(self, kind: Any, threads: int | None) -> Any:
        """The model as the checkpoint has it, or None if there is no checkpoint.

        Raises:
            WeightError: the checkpoint is damaged, or of another model.
            KgenRuntimeError: the run it belongs to had other settings.
        """
        if not self.weights.exists():
            say(f"no checkpoint in {self.weights.parent} yet: starting anew")
            return None
        net = kind.load(self.weights, threads=threads)
        try:
            record = json.loads(self.record.read_text("utf-8"))
            settings = {name: record["settings"][name] for name in self.settings}
            figures = dict(record["history"]).items()
            history = {name: list(values)[: net.epoch] for name, values in figures}
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise WeightError(
                f"{self.record} is missing or damaged ({error}): the run cannot be gone on with. "
                "load_weights reads the weights beside it."
            ) from error
        for name, value in self.settings.items():
            if settings[name] != value:
                differ = f"had {name.replace('_', ' ')} {settings[name]}, this one has {value}"
                if name == "data":
                    differ = "was trained on other data"
                raise KgenRuntimeError(
                    f"the run in {self.weights.parent} {differ}: it would not go on the same. "
                    "Give the same options and data, or another --checkpoint folder."
                )
        # The record is written after the weights: a run killed in between has an epoch less there.
        self.history, self.saved = history, net.epoch
        say(f"resuming after epoch {net.epoch}")
        return net

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in (logs or {}).items():
            number = value.tolist() if hasattr(value, "tolist") else value
            self.history.setdefault(name, []).append(number)
        if not has_finite_weights(self.model):
            return
        self.weights.parent.mkdir(parents=True, exist_ok=True)
        record = {"settings": self.settings, "history": self.history}
        self.model.save(self.weights)
        write_if_changed(self.record, json.dumps(record, indent=2) + "\n")
        self.saved = self.model.epoch
