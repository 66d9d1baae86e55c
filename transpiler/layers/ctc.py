"""Connectionist temporal classification: labels somewhere in a sequence; Graves et al. (2006).

A path gives each step a class, or a blank; without repetitions and then without blanks it is a
sequence of labels. The chance of labels is the sum over their paths, taken step by step: row s of
a table stands for having come as far as symbol s of  blank, label, blank, label, ..., blank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kgen import ops
from kgen.graph import ShapeError, TensorType, Value
from kgen.layers.family import function, loss
from kgen.layers.kinds import Int, T, X
from kgen.layers.registry import TargetRule

# Keras's logarithm of the chance of what cannot be: paths that have too few steps end with it.
UNLIKELY = -1e5
# So little that it never counts, not even beside `UNLIKELY`.
_NEVER = -1e30


def _label_rows(prediction: TensorType, arguments: Mapping[str, Any]) -> TargetRule:
    """Labels of a sample, as many as it has steps at most; zeros fill the rest."""
    classes = prediction.shape[-1]
    known = classes if isinstance(classes, int) else None
    return TargetRule("int32", prediction.shape[1:2], known, filled=True)


@loss("CTC", "ctc", target=_label_rows)
def ctc(y_true: Value, y_pred: Value) -> Value:
    """-log of the chance of the labels: `[batch, labels]` and logits `[batch, time, classes]`.

    Class 0 is the blank, and fills rows of fewer labels.
    """
    _check(y_true, y_pred)
    labels = ops.as_float(y_true)
    count = ops.sum(ops.as_float(ops.not_equal(labels, 0.0)), -1)
    return _loss(labels, y_pred, count, None, 0)


@function("ctc_loss")
def ctc_loss(
    target: T, output: T, target_length: X, output_length: X, mask_index: Int = 0
) -> Value:
    """-log of the chance of labels `[batch, labels]`, given logits `[batch, time, classes]`.

    Of each row the first `target_length` labels and `output_length` steps count; class
    `mask_index` is the blank.
    """
    _check(target, output)
    classes = output.shape[-1]
    if isinstance(classes, int) and not 0 <= mask_index < classes:
        raise ShapeError(
            f"mask_index {mask_index} is none of the {classes} classes",
            help="it is the class that stands for no label",
        )
    count, steps = (_lengths(length, output) for length in (target_length, output_length))
    return _loss(ops.as_float(target), ops.as_float(output), count, steps, mask_index)


def _lengths(given: Any, output: Value) -> Value:
    """A length for each row; a number is that of all."""
    batch = (output.shape[0],)
    if not isinstance(given, Value):
        given = ops.constant(float(given))
    if given.shape not in ((), batch):
        raise ShapeError(
            f"target_length and output_length have a number for each row, found {given.type}",
            help="take the axis of size one away, as in lengths[:, 0]",
        )
    return ops.broadcast_to(ops.as_float(given), batch)


def _check(labels: Value, logits: Value) -> None:
    if labels.type.rank != 2 or logits.type.rank != 3:
        raise ShapeError(
            f"CTC compares labels {labels.type} with logits {logits.type}",
            help="labels are [batch, labels], logits [batch, time, classes]",
        )


def _loss(labels: Value, logits: Value, count: Value, steps: Value | None, blank: int) -> Value:
    """The loss of each row; all steps count if `steps` is None."""
    batch, length = logits.shape[:2]
    between = {"low": [0, 1], "high": [0, 1], "interior": [0, 1]}
    symbols = ops.pad(labels, **between, value=float(blank))
    before = ops.pad(labels, [0, 1], [0, -1], value=-1.0)
    # From one label to the next without a blank between, unless they are the same.
    repeated = ops.where(ops.equal(labels, before), ops.constant(UNLIKELY), 0.0)
    barrier = ops.pad(repeated, **between, value=_NEVER)
    place = ops.index(symbols.shape)
    sequences = [_scores(logits, symbols)]
    if steps is not None:
        seen = ops.index((batch, length)) < ops.expand_dims(steps, -1)
        sequences.append(ops.as_float(seen))

    def step(parts: Sequence[Value], states: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        chance = states[0]
        one, two = (ops.pad(chance, [0, k], [0, -k], value=_NEVER) for k in (1, 2))
        after = _log_sum(chance, one, two + barrier) + parts[0]
        if steps is not None:
            after = ops.where(ops.expand_dims(parts[1], -1) > 0.5, after, chance)
        return [], [after]

    start = ops.where(ops.equal(place, 0.0), ops.constant(0.0), UNLIKELY)
    chance = ops.scan(step, sequences, [start]).carries[0]
    last = 2.0 * ops.expand_dims(ops.minimum(count, ops.count(labels, (1,))), -1)
    blank_end, label_end = (
        ops.sum(ops.where(ops.absolute(last - k - place) < 0.5, chance, 0.0), -1) for k in (0, 1)
    )
    none = ops.where(count > 0.5, ops.constant(0.0), _NEVER)
    return -_log_sum(blank_end, label_end + none)


def _scores(logits: Value, symbols: Value) -> Value:
    """The logarithm of the chance of each symbol at every step, `[batch, time, symbols]`."""
    batch, count = symbols.shape
    shape = (batch, count, logits.shape[-1])
    hit = ops.equal(ops.index(shape), ops.expand_dims(symbols, -1))
    return ops.einsum("btk,bsk->bts", ops.log_softmax(logits, -1), ops.as_float(hit))


def _log_sum(*parts: Value) -> Value:
    """The logarithm of a sum, of logarithms; its gradient is finite wherever they are."""
    largest = parts[0]
    for part in parts[1:]:
        largest = ops.maximum(largest, part)
    largest = ops.stop_gradient(largest)
    total = ops.exp(parts[0] - largest)
    for part in parts[1:]:
        total = total + ops.exp(part - largest)
    return largest + ops.log(total)
