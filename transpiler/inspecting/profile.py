"""Measured times of every kernel, beside what the machine can do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from kgen.compiler import write_module
from kgen.inspecting.facts import Inspected, Progress, main_program, programs_of
from kgen.inspecting.timing import Timer
from kgen.loading import import_file
from kgen.runtime.hardware import cache_sizes, cpu_name, memory_bytes
from kgen.runtime.peak import PeakLoop
from kgen.runtime.streams import Stream, bandwidth_for, measure_streams

ROUNDS = 7


def profile(found: Inspected, threads: int | None, progress: Progress) -> None:
    """Time the kernels of each model's main program, and enter it all in the facts.

    If not given, there are as many `threads` as `fit` would put to work.
    `progress` is told steps done, all steps, and what is at work. Times are the medians of
    some rounds, each kernel alone on what a whole step has left in memory.
    """
    steps = 2 + (1 + ROUNDS) * len(found.phases)
    done = 0

    def next_step(what: str) -> None:
        nonlocal done
        progress(done, steps, what)
        done += 1

    with tempfile.TemporaryDirectory(prefix="kgen-profile-") as folder:
        path = Path(folder) / "profiled.py"
        path.write_text(write_module(found.phases, found.kernels).text, encoding="utf-8")
        module = import_file(path)
        timers: list[Timer] = []
        for phase, rows, facts in _models(found):
            next_step(f"compiling {phase.model.name}")
            role: Any = main_program(phase)
            program = programs_of(phase)[role]
            net = getattr(module, phase.model.name)(0, threads=threads)
            timers.append(Timer(net, program, role, rows, facts["dims"], threads))
        workers = max(timer.threads for timer in timers)
        next_step("measuring memory")
        streams = measure_streams(cache_sizes(), memory_bytes(), workers, 3)
        next_step("measuring arithmetic")
        loop = PeakLoop()
        peak = median(loop.rate(workers) for _ in range(ROUNDS))
        for timer, (phase, _, facts) in zip(timers, _models(found), strict=True):
            whole = []
            for _ in range(ROUNDS):
                next_step(f"timing {phase.model.name}")
                whole.append(timer.whole())
                timer.sample()
            _enter(facts, timer, median(whole), peak, streams)
            timer.close()
        progress(steps, steps, "")
    found.facts["profile"] = {
        "machine": cpu_name(),
        "threads": workers,
        "flops_per_second": peak,
        "streams": [
            {"place": s.place, "bytes": s.bytes, "copy": s.copy, "triad": s.triad} for s in streams
        ],
    }


def _models(found: Inspected) -> Iterator[tuple[Any, int, dict[str, Any]]]:
    yield from zip(found.phases, found.rows, found.facts["models"], strict=True)


def _enter(
    facts: dict[str, Any], timer: Timer, whole: float, peak: float, streams: list[Stream]
) -> None:
    """Seconds and rates for each call; what the runtime adds has an entry of its own."""
    program = facts["programs"][facts["main"]]
    program["seconds"] = whole
    program["threads"] = timer.threads
    timed = [(cost, median(cost.seconds)) for cost in timer.costs]
    total = sum(seconds for _, seconds in timed)
    own = {call["kernel"] for call in program["calls"]}
    mine = iter([both for both in timed if both[0].name in own])
    for call in program["calls"]:
        cost, seconds = next(mine)
        assert cost.name == call["kernel"]
        moved = call["bytes_read"] + call["bytes_written"]
        bandwidth = bandwidth_for(streams, moved // call["times"])
        call["seconds"] = seconds
        call["share"] = seconds / total
        call["flops_per_second"] = call["flops"] / seconds
        call["bytes_per_second"] = moved / seconds
        call["share_of_roof"] = max(call["flops"] / peak, moved / bandwidth) / seconds
    program["runtime"] = [
        {"kernel": cost.name, "seconds": seconds, "share": seconds / total}
        for cost, seconds in timed
        if cost.name not in own
    ]
