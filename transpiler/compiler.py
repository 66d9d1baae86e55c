"""The pipeline on one page: parse, elaborate, passes, schedule, emit."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from kgen.budget import ROLES, Ceiling, refuse
from kgen.diagnostics import Diagnostic, KgenError, Report
from kgen.dims import bases, symbol
from kgen.elaborate import elaborate
from kgen.emit import ModuleSource, emit
from kgen.graph import Graph
from kgen.lots import is_by_tiles, rows_of_lot
from kgen.model import Model
from kgen.parser import parse
from kgen.placing import place_states, place_weights
from kgen.program import Buffer, Kernel
from kgen.rewrite import verify
from kgen.schedule import KernelTable, schedule
from kgen.specification import Phases
from kgen.targets import CPU, Target

FREE = Ceiling()
Observer = Callable[[str, Graph], None]


def elaborate_text(
    text: str, path: str, defines: Mapping[str, str] | None = None, model: str | None = None
) -> tuple[Model, ...]:
    """The models of a `.k` file's text; `path` is what messages call it.

    Raises:
        KgenError: with every mistake found.
    """
    report = Report()
    models = elaborate(parse(text, path), report=report, defines=defines, model=model)
    report.raise_if_errors()
    return models


def check_text(
    text: str,
    path: str,
    defines: Mapping[str, str] | None = None,
    ceiling: Ceiling = FREE,
    needs_model: bool = True,
) -> list[Diagnostic]:
    """Every mistake in a `.k` file's text, without building it: to exceed a limit is one.

    To have no model is a mistake of a file that declares parts for others only if `needs_model`.
    """
    try:
        report = Report()
        module = parse(text, path)
        models = elaborate(module, report=report, defines=defines, needs_model=needs_model)
        if ceiling.limit is not None and models and not report.diagnostics:
            lay_out_text(text, path, defines, ceiling=ceiling)
    except KgenError as error:
        return list(error.diagnostics)
    return report.diagnostics


def run_passes(graph: Graph, observe: Observer | None = None, target: Target = CPU) -> Graph:
    """All passes in order; `observe` sees the graph before the first and after each."""
    checking = bool(os.environ.get("KGEN_VERIFY"))
    if observe is not None:
        observe("elaborate", graph)
    for one in target.passes:
        graph = one(graph)
        if checking:
            verify(graph)
        if observe is not None:
            observe(one.__name__, graph)
    return graph


def _for_few(predict: Graph, lowered: Graph, target: Target) -> Graph:
    """The graph that predicts a few rows: without what is laid out for many only."""
    differs = any(node.op.name in ("scan", "winograd") for node in (*predict.nodes, *lowered.nodes))
    if not differs:
        return lowered
    return run_passes(predict, target=replace(target, passes=target.few_passes))


def lay_out(
    model: Model,
    table: KernelTable,
    observe: Observer | None = None,
    target: Target = CPU,
    ceiling: Ceiling = FREE,
) -> Phases:
    """Passes and scheduling for each phase of a model, within the memory of a ceiling.

    Raises:
        KgenError: a phase does not fit.
    """
    reference = model.train if model.train is not None else model.predict
    steps = [replace(model.train, outputs={})] if model.train is not None else []
    steps += [replace(model.evaluate, outputs={}, loss=None)] if model.evaluate is not None else []
    lowered = [run_passes(graph, observe, target) for graph in (*steps, model.predict)]
    parts = [run_passes(view.graph, observe, target) for view in model.views]
    alone = model.optimizer.alone if model.optimizer is not None else frozenset()
    weights, trainable, size = place_weights(reference, [*lowered, *parts], alone)
    states, row_of_states = place_states(reference)
    gradients = {
        path: replace(weights[path], name=f"d_{path}", space="gradient", offset=-1)
        for path, weight in reference.weights.items()
        if weight.trainable
    }

    by_tiles = target.has_blocks or is_by_tiles(lowered[0])

    def program(graph: Graph, role: str, copies: int = 0, **options: object) -> object:
        """Schedule a phase, to which so many buffers belong that are as large as the weights."""
        kept = {**weights, **states}
        besides = 4 * (size + copies * trainable)
        budget = ceiling.budget(model, reference, besides, row_of_states)
        if role == "few":
            budget = replace(budget, rows=1)
        made = schedule(
            graph,
            table,
            weights=kept,
            gradients=gradients,
            by_tiles=by_tiles,
            budget=budget,
            **options,  # type: ignore[arg-type]
        )
        if role in ceiling.roles and not budget.holds(made):
            refuse(f"{ROLES[role]} {model.name}", made, budget, model.span)
        if role == "predict" and target.has_few:
            made.lot = rows_of_lot(graph, made)
        return made

    train = evaluate = None
    slots: Mapping[str, float] = {}
    if model.train is not None and model.evaluate is not None and model.optimizer is not None:
        slots = model.optimizer.slots
        updates = [
            run_passes(graph, observe, target) for graph in model.optimizer.updates(trainable)
        ]
        flat = {"weights": Buffer("weights", "weights", trainable)}
        flat["gradients"] = Buffer("gradients", "gradients", trainable)
        flat |= {name: Buffer(name, "slot", trainable, key=name) for name in slots}
        for position, name in enumerate(model.optimizer.scalars):
            flat[name] = Buffer(name, "scalar", 1, key=name, offset=position)
        for path, buffer in gradients.items():
            flat |= {f"weights:{path}": weights[path], f"gradients:{path}": buffer}
            for name in slots:
                key = f"{name}:{path}"
                flat[key] = Buffer(key, "slot", buffer.size, key=key)
        train = program(lowered[0], "train", 1 + len(slots), updates=updates, flat=flat)
        evaluate = program(lowered[1], "evaluate")
    predict = few = program(lowered[-1], "predict")
    if target.has_few:
        few = program(_for_few(model.predict, lowered[-1], target), "few", few=True)
    views = tuple(program(graph, "view") for graph in parts)
    return Phases(
        model,
        weights,
        slots,
        trainable,
        size,
        predict,  # type: ignore[arg-type]
        few,  # type: ignore[arg-type]
        train,  # type: ignore[arg-type]
        evaluate,  # type: ignore[arg-type]
        views,  # type: ignore[arg-type]
        states,
        ceiling.limit,
    )


def lay_out_text(
    text: str,
    path: str,
    defines: Mapping[str, str] | None = None,
    *,
    observe: Observer | None = None,
    target: Target = CPU,
    ceiling: Ceiling = FREE,
) -> tuple[list[Phases], list[Kernel]]:
    """The laid-out models of a `.k` file's text, and the kernels they share.

    Raises:
        KgenError: with every mistake found.
    """
    models = elaborate_text(text, path, defines)
    table = kernel_table(models, path, target)
    phases = [lay_out(model, table, observe, target, ceiling) for model in models]
    return phases, list(table.kernels.values())


def kernel_table(models: Sequence[Model], path: str, target: Target) -> KernelTable:
    """Where the kernels of models go; none is called like a model or an open dimension."""
    sizes = [size for model in models for given in model.inputs for size in given.shape]
    dims = {symbol(base) for size in sizes for base in bases(size)}
    taken = {*dims, *(model.name for model in models)}
    return KernelTable(taken, path, target.lanes, target.precision, target.has_blocks)


def write_module(
    phases: Sequence[Phases], kernels: Sequence[Kernel], target: Target = CPU
) -> ModuleSource:
    """The source of the module that holds these models."""
    models = " and ".join(phase.model.name for phase in phases)
    return emit(phases, kernels, f"{models}, as {target.title}.", target)


def compile_text(
    text: str,
    path: str,
    defines: Mapping[str, str] | None = None,
    *,
    observe: Observer | None = None,
    target: Target = CPU,
) -> ModuleSource:
    """From the text of a `.k` file to the source of a Python module.

    Raises:
        KgenError: with every mistake found.
    """
    return write_module(*lay_out_text(text, path, defines, observe=observe, target=target), target)
