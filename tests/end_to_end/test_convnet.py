"""A small convolutional net beside Keras: ten steps, threads, instruction sets, emulation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import rounding_windows  # noqa: F401 (adds its rules)
from keras import layers
from kgen.runtime.isa import ISAS, host_isas
from rounding import Near, bounds
from twins import RUNS, Case, check_all, numbers, simulate, spread

FILE = "e2e_convnet.k"
SCRIPT = Path(__file__).with_name("run_model.py")


def twin() -> Any:
    x = keras.Input((6, 7, 2), name="x")
    h = layers.Conv2D(5, 3, padding="same", activation="tanh", name="first")(x)
    h = layers.MaxPooling2D(2)(h)
    a = layers.Conv2D(3, 2, strides=2, padding="same", name="strided")(h)
    a = layers.Conv2DTranspose(4, 2, strides=2, name="back")(a)
    b = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="deep")(h)
    b = layers.AveragePooling2D(2, strides=1, padding="same")(b)
    b = layers.ZeroPadding2D(1)(layers.Conv2D(4, 1, name="one")(b))
    b = layers.Cropping2D(((0, 1), (1, 0)))(b)
    y = layers.Dense(4, name="y")(layers.Flatten()(layers.Concatenate()([a, b])))
    model = keras.Model(x, y)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def case(rows: int, batch_size: int, threads: int) -> Case:
    x, y = {"x": numbers((6, 7, 2), rows, 1)}, {"y": numbers((4,), rows, 2)}
    return Case(FILE, "Convnet", twin, x, y, batch_size=batch_size, threads=threads, spread=0.3)


def normed_twin() -> Any:
    x = keras.Input((4, 5, 2), name="x")
    h = layers.BatchNormalization(name="norm")(layers.Conv2D(3, 2, name="first")(x))
    h = layers.GlobalAveragePooling2D()(layers.ReLU()(h))
    model = keras.Model(x, layers.Dense(2, name="y")(h))
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def test_normalized_images() -> None:
    x, y = {"x": numbers((4, 5, 2), 23, 1)}, {"y": numbers((2,), 23, 2)}
    check_all(Case(FILE, "Normed", normed_twin, x, y, batch_size=5, spread=0.5))


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_like_keras(threads: int) -> None:
    check_all(case(23, 5, threads))


@pytest.mark.slow
@pytest.mark.parametrize("variables", [
    *({"KGEN_ISA": isa} for isa in ISAS if isa in host_isas()),
    {"NUMBA_DISABLE_JIT": "1"},
], ids=lambda v: "-".join(v.values()))  # fmt: skip
def test_other_machines(tmp_path: Path, variables: dict[str, str]) -> None:
    """Training in a process of its own on other instruction sets, and without a compiler."""
    own = case(13, 5, 2)
    data, result = tmp_path / "data.npz", tmp_path / "result.npz"
    np.savez(data, allow_pickle=False, x=own.x["x"], y=own.y["y"], **own.start)
    subprocess.run(
        [sys.executable, str(SCRIPT), FILE, "Convnet", str(data), str(result)],
        env={**os.environ, **variables},
        check=True,
        timeout=500,
    )
    found = dict(np.load(result))
    feeds = {"x": Near.exact(own.x["x"])} | own.exact_weights()
    near = bounds(own.model.predict, feeds)[own.model.predict.outputs["y"]]
    assert np.all(np.abs(found["outputs"] - near.mid) <= near.rad)
    runs = [simulate(own, 2, np.random.default_rng(seed))[0] for seed in range(RUNS)]
    for path in own.start:
        middle = np.mean([run[path] for run in runs], axis=0)
        allowed = spread([run[path] for run in runs], middle)
        assert np.all(np.abs(found[path] - middle) <= allowed), path
