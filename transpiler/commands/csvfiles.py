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

# Numbers in decimal notation, or as programs write what is none: `float` takes more than that.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_NUMBER = re.compile(rf"{_DECIMAL.pattern}|[+-]?(inf|infinity|nan)", re.IGNORECASE)
# What a line of nothing but such numbers is made of, which is quicker to ask.
_PLAIN = re.compile(r"[0-9.eE+\-, \t]*")
_NUMBERED = re.compile(r"(.+?)(?:_([0-9]{1,9})|\[([0-9]{1,9})\])")


def read_csv(path: Path, spec: Any) -> dict[str, np.ndarray]:
    """The columns of a CSV file with a header, joined to the arrays that the model names.

    `age` is a column of its own; `pixel_0`, `pixel_1` ... (or `pixel[0]` ..., or from 1) make one
    array `pixel`. Columns of other names, if the model has a single input that none is named
    after, make that input, in order.

    Raises:
        DataError: no header, ragged rows, cells that are no numbers, or numbers of columns that
            leave some out.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            names, table = _table(path, csv.reader(file, skipinitialspace=True, strict=True))
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text; save it as CSV in UTF-8.") from error
    return join_columns(path, names, table, spec)


def write_csv(
    arrays: Mapping[str, np.ndarray], texts: Mapping[str, Sequence[str]] | None = None
) -> Iterator[str]:
    """Lines of a CSV table that `read_csv` would read back, but for columns of texts at its end."""
    tables = {
        name: array.reshape(len(array), math.prod(array.shape[1:]))
        for name, array in arrays.items()
    }
    header: list[str] = []
    for name, table in tables.items():
        width = table.shape[1]
        header += [name] if width == 1 else [f"{name}_{i}" for i in range(width)]
    columns = list((texts or {}).values())
    yield ",".join([*header, *(texts or {})])
    for number, row in enumerate(np.concatenate(list(tables.values()), axis=1)):
        words = (_quoted(column[number]) for column in columns)
        yield ",".join([*(f"{value:.9g}" for value in row), *words])


def _quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""')) if set(text) & set(',"\r\n') else text


def _table(path: Path, rows: Any) -> tuple[list[str], np.ndarray]:
    """Names and numbers of the rows that a `csv.reader` gives."""
    names = [name.strip() for name in next(_lines(path, rows), [])]
    if not names or any(map(_DECIMAL.fullmatch, names)):
        raise DataError(f"{path} must begin with a line that names its columns.")
    if len(names) == 1 and (mark := next((m for m in ";\t" if m in names[0]), None)):
        what = "semicolons" if mark == ";" else "tabs"
        raise DataError(f"{path} has {what} between its columns; save it with commas.")
    if "" in names:
        raise DataError(
            f"{path}: column {names.index('') + 1} has no name in the first line. Name it, or "
            "leave it out, if it only numbers the rows."
        )
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise DataError(f"{path} has two columns called '{min(doubled)}'.")
    values: list[list[float]] = []
    for row in _lines(path, rows):
        if not row:
            continue
        place = f"{path}, line {rows.line_num}"
        if len(row) != len(names):
            raise DataError(f"{place} has {len(row)} cells, but the header has {len(names)}.")
        found = _floats(row)
        if found is None:
            wrong = next(i for i, cell in enumerate(row) if _floats([cell]) is None)
            raise DataError(f"{place}, column '{names[wrong]}': {_no_number(row[wrong].strip())}")
        values.append(found)
    if not values:
        raise DataError(f"{path} has no rows.")
    return names, np.array(values)


def _lines(path: Path, rows: Any) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise DataError(f"{path}, line {rows.line_num} is no line of CSV: {error}.") from error


def _floats(cells: Sequence[str]) -> list[float] | None:
    """The numbers in cells, or None if one of them is none."""
    plain = _PLAIN.fullmatch(",".join(cells))
    if not plain and not all(_NUMBER.fullmatch(cell.strip(" \t")) for cell in cells):
        return None
    try:
        return list(map(float, cells))
    except ValueError:
        return None


def _no_number(cell: str) -> str:
    if not cell:
        return "the cell is empty; give it a number, or leave out the row."
    text = f"{cell[:40]!r} is not a number."
    if re.fullmatch(r"[+-]?[0-9][0-9.,_' ]*", cell):
        text += " Write it without marks between its digits, and with a point: 1234.5."
    return text


def join_columns(
    path: Path, names: Sequence[str], table: np.ndarray, spec: Any
) -> dict[str, np.ndarray]:
    """Columns of a table as arrays by the names that the model has; see `read_csv`.

    Class labels stay whole numbers by the checks that follow.

    Raises:
        DataError: numbers of columns that leave some out.
    """
    shapes = {item.name: item.shape for item in spec.inputs}
    shapes |= {item.output: item.shape for item in spec.targets}
    arrays: dict[str, np.ndarray] = {}
    groups: dict[str, dict[int, int]] = {}
    single: dict[str, int] = {}
    for column, name in enumerate(names):
        match = _NUMBERED.fullmatch(name)
        group = groups.setdefault(match[1], {}) if match and name not in shapes else None
        index = int(match[2] or match[3]) if match else 0
        if group is None or index in group:
            single[name] = column
        else:
            group[index] = column
    for name, columns in groups.items():
        known = name in shapes or name.removeprefix("test_") in shapes
        if known and name not in names:
            arrays[name] = table[:, _in_order(path, name, columns)]
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


def _in_order(path: Path, name: str, columns: Mapping[int, int]) -> list[int]:
    """The columns of an array by their numbers, which begin with 0 or 1."""
    numbers = sorted(columns)
    start = min(numbers[0], 1)
    for wanted, number in enumerate(numbers, start):
        if wanted != number:
            raise DataError(
                f"{path}: the columns of '{name}' are numbered from {numbers[0]} to "
                f"{numbers[-1]}, but {wanted} is missing."
            )
    return [columns[number] for number in numbers]


def _shaped(array: np.ndarray, shape: Sequence[int | None] | None) -> np.ndarray:
    """Columns as an array of the model's shape, where their number allows it."""
    if shape is None or array.ndim != 2 or None in shape:
        return array
    wanted = [size for size in shape if size is not None]
    if math.prod(wanted) != array.shape[1]:
        return array
    return array.reshape(len(array), *wanted)
