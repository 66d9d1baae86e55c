"""Losses and metrics as nodes: targets, sample weights, means, and their names in Keras's logs."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from kgen import ops
from kgen.diagnostics import Span, fail
from kgen.graph import BATCH, Metric, TensorType, Value, as_value
from kgen.layering import checked
from kgen.layers.kinds import Member
from kgen.layers.losses import Masked
from kgen.layers.metrics import resolve_accuracy
from kgen.layers.registry import Bound, Totals
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
        metrics = [Metric("loss", (total * rows, rows))]
    found = _metrics(settings, outputs, frame, run)
    if len(outputs) > 1:
        with reporting(run, [], place):
            metrics += [
                Metric(f"{name}_loss", (output.loss * rows, rows))
                for name, output in outputs.items()
            ]
    # Keras's `evaluate` lists the metrics of several outputs by their names.
    metrics += sorted(found, key=attrgetter("name")) if len(names) > 1 else found
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
    scope = FunctionScope(run, span)
    with run.builder.naming(f"{name}_loss"):
        result = definition.apply(scope, target, prediction, **loss.arguments)
        values, mask = _masked(result, run.masks.get(prediction))
        steps = _steps(values)
        weights = run.builder.input(weight_name, TensorType("float32", (BATCH, *steps)), span)
        reduced = _reduced(values, weights, mask, loss.arguments["reduction"])
    run.builder.rename(reduced, f"{name}_loss")
    ignored, classes = rule.ignored, rule.classes
    if ignored is not None and classes is not None and 0 <= ignored < classes:
        ignored = None
    info = TargetInfo(
        name,
        target_name,
        weight_name,
        rule.dtype,
        rule.shape,
        classes,
        steps,
        ignored,
        rule.filled,
    )
    return Output(info, prediction, target, weights, reduced)


def _masked(result: Value | Masked, before: Value | None) -> tuple[Value, Value | None]:
    """Values, and 1 where they count: by their own mask and by the prediction's."""
    values, mask = result, None
    if isinstance(result, Masked):
        values, mask = result.values, result.mask
    assert isinstance(values, Value)
    if before is not None and before.type.rank <= values.type.rank:
        before = ops.broadcast_to(_spread(ops.as_float(before), values), values.shape)
        mask = before if mask is None else mask * before
    return values, mask


def _steps(values: Value) -> tuple[int, ...]:
    """The axes of a sample along which weights may differ: the steps of a sequence."""
    if values.type.rank != 2 or values.shape[0] != BATCH:
        return ()
    size = values.shape[1]
    return (size,) if isinstance(size, int) else ()


def _reduced(values: Value, weights: Value, mask: Value | None, reduction: str) -> Value:
    """A loss as one number, as Keras's `reduce_weighted_values` has it.

    Values without the batch's axis are multiplied by the mean weight. The sample weights
    of `mean_with_sample_weight` are counted at each of the values.
    """
    if values.shape[:1] != (BATCH,):
        total = ops.sum(values) if reduction == "sum" else ops.mean(values)
        return total * ops.mean(weights)
    scale = _spread(weights, values)
    if mask is not None:
        scale = scale * mask
    total = ops.sum(values * scale)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight":
        return _quotient_or_zero(total, ops.sum(ops.broadcast_to(scale, values.shape)))
    if mask is not None:
        return _quotient_or_zero(total, ops.sum(mask))
    return ops.mean(values * scale)


def _quotient_or_zero(above: Value, below: Value) -> Value:
    known = ops.not_equal(below, 0.0)
    return ops.where(known, above / ops.where(known, below, 1.0), 0.0)


def _free(name: str, taken: object) -> str:
    assert isinstance(taken, dict)
    found, count = name, 0
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    return found


def _spread(weights: Value, values: Value) -> Value:
    """Sample weights, with axes of size one behind, to multiply values of any rank."""
    return ops.reshape(weights, (*weights.shape, *(1 for _ in values.shape[weights.type.rank :])))


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
    pair = output.target, output.prediction
    if definition.of_totals:
        weights = output.weights if weighted else None
        found: Totals = definition.apply(scope, *pair, weights, **bound.arguments)
        return Metric(title, found.values, found.finish, found.arguments)
    before = run.masks.get(output.prediction) if definition.finish == "mean" else None
    result = definition.apply(scope, *pair, **bound.arguments)
    if isinstance(result, Masked) and not weighted and before is None:
        # As in Keras, where labels to be ignored leave a mean only through its weights.
        result = result.values
    values, mask = _masked(result, before)
    if values.shape[:1] != (BATCH,):
        # Its mean over batches, as in Keras.
        return Metric(title, (ops.mean(values), ops.constant(1.0)), definition.finish)
    scale = output.weights if weighted else mask
    if scale is None:
        numerator = ops.sum(values)
        denominator = as_value(ops.count(values, range(values.type.rank)))
        return Metric(title, (numerator, denominator), definition.finish)
    if weighted and mask is not None:
        scale = scale * mask
    if values.type.rank > scale.type.rank:
        values = ops.mean(values, tuple(range(scale.type.rank, values.type.rank)))
    while values.type.rank < scale.type.rank:
        values = ops.expand_dims(values, -1)
    return Metric(title, (ops.sum(values * scale), ops.sum(scale)), definition.finish)
