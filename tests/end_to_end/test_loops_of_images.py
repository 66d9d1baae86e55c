"""Loops whose steps are images: convolutions, pools and turned axes inside, beside JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from kgen import ops
from kgen.graph import BATCH, Builder, TensorType
from kgen.layers.initializers import describe_initializer
from kgen.layers.registry import member
from native import build_graph

ROWS, STEPS = 5, 3
START = describe_initializer(member("initializer", "GlorotUniform"), (3, 3, 2, 2))


def looped(flipped: bool) -> Any:
    """A model class: a convolution of every step, its axes turned, added to what was before."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, STEPS, 5, 4, 2)))
        kernel = builder.weight("kernel", (3, 3, 2, 2), START, trainable=True)

        def step(parts: Any, states: Any) -> Any:
            wide = ops.pad(parts[0], [0, 1, 1, 0], [0, 1, 1, 0])
            y = ops.transpose(ops.conv(wide, kernel, (1, 1), (1, 1)), (0, 2, 1, 3))
            low = ops.pool(y, "max", (2, 2), (2, 2), (0, 0), (0, 1))
            state = ops.tanh(y + ops.flip(states[0], (1,)))
            return [state, low], [state]

        zeros = ops.broadcast_to(ops.constant(0.0), (x.shape[0], 4, 5, 2))
        done = ops.scan(step, [x], [zeros], flipped=flipped)
        y, low = done.outputs
        joined = [ops.reshape(part, (BATCH, n)) for part, n in ((y, 120), (low, 36))]
        found = ops.concatenate([*joined, ops.reshape(done.carries[0], (BATCH, 40))], 1)
        loss = ops.sum(ops.square(found))
        return build_graph(builder.graph("looped", {"y": found}, loss=loss))


def expected(kernel: Any, x: Any, flipped: bool) -> Any:
    state = jnp.zeros((ROWS, 4, 5, 2))
    stacks: dict[int, Any] = {}
    for t in reversed(range(STEPS)) if flipped else range(STEPS):
        names = ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_general_dilated(x[:, t], kernel, (1, 1), "SAME", dimension_numbers=names)
        y = jnp.transpose(y, (0, 2, 1, 3))
        low = jax.lax.reduce_window(y, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "SAME")
        state = jnp.tanh(y + state[:, ::-1])
        stacks[t] = state, low
    parts = [jnp.stack([stacks[t][k] for t in range(STEPS)], 1) for k in (0, 1)]
    return jnp.concatenate([part.reshape(ROWS, -1) for part in (*parts, state)], 1)


@pytest.mark.parametrize("flipped", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_images_step_by_step(flipped: bool) -> None:
    """Sums of 18 products near 1, three times over, are off by some 32 roundings at most."""
    net = looped(flipped)(seed=0, threads=2)
    x = np.random.default_rng(1).normal(size=(ROWS, STEPS, 5, 4, 2)).astype(np.float32)
    kernel = np.array(net.weights["kernel"])
    exact = expected(kernel, x, flipped)
    np.testing.assert_allclose(net(x), exact, rtol=0, atol=32 * 2.0**-24 * np.abs(exact).max())
    slope = jax.grad(lambda w: jnp.sum(jnp.square(expected(w, x, flipped))))(kernel)
    found = net.gradients(x)["kernel"]
    np.testing.assert_allclose(found, slope, rtol=0, atol=128 * 2.0**-24 * np.abs(slope).max())
