"""What a model's file has settled, and attributes therefore cannot change: refused, not ignored."""

from __future__ import annotations

from typing import Any, NoReturn

from kgen.runtime.errors import KgenRuntimeError

_BELOW_PATHS = "weights are in net.weights, by path: net.weights['dense/kernel']"
_LAYERS = f"layers stand in the .k file, and net.summary() lists them; {_BELOW_PATHS}"
# Attributes of Keras's models: what there is instead.
_INSTEAD = {
    "compile": "optimizer, loss and metrics are settings of train: in the .k file, and values for "
    "its params are given to kgen.load(path, name=value)",
    "get_layer": _LAYERS,
    "layers": _LAYERS,
    "non_trainable_weights": _BELOW_PATHS,
    "trainable_variables": _BELOW_PATHS,
    "trainable_weights": _BELOW_PATHS,
    "variables": _BELOW_PATHS,
}
# What a model has and its parts have not.
_OF_MODELS = frozenset(
    {"evaluate", "fit", "get_weights", "load_weights", "save", "save_weights", "set_weights"}
    | {"summary", "weights"}
)


def check_attribute(model: Any, name: str, value: Any) -> None:
    """Refuses an attribute of a model that would change nothing, or spoil its training.

    Raises:
        KgenRuntimeError: weights, another optimizer, or what Keras's `trainable` says.
    """
    held = vars(model).get(name)
    if name == "trainable" and isinstance(value, bool):
        raise KgenRuntimeError(
            f"which weights are trained is settled when {model.name} is built: give layers "
            f"trainable=False in {model.spec.source}, and carry weights over with load_weights."
        )
    if name == "weights" and held is not None:
        raise KgenRuntimeError(
            "weights are set by set_weights(...), load_weights(path) or "
            "net.weights['path'] = value."
        )
    if name == "optimizer" and held is not None and not _is_same_rule(held, value):
        raise KgenRuntimeError(
            f"the steps of {held!r} are compiled, and {value!r} makes others: write the optimizer "
            f"in {model.spec.source}. The rate can be set: net.optimizer.learning_rate = 0.01."
        )


def _is_same_rule(held: Any, value: Any) -> bool:
    """Whether two optimizers differ in their learning rates at most."""
    return type(held) is type(value) and bool(held.config == value.config)


def refuse_training(model: Any) -> NoReturn:
    """Says where a model computes as in training, which a call does not.

    Raises:
        KgenRuntimeError: always.
    """
    raise KgenRuntimeError(
        f"{model.name}(x, training=True): a call computes what predict() does. Dropout and the "
        "statistics of batches are at work in fit(), and at all times where the .k file says so: "
        "Dropout(0.5)(x, training=True)."
    )


def refuse_attribute(model: Any, name: str) -> NoReturn:
    """Says what there is in place of an attribute that a model, or a part of one, does not have.

    Raises:
        AttributeError: always.
    """
    found = f"'{type(model).__name__}' object has no attribute {name!r}"
    remedy = _INSTEAD.get(name)
    raise AttributeError(f"{found}: {remedy}." if remedy else found, name=name, obj=model)


def refuse_attribute_of_part(part: Any, whole: str, name: str) -> NoReturn:
    """As `refuse_attribute`, for a view or an inner model, `part` of the model called `whole`.

    Raises:
        AttributeError: always.
    """
    if name in _OF_MODELS:
        raise AttributeError(
            f"{part.name} is a part of {whole} without weights of its own, and has no "
            f"attribute {name!r}: use {whole}'s, where those of an inner model are "
            "below its name, as in net.weights['encoder/dense/kernel'].",
            name=name,
            obj=part,
        )
    refuse_attribute(part, name)
