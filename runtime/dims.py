"""Open dimensions: what sizes the data at hand give them, and whether the model can take those."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

from kgen.runtime.errors import DataError
from kgen.runtime.messages import rows_text, shape_text
from kgen.runtime.spec import Spec

Sizes = Mapping[str, int]


@functools.cache
def _compiled(formula: str) -> CodeType:
    return compile(formula, "<open dimension>", "eval")


def worked_out(formula: str, sizes: Sizes) -> int:
    """What a formula of an emitted module's record, such as `(words - 4) // 5`, comes to."""
    value: int = eval(_compiled(formula), {"__builtins__": {}}, dict(sizes))
    return value


def filled(shape: Sequence[int | None], formulas: Sequence[str], sizes: Sizes) -> tuple[int, ...]:
    """A shape with its open dimensions, whose formulas are given in order, put in."""
    rest = iter(formulas)
    return tuple(worked_out(next(rest), sizes) if size is None else size for size in shape)


def open_sizes(spec: Spec, inputs: Sequence[Any]) -> dict[str, int]:
    """The size of each open dimension, from arrays for the model's inputs (others may follow).

    Raises:
        DataError: two inputs disagree, or a size is one that the model cannot take.
    """
    found: dict[str, tuple[int, str]] = {}
    for item, array in zip(spec.inputs, inputs, strict=False):
        rest = iter(item.dims)
        for axis, wanted in enumerate(item.shape, 1):
            if wanted is not None:
                continue
            name, size = next(rest), array.shape[axis]
            other = found.setdefault(name, (size, item.name))
            if other[0] != size:
                raise DataError(
                    f"input '{item.name}' has {measured(size, name)}, but input '{other[1]}' has "
                    f"{other[0]:,}; the model declares both as `{name}`, so they must agree."
                )
    sizes = {dim.name: found[dim.name][0] for dim in spec.dims}
    _check(spec, sizes, {name: at for name, (_, at) in found.items()})
    return sizes


def _check(spec: Spec, sizes: Sizes, inputs: Mapping[str, str]) -> None:
    for dim in spec.dims:
        size, place = sizes[dim.name], f"input '{inputs[dim.name]}'"
        found = f"{place} has {measured(size, dim.name)}, but the model"
        if size < dim.minimum:
            least = measured(dim.minimum, dim.name, "at least ")
            raise DataError(f"{found} needs {least}; pad shorter data.")
        if dim.maximum is not None and size > dim.maximum:
            most = measured(dim.maximum, dim.name, "at most ")
            raise DataError(f"{found} takes {most}; cut longer data.")
    for formula in spec.needs:
        if worked_out(formula, sizes) < 1:
            raise DataError(
                f"the data are too small for the model: {formula} must be at least 1, "
                f"but {_given(sizes)}."
            )


def check_target(what: str, array: Any, shape: tuple[int, ...], sizes: Sizes) -> None:
    """Refuse a target whose open dimensions are not those that the inputs lead to.

    Raises:
        DataError: it differs from `shape`.
    """
    if array.shape[1:] != shape:
        raise DataError(
            f"{what} must have shape {rows_text(shape)}, because the inputs have {_given(sizes)}, "
            f"but its shape is {shape_text(array.shape)}."
        )


def measured(size: int, name: str, limit: str = "") -> str:
    """How many of what: `67 words`; or what size: `length 67`."""
    if name.endswith("s"):
        return f"{limit}{size:,} {name}"
    return f"{name} {limit}{size:,}"


def _given(sizes: Sizes) -> str:
    return ", ".join(f"{name} {size:,}" for name, size in sizes.items())
