"""Going on after a crash: `BackupAndRestore`, under Keras's name."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kgen.runtime.callback import Callback
from kgen.runtime.checkpoint import apply_state, read_state
from kgen.runtime.errors import WeightError
from kgen.runtime.finite import may_write
from kgen.runtime.progress import say
from kgen.runtime.tensorfiles import replace_file

INDEX_FILE = "backup.json"


class Resumed(NamedTuple):
    """Where an interrupted run goes on: epoch, batches done in it, and their totals."""

    epoch: int
    batch: int
    totals: list[float]


class BackupAndRestore(Callback):
    """Keeps a backup while `fit` runs; a `fit` that finds one goes on from there.

    The run that was interrupted and gone on with gives the weights of one that was not,
    bit for bit, if it is given the same data and arguments. What other callbacks
    remember is not kept. While weights are NaN or infinite the backup stays as it was.

    Args:
        backup_dir: a folder for the backup alone; it is made, and removed at the end.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: keep the backup before the last one too, should that be damaged.
        delete_checkpoint: remove the folder when training ends in good order.

    Raises:
        ValueError: an empty backup_dir or an unusable save_freq.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("backup_dir must name a folder.")
        whole = isinstance(save_freq, int) and not isinstance(save_freq, bool)
        if save_freq != "epoch" and not (whole and int(save_freq) >= 1):
            raise ValueError(f"save_freq must be 'epoch' or a positive int, not {save_freq!r}.")
        self.folder = Path(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._skipped = 0
        self._unsaved = 0
        if save_freq != "epoch":
            # Set here only, so that saving by epochs does not make every batch a call.
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]

    def resume(self, model: Any) -> Resumed | None:
        """Puts the model in the state of the latest readable backup; called by `fit`.

        Raises:
            WeightError: there are backups, and none of them fits the model.
        """
        problem: WeightError | None = None
        for entry in self._index():
            try:
                state = read_state(model.spec, model.optimizer, self.folder / entry["file"])
            except (WeightError, FileNotFoundError) as error:
                problem = problem or WeightError(f"the backup cannot be gone on from: {error}")
                continue
            apply_state(model, state)
            say(f"Going on from the backup in {self.folder}: epoch {entry['epoch'] + 1}")
            self._skipped = int(entry["batch"])
            return Resumed(int(entry["epoch"]), self._skipped, list(entry["totals"]))
        if problem is not None:
            raise problem
        return None

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._skipped = 0
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        if self.delete_checkpoint and self.folder.is_dir():
            shutil.rmtree(self.folder)

    def _count_batch(self, batch: int, logs: Mapping[str, float] | None = None) -> None:
        self._unsaved += 1
        if self._unsaved == self.save_freq:
            self._unsaved = 0
            self._save(self._epoch, batch + 1)

    def _save(self, epoch: int, batch: int) -> None:
        """A new file, then an index that names it, then away with what the index does not name."""
        if not may_write(self.model, self.folder):
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"epoch-{epoch}-batch-{batch}.safetensors"
        self.model.save(self.folder / name, overwrite=True)
        totals = self.model.engine.totals_so_far().tolist() if batch else []
        new = {"file": name, "epoch": epoch, "batch": batch, "totals": totals}
        older = [entry for entry in self._index() if entry["file"] != name]
        kept = [new, *(older[:1] if self.double_checkpoint else [])]

        def write(part: Path) -> None:
            part.write_text(json.dumps(kept), encoding="utf-8")

        replace_file(self.folder / INDEX_FILE, write)
        for entry in older:
            if entry not in kept:
                (self.folder / entry["file"]).unlink(missing_ok=True)

    def _index(self) -> list[dict[str, Any]]:
        """The backups there are, the latest first."""
        try:
            found = json.loads((self.folder / INDEX_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        except ValueError as error:
            raise WeightError(
                f"'{self.folder / INDEX_FILE}' is damaged: {error}; "
                "remove the folder to start anew."
            ) from error
        return list(found)
