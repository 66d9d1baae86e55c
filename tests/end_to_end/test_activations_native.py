"""Every activation, forward and backward, against Keras."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
import pytest
from twins import Case, check_all, dense, numbers

GROUPS = {
    "Activations1": "relu relu6 leaky_relu elu selu celu gelu silu mish",
    "Activations2": "softplus softsign softmax log_softmax sigmoid log_sigmoid hard_sigmoid "
    "hard_silu exponential",
    "Activations3": "tanh tanh_shrink hard_tanh hard_shrink soft_shrink squareplus sparse_plus "
    "sparse_sigmoid linear",
}


def twin(names: list[str]) -> Any:
    x = keras.Input((7,), name="x")
    h = dense(17, name="h")(x)
    terms = [
        keras.layers.Activation(name)(h) * round(0.1 * (k + 3), 1) for k, name in enumerate(names)
    ]
    model = keras.Model(x, dense(3, name="out")(keras.layers.Add()(terms)))
    model.compile(keras.optimizers.SGD(0.02), "mse")
    return model


@pytest.mark.parametrize("name", GROUPS)
def test_activations(name: str) -> None:
    make = partial(twin, GROUPS[name].split())
    arrays = {"x": numbers((7,), 21, 1)}, {"y": numbers((3,), 21, 2)}
    check_all(Case("e2e_activations.k", name, make, *arrays, batch_size=5))
