"""Whole models in GPU code, run by the PTX interpreter, beside native code.

Every launch is checked for accesses out of bounds and for races.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from interpreted import Interpreted
from interpreted_pair import Pair, check

RNG = np.random.default_rng(1)
slow = pytest.mark.slow


def floats(*shape: int) -> Any:
    return RNG.uniform(-1.0, 1.0, shape).astype(np.float32)


def whole(below: int, *shape: int) -> Any:
    return RNG.integers(0, below, shape).astype(np.int32)


MLP = """
model Net:
    input x: float32[3]
    output y = x
        |> Dense(17, activation="relu") |> Dropout(0.3) |> Dense(40, activation="tanh")
        |> Dense(33, activation="softmax")
    train:
        optimizer = Adam(0.01)
        loss = "sparse_categorical_crossentropy"
        metrics = ["accuracy"]
"""
WIDE = """
model Net:
    input x: float32[70]
    output y = x |> Dense(1, activation="sigmoid") |> Dense(70, activation="tanh")
        |> BatchNormalization() |> GaussianNoise(0.1) |> LayerNormalization() |> Dense(1)
    train:
        optimizer = SGD(0.05, momentum=0.9, nesterov=True)
        loss = "mse"
"""
CONVOLUTIONS = """
model Net:
    input x: float32[7, 6, 3]
    h = x |> Conv2D(17, 3, strides=2, padding="same", activation="relu")
        |> MaxPooling2D(2, strides=1)
    k = x |> Conv2D(5, 2, dilation_rate=2) |> BatchNormalization()
        |> AveragePooling2D(2, padding="same")
    output y = [h |> Flatten(), k |> Flatten()] |> Concatenate() |> Dense(3)
    train:
        optimizer = SGD(0.05, momentum=0.5)
        loss = "mse"
"""
FILTERS = """
model Net:
    input x: float32[9, 8, 3]
    h = x |> Conv2D(5, 3, padding="same", activation="tanh")
    output y = h |> Flatten() |> Dense(2)
    train:
        optimizer = SGD(0.05)
        loss = "mse"
"""
TRANSPOSED = """
model Net:
    input x: float32[4, 5, 3]
    h = x |> Conv2DTranspose(33, 3, strides=2, padding="same", activation="tanh") |> MaxPooling2D(3)
    k = x |> DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="tanh")
        |> SeparableConv2D(4, 2, strides=2) |> UpSampling2D(2)
    output y = [h |> Flatten(), k |> Flatten()] |> Concatenate() |> Dense(1)
    train:
        optimizer = RMSprop(0.01)
        loss = "mse"
"""
RECURRENT = """
model Net:
    input x: float32[4, 3]
    h = x |> Masking() |> LSTM(17, return_sequences=True)
    output y = h |> Bidirectional(GRU(5)) |> Dense(2)
    train:
        optimizer = SGD(0.1)
        loss = "mse"
"""
ATTENTION = """
model Net:
    input x: int32[5]
    e = x |> Embedding(9, 6, mask_zero=True)
    a = MultiHeadAttention(2, 3)(e, e, use_causal_mask=True)
    output y = a * 1.0 |> Flatten() |> Dropout(0.2) |> Dense(3, activation="softmax")
    train:
        optimizer = Adam(0.01, amsgrad=True)
        loss = "categorical_crossentropy"
"""
ORDER = """
model Net:
    input x: float32[33]
    h = x |> Dense(40)
    values, places = top_k(h, 3)
    output y = [values, cumsum(h)[:, 3:5], sort(h)[:, 30:]] |> Concatenate() |> Dense(2)
    output z = [places * 1.0, argsort(x)[:, :3] * 1.0] |> Concatenate()
    train:
        optimizer = SGD(0.01)
        loss = {"y": "mse", "z": None}
"""
IMAGES = """
model Net:
    input x: float32[6, 5, 3]
    h = x |> RandomFlip() |> RandomRotation(0.1) |> RandomTranslation(0.1, 0.2)
    h = h |> Conv2D(3, 1) |> Resizing(4, 7) |> RandomContrast(0.3)
    output y = h |> Flatten() |> Dense(2)
    train:
        optimizer = SGD(0.01)
        loss = "mse"
"""
OPEN = """
model Net:
    dim length >= 1
    input x: float32[length, 5]
    h = x |> Conv1D(17, 3, padding="same", activation="relu") |> LayerNormalization()
    h = softmax(h, axis=1) * h
    output y = mean(h, axis=1) |> Dense(3, activation="softmax")
    train:
        optimizer = SGD(0.05, momentum=0.9)
        loss = "categorical_crossentropy"
"""


def late(x: Any) -> Any:
    """Steps that do not count, of some rows."""
    x[1, 2:] = 0.0
    x[3, :1] = 0.0
    x[4] = 0.0
    return x


ONE_HOT = np.eye(3, dtype=np.float32)
CASES = {
    "mlp": (MLP, floats(7, 3), whole(33, 7, 1)),
    "wide": (WIDE, floats(8, 70), floats(8, 1)),
    "convolutions": (CONVOLUTIONS, floats(5, 7, 6, 3), floats(5, 3)),
    "filters": (FILTERS, floats(5, 9, 8, 3), floats(5, 2)),
    "transposed": (TRANSPOSED, floats(5, 4, 5, 3), floats(5, 1)),
    "recurrent": (RECURRENT, late(floats(7, 4, 3)), floats(7, 2)),
    "attention": (ATTENTION, whole(9, 7, 5), ONE_HOT[whole(3, 7)]),
    "order": (ORDER, floats(9, 33), {"y": floats(9, 2)}),
    "images": (IMAGES, floats(5, 6, 5, 3), floats(5, 2)),
    "open": (OPEN, floats(5, 6, 5), ONE_HOT[whole(3, 5)]),
}
QUICK = {"mlp"}


@pytest.mark.parametrize(
    "case", [case if case in QUICK else pytest.param(case, marks=slow) for case in CASES]
)
def test_as_native_code(case: str) -> None:
    check(Pair(*CASES[case]))


class Narrow(Interpreted):
    """Three blocks of one warp."""

    blocks = 3
    warps_of_block = 1


@slow
def test_three_blocks_of_a_warp() -> None:
    pair = Pair(*CASES["wide"], device=Narrow)
    assert pair.gpu.engine.device.grid == (3, 32)
    check(pair)


def test_dropout_draws_the_same() -> None:
    """Each element is dropped by both or by neither: all others are scaled alike."""
    text = """
model Net:
    input x: float32[70]
    output y = x |> Dropout(0.4) |> Dense(1, use_bias=False)
    train:
        optimizer = SGD(0.1)
        loss = "mae"
"""
    pair = Pair(text, np.ones((5, 70), np.float32), np.full((5, 1), -99, np.float32))
    masks = []
    for net in (pair.native, pair.gpu):
        net.engine.step = 4
        (gradient,) = net.gradients(pair.x, pair.y).values()
        masks.append(gradient)
    kept = np.rint(masks[0] * 5 * 0.6)
    assert kept.min() >= 0 and kept.max() <= 5 and len(set(kept.ravel())) > 2
    np.testing.assert_array_equal(np.rint(masks[1] * 5 * 0.6), kept)
