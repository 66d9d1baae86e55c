"""One user-supplied array: to C-contiguous float32 or int32, with every check on the way.

Data sets that only offer `shape`, `dtype` and slicing (HDF5) are read block by block into memory;
memory maps that already have the right dtype are used in place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from inspect import isroutine
from typing import Any

import numpy as np
from kgen.runtime.errors import DataError
from kgen.runtime.messages import listed, rows_text, shape_text
from kgen.runtime.valuechecks import ValueChecks

BLOCK_BYTES = 8 << 20


def is_table(value: Any) -> bool:
    """Whether `value` is rows of data, as opposed to a structure or a stream of batches."""
    return isinstance(value, np.ndarray) or (
        hasattr(value, "shape") and (hasattr(value, "dtype") or hasattr(value, "to_numpy"))
    )


def as_table(value: Any, what: str) -> Any:
    """An ndarray, or the data set itself where only slicing it would keep memory small.

    Understands array-likes of NumPy, torch, JAX, TensorFlow, pandas, and nested lists of numbers.

    Raises:
        DataError: no array can be made of it, or it is sparse or masked.
    """
    if hasattr(value, "tocsr"):
        raise DataError(f"{what} is a sparse matrix; pass a dense one, for example x.toarray().")
    if hasattr(value, "mask") and hasattr(value, "filled"):
        raise DataError(f"{what} is a masked array; fill the gaps first, with x.filled(value).")
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isroutine(value):
        raise DataError(f"{what} is a function; call it, and pass what it gives.")
    if hasattr(value, "detach"):
        return _from_torch(value, what)
    if callable(getattr(value, "to_numpy", None)):
        return _from_frame(value, what)
    if callable(getattr(value, "numpy", None)):
        return np.asarray(value.numpy())
    if is_table(value) and not hasattr(value, "__dlpack__"):
        return value
    try:
        return np.asarray(value)
    except (ValueError, TypeError) as error:
        if "inhomogeneous" in str(error):
            raise DataError(
                f"{what} cannot be made an array: its rows differ in size. Pad them to one "
                "(numpy.pad), or let a generator yield batches of rows of one size."
            ) from error
        raise DataError(f"{what} cannot be made an array: {error}.") from error


def _from_frame(value: Any, what: str) -> np.ndarray:
    """The numbers of a frame or series; float64 where its columns are of several types.

    Missing numbers become NaN.

    Raises:
        DataError: columns without numbers.
    """
    found = np.asarray(value.to_numpy())
    types = getattr(value, "dtypes", None)
    if found.dtype != object or types is None:
        return found
    columns: dict[Any, Any] = dict(types.items()) if hasattr(types, "items") else {None: types}
    others = [name for name, dtype in columns.items() if getattr(dtype, "kind", "O") not in "fiub"]
    if others == [None]:
        return found
    if others:
        raise DataError(
            f"{what} has columns that hold no numbers: {listed(others)}; leave them out, or turn "
            "them into numbers, for example with pandas.get_dummies."
        )
    return np.asarray(value.to_numpy(np.float64, na_value=np.nan))


def _from_torch(value: Any, what: str) -> np.ndarray:
    """A torch tensor's numbers, without its history.

    Raises:
        DataError: NumPy has no such arrays, as of bfloat16, or they are sparse, and the like.
    """
    try:
        return np.asarray(value.detach().cpu().numpy())
    except (TypeError, RuntimeError, NotImplementedError) as error:
        text = f"{what} is a tensor of which NumPy can make no array: {error}."
        if str(getattr(value, "layout", "torch.strided")) != "torch.strided":
            text = f"{what} is a sparse tensor; pass a dense one, for example x.to_dense()."
        elif "float" in str(value.dtype):
            text = f"{what} is a tensor of {value.dtype}, which NumPy has not; pass x.float()."
        raise DataError(text) from error


def matching_shape(found: Sequence[int], expected: Sequence[int | None]) -> tuple[int, ...] | None:
    """`found`, perhaps with a last dimension of 1 added or dropped, if it fits `expected`."""
    candidates = [tuple(found), (*found, 1)]
    if found and found[-1] == 1:
        candidates.append(tuple(found[:-1]))
    for candidate in candidates:
        if len(candidate) == len(expected) and all(
            want is None or want == have for want, have in zip(expected, candidate, strict=True)
        ):
            return candidate
    return None


def row_shape_of(
    table: Any, what: str, dtype: str, shape: Sequence[int | None], classes: int | None
) -> tuple[int, ...]:
    """The shape of a table once it has the model's row shape.

    Raises:
        DataError: it holds no numbers, or cannot have that shape.
    """
    if np.dtype(table.dtype).kind not in "fiub":
        raise DataError(_dtype_problem(what, np.dtype(table.dtype), dtype))
    found = tuple(int(size) for size in table.shape)
    row_shape = matching_shape(found[1:], shape) if found else None
    if row_shape is None:
        raise DataError(_shape_problem(what, found, shape, classes))
    return (found[0], *row_shape)


def convert_array(
    value: Any,
    what: str,
    dtype: str,
    shape: Sequence[int | None],
    *,
    classes: int | None = None,
    numbers: str = "class numbers",
    finite: bool = True,
    places: np.ndarray | None = None,
    ignored: int | None = None,
) -> np.ndarray:
    """`value` as C-contiguous rows of `dtype` ('float32' or 'int32') and row shape `shape`.

    A last dimension of 1 may be missing or surplus. Arrays that already fit are not copied.

    Args:
        what: names the array in messages, as in `input 'image'`.
        classes: integers must lie in `[0, classes)`.
        numbers: what messages call such integers.
        finite: refuse NaN and infinities.
        places: the rows' numbers, for messages, where they are part of a whole.
        ignored: an integer that is allowed besides `classes`.

    Raises:
        DataError: wrong shape, dtype or value; the message names both sides and the first row.
    """
    table = as_table(value, what)
    full_shape = row_shape_of(table, what, dtype, shape, classes)
    found = tuple(int(size) for size in table.shape)
    kind = np.dtype(table.dtype).kind
    wanted = np.dtype(dtype)
    checks = ValueChecks(what, wanted, kind, classes, numbers, finite, places, ignored)
    fits = (
        isinstance(table, np.ndarray)
        and table.dtype == wanted
        and table.flags.c_contiguous
        and table.flags.aligned
    )
    if fits:
        for start, block in _blocks(table, found):
            checks.look(start, block, block)
        checks.report()
        return np.asarray(table).reshape(full_shape)
    result = np.empty(full_shape, wanted)
    with np.errstate(invalid="ignore", over="ignore"):
        for start, block in _blocks(table, found):
            block = np.asarray(block)
            part = result[start : start + len(block)]
            part[...] = block.reshape(part.shape)
            checks.look(start, block, part)
    checks.report()
    return result


def _blocks(table: Any, shape: Sequence[int]) -> Iterator[tuple[int, Any]]:
    row_bytes = math.prod(shape[1:]) * np.dtype(table.dtype).itemsize
    step = max(1, BLOCK_BYTES // max(1, row_bytes))
    for start in range(0, shape[0], step):
        yield start, table[start : start + step]


def _dtype_problem(what: str, found: np.dtype[Any], wanted: str) -> str:
    remedy = {
        "O": "its rows may differ in length or hold text; make it one rectangular array of numbers",
        "U": "turn text into numbers first",
        "S": "turn text into numbers first",
        "c": "pass real and imaginary parts as separate features",
        "M": "turn dates into numbers first",
        "m": "turn time spans into numbers first",
        "V": "convert it to float32 first",
    }.get(found.kind, "convert it to numbers first")
    return f"{what} must be {wanted} (or convertible), but its dtype is {found}; {remedy}."


def _shape_problem(
    what: str, found: tuple[int, ...], shape: Sequence[int | None], classes: int | None
) -> str:
    text = f"{what} must have shape {rows_text(shape)}, but its shape is {shape_text(found)}."
    labels = shape[:-1] if shape and shape[-1] == 1 else shape
    if classes is not None and found[1:] == (*labels, classes):
        return (
            f"{text} It looks one-hot: pass class numbers, y.argmax(-1), "
            "or train with a categorical (not sparse) loss."
        )
    if shape and what.startswith("target") and found[1:] in ((), (1,)) and (shape[-1] or 0) > 1:
        return (
            f"{text} It looks like class numbers: pass one-hot rows, numpy.eye({shape[-1]})[y], "
            "or train with a sparse categorical loss."
        )
    if found == tuple(shape):
        return f"{text} For a single sample, add the batch dimension: x[None]."
    flat = [size or 0 for size in shape]
    if found and flat and math.prod(found[1:]) == math.prod(flat):
        rows = ", ".join(["-1", *map(str, flat)])
        return f"{text} The number of values a row agrees: x.reshape({rows})."
    return text
