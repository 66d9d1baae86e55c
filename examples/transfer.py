"""Example 31: what convolutions learnt from the digits 0 to 4 serves for 5 to 9:
python examples/transfer.py

The convolutions are kept as they are; only the head is trained anew. Printed are test accuracies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent


def main(epochs: int = 8) -> dict[str, float]:
    """Test accuracies: of the first task, and of the second by transfer and from scratch."""
    x, y, x_test, y_test = mnist.load()
    one_hot = np.eye(5, dtype=np.float32)

    def task(first: int) -> tuple[mnist.Array, ...]:
        rows, tests = (y // 5) * 5 == first, (y_test // 5) * 5 == first
        return x[rows], one_hot[y[rows] % 5], x_test[tests], one_hot[y_test[tests] % 5]

    found: dict[str, float] = {}

    def train(title: str, net: Any, data: tuple[mnist.Array, ...]) -> None:
        net.fit(data[0], data[1], epochs=epochs, batch_size=64, verbose=0)
        found[title] = float(net.evaluate(data[2], data[3], verbose=0)[1])
        print(f"{title:22} {found[title]:.1%}", flush=True)

    source = HERE / "31_transfer.k"
    low, high = task(0), task(5)
    teacher = kgen.load(source).Transfer(seed=0)
    train("0 to 4, all weights", teacher, low)
    fine = kgen.load(source, frozen=True).Transfer(seed=1)
    for path in teacher.weights:
        fine.weights[path] = teacher.weights[path]
    train("5 to 9, head alone", fine, high)
    train("5 to 9, from scratch", kgen.load(source).Transfer(seed=1), high)
    return found


if __name__ == "__main__":
    main()
