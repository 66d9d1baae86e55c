"""`python -m benchmarks scaling`: how cost grows with batch, width, depth and threads."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import describe_machine
from benchmarks.modules import build_text, import_path, model_class
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.samples import sample_data
from benchmarks.statistics import median

CLASSES = 10
BLOCK_SECONDS = 0.03
SWEEPS: dict[str, tuple[int, ...]] = {
    "batch": (1, 4, 16, 64, 256, 1024),
    "width": (16, 64, 256, 1024),
    "depth": (1, 2, 4, 8),
    "threads": (1, 2, 3),
}


@dataclass
class Point:
    """A perceptron of `depth` hidden layers of `width` units; what it took to make and to train.

    `build_seconds` is for the transpiler, `compile_seconds` for all kernels of the training step,
    found nowhere on disk; `seconds` a training step, one figure a round.
    """

    batch: int = 128
    width: int = 256
    depth: int = 2
    threads: int = 1
    build_seconds: float = 0.0
    compile_seconds: float = 0.0
    flops: int = 0
    seconds: list[float] = field(default_factory=list)

    def source(self) -> str:
        """The model as a `.k` file."""
        hidden = "".join(
            f'\n        |> Dense({self.width}, activation="relu")' for _ in range(self.depth)
        )
        return (
            f"model Scaled:\n"
            f"    input features: float32[{self.width}]\n"
            f"    output label = features{hidden}\n"
            f'        |> Dense({CLASSES}, activation="softmax")\n'
            f"    train:\n"
            f'        optimizer = "sgd"\n'
            f'        loss = "categorical_crossentropy"\n'
        )


class Runner:
    """A point's model with data for a block of steps."""

    def __init__(self, point: Point, folder: Path) -> None:
        self.point = point
        start = time.perf_counter()
        name = f"scaled_{point.batch}_{point.width}_{point.depth}_{point.threads}.k"
        path = build_text(point.source(), name, folder)
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


@click.command("scaling")
@click.option(
    "--sweep", "sweeps", multiple=True, type=click.Choice(list(SWEEPS)), help="All if left out."
)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1))
@click.option("--plot", "plot_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def scaling_command(
    sweeps: Sequence[str], rounds: int, plot_file: Path | None, json_file: Path | None
) -> None:
    """Show how the cost of a training step grows with its size."""
    machine = describe_machine()
    print_machine(machine)
    found: dict[str, list[Point]] = {}
    with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
        Runner(Point(width=16, depth=1), Path(folder))  # what is paid once a process
    for sweep in sweeps or SWEEPS:
        with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
            found[sweep] = measure_sweep(sweep, rounds, Path(folder))
        print_sweep(sweep, found[sweep])
    if plot_file is not None:
        draw(found, plot_file)
    points = {sweep: [asdict(point) for point in points] for sweep, points in found.items()}
    write_json(json_file, {"machine": machine.record(), "sweeps": points})


def measure_sweep(sweep: str, rounds: int, folder: Path) -> list[Point]:
    """All points of a sweep, timed in interleaved rounds."""
    # Threads pay on larger steps only.
    base = Point(batch=256, width=512) if sweep == "threads" else Point()
    with console.status("") as status:
        runners = []
        for value in SWEEPS[sweep]:
            status.update(f"{sweep} {value}: compiling")
            runners.append(Runner(replace(base, seconds=[], **{sweep: value}), folder))
        for number in range(rounds):
            status.update(f"{sweep}: round {number + 1} of {rounds}")
            for runner in runners:
                runner.point.seconds.append(runner.block())
    return [runner.point for runner in runners]


def print_sweep(sweep: str, points: Sequence[Point]) -> None:
    """A row a point; growth compares with the row above."""
    rows = []
    before: float | None = None
    for point in points:
        seconds = median(point.seconds)
        rows.append(
            (
                str(getattr(point, sweep)),
                time_text(seconds),
                "" if before is None else f"{seconds / before:.2f}",
                time_text(seconds / point.batch),
                f"{point.flops / seconds / 1e9:.1f}",
                time_text(point.build_seconds),
                time_text(point.compile_seconds),
            )
        )
        before = seconds
    one = points[0]
    fixed = {"batch": one.batch, "width": one.width, "depth": one.depth, "threads": one.threads}
    del fixed[sweep]
    title = f"by {sweep}; " + ", ".join(f"{name} {value}" for name, value in fixed.items())
    columns = (sweep, "step", "x above", "a row", "GFLOP/s", "transpile", "compile")
    print_table(title, columns, rows)


def draw(found: dict[str, list[Point]], path: Path) -> None:
    """A panel a sweep: step time over the swept figure, both logarithmic.

    Raises:
        click.ClickException: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise click.ClickException(
            f"--plot needs matplotlib ({error}): pip install 'kgen-compiler[plot]'"
        ) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1,
        len(found),
        figsize=(3.4 * len(found), 3.2),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, (sweep, points) in zip(axes[0], found.items(), strict=True):
        values = [getattr(point, sweep) for point in points]
        panel.plot(values, [1e6 * median(point.seconds) for point in points], "o-")
        panel.set(xscale="log", yscale="log", xlabel=sweep, title=f"by {sweep}")
        panel.set_xticks(values, [str(value) for value in values], minor=False)
        panel.minorticks_off()
        panel.grid(alpha=0.3)
    axes[0][0].set_ylabel("microseconds a training step")
    figure.savefig(path, dpi=150)
    console.print(f"plot written to {path}", markup=False)
