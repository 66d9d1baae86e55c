"""Example 45: a variational autoencoder with a code of two numbers: python examples/vae.py

It writes vae.png: what the decoder makes of a grid of codes.
"""

from __future__ import annotations

from pathlib import Path

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent


def main(epochs: int = 30, picture: str = "vae.png") -> tuple[float, float]:
    """The loss on the test images before and after training."""
    x, _, x_test, _ = mnist.load()
    x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
    net = kgen.load(HERE / "45_vae.k").Vae(seed=0)
    before = net.evaluate(x_test, x_test, verbose=0)
    net.fit(x, x, epochs=epochs, batch_size=50)
    after = net.evaluate(x_test, x_test, verbose=0)
    print(f"loss on test images: {before:.4f} before, {after:.4f} after")
    steps = np.linspace(-2.0, 2.0, 12)
    codes = np.array([[b, a] for a in steps[::-1] for b in steps], np.float32)
    pictures = net.decoder.predict(codes).reshape(-1, 28, 28)
    mnist.save(picture, mnist.mosaic(pictures, 12, gap=0))
    return float(before), float(after)


if __name__ == "__main__":
    main()
