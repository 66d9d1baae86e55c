"""Running a cell over time: states, masks, directions, and what a recurrent layer returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kgen import ops
from kgen.graph import BATCH, Shape, Value, apply, current
from kgen.layers.cells import Cell
from kgen.layers.registry import Scope


@dataclass(frozen=True)
class Course:
    """How a recurrent layer runs, by Keras's options."""

    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    zero_output_for_mask: bool = False


def over_time(
    scope: Scope,
    cell: Cell,
    sequence: Value,
    initial: Sequence[Value] | None,
    mask: Value | None,
    course: Course,
    *,
    shown: int = 0,
) -> Value | list[Value]:
    """Apply a cell to every step of a sequence.

    Where the mask `[batch, time]` is false, the states stay, and the output is the state that is
    `shown` (or zeros). Returns the last output, or `[batch, time, ...]`, and the last states if
    wanted. A `stateful` layer begins with the states that the batch before ended with, unless it is
    given others.
    """
    kept = _kept(scope, cell, sequence) if course.stateful else None
    states = _initial(scope, cell, sequence, initial if initial is not None else kept)
    sequences = cell.project(sequence)
    if mask is not None:
        counted = ops.where(mask, ops.constant(1.0), 0.0) if mask.dtype == "bool" else mask
        sequences = [*sequences, counted]

    def step(parts: Sequence[Value], before: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        if mask is None:
            output, after = cell.step(parts, before)
            return [output], after
        output, after = cell.step(parts[:-1], before)
        is_kept = parts[-1] > 0.5

        def choose(new: Value, old: Value) -> Value:
            shape = (new.shape[0], *(1,) * (new.type.rank - 1))
            return ops.where(ops.reshape(is_kept, shape), new, old)

        chosen = [choose(new, old) for new, old in zip(after, before, strict=True)]
        if course.zero_output_for_mask:
            return [choose(output, ops.broadcast_to(ops.constant(0.0), output.shape))], chosen
        same = output is after[shown]
        return [chosen[shown] if same else choose(output, before[shown])], chosen

    turned = course.go_backwards
    done = ops.scan(step, sequences, states, flipped=turned, outputs_flipped=False)
    if kept is not None:
        for state, new in zip(kept, done.carries, strict=True):
            scope.assign(state, new)
    results = [(done.outputs if course.return_sequences else done.last)[0]]
    if course.return_state:
        results += done.carries
    return results if course.return_state else results[0]


def _kept(scope: Scope, cell: Cell, sequence: Value) -> list[Value]:
    """The states that a layer keeps from batch to batch, row by row."""
    if scope.batch is None:
        scope.fail(
            "a stateful layer needs batches of a fixed size",
            help="fix it where the input is declared: input x: float32[batch=32, ...]",
        )
    if sequence.shape[0] != BATCH:
        scope.fail(
            f"a stateful layer reads a row for each of the batch, found {sequence.type}",
            help="apply it outside of TimeDistributed, or without stateful=True",
        )
    kept = []
    for k, shape in enumerate(cell.state_shapes):
        sizes = tuple(size for size in shape if isinstance(size, int))
        if len(sizes) != len(shape):
            scope.fail(
                f"a stateful layer keeps states of known sizes, found {sequence.type}",
                help="give every axis a size in the input's declaration",
            )
        kept.append(scope.state(f"state_{k}" if k else "state", sizes))
    return kept


def _initial(
    scope: Scope, cell: Cell, sequence: Value, initial: Sequence[Value] | None
) -> list[Value]:
    """The states before the first step: zeros unless they are given."""
    shapes: list[Shape] = [(sequence.shape[0], *shape) for shape in cell.state_shapes]
    if initial is None:
        hint = f"{current().prefix}_start".lstrip("_")
        return [
            apply("broadcast_to", ops.constant(0.0), hint=hint, shape=shape) for shape in shapes
        ]
    if len(initial) != len(shapes):
        scope.fail(
            f"initial_state has {len(initial)} tensors, the layer has {len(shapes)} states",
            help="give one for each state, in a list",
        )
    for given, shape in zip(initial, shapes, strict=True):
        if given.shape != shape:
            listed = ", ".join(map(str, shape))
            scope.fail(
                f"a state is [{listed}], initial_state has {given.type}",
                help="states have a row for each of the batch and a column for each unit",
            )
    return list(initial)
