"""Models of any size, written for the purpose, and what a training step of each takes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kgen.inspecting.samples import sample_data
from kgen.runtime.hardware import usable_cores

from benchmarks.modules import build_text, import_path, model_class

CLASSES = 10
UNITS = 32
BLOCK_SECONDS = 0.03


@dataclass
class Point:
    """A perceptron of `depth` hidden layers of `width` units; with a `length`, an LSTM instead.

    `build_seconds` is for the transpiler, `compile_seconds` for all kernels of the training step,
    found nowhere on disk; `seconds` a training step, one figure a round.
    """

    batch: int = 128
    width: int = 256
    depth: int = 2
    length: int = 0
    threads: int = 1
    build_seconds: float = 0.0
    compile_seconds: float = 0.0
    flops: int = 0
    seconds: list[float] = field(default_factory=list)

    def source(self) -> str:
        """The model as a `.k` file."""
        if self.length:
            shape, hidden = f"[{self.length}, {self.width}]", f" |> LSTM({UNITS})"
        else:
            shape = f"[{self.width}]"
            hidden = "".join(
                f'\n        |> Dense({self.width}, activation="relu")' for _ in range(self.depth)
            )
        return (
            f"model Scaled:\n"
            f"    input features: float32{shape}\n"
            f"    output label = features{hidden}\n"
            f'        |> Dense({CLASSES}, activation="softmax")\n'
            f"    train:\n"
            f'        optimizer = "sgd"\n'
            f'        loss = "categorical_crossentropy"\n'
        )

    def name(self) -> str:
        """A file name that no other point has."""
        sizes = (self.batch, self.width, self.depth, self.length, self.threads)
        return f"scaled_{'_'.join(map(str, sizes))}.k"

    def fixed(self, sweep: str) -> dict[str, int]:
        """The figures that a sweep leaves alone, of those that this kind of model has."""
        kind = ("width",) if self.length else ("width", "depth")
        names = ("batch", *kind, "threads")
        return {name: getattr(self, name) for name in names if name != sweep}


def sweeps() -> dict[str, list[Point]]:
    """The points of each sweep; threads go beyond the cores, on a step that pays for them."""
    base, large, text = Point(), Point(batch=256, width=512), Point(batch=32, width=16, length=1)
    values: dict[str, tuple[Point, tuple[int, ...]]] = {
        "batch": (base, (1, 4, 16, 64, 256, 1024)),
        "width": (base, (16, 64, 256, 1024)),
        "depth": (base, (1, 2, 4, 8)),
        "length": (text, (4, 16, 64, 256)),
        "threads": (large, tuple(sorted({1, 2, usable_cores(), usable_cores() + 1}))),
    }
    return {
        sweep: [replace(point, seconds=[], **{sweep: value}) for value in found]
        for sweep, (point, found) in values.items()
    }


class Runner:
    """A point's model with data for a block of steps."""

    def __init__(self, point: Point, folder: Path) -> None:
        self.point = point
        start = time.perf_counter()
        path = build_text(point.source(), point.name(), folder)
        point.build_seconds = time.perf_counter() - start
        self.net: Any = model_class(import_path(path))(seed=0, threads=point.threads)
        start = time.perf_counter()
        self.net.compile_program("train")
        point.compile_seconds = time.perf_counter() - start
        point.flops = sum(steps.flops for steps in self.net.programs.train) * point.batch
        self.steps = 1
        self.x, self.y = self._data()
        self.block()
        self.steps = max(2, min(2000, int(BLOCK_SECONDS / self.block())))
        self.x, self.y = self._data()
        self.block()

    def _data(self) -> tuple[Any, Any]:
        inputs, targets = sample_data(self.net.spec, self.steps * self.point.batch)
        return inputs[0], targets[0]

    def block(self) -> float:
        """Seconds a step."""
        start = time.perf_counter()
        self.net.fit(self.x, self.y, batch_size=self.point.batch, verbose=0, shuffle=False)
        return (time.perf_counter() - start) / self.steps
