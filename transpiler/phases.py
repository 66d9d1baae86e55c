"""A model in its phases: its body is executed once as it predicts and once as it trains.

Both executions give the same layers the same names, so that the graphs share
their weights by path.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from kgen.bodies import Elaborator
from kgen.buildtime import Arguments
from kgen.diagnostics import Diagnostic, KgenError, fail
from kgen.dims import requirements
from kgen.graph import Builder, Graph, Value
from kgen.layering import refuse, without_batch
from kgen.layers.constraints import constrain
from kgen.layers.kinds import Member
from kgen.layers.optimizing import optimizer_info
from kgen.layers.registry import ArgumentProblem
from kgen.model import InputInfo, LayerInfo, Model, OptimizerInfo, Outline
from kgen.names import Names
from kgen.objective import Objective, build_objective, member
from kgen.parts import drop_unused
from kgen.rewrite import reachable, rebuild
from kgen.run import Frame, Run, collect
from kgen.scopes import FunctionScope
from kgen.settings import Settings, read_settings
from kgen.syntax import ModelDef
from kgen.values import ModelClass, Silenced
from kgen.views import views_of

_OPTIMIZER = Member('an optimizer, such as "adam" or SGD(0.01)', ("optimizer",))
_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Phase:
    """What one execution of a model's body gives; `full` has loss and metrics."""

    run: Run
    frame: Frame
    forward: Graph
    full: Graph | None
    objective: Objective | None
    optimizer: OptimizerInfo | None
    outline: Outline


def elaborate_model(elaborator: Elaborator, model: ModelClass) -> Model | None:
    """Both phases of a model; None if it has mistakes, which the report then holds."""
    inference = _phase(elaborator, model, training=False)
    if inference is None:
        return None
    training = None
    if inference.objective is not None:
        training = _phase(elaborator, model, training=True)
        if training is None:
            return None
        both = inference, training
        if not _checked(elaborator, lambda: _check_phases(*both)):
            return None
    graphs = [
        inference.forward,
        *(phase.full for phase in (inference, training) if phase and phase.full),
    ]
    if _checked(elaborator, lambda: requirements(graphs)) is None:
        return None
    inputs = tuple(
        InputInfo(name, value.dtype, value.shape[1:], inference.run.batch, span)
        for name, (value, span) in inference.frame.inputs.items()
    )
    return Model(
        model.declaration.name,
        model.declaration.doc or "",
        model.source,
        model.declaration.name_span,
        inputs,
        _layers(inference.run),
        inference.forward,
        training.full if training is not None else None,
        inference.full,
        inference.objective.targets if inference.objective is not None else (),
        inference.optimizer,
        (training or inference).outline,
        tuple(views_of(inference.run, inference.frame)),
        tuple((layer.path, file) for layer, file in inference.run.files.items()),
    )


def _phase(elaborator: Elaborator, model: ModelClass, *, training: bool) -> Phase | None:
    report = elaborator.report
    before = len(report.diagnostics)
    name = model.declaration.name
    objective: Objective | None = None
    optimizer: OptimizerInfo | None = None
    full: Graph | None = None
    with Builder() as builder:
        run = Run(builder, training, elaborator.apply, model.declaration.name_span)
        frame = Frame(model.declaration, Names(model.names))
        _execute(elaborator, run, frame)
        if not frame.failed:
            _checked(elaborator, lambda: _check_structure(frame))
        failed = frame.failed
        with elaborator.running(run, frame):
            settings = read_settings(elaborator, frame)
        usable = settings if settings is not None and not settings.failed else None
        if not failed:
            drop_unused(run, [*_results(frame), *_objectives(usable)])
        if usable is not None:
            frame.failed = failed
            optimizer = _checked(elaborator, lambda: _optimizer(usable, run, frame))
        if failed:
            return None
        outputs = {key: value for key, (value, _) in frame.outputs.items()}
        forward = _pruned(builder.graph(name, outputs, updates=run.updates))
        if usable is not None:
            with elaborator.running(run, frame):
                objective = _checked(elaborator, lambda: build_objective(usable, frame, run))
        if settings is None or objective is not None:
            loss = [objective.loss] if objective is not None else []
            _checked(elaborator, lambda: _check_use(run, frame, loss, training))
        if len(report.diagnostics) > before:
            return None
        if objective is not None:
            full = _pruned(
                builder.graph(
                    name,
                    outputs,
                    updates=run.updates,
                    loss=objective.loss,
                    metrics=objective.metrics,
                )
            )
    outline = _outline(run, frame, _objectives(usable))
    return Phase(run, frame, forward, full, objective, optimizer, outline)


def _outline(run: Run, frame: Frame, objectives: Sequence[Value]) -> Outline:
    """What was applied, and what it was for."""
    ends = [("objective", value) for value in objectives]
    ends += [("add_loss", value) for value in run.losses if value not in objectives]
    ends += [
        (f"view {view.name}", value)
        for view in frame.views.values()
        for value in view.outputs.values()
    ]
    return Outline(
        tuple(run.applied),
        {name: value for name, (value, _) in frame.inputs.items()},
        {name: value for name, (value, _) in frame.outputs.items()},
        tuple(ends),
    )


def _execute(elaborator: Elaborator, run: Run, frame: Frame) -> None:
    declaration = frame.declaration
    assert isinstance(declaration, ModelDef)
    elaborator.run = run
    try:
        elaborator.fit(
            declaration.name,
            declaration.parameters,
            Arguments(declaration.name_span),
            frame.names,
        )
        elaborator.execute_model(frame)
    except KgenError as error:
        collect(elaborator.report, error)
        frame.failed = True
    except Silenced:
        frame.failed = True
    finally:
        elaborator.run = None


def _checked(elaborator: Elaborator, build: Callable[[], _Result]) -> _Result | None:
    """What `build` gives; None if it fails, which is then reported."""
    try:
        return build()
    except KgenError as error:
        collect(elaborator.report, error)
    except Silenced:
        pass
    return None


def _pruned(graph: Graph) -> Graph:
    """The graph without nodes that no result needs."""
    return rebuild(graph, lambda node, inputs: None)


def _check_structure(frame: Frame) -> None:
    declaration = frame.declaration
    assert isinstance(declaration, ModelDef)
    if not frame.inputs:
        fail(
            "K0501",
            f"the model {declaration.name} has no input",
            declaration.name_span,
            help="declare one: input x: float32[10]",
        )
    if not frame.outputs and not frame.views:
        fail(
            "K0502",
            f"the model {declaration.name} has no output",
            declaration.name_span,
            help="declare one: output y = ...",
        )


def _check_phases(inference: Phase, training: Phase) -> bool:
    """Refuse a model that has other inputs, or weights of its own, where it predicts.

    Those that exist in training alone are kept with the others.
    """
    trained = {path: w.shape for path, w in training.run.builder.weights.items()}
    for path, weight in inference.run.builder.weights.items():
        if trained.get(path) != weight.shape:
            fail(
                "K0518",
                f"the weight {path} does not exist in training"
                if path not in trained
                else f"the weight {path} has another shape in training",
                weight.value.span,
                help="`training` may choose what is computed, but weights must be there for both",
            )
    for name, (value, span) in inference.frame.inputs.items():
        other = training.frame.inputs.get(name)
        if other is None or other[0].type != value.type:
            fail(
                "K0518",
                f"the input `{name}` is not the same in training",
                span,
                help="declare inputs whatever `training` is",
            )
    return True


def _results(frame: Frame) -> list[Value]:
    """The outputs, and what the views give."""
    found = [value for value, _ in frame.outputs.values()]
    return found + [value for view in frame.views.values() for value in view.outputs.values()]


def _objectives(settings: Settings | None) -> list[Value]:
    value = settings.get("objective") if settings is not None else None
    return [value] if isinstance(value, Value) else []


def _check_use(run: Run, frame: Frame, loss: Sequence[Value], training: bool) -> None:
    """Refuse inputs and weights on which no output depends, nor the loss."""
    roots = _results(frame)
    if not roots:
        return
    live = reachable([*roots, *loss, *run.losses, *run.updates.values()])
    problems = [
        Diagnostic(
            "K0503",
            f"no output depends on the input `{name}`",
            span,
            help="use it, or remove its declaration",
        )
        for name, (value, span) in frame.inputs.items()
        if value not in live
    ]
    problems += [
        Diagnostic(
            "K0511",
            f"no output depends on the {layer.kind} layer {layer.name}",
            layer.span,
            help="its weights could never be trained: use its result, or remove it",
        )
        for layer in run.layers.values()
        if not training and layer.weights and not live & set(layer.weights.values())
    ]
    if problems:
        raise KgenError(problems)


def _optimizer(settings: Settings, run: Run, frame: Frame) -> OptimizerInfo | None:
    """The optimizer that `train:` sets; Keras's default is RMSprop.

    None where the body failed, so that its weights are not all known.
    """
    place = settings.place("optimizer")
    value = settings.get("optimizer")
    bound = member("rmsprop" if value is None else value, _OPTIMIZER, place)
    if frame.failed:
        return None
    weights = {path: w.shape for path, w in run.builder.weights.items() if w.trainable}
    if not weights:
        fail(
            "K0509",
            "the model has no weights to train",
            settings.span,
            help="remove `train:`, or add a layer with weights that is not frozen",
        )
    constraints = {
        path: partial(constrain, FunctionScope(run, span), constraint)
        for path, (constraint, span) in run.constraints.items()
    }
    try:
        return optimizer_info(bound, weights, constraints)
    except ArgumentProblem as problem:
        refuse(problem, place)


def _in_order(names: Iterable[str], untrained: Container[str], before: str = "") -> list[str]:
    """A layer's weights as Keras lists them: trained ones, others, then those of inner layers.

    `before` is what the names of an inner layer's weights begin with.
    """
    own: list[str] = []
    inner: dict[str, list[str]] = {}
    for name in names:
        part, rest, _ = name.removeprefix(before).partition("/")
        inner.setdefault(before + part + "/", []).append(name) if rest else own.append(name)
    found = sorted(own, key=lambda name: name in untrained)
    for start, inside in inner.items():
        found += _in_order(inside, untrained, start)
    return found


def _layers(run: Run) -> tuple[LayerInfo, ...]:
    """In order of application, but a layer or model before those that are inside it."""
    first: dict[str, int] = {}
    scopes = {
        path: ["/".join(path.split("/")[: depth + 1]) for depth in range(path.count("/") + 1)]
        for path in (layer.path for layer in run.layers.values())
    }
    for number, inside in enumerate(scopes.values()):
        for scope in inside:
            first.setdefault(scope, number)
    layers = sorted(
        run.layers.values(), key=lambda layer: [first[scope] for scope in scopes[layer.path]]
    )
    return tuple(
        LayerInfo(
            layer.path,
            layer.kind,
            without_batch(layer.shapes[0].shape),
            tuple(f"{layer.path}/{name}" for name in _in_order(layer.weights, layer.untrained)),
            layer.calls,
            layer.place or layer.span,
        )
        for layer in layers
    )
