"""Every public name of Keras 3 is supported, or refused with a reason."""

from __future__ import annotations

import inspect
from types import ModuleType

import keras
import pytest
from kgen.layers import registry
from kgen.layers.refused import REFUSED
from kgen.names import SPECIAL_NAMES

MODULES: dict[str, ModuleType] = {
    "layer": keras.layers,
    "function": keras.ops,
    "activation": keras.activations,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "loss": keras.losses,
    "metric": keras.metrics,
}


def exported(module: ModuleType) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    ]


@pytest.mark.parametrize("family", MODULES)
def test_every_name_is_accounted_for(family: str) -> None:
    lost = [
        name
        for name in exported(MODULES[family])
        if registry.find(family, name) is None
        and registry.find("function", name) is None
        and name not in SPECIAL_NAMES
        and name not in REFUSED[family]
    ]
    assert not lost


@pytest.mark.parametrize("family", MODULES)
def test_what_is_refused_is_not_declared(family: str) -> None:
    assert not [name for name in REFUSED[family] if registry.find(family, name)]
    for name, reason in REFUSED[family].items():
        assert len(reason.split()) > 3, name
