"""Model state to and from a file: weights, optimizer slots, step, seed, epoch, learning rate.

Weights are stored under their paths; slots, cut up by weight, as `optimizer:<slot>:<path>`, so
that a file does not depend on how the flat buffers are laid out; what layers keep from batch to
batch as `state:<path>`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

import numpy as np
from kgen.runtime.errors import WeightError
from kgen.runtime.interrupts import DeferredInterrupt
from kgen.runtime.keraswriting import (
    check_checkpoint_path,
    check_weights_path,
    write_keras_weights,
)
from kgen.runtime.schedules import Schedule
from kgen.runtime.spec import Spec
from kgen.runtime.tensorfiles import read_tensors, write_tensors
from kgen.runtime.weightfiles import (
    CLASS_NAMES,
    SLOT_PREFIX,
    STATE_PREFIX,
    class_names_in,
    difference,
    match,
    only_weights,
)
from kgen.runtime.weights import copy_weights, weight_array, weight_views


class ModelState(NamedTuple):
    """A checkpoint's content, checked against a spec."""

    weights: Mapping[str, np.ndarray]
    slots: Mapping[tuple[str, str], np.ndarray]
    step: int
    seed: int
    epoch: int
    learning_rate: float | Schedule | None
    carried: Mapping[str, np.ndarray]
    class_names: tuple[str, ...] | None


def rate_text(rate: float | Schedule) -> str:
    """A learning rate as JSON: a number, exactly, or a schedule by its class and arguments."""
    if not isinstance(rate, Schedule):
        return json.dumps(float(rate))
    arguments = {name: np.asarray(value).tolist() for name, value in rate.get_config().items()}
    return json.dumps({"schedule": type(rate).__name__, "arguments": arguments})


def rate_from_text(text: str) -> float | Schedule:
    """What `rate_text` wrote.

    Raises:
        KeyError, TypeError, ValueError: it did not, or the schedule's class is not defined here.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        return float(value)
    kinds = {kind.__name__: kind for kind in Schedule.__subclasses__()}
    if value["schedule"] not in kinds:
        raise ValueError(f"no schedule {value['schedule']} is defined")
    return kinds[value["schedule"]](**value["arguments"])


def save_state(model: Any, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Writes everything that training on depends on; see `ModelBase.save` for errors."""
    check_checkpoint_path(path)
    engine, spec = model.engine, model.spec
    tensors = dict(model.weights)
    for slot, flat in engine.slots.items():
        for name, view in weight_views(spec, flat).items():
            tensors[f"{SLOT_PREFIX}{slot}:{name}"] = view
    tensors |= {f"{STATE_PREFIX}{path}": view for path, view in model.states.items()}
    metadata = _metadata(model, "checkpoint") | {
        "step": str(engine.step),
        "seed": str(engine.seed),
        "epoch": str(model.epoch),
    }
    if model.optimizer is not None:
        metadata["optimizer"] = type(model.optimizer).__name__
        metadata["learning_rate"] = rate_text(model.optimizer.learning_rate)
    write_tensors(path, tensors, metadata, overwrite=overwrite)


def save_model_weights(
    model: Any,
    path: str | os.PathLike[str],
    overwrite: bool,
    like: str | os.PathLike[str] | None,
) -> None:
    """Writes the weights alone; see `ModelBase.save_weights`."""
    if check_weights_path(model.spec, path, like):
        write_keras_weights(model.spec, model.weights, path, overwrite=overwrite, like=like)
        return
    write_tensors(path, model.weights, _metadata(model, "weights"), overwrite=overwrite)


def read_state(spec: Spec, optimizer: Any, path: str | os.PathLike[str]) -> ModelState:
    """A checkpoint written by `save_state`, every part of it checked.

    Raises:
        WeightError: not such a file, or of another architecture or optimizer.
        FileNotFoundError: there is none.
    """
    tensors, metadata = read_tensors(path)
    if metadata.get("content") != "checkpoint":
        raise WeightError(
            f"'{path}' holds weights only, or was not written by save; "
            "load_weights reads it into a model."
        )
    found = match(spec, only_weights(tensors))
    if found.missing or found.unexpected or found.mismatched:
        raise WeightError(difference(spec, found, path))
    kind = type(optimizer).__name__ if optimizer is not None else None
    slots: dict[tuple[str, str], np.ndarray] = {}
    for slot in spec.slots:
        for weight in spec.weights:
            name = f"{SLOT_PREFIX}{slot}:{weight.path}"
            if not weight.trainable:
                continue
            if name not in tensors:
                raise WeightError(
                    f"'{path}' lacks the optimizer state '{slot}' of weight '{weight.path}': it "
                    f"was trained with {metadata.get('optimizer')}, this model with {kind} or "
                    "other settings of it. load_weights reads its weights alone."
                )
            slots[slot, weight.path] = weight_array(name, tensors[name], weight.shape)
    if metadata.get("optimizer") != kind:
        raise WeightError(
            f"'{path}' was trained with {metadata.get('optimizer')}, this model with {kind}. "
            "load_weights reads its weights alone."
        )
    carried = _carried(spec, tensors, path)
    _check_fingerprint(spec, metadata, path)
    try:
        rate = metadata.get("learning_rate")
        return ModelState(
            found.values,
            slots,
            step=_count(metadata, "step"),
            seed=_count(metadata, "seed"),
            epoch=_count(metadata, "epoch"),
            learning_rate=None if rate is None else rate_from_text(rate),
            carried=carried,
            class_names=class_names_in(metadata),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightError(f"'{path}' has unusable metadata: {error!r}.") from error


def _check_fingerprint(
    spec: Spec, metadata: Mapping[str, str], path: str | os.PathLike[str]
) -> None:
    """Refuses a checkpoint of a model that has the same weights and computes something else.

    Raises:
        WeightError: it is one, and what differs.
    """
    stored, own = metadata.get("fingerprint", "").split("-"), spec.fingerprint.split("-")
    if stored == own:
        return
    parts = ("outputs", "loss", "optimizer's steps")
    pairs = zip_longest(parts, stored, own)
    differing = [part for part, one, other in pairs if part and one != other]
    by = metadata.get("version")
    versions = f" (by kgen {by}; this is {spec.version})" if by != spec.version else ""
    raise WeightError(
        f"'{path}' was saved{versions} by a model that computes its {' and '.join(differing)} "
        f"otherwise than {spec.name} does, so training would not go on the same. Load it with the "
        "model that it was saved by; load_weights reads its weights alone."
    )


def _carried(
    spec: Spec, tensors: Mapping[str, np.ndarray], path: str | os.PathLike[str]
) -> dict[str, np.ndarray]:
    """The states of layers.

    Raises:
        WeightError: one is missing, or is for other batches.
    """
    found = {}
    for state in spec.states:
        name = f"{STATE_PREFIX}{state.path}"
        if name not in tensors:
            raise WeightError(
                f"'{path}' lacks the state '{state.path}': its model kept none. "
                "load_weights reads its weights alone."
            )
        found[state.path] = weight_array(name, tensors[name], (spec.batch or 0, *state.shape))
    return found


def state_of(model: Any) -> ModelState:
    """The state as it is now: live views, not copies."""
    engine, spec = model.engine, model.spec
    slots = {
        (slot, path): view
        for slot, flat in engine.slots.items()
        for path, view in weight_views(spec, flat).items()
    }
    rate = None if model.optimizer is None else model.optimizer.learning_rate
    return ModelState(
        model.weights,
        slots,
        engine.step,
        engine.seed,
        model.epoch,
        rate,
        model.states,
        model.class_names,
    )


def apply_state(model: Any, state: ModelState) -> None:
    """Makes `model` what it was when the state was saved."""
    engine = model.engine
    with engine.turn, DeferredInterrupt():
        copy_weights(model.weights, state.weights)
        model.states.put(state.carried)
        views = {slot: weight_views(model.spec, flat) for slot, flat in engine.slots.items()}
        for (slot, path), array in state.slots.items():
            views[slot][path][...] = array
        engine.step, engine.seed, model.epoch = state.step, state.seed, state.epoch
        model.class_names = state.class_names
        if state.learning_rate is not None:
            model.optimizer.learning_rate = state.learning_rate


def _metadata(model: Any, content: str) -> dict[str, str]:
    spec = model.spec
    names = model.class_names
    return ({} if names is None else {CLASS_NAMES: json.dumps(names)}) | {
        "format": "kgen",
        "version": spec.version,
        "model": spec.name,
        "content": content,
        "fingerprint": spec.fingerprint,
    }


def _count(metadata: Mapping[str, str], name: str) -> int:
    """A whole number as `save_state` writes it; raises KeyError or ValueError."""
    number = int(metadata[name])
    if not 0 <= number < 2**63:
        raise ValueError(f"{name} is {number}")
    return number
