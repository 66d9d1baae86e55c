"""Example 29: an autoencoder that learns to take noise off pictures: python examples/denoise.py

It writes denoise.png: rows of digits as they were, with noise, and as the model gives them back.
"""

from __future__ import annotations

from pathlib import Path

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent


def main(epochs: int = 10, picture: str = "denoise.png") -> tuple[float, float]:
    """The mean squared error of noisy and of denoised test pictures."""
    x, _, x_test, _ = mnist.load()
    rng = np.random.default_rng(0)

    def noisy(images: mnist.Array) -> mnist.Array:
        dots = images + rng.normal(0.5, 0.5, images.shape)
        return np.clip(dots, 0.0, 1.0).astype(np.float32)

    net = kgen.load(HERE / "29_denoising_autoencoder.k").DenoisingAutoencoder(seed=0)
    net.fit(noisy(x), x, epochs=epochs, batch_size=64)
    spoilt = noisy(x_test)
    clean = net.predict(spoilt)
    errors = tuple(float(np.mean(np.square(part - x_test))) for part in (spoilt, clean))
    print(f"mean squared error: noisy {errors[0]:.4f}, denoised {errors[1]:.4f}")
    shown = np.concatenate([x_test[:10], spoilt[:10], clean[:10]])[..., 0]
    mnist.save(picture, mnist.mosaic(shown, 10))
    return errors[0], errors[1]


if __name__ == "__main__":
    main()
