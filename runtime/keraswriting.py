"""Weights as a `.weights.h5` file, laid out as Keras's own loader wants it.

Keras finds a layer by its class and its number among the layers of that class in its model, parts
of a layer by the attributes that hold them, and variables by their order.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from kgen.runtime.errors import WeightError
from kgen.runtime.kerasfiles import HDF5_MAGIC, h5py_package
from kgen.runtime.kerasweights import pair_keras_weights, snake_case
from kgen.runtime.spec import Spec
from kgen.runtime.tensorfiles import replace_file

ENDING = ".weights.h5"
# What Keras's own files end with.
FOREIGN = (".keras", ".h5", ".hdf5")
_PURPOSE = "writing weights for Keras"
_CELLED = frozenset({"lstm", "gru", "simple_rnn", "conv_lstm1d", "conv_lstm2d", "conv_lstm3d"})
_PROJECTIONS = {
    "query": "query_dense",
    "key": "key_dense",
    "value": "value_dense",
    "attention_output": "output_dense",
}


@dataclass(eq=False)
class _Entry:
    """A layer with its class in snake case and its weights, or a model, which has no class."""

    path: str
    kind: str | None = None
    weights: tuple[str, ...] = ()
    children: dict[str, _Entry] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def write_keras_weights(
    spec: Spec,
    weights: Mapping[str, np.ndarray],
    path: str | os.PathLike[str],
    *,
    overwrite: bool = True,
    like: str | os.PathLike[str] | None = None,
) -> None:
    """Writes a file for `keras.Model.load_weights`; `path` is at any time the old or the new one.

    Args:
        like: a file that the Keras model saved: its layout is taken over, its layers paired as
            in `load_weights`.

    Raises:
        ImportError: h5py is not installed.
        WeightError: `like` does not fit; see `check_weights_path` for the order without it.
        CheckpointWriteError: it cannot be written; an older file is then unchanged.
        FileExistsError: it exists and `overwrite` is False.
    """
    h5py = h5py_package(_PURPOSE)
    if like is None:
        entry = _tree(spec)
    else:
        places = _places(spec, like)

    def write(part: Path) -> None:
        try:
            if like is None:
                with h5py.File(part, "w") as file:
                    _Writer(file, weights).model(entry, "")
                return
            shutil.copyfile(like, part)
            with h5py.File(part, "r+") as file:
                file.pop("optimizer", None)
                for name, place in places.items():
                    file[place][...] = weights[name]
        except RuntimeError as error:
            raise OSError(str(error)) from error

    replace_file(path, write, overwrite=overwrite)


def check_weights_path(
    spec: Spec, path: str | os.PathLike[str], like: str | os.PathLike[str] | None = None
) -> bool:
    """Whether weights are written for Keras, judged by the file's name.

    Raises:
        ImportError, WeightError: they cannot be; see `write_keras_weights`.
    """
    name = os.fspath(path)
    if not name.endswith(ENDING):
        if like is not None or name.lower().endswith(FOREIGN):
            raise WeightError(
                f"weights for Keras are written to files that end with '{ENDING}', others to "
                f"'.safetensors' files, found '{name}'."
            )
        return False
    h5py_package(_PURPOSE)
    if like is None and spec.beside:
        one, other = spec.beside[0]
        raise WeightError(
            f"Keras pairs layers of one class by their order in its model, and '{one}' and "
            f"'{other}' of {spec.name} are alike and stand side by side; pass "
            f"like='twin{ENDING}', a file that the Keras model saved, and they are paired by it; "
            "or save under another name, as a safetensors file."
        )
    return True


def check_checkpoint_path(path: str | os.PathLike[str]) -> None:
    """Refuses names under which others expect a file of Keras's: checkpoints are safetensors.

    Raises:
        WeightError: it is such a name.
    """
    name = os.fspath(path)
    if name.lower().endswith(FOREIGN):
        raise WeightError(
            f"a checkpoint is a safetensors file, which '{name}' does not say: let the name end "
            f"with '.safetensors'. save_weights('name{ENDING}') writes weights for Keras."
        )


def _places(spec: Spec, like: str | os.PathLike[str]) -> dict[str, str]:
    """Where the weights are in a file that Keras saved."""
    with open(like, "rb") as file:  # noqa: PTH123 - a missing file explains itself
        if not os.fspath(like).endswith(ENDING) or not file.read(8).startswith(HDF5_MAGIC):
            raise WeightError(f"like='{os.fspath(like)}' is no '{ENDING}' file of Keras 3.")
    return pair_keras_weights(spec, like)


def _tree(spec: Spec) -> _Entry:
    """Models and layers, nested as their paths are, in the order of application."""
    root = _Entry("")
    for layer in spec.layers:
        at = root
        for part in layer.name.split("/"):
            at = at.children.setdefault(part, _Entry(f"{at.path}/{part}".lstrip("/")))
        at.kind, at.weights = snake_case(layer.kind), layer.weights
    return root


class _Writer:
    def __init__(self, file: Any, weights: Mapping[str, np.ndarray]) -> None:
        self.file = file
        self.weights = weights

    def model(self, entry: _Entry, place: str) -> None:
        """The layers of a model, by class and number."""
        self.listed(list(entry.children.values()), f"{place}layers/")

    def listed(self, children: list[_Entry], place: str) -> None:
        counts: dict[str, int] = {}
        for child in children:
            kinds = [child.kind] if child.kind is not None else ["functional", "sequential"]
            number = counts[kinds[0]] = counts.get(kinds[0], -1) + 1
            names = [f"{kind}_{number}" if number else kind for kind in kinds]
            self.entry(child, f"{place}{names[0]}/")
            for name in names[1:]:  # Keras looks for a model under the class it has there
                self.file[f"{place}{name}"] = self.file[f"{place}{names[0]}"]

    def entry(self, entry: _Entry, place: str) -> None:
        self.variables(place, entry.name)
        if entry.kind is None:
            self.model(entry, place)
            return
        for path in entry.weights:
            parts = path.removeprefix(f"{entry.path}/").split("/")[:-1]
            where = place + "".join(f"{part}/" for part in _attributes(entry.kind, parts))
            group = self.variables(where, parts[-1] if parts else entry.name)
            group[str(len(group))] = self.weights[path]
        for position, child in enumerate(entry.children.values()):
            if entry.kind == "rnn" and child.kind is None:
                self.listed(list(child.children.values()), f"{place}cell/cells/")
                continue
            self.entry(child, f"{place}{_attribute(entry.kind, child, position)}/")

    def variables(self, place: str, name: str) -> Any:
        """The group of a layer's own variables, which knows its name."""
        group = self.file.require_group(f"{place}vars")
        group.attrs["name"] = name
        return group


def _attributes(kind: str, parts: list[str]) -> list[str]:
    """The attributes of a Keras layer that lead to a part with weights."""
    if kind in _CELLED and len(parts) == 1:
        return ["cell"]
    if kind in ("multi_head_attention", "grouped_query_attention") and len(parts) == 1:
        hidden = "_" if kind == "grouped_query_attention" else ""
        return [hidden + _PROJECTIONS.get(parts[0], parts[0])]
    return parts


def _attribute(kind: str, child: _Entry, position: int) -> str:
    """The attribute of a Keras layer that holds another layer."""
    if kind == "bidirectional":
        return ("forward_layer", "backward_layer")[min(position, 1)]
    return {"time_distributed": "layer", "rnn": "cell"}.get(kind, child.name)
