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
    epochs: int = 4, steps: int = 40, picture: str = "filters.png"
) -> tuple[float, mnist.Array]:
    """The classifier's test accuracy, and the pictures."""
    x, y, x_test, y_test = mnist.load()
    module = kgen.load(HERE / "42_filters.k")
    net, uphill = module.Digits(seed=0), module.Uphill(seed=0)
    net.fit(x, y, epochs=epochs, batch_size=64)
    _, accuracy = net.evaluate(x_test, y_test, verbose=0)
    for path in uphill.weights:
        uphill.weights[path] = net.weights[path]

    numbers = np.arange(32, dtype=np.int32)
    noise = np.random.default_rng(0).uniform(0.4, 0.6, (1, 28, 28, 1))
    images = np.repeat(noise, len(numbers), axis=0).astype(np.float32)
    for _ in range(steps):
        slope = uphill.predict_on_batch({"image": images, "filter": numbers})
        size = np.sqrt(np.mean(np.square(slope), axis=(1, 2, 3), keepdims=True))
        images += 0.1 * slope / (size + 1e-5)
    mnist.save(picture, mnist.mosaic(images[..., 0], 8))
    print(f"accuracy {accuracy:.1%}; {len(images)} filters in {picture}")
    return accuracy, images


if __name__ == "__main__":
    main()
