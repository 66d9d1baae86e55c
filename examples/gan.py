"""Example 45: a generator and a discriminator in turn: python examples/gan.py

A discriminator that is never wrong teaches nothing: while its loss is below `EASY`, half of what
guessing costs, it only looks. It writes gan.png: digits that the generator made up.
"""

from __future__ import annotations

from pathlib import Path

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent
EASY = float(np.log(2.0))


def main(epochs: int = 40, picture: str = "gan.png") -> tuple[float, float]:
    """The last epoch's mean losses: of the discriminator, and of the generator."""
    x, _, _, _ = mnist.load()
    x = x.reshape(-1, 784)
    module = kgen.load(HERE / "45_gan.k")
    judge, forge = module.Judge(seed=0), module.Forge(seed=1)
    rng = np.random.default_rng(0)
    losses = np.zeros(2)
    judged = np.inf
    for epoch in range(epochs):
        losses[:] = 0.0
        order = rng.permutation(len(x))
        for first in range(0, len(x), 50):
            rows = x[order[first : first + 50]]
            for path in judge.weights:
                if path.startswith("generator/"):
                    judge.weights[path] = forge.weights[path]
            seed = rng.normal(size=(len(rows), 32)).astype(np.float32)
            turn = judge.train_on_batch if judged > EASY else judge.test_on_batch
            judged = float(turn({"image": rows, "seed": seed}))
            losses[0] += judged
            for path in forge.weights:
                if path.startswith("discriminator/"):
                    forge.weights[path] = judge.weights[path]
            seed = rng.normal(size=(len(rows), 32)).astype(np.float32)
            losses[1] += forge.train_on_batch(seed)
        losses /= len(x) / 50
        print(
            f"epoch {epoch + 1}: discriminator {losses[0]:.3f}, generator {losses[1]:.3f}",
            flush=True,
        )
    seed = rng.normal(size=(40, 32)).astype(np.float32)
    mnist.save(picture, mnist.mosaic(forge.predict(seed).reshape(-1, 28, 28), 10))
    return float(losses[0]), float(losses[1])


if __name__ == "__main__":
    main()
