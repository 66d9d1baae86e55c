"""All that is told about a `.k` file's models: what the page shows, and `--json` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kgen import __version__
from kgen.compiler import elaborate_text, kernel_table, lay_out
from kgen.costs import call_cost
from kgen.dims import ceil_divide, evaluate
from kgen.emit import render_kernel
from kgen.graph import BATCH, Graph
from kgen.inspecting.figures import figures, fixed_batch, open_sizes
from kgen.model import Model
from kgen.program import ALIGNMENT, OVERHANG, Buffer, Call, Kernel, LoopCall, Program
from kgen.runtime.packing import pack_lives
from kgen.specification import Phases
from kgen.targets import Target

Facts = dict[str, Any]
Stages = list[tuple[str, list[tuple[str, str]]]]
Progress = Callable[[int, int, str], None]


@dataclass
class Inspected:
    """A file's models laid out for a target, and the facts about them; there may be none.

    `stages` are, for each model, the graphs of its phases after each pass, as text.
    """

    facts: Facts
    phases: list[Phases] = field(default_factory=list)
    kernels: list[Kernel] = field(default_factory=list)
    stages: list[Stages] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


def inspect_text(
    text: str,
    path: str,
    defines: Mapping[str, str],
    target: Target,
    batch_size: int | None,
    usual: int,
    only: str | None = None,
    progress: Progress = lambda done, total, what: None,
) -> Inspected:
    """Lay out the models of a `.k` file's text, and gather what there is to tell.

    Args:
        batch_size: rows of a batch; None for as many as a model fixes, or `usual`.
        only: the name of the one model to inspect, if not all.
        progress: told of models done, all models, and what is at work.

    Raises:
        KgenError: with every mistake found.
    """
    models = [
        one for one in elaborate_text(text, path, defines) if only is None or one.name == only
    ]
    table = kernel_table(models, path, target)
    found = Inspected({})
    described = []
    for done, model in enumerate(models):
        stages: Stages = []
        titles = iter(_titles(model))

        def observe(
            name: str,
            graph: Graph,
            done: int = done,
            stages: Stages = stages,
            titles: Iterator[str] = titles,
        ) -> None:
            progress(done, len(models), f"{graph.name}: {name}")
            if name == "elaborate":
                stages.append((next(titles), []))
            stages[-1][1].append((name, str(graph)))

        phase = lay_out(model, table, observe, target)
        rows = batch_size or fixed_batch(phase) or usual
        found.phases.append(phase)
        found.stages.append(stages)
        found.rows.append(rows)
        described.append(_model(phase, rows))
    found.kernels = list(table.kernels.values())
    found.facts = {
        "source": path,
        "kgen": __version__,
        "target": target.name,
        "lines": text.split("\n"),
        "models": described,
        "kernels": [_kernel(kernel, target) for kernel in found.kernels],
        "profile": None,
    }
    return found


def _titles(model: Model) -> Iterator[str]:
    """The phases whose graphs go through the passes, in order."""
    if model.train is not None:
        yield "train"
    if model.evaluate is not None:
        yield "evaluate"
    yield "predict"
    for view in model.views:
        yield f"view {view.name}"
    number = 1
    while True:
        yield "update" if number == 1 else f"update, part {number}"
        number += 1


def _kernel(kernel: Kernel, target: Target) -> Facts:
    row, fixed = kernel.flops
    return {
        "name": kernel.name,
        "lines": list(kernel.lines),
        "elsewhere": [f"{path}:{line}" for path, line in kernel.elsewhere],
        "flops_a_row": row,
        "flops_besides": fixed,
        "code": render_kernel(kernel, target),
    }


def programs_of(phase: Phases) -> dict[str, Program]:
    """Every program of a model by what it is for."""
    known = {"train": phase.train, "evaluate": phase.evaluate, "predict": phase.predict}
    found = {name: program for name, program in known.items() if program is not None}
    if phase.few is not phase.predict and phase.few.kernels() != phase.predict.kernels():
        found["few"] = phase.few
    for view, program in zip(phase.model.views, phase.views, strict=True):
        found[f"view {view.name}"] = program
    return found


def main_program(phase: Phases) -> str:
    """The one whose cost counts: training, or prediction where there is none."""
    return "train" if phase.train is not None else "predict"


def _model(phase: Phases, rows: int) -> Facts:
    dims = open_sizes(phase)
    told = figures(phase, rows)
    programs: dict[str, Facts] = {}
    for name, program in programs_of(phase).items():
        programs[name] = {
            **told["programs"].get(name, {"kernels": len(program.kernels())}),
            "calls": list(_calls(program, rows, dims)),
            "arena": _arena(program, rows, dims),
        }
    return {
        **told,
        "batch_size": rows,
        "main": main_program(phase),
        "line": phase.model.span.line,
        "programs": programs,
    }


def _calls(program: Program, rows: int, dims: Mapping[str, int]) -> Iterator[Facts]:
    """Every call in order, those of a loop once."""
    entries = (*program.calls, *program.update)
    for place, entry in enumerate(entries):
        sync = entry.sync and place > 0
        stage = "update" if place >= len(program.calls) else "step"
        if not isinstance(entry, LoopCall):
            yield _call(entry, 1, rows, dims, sync=sync, stage=stage, phase=entry.phase)
            continue
        times = evaluate(entry.length, dims)
        for number, call in enumerate(entry.calls):
            waits = sync if number == 0 else call.sync
            told = _call(call, times, rows, dims, sync=waits, stage=stage, phase=entry.phase)
            yield {**told, "loop": entry.name}


def _call(
    call: Call,
    times: int,
    rows: int,
    dims: Mapping[str, int],
    *,
    sync: bool,
    stage: str,
    phase: int,
) -> Facts:
    cost = call_cost(call, times, rows, dims)
    return {
        "kernel": call.kernel.name,
        "sync": sync,
        "stage": stage,
        "phase": phase,
        "loop": "",
        "times": times,
        "split": "batch rows" if call.by_batch else "output",
        "reads": [buffer.name for buffer in call.reads],
        "writes": [buffer.name for buffer in call.writes],
        "flops": cost.flops,
        "bytes_read": cost.read,
        "bytes_written": cost.written,
    }


def _arena(program: Program, rows: int, dims: Mapping[str, int]) -> Facts:
    """Where each buffer lies, in bytes, and from which phase to which it is in use."""
    rows = -(-rows // OVERHANG) * OVERHANG
    buffers = [buffer for buffer in program.buffers if buffer.space != "parts"]
    offsets, sizes = _places(program, buffers, rows, dims)
    total = max((o + s for o, s in zip(offsets, sizes, strict=True)), default=0)
    if not program.is_open:
        total = program.batch_floats * rows + program.fixed_floats
    return {
        "bytes": 4 * total,
        "buffers": [
            {
                "name": buffer.name,
                "offset": 4 * offset,
                "bytes": 4 * size,
                "first": buffer.life[0],
                "last": buffer.life[1],
            }
            for buffer, offset, size in zip(buffers, offsets, sizes, strict=True)
        ],
    }


def _places(
    program: Program, buffers: list[Buffer], rows: int, dims: Mapping[str, int]
) -> tuple[list[int], list[int]]:
    """Offsets and sizes in floats."""
    if program.is_open:
        values = {**dims, BATCH.name: rows}
        lines = [evaluate(ceil_divide(b.floats, ALIGNMENT), values) for b in buffers]
        offsets, _ = pack_lives(lines, [buffer.life for buffer in buffers])
        return [ALIGNMENT * o for o in offsets], [ALIGNMENT * size for size in lines]
    start = program.batch_floats * rows
    inside = [buffer.space == "batch" for buffer in buffers]
    offsets = [
        b.offset * rows if own else start + b.offset for b, own in zip(buffers, inside, strict=True)
    ]
    return offsets, [b.size * (rows if own else 1) for b, own in zip(buffers, inside, strict=True)]
