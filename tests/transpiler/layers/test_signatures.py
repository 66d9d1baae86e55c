"""Every declaration has Keras's arguments, in Keras's order, with Keras's defaults."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest
from kgen.layers import registry
from kgen.layers.registry import REQUIRED, Definition

MODULES = {
    "layer": keras.layers,
    "activation": keras.activations,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "loss": keras.losses,
    "metric": keras.metrics,
}
# Keyword arguments of Keras that are not in the constructor's signature.
KEYWORDS = {
    *("name", "trainable", "dtype", "activity_regularizer", "rms_scaling"),
    *("seed", "unroll", "zero_output_for_mask"),
}
# Losses whose own `axis` Keras has behind `reduction`: here it stands before, as in the others.
AXIS_LAST = {"Dice", "Tversky"}
# Rarely used ones that kgen does not take.
LEFT_OUT = {"input_axes", "output_axes"}
DECLARED = [(family, d) for family in MODULES for d in registry.definitions(family)]


def keras_parameters(member: Any) -> dict[str, Any]:
    function = member.__init__ if inspect.isclass(member) else member
    found = {
        name: REQUIRED if p.default is inspect.Parameter.empty else p.default
        for name, p in inspect.signature(function).parameters.items()
        if p.kind is p.POSITIONAL_OR_KEYWORD and name not in ("self", "x", "y_true", "y_pred")
    }
    return found


@pytest.mark.parametrize(
    ("family", "definition"), DECLARED, ids=[f"{f}-{d.name}" for f, d in DECLARED]
)
def test_signature(family: str, definition: Definition) -> None:
    theirs = keras_parameters(getattr(MODULES[family], definition.name))
    theirs = {name: default for name, default in theirs.items() if name not in LEFT_OUT}
    ours = {param.name: param.default for param in definition.params}
    same = [name for name in ours if name in theirs]
    if family in ("schedule", "loss"):  # `name` comes at the end there
        same = [name for name in same if name != "name"]
        theirs.pop("name", None)
    if definition.name in AXIS_LAST:
        assert sorted(same) == sorted(theirs)
    else:
        assert same == list(theirs)
    assert set(ours) - set(theirs) <= KEYWORDS
    for name, default in theirs.items():
        if name != "name":
            assert ours[name] == default, name


@pytest.mark.parametrize("family", list(MODULES))
def test_aliases_mean_the_same(family: str) -> None:
    """Each string that Keras resolves resolves to the member of that name here."""
    for definition in registry.definitions(family):
        for alias in definition.aliases:
            theirs = getattr(MODULES[family], alias, None)
            if inspect.isclass(theirs):
                assert theirs is getattr(MODULES[family], definition.name)


def test_documented() -> None:
    for family in registry.FAMILIES:
        for definition in registry.definitions(family):
            assert definition.summary, definition.name
