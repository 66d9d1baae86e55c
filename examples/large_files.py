"""Example 33: training from files too large for memory: python examples/large_files.py

The same digits as arrays, as memory maps, as HDF5 data sets and from a generator of batches lead
to the same weights, bit for bit. The weights are then saved and loaded into a fresh model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import kgen
import mnist
import numpy as np

HERE = Path(__file__).parent


class Batches:
    """Batches read when they are needed, over again for each epoch."""

    def __init__(self, x: Any, y: Any, size: int) -> None:
        self.x, self.y, self.size = x, y, size

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for first in range(0, len(self.x), self.size):
            yield self.x[first : first + self.size], self.y[first : first + self.size]


def main(epochs: int = 5) -> float:
    """The test accuracy, having checked that all four ways lead to the same weights."""
    x, y, x_test, y_test = mnist.load()
    x, x_test = x.reshape(-1, 784), x_test.reshape(-1, 784)
    module = kgen.load(HERE / "33_large_files.k")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "x.npy", x)
        np.save(folder / "y.npy", y)
        with h5py.File(folder / "digits.h5", "w") as file:
            file["image"], file["digit"] = x, y
        with h5py.File(folder / "digits.h5") as file:
            mapped = [np.load(folder / f"{part}.npy", mmap_mode="r") for part in "xy"]
            ways: dict[str, tuple[Any, ...]] = {
                "arrays": (x, y),
                "memory maps": (mapped[0], mapped[1]),
                "HDF5": (file["image"], file["digit"]),
                "generator": (Batches(x, y, 50),),
            }
            nets = {}
            for title, data in ways.items():
                nets[title] = module.LargeFiles(seed=0)
                sizes = {} if title == "generator" else {"batch_size": 50, "shuffle": False}
                nets[title].fit(*data, epochs=epochs, verbose=0, **sizes)
                _, accuracy = nets[title].evaluate(x_test, y_test, verbose=0)
                print(f"{title:12} {accuracy:.1%}")
                for path, value in nets["arrays"].weights.items():
                    assert np.array_equal(value, nets[title].weights[path]), path
        nets["arrays"].save_weights(folder / "digits.safetensors")
        fresh = module.LargeFiles(seed=1)
        fresh.load_weights(folder / "digits.safetensors")
        _, again = fresh.evaluate(x_test, y_test, verbose=0)
    print(f"{'loaded':12} {again:.1%}")
    assert again == accuracy
    return float(accuracy)


if __name__ == "__main__":
    main()
