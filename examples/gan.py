"""Example 45: a generator and a discriminator in turn: python examples/gan.py

It tells how many of the ten digits the training images nearest to 64 made ones show, and how far
apart the made ones are, as a share of what real ones are: a generator that has collapsed makes one
digit, and all alike. It writes gan.png: digits that the generator made up.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent
NOISE = 32
BATCH = 50
JUDGED = 64


def main(epochs: int = 60, picture: str = "gan.png", seed: int = 0) -> tuple[int, float]:
    """How many digits there are among the made ones, and how far apart these are."""
    x, y, _, _ = mnist.load()
    x = x.reshape(-1, 784)
    module = kgen.load(HERE / "45_gan.k")
    judge, forge = module.Judge(seed=seed), module.Forge(seed=seed + 1)
    rng = np.random.default_rng(seed)
    same = draw(rng, JUDGED)  # shows from epoch to epoch what becomes of it
    found = (0, 0.0)
    for epoch in range(1, epochs + 1):
        losses = train(judge, forge, x, rng)
        if epoch % 5 == 0 or epoch == epochs:
            made = forge.predict(same)
            found = variety(made, x, y)
            print(
                f"epoch {epoch} of {epochs}: discriminator {losses[0]:.3f}, generator "
                f"{losses[1]:.3f}, {found[0]} digits, {found[1]:.2f} as far apart as real ones",
                flush=True,
            )
            mnist.save(picture, mnist.mosaic(made.reshape(-1, 28, 28), 16))
    return found


def train(judge: Any, forge: Any, x: mnist.Array, rng: np.random.Generator) -> mnist.Array:
    """An epoch; the mean losses of the discriminator and of the generator."""
    losses = np.zeros(2)
    order = rng.permutation(len(x))
    for first in range(0, len(x), BATCH):
        rows = x[order[first : first + BATCH]]
        hand_over(forge, judge, "generator/")
        losses[0] += judge.train_on_batch({"image": rows, "seed": draw(rng, len(rows))})
        hand_over(judge, forge, "discriminator/")
        losses[1] += forge.train_on_batch(draw(rng, len(rows)))
    return losses / -(-len(x) // BATCH)


def draw(rng: np.random.Generator, count: int) -> mnist.Array:
    """Noise that pictures are made of."""
    return rng.normal(size=(count, NOISE)).astype(np.float32)


def hand_over(giver: Any, taker: Any, part: str) -> None:
    """Give the weights of a part from one model to the other."""
    for path in taker.weights:
        if path.startswith(part):
            taker.weights[path] = giver.weights[path]


def variety(made: mnist.Array, x: mnist.Array, y: mnist.Array) -> tuple[int, float]:
    """How many classes the nearest real pictures have, and the mean distance between two of the
    made pictures as a share of that between two real ones."""
    nearest = distances(made, x).argmin(axis=1)
    real = x[: len(made)]
    pairs = np.triu_indices(len(made), 1)
    spread = distances(made, made)[pairs].mean() / distances(real, real)[pairs].mean()
    return len(set(y[nearest])), float(spread)


def distances(a: mnist.Array, b: mnist.Array) -> mnist.Array:
    """Euclidean distances of all rows of one from all rows of the other."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * a @ b.T
    return np.sqrt(np.maximum(squares, 0.0))


if __name__ == "__main__":
    main()
