"""Example 42: pictures that please one filter each: python examples/filters.py

A digit classifier is trained; then, for each filter of its second layer, noise is moved uphill
along the gradient of the filter's mean output. It writes filters.png.
"""

from __future__ import annotations

from pathlib import Path

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent


def main(
    epochs: int = 4, count: int = 32, steps: int = 30, picture: str = "filters.png"
) -> tuple[float, mnist.Array]:
    """The classifier's test accuracy, and what each filter's score was multiplied by."""
    x, y, x_test, y_test = mnist.load()
    net = kgen.load(HERE / "42_filters.k").Filters(seed=0)
    net.fit(x, y, epochs=epochs, batch_size=64)
    _, accuracy = net.evaluate(x_test, y_test, verbose=0)
    weights = {path: np.array(value) for path, value in net.weights.items()}

    start = np.random.default_rng(0).uniform(0.4, 0.6, (1, 28, 28, 1)).astype(np.float32)
    found = []
    for chosen in range(count):
        part = kgen.load(HERE / "42_filters.k", filter=chosen).Filters(seed=0)
        for path, value in weights.items():
            part.weights[path] = value
        image = start.copy()
        for _ in range(steps):
            slope = part.ascend(image)
            image += 0.5 * slope / (np.sqrt(np.mean(np.square(slope))) + 1e-5)
        found.append(image[0, :, :, 0])
    mnist.save(picture, mnist.mosaic(np.stack(found), 8))
    print(f"accuracy {accuracy:.1%}; {count} filters in {picture}")
    return accuracy, np.stack(found)


if __name__ == "__main__":
    main()
