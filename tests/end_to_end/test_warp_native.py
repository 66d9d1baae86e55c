"""Resampled images: native code beside Keras's affine_transform, and the way back."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from kgen import ops
from kgen.graph import BATCH, Builder, TensorType
from kgen.layers.initializers import describe_initializer
from kgen.layers.registry import member
from kgen.ops.warp import FILL_MODES, INTERPOLATIONS
from native import build_graph

EPS = float(np.finfo(np.float32).eps)
ROWS = 5
SHIFT = describe_initializer(member("initializer", "Zeros"), ())


def transforms(rng: np.random.Generator) -> np.ndarray:
    """Maps that leave the image on all sides, none of which hits cells or their middles."""
    found = rng.uniform(-1.2, 1.2, (ROWS, 6))
    found[:, [0, 4]] += 1.0
    found[:, [2, 5]] += rng.uniform(-9.0, 9.0, (ROWS, 2))
    return found.astype(np.float32)


def resampler(shape: tuple[int, int, int], positions: tuple[int, int], **attrs: Any) -> Any:
    """A model class: images warped, and the loss whose gradient is the way back."""
    with Builder() as builder:
        x = builder.input("x", TensorType("float32", (BATCH, *shape)))
        t = builder.input("t", TensorType("float32", (BATCH, 6)))
        start = builder.weight("shift", shape, SHIFT, trainable=True)
        y = ops.warp(x + start, t, positions, **attrs)
        weight = builder.input("w", TensorType("float32", (BATCH, *positions, shape[2])))
        loss = ops.sum(y * weight)
        return build_graph(builder.graph("warped", {"y": y}, loss=loss))


QUICK = [("bilinear", "reflect")]
CASES = [
    *((i, m, (7, 5, 3), (7, 5), 0.0) for i, m in QUICK),
    ("bilinear", "constant", (4, 9, 17), (4, 9), 0.5),
    *(
        pytest.param(i, m, (7, 5, 3), (7, 5), 0.0, marks=pytest.mark.slow)
        for i in INTERPOLATIONS
        for m in FILL_MODES
        if (i, m) not in QUICK
    ),
    pytest.param("nearest", "constant", (1, 3, 1), (1, 3), -2.0, marks=pytest.mark.slow),
    pytest.param("bilinear", "reflect", (1, 1, 40), (1, 1), 0.0, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("interpolation", "mode", "shape", "positions", "value"), CASES)
def test_as_keras(
    interpolation: str,
    mode: str,
    shape: tuple[int, int, int],
    positions: tuple[int, int],
    value: float,
) -> None:
    rng = np.random.default_rng(3)
    attrs = {"interpolation": interpolation, "mode": mode, "value": value}
    net = resampler(shape, positions, **attrs)(seed=0, threads=2)
    x = rng.normal(size=(ROWS, *shape)).astype(np.float32)
    t, w = transforms(rng), rng.normal(size=(ROWS, *positions, shape[2])).astype(np.float32)
    found = net({"x": x, "t": t, "w": w})

    def theirs(image: Any) -> Any:
        full = np.concatenate([t, np.zeros((ROWS, 2), np.float32)], 1)
        return keras.ops.image.affine_transform(
            image, full, interpolation, fill_mode=mode, fill_value=value
        )

    expected = np.asarray(theirs(x))
    # A coordinate of size 40 is exact to 40 roundings, and moves the value by as much.
    allowed = 200 * EPS * np.abs(x).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=allowed)
    gradient = net.gradients({"x": x, "t": t, "w": w})["shift"]
    back = jax.grad(lambda shift: (theirs(x + shift) * w).sum())(np.zeros(shape, np.float32))
    np.testing.assert_allclose(gradient, back, rtol=0, atol=200 * EPS * np.abs(back).max() * ROWS)
