"""`python -m benchmarks roofline`."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from kgen.costs import Cost
from kgen.runtime.hardware import usable_cores
from kgen.runtime.peak import PeakLoop
from kgen.runtime.streams import Stream, bandwidth_for, measure_streams

from benchmarks.machine import bytes_text, describe_machine
from benchmarks.modules import EXAMPLES
from benchmarks.report import console, print_machine, print_table, time_text, write_json
from benchmarks.roofline.sgemm import sgemm_rate
from benchmarks.roofline.step import training_step
from benchmarks.statistics import median


def find_example(context: click.Context, option: click.Parameter, value: str) -> Path:
    """The example whose number or name begins with the value, or a `.k` file's path."""
    if value.endswith(".k"):
        if not Path(value).is_file():
            raise click.BadParameter(f"there is no file {value}")
        return Path(value)
    found = sorted(EXAMPLES.glob(f"{value}*.k"))
    if len(found) != 1:
        known = ", ".join(path.stem for path in sorted(EXAMPLES.glob("*.k")))
        raise click.BadParameter(f"{value!r} fits {len(found)} examples; there are {known}")
    return found[0]


@click.command("roofline")
@click.option("--model", default="32", show_default=True, callback=find_example)
@click.option("--batch", default=128, show_default=True, type=click.IntRange(1))
@click.option(
    "--threads", default=1, show_default=True, type=click.IntRange(1), help="At most the cores."
)
@click.option("--length", default=80, show_default=True, type=click.IntRange(1), help="Open sizes.")
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1))
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def roofline_command(
    model: Path, batch: int, threads: int, length: int, rounds: int, json_file: Path | None
) -> None:
    """Time each kernel of a training step alone, beside the machine's peak."""
    if threads > usable_cores():
        raise click.BadParameter(f"--threads {threads}: {usable_cores()} cores are usable")
    machine = describe_machine()
    print_machine(machine)
    loop = PeakLoop()
    peaks: list[float] = []
    whole: list[float] = []
    with console.status("memory"):
        streams = measure_streams(machine.caches, machine.memory, threads, rounds)
        blas = sgemm_rate(threads)
    with tempfile.TemporaryDirectory(prefix="kgen-bench-") as folder:
        with console.status("compiling the kernels"):
            step = training_step(model, Path(folder), batch, threads, length)
        with console.status("timing the kernels"):
            for _ in range(rounds):
                peaks.append(loop.rate(threads))
                whole.append(step.whole())
                step.sample()
        step.close()
    peak = median(peaks)
    console.print(
        f"peak of fused multiply-adds: {peak / 1e9:.1f} GFLOP/s "
        f"({min(peaks) / 1e9:.1f} to {max(peaks) / 1e9:.1f} over the rounds); "
        f"NumPy's 1024x1024x1024 product: {blas / 1e9:.1f} GFLOP/s",
        markup=False,
    )
    print_streams(streams)
    print_costs(f"{model.name}, batch {batch}, threads {threads}", step.costs, peak, streams)
    total = sum(median(cost.seconds) for cost in step.costs)
    console.print(
        f"whole step {time_text(median(whole))}; its kernels alone, added up, {time_text(total)}"
    )
    write_json(
        json_file,
        {
            "machine": machine.record(),
            "model": model.name,
            "batch": batch,
            "threads": threads,
            "peak_flops": peaks,
            "sgemm_flops": blas,
            "streams": [asdict(stream) for stream in streams],
            "whole_seconds": whole,
            "kernels": [record(cost, peak) for cost in step.costs],
        },
    )


def print_streams(streams: Sequence[Stream]) -> None:
    """Bandwidth by working set."""
    rows = [
        (one.place, bytes_text(one.bytes), f"{one.copy / 1e9:.1f}", f"{one.triad / 1e9:.1f}")
        for one in streams
    ]
    print_table("memory bandwidth", ("", "working set", "copy GB/s", "triad GB/s"), rows)


def print_costs(title: str, costs: Sequence[Cost], peak: float, streams: Sequence[Stream]) -> None:
    """A row a kernel; % of roof compares with what peak and bandwidth together allow."""
    rows = []
    for cost in costs:
        seconds = median(cost.seconds)
        bandwidth = bandwidth_for(streams, cost.bytes // cost.times)
        least = max(cost.flops / peak, cost.bytes / bandwidth)
        rows.append(
            (
                cost.name if cost.times == 1 else f"{cost.name}, {cost.times} times",
                ", ".join(map(str, cost.lines)),
                time_text(seconds),
                f"{cost.flops / seconds / 1e9:.1f}" if cost.flops else "",
                f"{cost.bytes / seconds / 1e9:.1f}" if cost.bytes else "",
                f"{cost.flops / seconds / peak:.0%}" if cost.flops else "",
                f"{least / seconds:.0%}" if cost.bytes else "",
                "yes" if cost.dense else "",
            )
        )
    columns = ("kernel", ".k lines", "time", "GFLOP/s", "GB/s", "% of peak", "% of roof", "dense")
    dense = [cost for cost in costs if cost.dense]
    seconds = sum(median(cost.seconds) for cost in dense)
    caption = None
    if dense:
        rate = sum(cost.flops for cost in dense) / seconds
        share = f"{rate / 1e9:.1f} GFLOP/s, {rate / peak:.0%} of peak"
        caption = f"all products and convolutions together: {share}"
    print_table(title, columns, rows, left=2, caption=caption)


def record(cost: Cost, peak: float) -> dict[str, Any]:
    """A kernel's figures for `--json`."""
    rate = cost.flops / median(cost.seconds)
    return {**asdict(cost), "flops_per_second": rate, "share_of_peak": rate / peak}
