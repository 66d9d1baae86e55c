"""From what the user passes (`x`, `y`, sample weights) to the arrays the engine reads."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from kgen.runtime.arrays import as_table, convert_array, is_table
from kgen.runtime.dims import check_target, filled, open_sizes
from kgen.runtime.errors import DataError
from kgen.runtime.messages import count_text, did_you_mean, listed
from kgen.runtime.rows import Rows, Table, bind_rows
from kgen.runtime.spec import Spec, Target


class Dataset(NamedTuple):
    """Rows for the engine: inputs, then targets, then sample weights.

    They are ready unless `lazy`: then `gather` reads some of them.
    """

    arrays: tuple[Any, ...]
    rows: int

    @property
    def lazy(self) -> bool:
        """Whether some of it is outside memory."""
        return any(isinstance(array, Rows) for array in self.arrays)

    def row_bytes(self) -> int:
        """Bytes of a row."""
        return sum(4 * math.prod(array.shape[1:]) for array in self.arrays)

    def gather(self, order: np.ndarray | None, first: int, last: int, room: int = 0) -> Dataset:
        """Rows `order[first:last]` in memory; arrays have space for at least `room` rows.

        Raises:
            DataError: values that the model does not take, or that cannot be read.
        """
        numbers = np.arange(first, last) if order is None else order[first:last]
        gathered = []
        for array in self.arrays:
            found = array.take(numbers) if isinstance(array, Rows) else array[numbers]
            if last - first < room:
                found = np.resize(found, (room, *found.shape[1:]))
            gathered.append(np.ascontiguousarray(found))
        return Dataset(tuple(gathered), last - first)

    def batches(self, batch_size: int) -> int:
        """Number of batches, the last perhaps partial."""
        return -(-self.rows // batch_size)

    def split(self, fraction: float) -> tuple[Dataset, Dataset]:
        """All but the last `fraction` of the rows, and the rest.

        Raises:
            DataError: one of the two would be empty.
        """
        if not 0.0 <= fraction < 1.0:
            raise DataError(f"validation_split must be at least 0 and below 1, not {fraction!r}.")
        at = math.floor(self.rows * (1.0 - fraction))
        if at in (0, self.rows):
            raise DataError(
                f"validation_split={fraction} of {count_text(self.rows, 'row')} leaves "
                f"{count_text(at, 'row')} to train on and {self.rows - at} to validate with; "
                "pass more rows or another fraction."
            )
        return (
            Dataset(tuple(array[:at] for array in self.arrays), at),
            Dataset(tuple(array[at:] for array in self.arrays), self.rows - at),
        )


def whole_number(value: Any, name: str, minimum: int) -> int:
    """`value` as an int of at least `minimum`.

    Raises:
        DataError: it is not a whole number, or too small.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or number < minimum:
        raise DataError(f"{name} must be a whole number of at least {minimum}, not {value!r}.")
    return number


def by_name(value: Any, names: Sequence[str], kind: str, argument: str) -> list[Any]:
    """The parts of `value` for `names`, in their order: from a dict, a list or a lone array.

    Raises:
        DataError: missing or unknown names, or another number of parts.
    """
    if isinstance(value, Mapping):
        for name in value:
            if name not in names:
                raise DataError(
                    f"{argument} has an unknown key {name!r}.{did_you_mean(str(name), names)} "
                    f"The model's {kind}s are {listed(names)}."
                )
        missing = [name for name in names if name not in value]
        if missing:
            raise DataError(f"{argument} lacks {listed(missing)}; it must give every {kind}.")
        return [value[name] for name in names]
    if isinstance(value, list | tuple):
        if len(names) == 1 and not _are_arrays(value):
            return [value[0] if len(value) == 1 and is_table(value[0]) else value]
        if len(value) != len(names):
            apart = " Targets are an argument by themselves, y." if kind == "input" else ""
            raise DataError(
                f"{argument} has {count_text(len(value), 'part')}, but the model has "
                f"{count_text(len(names), kind)}: {listed(names)}.{apart}"
            )
        return list(value)
    if len(names) != 1:
        raise DataError(
            f"{argument} is one array, but the model has {count_text(len(names), kind)}; "
            f"pass a list or a dict of {listed(names)}."
        )
    return [value]


def _are_arrays(value: Sequence[Any]) -> bool:
    """Whether a list is no list of rows, as its parts have different numbers of axes."""
    return all(map(is_table, value)) and len({len(part.shape) for part in value}) > 1


def bind_inputs(spec: Spec, x: Any, *, finite: bool = True, lazy: bool = False) -> list[Any]:
    """`x` as one array an input, in the spec's order; `lazy` leaves large files unread as `Rows`.

    Raises:
        DataError: see `convert_array` and `by_name`; or row counts that differ.
    """
    if x is None:
        raise DataError(f"x is missing: the model reads {listed(i.name for i in spec.inputs)}.")
    parts = by_name(x, [item.name for item in spec.inputs], "input", "x")
    arrays = [
        bind_rows(
            part,
            f"input '{item.name}'",
            item.dtype,
            item.shape,
            classes=item.limit,
            numbers="indices",
            finite=finite,
            lazy=lazy,
        )
        for part, item in zip(parts, spec.inputs, strict=True)
    ]
    _check_rows([(f"input '{i.name}'", len(a)) for i, a in zip(spec.inputs, arrays, strict=True)])
    open_sizes(spec, arrays)
    return arrays


def bind_data(
    spec: Spec, x: Any, y: Any = None, sample_weight: Any = None, *, lazy: bool = False
) -> Dataset:
    """Checked and converted inputs, targets and sample weights (1 where none are given).

    `lazy` leaves files too large for memory unread.

    Raises:
        DataError: anything that does not fit, named with both sides.
    """
    inputs = bind_inputs(spec, x, lazy=lazy)
    rows = len(inputs[0])
    if not rows:
        raise DataError("The data are empty: they have no rows.")
    targets = _bind_targets(spec, y, lazy)
    sizes = open_sizes(spec, inputs)
    for target, array in zip(spec.targets, targets, strict=True):
        _check_rows([(f"input '{spec.inputs[0].name}'", rows), (target_name(target), len(array))])
        shape = filled(target.shape, target.dims, sizes)
        check_target(target_name(target), array, shape, sizes)
    weights = _bind_sample_weights(spec, sample_weight, rows, lazy)
    return Dataset((*inputs, *targets, *weights), rows)


def target_name(target: Target) -> str:
    """What messages call a target."""
    return f"target '{target.output}'"


def _check_rows(counts: list[tuple[str, int]]) -> None:
    (first, rows), *others = counts
    for name, count in others:
        if count != rows:
            raise DataError(
                f"{first} has {count_text(rows, 'row')}, but {name} has {count:,}; "
                "all must have the same number of rows."
            )


def _bind_targets(spec: Spec, y: Any, lazy: bool) -> list[Table]:
    names = [target.output for target in spec.targets]
    if y is None:
        if names:
            raise DataError(f"y is missing: the model trains on targets for {listed(names)}.")
        return []
    if not names:
        raise DataError("y was given, but the model's loss takes no target; leave y out.")
    parts = by_name(y, names, "target", "y")
    return [_bind_target(part, item, lazy) for part, item in zip(parts, spec.targets, strict=True)]


def _bind_target(part: Any, item: Target, lazy: bool) -> Table:
    """A target's rows, followed by zeros where they are shorter than they might be."""
    checks: dict[str, Any] = {"classes": item.classes, "ignored": item.ignored}
    longest = item.shape[0] if item.filled else None
    if longest is not None:
        found = tuple(np.shape(part))[1:]
        if len(found) == 1 and found[0] < longest:
            narrow = convert_array(part, target_name(item), item.dtype, found, **checks)
            return np.pad(narrow, [(0, 0), (0, longest - found[0])])
    return bind_rows(part, target_name(item), item.dtype, item.shape, lazy=lazy, **checks)


def _bind_sample_weights(spec: Spec, sample_weight: Any, rows: int, lazy: bool) -> list[Table]:
    names = [target.output for target in spec.targets]
    if sample_weight is None:
        ones = {shape: np.ones((rows, *shape), np.float32) for shape in _weight_shapes(spec)}
        return [ones[target.weights] for target in spec.targets]
    if not names:
        raise DataError("sample_weight was given, but the model's loss takes no target.")
    if isinstance(sample_weight, Mapping):
        # Outputs not named keep weight 1, as Keras has it.
        sample_weight = {name: sample_weight.get(name) for name in names} | dict(sample_weight)
    if isinstance(sample_weight, Mapping | list | tuple):
        parts = by_name(sample_weight, names, "target", "sample_weight")
    else:
        parts = [as_table(sample_weight, "sample_weight")] * len(names)
    weights: list[Table] = []
    for target, part in zip(spec.targets, parts, strict=True):
        if part is None:
            weights.append(np.ones((rows, *target.weights), np.float32))
            continue
        what = f"sample_weight of '{target.output}'"
        array = _weights(part, what, target.weights, lazy)
        _check_rows([("x", rows), (what, len(array))])
        weights.append(array)
    return weights


def _weights(part: Any, what: str, steps: tuple[int, ...], lazy: bool) -> Table:
    """A weight for each step of a row; one weight a row counts for all of its steps."""
    found = tuple(np.shape(part))[1:]
    if not steps or found == steps or (found and found != (1,)):
        return bind_rows(part, what, "float32", steps, lazy=lazy)
    column = convert_array(part, what, "float32", ())
    return np.repeat(column, steps[0]).reshape(-1, *steps)


def _weight_shapes(spec: Spec) -> set[tuple[int, ...]]:
    return {target.weights for target in spec.targets}
