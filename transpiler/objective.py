"""Losses and metrics as nodes: targets, sample weights, means, and their names in Keras's logs."""

from __future__ import annotations

from dataclasses import dataclass

from kgen import ops
from kgen.diagnostics import Span, fail
from kgen.graph import BATCH, Metric, TensorType, Value
from kgen.layering import checked
from kgen.layers.kinds import Member
from kgen.layers.metrics import resolve_accuracy
from kgen.layers.registry import Bound
from kgen.layers.regularizers import penalty
from kgen.model import TargetInfo
from kgen.run import Frame, Run, snake_case
from kgen.scopes import FunctionScope, reporting
from kgen.settings import (
    Settings,
    loss_entries,
    metric_entries,
    objective_entry,
    weight_entries,
)
from kgen.values import BuildValue, Registered

_LOSS = Member('a loss, such as "mse" or CategoricalCrossentropy()', ("loss",))
_METRIC = Member('a metric, such as "accuracy"', ("metric",))


@dataclass(frozen=True)
class Output:
    """An output with its loss: prediction, target, sample weights, and the loss's mean."""

    info: TargetInfo
    prediction: Value
    target: Value
    weights: Value
    loss: Value


@dataclass(frozen=True)
class Objective:
    """What training minimises and reports."""

    loss: Value
    metrics: tuple[Metric, ...]
    targets: tuple[TargetInfo, ...]


def build_objective(settings: Settings, frame: Frame, run: Run) -> Objective:
    """Targets, loss and metrics of a model whose body has been executed.

    The loss is the sum over outputs of weight * mean(loss * sample_weight), plus the
    `objective`, regularizers and what layers add, as in Keras 3 (`sum_over_batch_size`).
    """
    names = list(frame.outputs)
    own = objective_entry(settings)
    losses = loss_entries(settings, names, optional=own is not None or bool(run.losses))
    factors = weight_entries(settings, names, losses)
    outputs: dict[str, Output] = {}
    total = own
    place = settings.place("loss")
    for name, entry, factor in zip(names, losses, factors, strict=True):
        if entry is None:
            continue
        prediction, _ = frame.outputs[name]
        with reporting(run, [prediction], place):
            loss = member(declared(entry, frame, "loss"), _LOSS, place)
            output = _output(name, prediction, loss, run, place)
            outputs[name] = output
            part = output.loss if factor == 1.0 else output.loss * factor
            total = part if total is None else total + part
    first = next((output.weights for output in outputs.values()), None)
    if first is None:
        first, _ = next(iter(frame.inputs.values()))
    with reporting(run, [], place):
        rows = ops.batch_size(first)
        if total is None:
            total = ops.constant(0.0)
        scope = FunctionScope(run, place)
        for regularizer, weight in run.penalties:
            total = total + penalty(scope, regularizer, weight)
        for value in run.losses:
            total = total + value
        metrics = [Metric("loss", total * rows, rows)]
    metrics += _metrics(settings, outputs, frame, run)
    if len(outputs) > 1:
        with reporting(run, [], place):
            metrics += [
                Metric(f"{name}_loss", output.loss * rows, rows) for name, output in outputs.items()
            ]
    return Objective(total, tuple(metrics), tuple(output.info for output in outputs.values()))


def declared(entry: BuildValue, frame: Frame, family: str) -> BuildValue:
    """A loss or metric that the file declares, where a string names one."""
    found = frame.names.find(entry)[1] if isinstance(entry, str) else None
    return found if isinstance(found, Registered) and family in found.definitions else entry


def member(value: BuildValue, kind: Member, span: Span, prefix: str = "") -> Bound:
    """A member of a registry family, by string, name or constructor."""
    result: Bound = checked(kind, value, span, prefix)
    return result


def _output(name: str, prediction: Value, loss: Bound, run: Run, span: Span) -> Output:
    definition = loss.definition
    assert definition.target is not None
    if prediction.type.rank < 2:
        fail(
            "K0405",
            f"a loss needs an axis besides the batch, and the output `{name}` is {prediction.type}",
            span,
            help="give the output a last axis of size one, for instance with Reshape([1])",
        )
    rule = definition.target(prediction.type, loss.arguments)
    inputs = run.builder.inputs
    target_name = _free(f"{name}_target", inputs)
    weight_name = _free(f"{name}_sample_weight", inputs)
    target = run.builder.input(target_name, TensorType(rule.dtype, (BATCH, *rule.shape)), span)
    weights = run.builder.input(weight_name, TensorType("float32", (BATCH,)), span)
    scope = FunctionScope(run, span)
    with run.builder.naming(f"{name}_loss"):
        values: Value = definition.apply(scope, target, prediction, **loss.arguments)
        mean = ops.mean(values * _spread(weights, values))
    run.builder.rename(mean, f"{name}_loss")
    info = TargetInfo(name, target_name, weight_name, rule.dtype, rule.shape, rule.classes)
    return Output(info, prediction, target, weights, mean)


def _free(name: str, taken: object) -> str:
    assert isinstance(taken, dict)
    found, count = name, 0
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found


def _spread(weights: Value, values: Value) -> Value:
    """Sample weights, with axes of size one behind, to multiply values of any rank."""
    return ops.reshape(weights, (BATCH, *(1 for _ in values.shape[1:])))


def _metrics(
    settings: Settings, outputs: dict[str, Output], frame: Frame, run: Run
) -> list[Metric]:
    names = list(frame.outputs)
    found: dict[str, Metric] = {}
    for setting in ("metrics", "weighted_metrics"):
        weighted = setting == "weighted_metrics"
        place = settings.place(setting)
        for name, entries in zip(names, metric_entries(settings, setting, names), strict=True):
            for entry in entries:
                if name not in outputs:
                    fail(
                        "K0508",
                        f"`{setting}` has a metric for `{name}`, which has no loss",
                        place,
                        help="a metric compares with the targets of the output's loss",
                    )
                output = outputs[name]
                bound, title = _metric(declared(entry, frame, "metric"), output, place)
                prefix = f"{name}_" if len(names) > 1 else ""
                title = _title(prefix, title, found, weighted)
                with reporting(run, [output.prediction], place):
                    found[title] = _total(title, bound, output, run, place, weighted)
    return list(found.values())


def _metric(entry: BuildValue, output: Output, span: Span) -> tuple[Bound, str]:
    """A metric and its name: the string, the `name=`, or Keras's default."""
    if isinstance(entry, str):
        accuracy = resolve_accuracy(entry, output.target.type, output.prediction.type)
        return accuracy or member(entry, _METRIC, span), entry
    bound = member(entry, _METRIC, span)
    return bound, bound.arguments.get("name") or snake_case(bound.name)


def _title(prefix: str, name: str, taken: dict[str, Metric], weighted: bool) -> str:
    """A metric's name in the logs, made unique as Keras does."""
    title = f"{prefix}{name}"
    if title in taken and weighted:
        title = f"{prefix}weighted_{name}"
    found, count = title, 0
    while found in taken:
        count += 1
        found = f"{title}_{count}"
    return found


def _total(
    title: str, bound: Bound, output: Output, run: Run, span: Span, weighted: bool
) -> Metric:
    """The two totals whose quotient is the metric's mean."""
    with run.builder.naming(title):
        return _quotient(title, bound, output, run, span, weighted)


def _quotient(
    title: str, bound: Bound, output: Output, run: Run, span: Span, weighted: bool
) -> Metric:
    scope = FunctionScope(run, span)
    definition = bound.definition
    values: Value = definition.apply(scope, output.target, output.prediction, **bound.arguments)
    if weighted:
        if values.type.rank > 1:
            values = ops.mean(values, tuple(range(1, values.type.rank)))
        numerator, denominator = ops.sum(values * output.weights), ops.sum(output.weights)
    else:
        if values.type.rank == 0:  # its mean over batches, as in Keras
            return Metric(title, values, ops.constant(1.0), definition.finish)
        numerator, denominator = ops.sum(values), ops.batch_size(values)
        others = 1.0
        for size in values.shape[1:]:
            assert isinstance(size, int)
            others *= size
        if others != 1.0:
            denominator = denominator * others
    return Metric(title, numerator, denominator, definition.finish)
