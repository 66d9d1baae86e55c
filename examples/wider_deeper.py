"""Example 28: a trained net grows wider and deeper without forgetting:
python examples/wider_deeper.py

Wider: new units copy old ones at random, and what reads them shares its weights among the
copies. Deeper: new layers pass on what they are given. Either student computes what its teacher
does, and goes on learning from there. Printed are test accuracies: of the teacher, and of
students before and after more training, beside students that began anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent
SOURCE = HERE / "28_wider_deeper.k"


def widen(old: Any, new: Any, layer: str, reader: str) -> None:
    """Carry `layer`, and `reader` behind it, into a net where `layer` has more units."""
    kernel, bias = old.weights[f"{layer}/kernel"], old.weights[f"{layer}/bias"]
    units, width = kernel.shape[-1], new.weights[f"{layer}/bias"].shape[0]
    rng = np.random.default_rng(0)
    source = np.concatenate([np.arange(units), rng.integers(0, units, width - units)])
    copies = np.bincount(source, minlength=units)[source].astype(np.float32)
    new.weights[f"{layer}/kernel"] = kernel[..., source]
    new.weights[f"{layer}/bias"] = bias[source]
    follow = old.weights[f"{reader}/kernel"]
    new.weights[f"{reader}/kernel"] = follow[..., source, :] / copies[:, None]
    new.weights[f"{reader}/bias"] = old.weights[f"{reader}/bias"]


def carry(old: Any, new: Any, *layers: str) -> None:
    """Layers of the same shape, as they are."""
    for layer in layers:
        for part in ("kernel", "bias"):
            new.weights[f"{layer}/{part}"] = old.weights[f"{layer}/{part}"]


def main(epochs: int = 4) -> dict[str, float]:
    """Test accuracies by title."""
    x, labels, x_test, test_labels = mnist.load()
    y, y_test = np.eye(10, dtype=np.float32)[labels], np.eye(10, dtype=np.float32)[test_labels]
    found: dict[str, float] = {}

    def judge(title: str, net: Any) -> None:
        found[title] = net.evaluate(x_test, y_test, verbose=0)[1]
        print(f"{title:28} {found[title]:.1%}")

    def learn(net: Any) -> None:
        net.fit(x, y, epochs=epochs, batch_size=64, verbose=0)

    teacher = kgen.load(SOURCE).Student(seed=0)
    learn(teacher)
    judge("teacher", teacher)

    wide = kgen.load(SOURCE, filters=128, units=128)
    wider = wide.Student(seed=1)
    widen(teacher, wider, "conv1", "conv2")
    widen(teacher, wider, "hidden", "classes")
    judge("wider, as its teacher", wider)

    deep = kgen.load(SOURCE, deeper=True)
    deeper = deep.Student(seed=1)
    carry(teacher, deeper, "conv1", "conv2", "hidden", "classes")
    kernel = np.zeros((3, 3, 64, 64), np.float32)
    kernel[1, 1] = np.eye(64)
    deeper.weights["conv2_deeper/kernel"] = kernel
    deeper.weights["hidden_deeper/kernel"] = np.eye(64, dtype=np.float32)
    judge("deeper, as its teacher", deeper)

    for title, net in {
        "teacher, trained on": teacher,
        "wider, trained on": wider,
        "deeper, trained on": deeper,
        "wider, begun anew": wide.Student(seed=2),
        "deeper, begun anew": deep.Student(seed=2),
    }.items():
        learn(net)
        judge(title, net)
    return found


if __name__ == "__main__":
    main()
