"""Example 31: what convolutions learnt from the digits 0 to 4 serves for 5 to 9:
python examples/transfer.py

The convolutions are kept as they are; only the head is trained anew. Printed is a table of test
accuracies and of the weights that are trained.
"""

from __future__ import annotations

from pathlib import Path

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

    def train(net: object, data: tuple[mnist.Array, ...]) -> float:
        net.fit(data[0], data[1], epochs=epochs, batch_size=64, verbose=0)  # type: ignore[attr-defined]
        return float(net.evaluate(data[2], data[3], verbose=0)[1])  # type: ignore[attr-defined]

    source = HERE / "31_transfer.k"
    low, high = task(0), task(5)
    teacher = kgen.load(source).Transfer(seed=0)
    found = {"0 to 4, all weights": train(teacher, low)}
    fine = kgen.load(source, frozen=True).Transfer(seed=1)
    for path in teacher.weights:
        fine.weights[path] = teacher.weights[path]
    found["5 to 9, head alone"] = train(fine, high)
    found["5 to 9, from scratch"] = train(kgen.load(source).Transfer(seed=1), high)
    for title, accuracy in found.items():
        print(f"{title:22} {accuracy:.1%}")
    return found


if __name__ == "__main__":
    main()
