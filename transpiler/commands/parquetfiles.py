"""Parquet tables to arrays: columns go to inputs and outputs as those of CSV files do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from kgen.commands.csvfiles import join_columns
from kgen.runtime.errors import DataError, MissingPackageError


def read_parquet(path: Path, spec: Any) -> dict[str, np.ndarray]:
    """The columns of a Parquet file: numbers, truth values, or lists of one length.

    Columns of numbers are joined as `read_csv` joins them; lists are arrays by themselves.

    Raises:
        DataError: a damaged file, or columns with gaps, text, or lists of several lengths.
        MissingPackageError: pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingPackageError(
            f"reading {path} needs the package pyarrow: pip install 'kgen-compiler[data]'."
        ) from error
    path.open("rb").close()  # says best what is wrong with a path
    try:
        table = parquet.read_table(path)
    except (OSError, arrow.ArrowException) as error:
        raise DataError(f"{path} is damaged or no Parquet file ({error}).") from error
    if not table.num_rows or not table.num_columns:
        raise DataError(f"{path} has no rows.")
    single: dict[str, np.ndarray] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in single or name in arrays:
            raise DataError(f"{path} has two columns called '{name}'.")
        found = _numbers(f"{path}, column '{name}'", column.combine_chunks(), arrow)
        (single if found.ndim == 1 else arrays)[name] = found
    if single:
        arrays |= join_columns(path, list(single), np.stack(list(single.values()), axis=1), spec)
    return arrays


def _numbers(what: str, column: Any, arrow: Any) -> np.ndarray:
    """A column as an array; lists, which may nest, make further dimensions."""
    from pyarrow import compute

    if column.null_count:
        raise DataError(f"{what} has gaps: {column.null_count} of its values are null.")
    kind = column.type
    types = arrow.types
    if types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind):
        inner = _numbers(what, column.flatten(), arrow)
        lengths = compute.list_value_length(column).unique().to_pylist()
        if len(lengths) != 1:
            raise DataError(f"{what} holds lists that differ in length; pad them to one.")
        return inner.reshape(len(column), lengths[0], *inner.shape[1:])
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind)):
        raise DataError(f"{what} is of type {kind}; turn it into numbers first.")
    return np.asarray(column.to_numpy(zero_copy_only=False))
