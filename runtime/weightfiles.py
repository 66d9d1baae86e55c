"""Weights alone from a file into a model: safetensors files, and Keras's."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from kgen.runtime.errors import WeightError
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.kerasfiles import is_keras_file
from kgen.runtime.kerasweights import FoundWeights, read_keras_weights
from kgen.runtime.messages import did_you_mean, listed, shape_text
from kgen.runtime.spec import Spec
from kgen.runtime.tensorfiles import read_tensors
from kgen.runtime.weights import copy_weights, weight_array

# What checkpoints hold beside weights.
SLOT_PREFIX = "optimizer:"
STATE_PREFIX = "state:"
# Metadata: the names of the target's classes, if the data had any.
CLASS_NAMES = "class_names"


class LoadReport(NamedTuple):
    """What `load_weights` did, by weight path.

    `loaded`; `missing` in the file and `mismatched` in shape (left as they were); `unexpected`
    in the file (ignored).
    """

    loaded: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    mismatched: tuple[str, ...] = ()


def load_model_weights(
    model: Any, path: str | os.PathLike[str], by_name: bool, skip_mismatch: bool
) -> LoadReport:
    """Reads weights into `model`; see `ModelBase.load_weights`.

    Raises:
        WeightError: the file is unusable; paths differ and not `by_name`; a shape differs and not
            `skip_mismatch`; or nothing fits. Nothing is changed then.
        ImportError: it is a file of Keras's, and h5py is not installed.
    """
    names = None
    if is_keras_file(path):
        found = read_keras_weights(model.spec, path, by_name)
    else:
        tensors, metadata = read_tensors(path)
        found = match(model.spec, only_weights(tensors))
        names = _checked_class_names(metadata, path)
    differs = (found.missing or found.unexpected) and not by_name
    is_useless = not found.values and (found.missing or found.unexpected)
    if is_useless or differs or (found.mismatched and not skip_mismatch):
        raise WeightError(difference(model.spec, found, path))
    with model.engine.turn, DeferredInterrupt():
        copy_weights(model.weights, found.values)
        if not (found.missing or found.unexpected or found.mismatched):
            model.class_names = names
    return LoadReport(tuple(found.values), found.missing, found.unexpected, tuple(found.mismatched))


def _checked_class_names(
    metadata: Mapping[str, str], path: str | os.PathLike[str]
) -> tuple[str, ...] | None:
    try:
        return class_names_in(metadata)
    except ValueError as error:
        raise WeightError(f"'{path}' has unusable metadata: {error}.") from error


def class_names_in(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names of the target's classes in a file's metadata, by their numbers; None if not there.

    Raises:
        ValueError: something else stands there.
    """
    text = metadata.get(CLASS_NAMES)
    if text is None:
        return None
    names = json.loads(text)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{CLASS_NAMES} are {text[:40]!r}")
    return tuple(names)


def only_weights(tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The weights among what a file holds."""
    beside = (SLOT_PREFIX, STATE_PREFIX)
    return {name: array for name, array in tensors.items() if not name.startswith(beside)}


def match(spec: Spec, stored: Mapping[str, np.ndarray]) -> FoundWeights:
    """The arrays stored under the paths of the model's weights."""
    values, mismatched = {}, {}
    for weight in spec.weights:
        if weight.path not in stored:
            continue
        array = stored[weight.path]
        if array.shape == weight.shape:
            values[weight.path] = weight_array(weight.path, array, weight.shape)
        else:
            mismatched[weight.path] = array.shape
    paths = {weight.path for weight in spec.weights}
    return FoundWeights(
        values,
        tuple(weight.path for weight in spec.weights if weight.path not in stored),
        tuple(name for name in stored if name not in paths),
        {path: f"its shape is {shape_text(shape)}" for path, shape in mismatched.items()},
    )


def difference(spec: Spec, found: FoundWeights, path: str | os.PathLike[str]) -> str:
    """What does not fit, both sides named."""
    text = f"'{path}' does not fit model {spec.name}; nothing was loaded."
    shapes = {weight.path: weight.shape for weight in spec.weights}
    for name in list(found.mismatched)[:4]:
        text += (
            f" Weight '{name}' has shape {shape_text(shapes[name])}, but in the file "
            f"{found.mismatched[name]}."
        )
    if len(found.mismatched) > 4:
        text += f" {len(found.mismatched) - 4} more differ in shape."
    if found.missing:
        text += f" The file lacks {_shortened(found.missing)}."
        text += did_you_mean(found.missing[0], found.unexpected)
    if found.unexpected:
        text += f" The model lacks {_shortened(found.unexpected)}."
    if found.values and (found.missing or found.unexpected):
        text += " load_weights(..., by_name=True) loads the weights whose paths agree."
    if found.values and found.mismatched:
        text += " load_weights(..., skip_mismatch=True) leaves out those whose shapes differ."
    return text


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return listed(names[:4]) + more
