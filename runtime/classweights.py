"""`class_weight`: sample weights from each row's class."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from kgen.runtime.data import Dataset, target_name
from kgen.runtime.errors import DataError
from kgen.runtime.rows import in_memory
from kgen.runtime.spec import Spec


def weight_classes(spec: Spec, data: Dataset, class_weight: Mapping[Any, Any] | None) -> Dataset:
    """`data` with its sample weights taken from each row's class; classes not named weigh 1.

    Raises:
        DataError: several outputs, a target without classes, or unusable keys or weights.
    """
    if class_weight is None:
        return data
    if len(spec.targets) != 1:
        raise DataError(
            f"class_weight needs a model with one target, but this one has {len(spec.targets)}; "
            "pass sample_weight instead."
        )
    if not isinstance(class_weight, Mapping):
        raise DataError(
            f"class_weight must be a dict from class to weight, not {type(class_weight).__name__}."
        )
    target, labels = spec.targets[0], in_memory(data.arrays[len(spec.inputs)])
    if len(target.shape) > 1 or (target.dtype == "int32" and target.shape not in ((), (1,))):
        raise DataError(
            f"class_weight needs one class a row, but {target_name(target)} has several values "
            "a row; pass sample_weight instead."
        )
    one_hot = target.dtype != "int32" and target.shape not in ((), (1,))
    classes = labels.argmax(-1) if one_hot else np.rint(labels.reshape(-1)).astype(np.int64)
    count = target.classes or (int(labels.shape[-1]) if one_hot else 2)
    # Targets of a hinge are -1 and 1.
    lowest = 0 if target.classes or one_hot else -1
    table = {_class_number(key): _class_factor(key, value) for key, value in class_weight.items()}
    for number in table:
        if not lowest <= number < count:
            raise DataError(f"class_weight names class {number}, but there are only {count}.")
    found, places = np.unique(classes, return_inverse=True)
    factors = np.array([table.get(int(number), 1.0) for number in found], np.float32)
    return Dataset((*data.arrays[:-1], factors[places.reshape(-1)]), data.rows)


def _class_number(key: Any) -> int:
    """A key of `class_weight`; of any type, as labels from which it may have been taken."""
    try:
        number = int(key)
        if number == key:
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    raise DataError(f"a class in class_weight must be a whole number, not {key!r}.")


def _class_factor(key: Any, weight: Any) -> float:
    try:
        factor = float(weight)
    except (TypeError, ValueError):
        factor = math.nan
    if not math.isfinite(factor):
        raise DataError(f"class_weight for class {key} is {weight!r}; it must be a finite number.")
    return factor
