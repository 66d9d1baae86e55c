"""What a model's file has settled, and attributes therefore cannot change: refused, not ignored."""

from __future__ import annotations

from typing import Any

from kgen.runtime.errors import KgenRuntimeError


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
