"""Weights that a `.k` file names files for: read when the model is made."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from kgen.runtime.errors import WeightError
from kgen.runtime.kerasfiles import is_keras_file
from kgen.runtime.kerasweights import FoundWeights, read_keras_weights
from kgen.runtime.spec import Spec
from kgen.runtime.tensorfiles import read_tensors
from kgen.runtime.weightfiles import difference, match, only_weights
from kgen.runtime.weights import copy_weights


def load_parts(model: Any) -> None:
    """Fills the weights for which the model's source names files, below the source's folder.

    That is the folder of the emitted module, or, of one that `kgen.load` made, its `.k` file's.

    Raises:
        WeightError: a file is missing, unusable, or lacks weights of the part it is for.
        ImportError: it is a file of Keras's, and h5py is not installed.
    """
    for prefix, name in model.spec.files:
        path = _folder(model) / name
        if not path.is_file():
            raise WeightError(
                f"{model.spec.source} takes the weights of '{prefix}' from '{name}', but there is "
                f"no such file in '{_folder(model)}'."
            )
        part = _part(model.spec, prefix)
        found = _read(part, path)
        if found.missing or found.mismatched:
            raise WeightError(difference(part, replace(found, unexpected=()), path))
        copy_weights(model.weights, {f"{prefix}/{key}": v for key, v in found.values.items()})


def _folder(model: Any) -> Path:
    module = sys.modules.get(type(model).__module__)
    folder = getattr(module, "SOURCE_FOLDER", None)
    return Path(folder) if folder else Path(getattr(module, "__file__", ".")).resolve().parent


def _part(spec: Spec, prefix: str) -> Spec:
    """The record of a layer or model inside the model, as if it stood alone."""
    start = f"{prefix}/"
    weights = tuple(
        replace(w, path=w.path.removeprefix(start))
        for w in spec.weights
        if w.path.startswith(start)
    )
    layers = tuple(
        replace(
            layer,
            name=layer.name.removeprefix(start),
            weights=tuple(path.removeprefix(start) for path in layer.weights),
        )
        for layer in spec.layers
        if layer.name.startswith(start)
    )
    return replace(spec, name=prefix, weights=weights, layers=layers)


def _read(part: Spec, path: Path) -> FoundWeights:
    """The part's weights in a file; a single layer's may stand under any one layer's name."""
    if is_keras_file(path):
        named = read_keras_weights(part, path, True)
        return named if not named.missing else read_keras_weights(part, path, False)
    tensors, _ = read_tensors(path)
    stored = only_weights(tensors)
    owners = {name.rpartition("/")[0] for name in stored}
    if not part.layers and len(owners) == 1:
        stored = {name.rpartition("/")[2]: array for name, array in stored.items()}
    return match(part, stored)
