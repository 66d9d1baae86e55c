"""CSV tables to arrays: columns go to inputs and outputs by their names."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from kgen.runtime.errors import DataError


def read_csv(path: Path, spec: Any) -> dict[str, np.ndarray]:
    """The columns of a CSV file with a header, joined to the arrays that the model names.

    `age` is a column of its own; `pixel_0`, `pixel_1` ... (or `pixel[0]` ...) make one array
    `pixel`. Columns of other names, if the model has a single input that none is named after,
    make that input, in order.

    Raises:
        DataError: no header, ragged rows, or cells that are no numbers.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            names, table = _table(path, csv.reader(file))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise DataError(f"{path} is no CSV file: {error}.") from error
    return join_columns(names, table, spec)


def write_csv(arrays: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Lines of a CSV table that `read_csv` would read back."""
    tables = {
        name: array.reshape(len(array), math.prod(array.shape[1:]))
        for name, array in arrays.items()
    }
    header: list[str] = []
    for name, table in tables.items():
        width = table.shape[1]
        header += [name] if width == 1 else [f"{name}_{i}" for i in range(width)]
    yield ",".join(header)
    for row in np.concatenate(list(tables.values()), axis=1):
        yield ",".join(f"{value:.9g}" for value in row)


def _table(path: Path, rows: Iterator[list[str]]) -> tuple[list[str], np.ndarray]:
    names = [name.strip() for name in next(rows, [])]
    if not names or any(_is_number(name) for name in names):
        raise DataError(f"{path} must begin with a line that names its columns.")
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise DataError(f"{path} has two columns called '{min(doubled)}'.")
    values: list[list[float]] = []
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(names):
            raise DataError(
                f"{path}, line {number} has {len(row)} cells, but the header has {len(names)}."
            )
        try:
            values.append([float(cell) for cell in row])
        except ValueError:
            column, cell = next(
                (n, c) for n, c in zip(names, row, strict=True) if not _is_number(c)
            )
            raise DataError(
                f"{path}, line {number}, column '{column}': {cell[:40]!r} is not a number."
            ) from None
    if not values:
        raise DataError(f"{path} has no rows.")
    return names, np.array(values)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def join_columns(names: Sequence[str], table: np.ndarray, spec: Any) -> dict[str, np.ndarray]:
    """Columns of a table as arrays by the names that the model has; see `read_csv`.

    Class labels stay whole numbers by the checks that follow.
    """
    shapes = {item.name: item.shape for item in spec.inputs}
    shapes |= {item.output: item.shape for item in spec.targets}
    arrays: dict[str, np.ndarray] = {}
    groups: dict[str, dict[int, int]] = {}
    single: dict[str, int] = {}
    for column, name in enumerate(names):
        match = re.fullmatch(r"(.+?)(?:_(\d{1,9})|\[(\d{1,9})\])", name)
        group = groups.setdefault(match[1], {}) if match and name not in shapes else None
        index = int(match[2] or match[3]) if match else 0
        if group is None or index in group:
            single[name] = column
        else:
            group[index] = column
    for name, columns in groups.items():
        known = name in shapes or name.removeprefix("test_") in shapes
        if known and sorted(columns) == list(range(len(columns))):
            arrays[name] = table[:, [columns[i] for i in range(len(columns))]]
        else:
            single |= {names[column]: column for column in columns.values()}
    for name, column in single.items():
        arrays[name] = table[:, column]
    first = spec.inputs[0]
    spare = [c for n, c in sorted(single.items(), key=lambda item: item[1]) if n not in shapes]
    spare = [c for c in spare if not names[c].endswith("sample_weight")]
    if len(spec.inputs) == 1 and first.name not in arrays and first.shape == (len(spare),):
        for column in spare:
            del arrays[names[column]]
        arrays[first.name] = table[:, spare]
    return {name: _shaped(array, shapes.get(name)) for name, array in arrays.items()}


def _shaped(array: np.ndarray, shape: Sequence[int | None] | None) -> np.ndarray:
    """Columns as an array of the model's shape, where their number allows it."""
    if shape is None or array.ndim != 2 or None in shape:
        return array
    wanted = [size for size in shape if size is not None]
    if math.prod(wanted) != array.shape[1]:
        return array
    return array.reshape(len(array), *wanted)
