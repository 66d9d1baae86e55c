"""A loss of slopes through convolutions: gradients beside JAX's, by the size of their errors."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from float_errors import assert_errors
from native import build_text
from twins import double

MODEL = """
model Nested:
    input image: float32[7, 6, 2]
    kernel = Conv2D(3, 3, padding="same", activation="tanh")
    depth = DepthwiseConv2D(3, padding="same", activation="softplus")
    up = Conv2DTranspose(2, 3, strides=2, padding="same")
    slope = gradient(mean(square(up(depth(kernel(image))))), image)
    output size = mean(square(slope), axis=[1, 2, 3]) |> Reshape([1])
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
SAME: dict[str, Any] = {"padding": "SAME", "dimension_numbers": ("NHWC", "HWIO", "NHWC")}


def sizes(w: dict[str, Any], image: Any) -> Any:
    """What the model computes."""

    def score(x: Any) -> Any:
        conv = jax.lax.conv_general_dilated
        h = jnp.tanh(conv(x, w["kernel/kernel"], (1, 1), **SAME) + w["kernel/bias"])
        depth = w["depth/kernel"].reshape(3, 3, 1, 3)
        h = conv(h, depth, (1, 1), feature_group_count=3, **SAME) + w["depth/bias"]
        h = jax.nn.softplus(h)
        up = jax.lax.conv_transpose(h, w["up/kernel"], (2, 2), transpose_kernel=True, **SAME)
        return jnp.mean(jnp.square(up + w["up/bias"]))

    return jnp.mean(jnp.square(jax.grad(score)(image)), (1, 2, 3))[:, None]


@pytest.mark.slow
def test_slopes_through_convolutions() -> None:
    net = build_text(MODEL).Nested(seed=3)
    rng = np.random.default_rng(0)
    image = rng.standard_normal((5, 7, 6, 2), np.float32)
    wanted = rng.standard_normal((5, 1), np.float32)
    for path, value in net.weights.items():
        if path.endswith("bias"):
            net.weights[path] = rng.uniform(-0.1, 0.1, value.shape).astype(np.float32)

    def loss(w: dict[str, Any], x: Any, y: Any) -> Any:
        return jnp.mean(jnp.square(sizes(w, x) - y))

    def both(kind: Any) -> tuple[Any, Any]:
        w = {path: jnp.asarray(value, kind) for path, value in net.weights.items()}
        x, y = jnp.asarray(image, kind), jnp.asarray(wanted, kind)
        return sizes(w, x), jax.grad(loss)(w, x, y)

    single = both(np.float32)
    with double():
        exact = both(np.float64)
    assert_errors(net(image), single[0], exact[0], "sizes")
    found = net.gradients(image, wanted)
    assert set(found) == set(exact[1])
    for path, value in exact[1].items():
        assert_errors(found[path], single[1][path], value, path)
