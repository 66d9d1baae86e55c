"""Everything that some small models do, written down: to be compared between targets.

As a script, `model_checks.py RESULTS OTHER NAME ...` puts what it finds of the models named into
the folder RESULTS, its environment saying what runs the kernels. If there is a folder OTHER, with
the results of another target, training goes on from that one's checkpoints as well.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from native import build

FILE = "both_targets.k"
Arrays = dict[str, np.ndarray]
ROWS, BATCH = 11, 4  # whose last batch is short
STEPS = 3


def numbers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Between -1 and 1."""
    return rng.uniform(-1.0, 1.0, shape).astype(np.float32)


def words(rng: np.random.Generator, count: int, *shape: int) -> np.ndarray:
    """Numbers of words; 0, which is padding where there is any, at the end of some rows."""
    found = rng.integers(1, count, shape)
    lengths = rng.integers(1, shape[-1] + 1, shape[0])
    return np.where(np.arange(shape[-1]) < lengths[:, None], found, 0).astype(np.int32)


def one_hot(rng: np.random.Generator, rows: int, classes: int) -> np.ndarray:
    """A class for each row."""
    return np.eye(classes, dtype=np.float32)[rng.integers(0, classes, rows)]


def several(rng: np.random.Generator, rows: int) -> tuple[Any, Any]:
    """Inputs and targets by name."""
    x = {"a": numbers(rng, rows, 5), "b": numbers(rng, rows, 5)}
    return x, {"y": one_hot(rng, rows, 3), "z": numbers(rng, rows, 2)}


def to_numbers(*shape: int, out: int = 2) -> Callable[[np.random.Generator, int], tuple[Any, Any]]:
    """Data of a model from numbers to numbers."""
    return lambda rng, rows: (numbers(rng, rows, *shape), numbers(rng, rows, out))


DATA: dict[str, Callable[[np.random.Generator, int], tuple[Any, Any]]] = {
    "Mlp": lambda rng, rows: (numbers(rng, rows, 20), one_hot(rng, rows, 10)),
    "Convnet": lambda rng, rows: (
        numbers(rng, rows, 8, 9, 2),
        rng.integers(0, 4, rows).astype(np.int32),
    ),
    "Memory": lambda rng, rows: (
        words(rng, 12, rows, 6),
        rng.integers(0, 2, (rows, 1)).astype(np.float32),
    ),
    "BothWays": to_numbers(5, 3),
    "Text": lambda rng, rows: (
        words(rng, 30, rows, 12),
        rng.integers(0, 3, rows).astype(np.int32),
    ),
    "Transformer": to_numbers(6, 8),
    "Autoencoder": lambda rng, rows: (x := abs(numbers(rng, rows, 8, 8, 1)), x),
    "Several": several,
    "Open": to_numbers(7, 5, out=3),
    "Kept": to_numbers(5, 3),
    "Normed": to_numbers(33),
    "Wide": to_numbers(70, out=1),
}


def part(data: Any, rows: slice) -> Any:
    """Rows of an array, or of each of several."""
    if isinstance(data, dict):
        return {name: array[rows] for name, array in data.items()}
    return data[rows]


def named(prefix: str, found: Any) -> Arrays:
    """One result or several, by names that start alike."""
    if isinstance(found, dict):
        return {f"{prefix}: {name}": np.array(one) for name, one in found.items()}
    return {prefix: np.array(found)}


def more_training(net: Any, x: Any, y: Any, batch: int) -> Arrays:
    """Two epochs with shuffled rows and a short last batch, and what is then known of the model."""
    half = slice(0, len(next(iter(x.values())) if isinstance(x, dict) else x) // 2)
    validation = (x, y) if net.spec.name == "Kept" else (part(x, half), part(y, half))
    logs = net.fit(x, y, epochs=2, batch_size=batch, validation_data=validation, verbose=0)
    found = named("history", dict(logs.history.items()))
    return found | named("trained", dict(net.weights))


def look(name: str, results: Path, other: Path | None) -> Arrays:
    """What a model computes, before and after it learns."""
    rng = np.random.default_rng(5)
    is_fixed = name == "Kept"
    rows, batch = (12, 4) if is_fixed else (ROWS, BATCH)
    x, y = DATA[name](rng, rows)
    model = getattr(build(FILE), name)
    net = model(seed=3)
    found = named("initial", dict(net.weights))
    for size in (batch,) if is_fixed else (5, batch, rows):
        found |= named(f"predict by {size}", net.predict(x, batch_size=size))
    first = slice(0, batch)
    found |= named("loss", net.loss(part(x, first), part(y, first)))
    found |= named("gradient", net.gradients(part(x, first), part(y, first)))
    found |= named("evaluate", net.evaluate(x, y, batch_size=batch, verbose=0))
    for step in range(STEPS):
        places = slice(step * batch, min((step + 1) * batch, rows))
        loss = net.train_on_batch(part(x, places), part(y, places))
        found |= named(f"step {step}", loss)
    found |= named("stepped", dict(net.weights))
    net.save_weights(results / f"{name}_weights.safetensors")
    net.save(results / f"{name}.safetensors")
    found |= more_training(net, x, y, batch)
    if other is not None:
        bare = model(seed=9)
        bare.load_weights(other / f"{name}_weights.safetensors")
        found |= named("moved", dict(bare.weights))
        again = model.load(other / f"{name}.safetensors")
        found |= {f"resumed, {key}": one for key, one in more_training(again, x, y, batch).items()}
    return found


def main(results: str, other: str, names: Sequence[str]) -> None:
    """Look at each, and write down what there is to see."""
    for name in names:
        found = look(name, Path(results), Path(other) if other else None)
        np.savez(Path(results) / f"{name}.npz", allow_pickle=False, **found)  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
